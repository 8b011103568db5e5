package ledger_test

import (
	"errors"
	"flag"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/ledgertest"
)

var verifyRows = flag.Int("bench-verify", 400, "how many rows TestVerifyMany verifies: half decisions, half answers of the gate")

// TestVerifyMany verifies a ledger of many rows and says how long it took, beside
// a reader that has the same columns sent to it and looks at none. `make
// bench-verify` does so with a million.
func TestVerifyMany(t *testing.T) {
	dsn := fresh(t)
	p, conn := open(t, dsn), connect(t, dsn)
	must(t, second(p.Lead(t.Context())))
	fillMany(t, conn, *verifyRows/2)
	for range 3 {
		read := sendAll(t, conn)
		began, worked0 := time.Now(), worked(t)
		faults, err := p.Verify(t.Context())
		must(t, err)
		if len(faults) > 0 {
			t.Fatalf("faults %v", faults[:min(len(faults), 5)])
		}
		took := time.Since(began)
		t.Logf("%d rows in %.2f s: %.0f rows/s, %.1f times as long as sending them takes (%.2f s); CPU time of this process %.2f s",
			*verifyRows, took.Seconds(), float64(*verifyRows)/took.Seconds(), took.Seconds()/read.Seconds(), read.Seconds(), (worked(t) - worked0).Seconds())
	}
}

// sendAll has the database send all rows, and looks at none of them.
func sendAll(t *testing.T, conn *pgx.Conn) time.Duration {
	t.Helper()
	began := time.Now()
	for _, table := range []string{"decisions", "verdicts"} {
		rows, err := conn.Query(t.Context(), `select * from setpoint.`+table+` order by seq`)
		must(t, err)
		for rows.Next() {
		}
		must(t, rows.Err())
	}
	return time.Since(began)
}

// worked is the CPU time that this process has used.
func worked(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	must(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// fillMany adds so many decisions, and as many rows of one answer of the gate.
func fillMany(t *testing.T, conn *pgx.Conn, rows int) {
	t.Helper()
	must(t, second(conn.PgConn().Exec(t.Context(), emptyParts(rows/100000+1)).ReadAll()))
	decisions, verdicts := ledger.NewRowsForTest("decisions"), ledger.NewRowsForTest("verdicts")
	for i := range rows {
		when := noon().Add(time.Duration(i) * time.Second)
		batch, err := batchOf(fmt.Sprint("v", i), ledgertest.Verdict("shop", "v1", when))
		must(t, errors.Join(err, decisions.AddDecision(ledgertest.Hold(fmt.Sprint("d", i), when)), verdicts.AddBatch(batch)))
		if i%20000 == 19999 || i == rows-1 {
			must(t, errors.Join(decisions.CopyTo(t.Context(), conn), verdicts.CopyTo(t.Context(), conn)))
		}
	}
	must(t, second(conn.Exec(t.Context(), `vacuum analyze setpoint.decisions, setpoint.verdicts`)))
}

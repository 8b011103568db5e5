package ledger_test

import (
	"errors"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/ledgertest"
)

var verifyRows = flag.Int("bench-verify", 400, "how many rows TestVerifyMany verifies: half decisions, half answers of the gate")

// TestVerifyMany verifies a ledger of many rows and says how long it took.
// `make bench-verify` does so with a million.
func TestVerifyMany(t *testing.T) {
	dsn := fresh(t)
	p, conn := open(t, dsn), connect(t, dsn)
	must(t, second(p.Lead(t.Context())))
	fillMany(t, conn, *verifyRows/2)
	for range 3 {
		began := time.Now()
		faults, err := p.Verify(t.Context())
		must(t, err)
		if len(faults) > 0 {
			t.Fatalf("faults %v", faults[:min(len(faults), 5)])
		}
		took := time.Since(began)
		t.Logf("%d rows in %.2f s: %.0f rows/s", *verifyRows, took.Seconds(), float64(*verifyRows)/took.Seconds())
	}
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

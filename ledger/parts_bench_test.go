package ledger_test

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
	"setpoint.dev/setpoint/ledger/ledgertest"
	"setpoint.dev/setpoint/migrations"
)

// What a row of verdicts costs in one table, as it was before migration 17,
// and in parts: one row after the other in each, so that what else the machine
// does falls on all of them. The test cluster does not wait for the disk;
// TEST_DATABASE_URL names one that does.
func BenchmarkVerdictsInParts(b *testing.B) {
	all := []*adding{openAdding(b, 0), openAdding(b, 1), openAdding(b, 10), openAdding(b, 40)}
	for b.Loop() {
		for _, a := range all {
			a.add(b)
		}
	}
	for _, a := range all {
		a.took = a.took[len(a.took)-b.N:]
		slices.Sort(a.took)
		b.ReportMetric(float64(a.took[len(a.took)/2].Microseconds()), fmt.Sprintf("µs/row-in-%d-parts", a.parts))
	}
}

// An adding adds rows to a chain of verdicts.
type adding struct {
	parts int // 0 = one table
	conn  *pgx.Conn
	head  ledger.Head
	took  []time.Duration
}

func openAdding(b *testing.B, parts int) *adding {
	ctx, dsn := b.Context(), clustertest.DSN(b)
	files := fs.FS(migrations.Files)
	if parts == 0 {
		files = upTo(b, "0017")
	}
	must(b, ledger.Migrate(ctx, dsn, files))
	conn, err := pgx.Connect(ctx, dsn)
	must(b, err)
	b.Cleanup(func() { conn.Close(context.Background()) })
	a := &adding{parts: parts, conn: conn, head: ledger.Head{Chain: "verdicts"}}
	must(b, second(conn.Exec(ctx, `set search_path = setpoint`)))
	if parts > 1 {
		a.head.Seq = int64(parts) * 100000
		must(b, second(conn.Exec(ctx, emptyParts(parts))))
		for range 1000 { // in which the part before is looked at too: one row in a hundred
			a.add(b)
		}
	}
	return a
}

func (a *adding) add(b *testing.B) {
	batch, err := batchOf(fmt.Sprint("b", a.head.Seq), ledgertest.Verdict("shop", "v1", noon()))
	must(b, err)
	began := time.Now()
	must(b, ledger.AddForTest(b.Context(), a.conn, &a.head, batch))
	a.took = append(a.took, time.Since(began))
}

// emptyParts makes parts, and has the chain end before the last one.
func emptyParts(parts int) string {
	sql := fmt.Sprintf(`alter table setpoint.heads disable trigger heads_by_trigger_only;
		update setpoint.heads set seq = %d where chain = 'verdicts';`, parts*100000)
	for i := range parts {
		sql += fmt.Sprintf(`create table setpoint.verdicts_%[1]d (like setpoint.verdicts including all, unique (id));
			alter table setpoint.verdicts attach partition setpoint.verdicts_%[1]d for values from (%[1]d) to (%[2]d);`, (i+1)*100000+1, (i+2)*100000+1)
	}
	return sql
}

// upTo are the migrations before one.
func upTo(t testing.TB, version string) fs.FS {
	t.Helper()
	out := fstest.MapFS{}
	names, err := fs.Glob(migrations.Files, "*.sql")
	must(t, err)
	for _, name := range names {
		if text, err := fs.ReadFile(migrations.Files, name); err == nil && name < version {
			out[name] = &fstest.MapFile{Data: text}
		}
	}
	return out
}

package ledger_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
	"setpoint.dev/setpoint/ledger/ledgertest"
	"setpoint.dev/setpoint/migrations"
)

func TestMain(m *testing.M) { clustertest.Main(m) }

func TestMemoryKeepsTheContract(t *testing.T) {
	ledgertest.Run(t, func(*testing.T) ledgertest.Ledger { return ledger.NewMemory() })
}

// In Postgres it does so for a role that may write and not change; that the
// owner can do as much all other tests show.
func TestPostgresKeepsTheContract(t *testing.T) {
	dsn, address := asWriter(t)
	owner := connect(t, address)
	ledgertest.Run(t, func(t *testing.T) ledgertest.Ledger {
		wipe(t, owner)
		return open(t, dsn)
	})
}

// wipe takes everything off the record: what takes least time between two tests.
func wipe(t *testing.T, owner *pgx.Conn) {
	t.Helper()
	var all string
	must(t, owner.QueryRow(t.Context(), `select string_agg(format('setpoint.%I', tablename), ', ') from pg_tables
		where schemaname = 'setpoint' and tablename not in ('heads', 'migrations')`).Scan(&all))
	tamper(t, owner, `truncate `+all+` restart identity; update setpoint.heads set seq = 0, hash = decode(repeat('00', 32), 'hex')`)
}

// fresh makes a ledger's database with nothing on record.
func fresh(t testing.TB) string {
	t.Helper()
	return clustertest.Prepared(t, "fresh", func(dsn string) error { return ledger.Migrate(context.Background(), dsn, migrations.Files) })
}

// open opens a ledger that is closed at the test's end.
func open(t testing.TB, dsn string) *ledger.Postgres {
	t.Helper()
	p, err := ledger.Open(ledger.Config{DSN: dsn, Holder: t.Name()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

package ledger_test

import (
	"context"
	"testing"

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
	ledgertest.Run(t, func(t *testing.T) ledgertest.Ledger { return open(t, asWriter(t)) })
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

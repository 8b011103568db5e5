package ledger_test

import (
	"testing"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
	"setpoint.dev/setpoint/ledger/ledgertest"
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

package ledger_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/ledger/cluster/clustertest"
	"setpoint.dev/setpoint/ledger/ledgertest"
	"setpoint.dev/setpoint/loop"
)

// Stops are read over a connection of their own, which is opened again when it
// is lost; other orders are none.
func TestStops(t *testing.T) {
	dsn := clustertest.DSN(t)
	one, other := open(t, dsn), open(t, dsn)
	want := func(what string, ids ...string) {
		t.Helper()
		got, err := one.Stops(t.Context(), noon().Add(time.Minute))
		must(t, err)
		var found []string
		for _, o := range got {
			found = append(found, o.ID)
		}
		if len(found) != len(ids) || len(ids) > 0 && found[0] != ids[0] {
			t.Errorf("%s: stops %v, want %v", what, found, ids)
		}
	}
	want("at first")
	must(t, other.Give(t.Context(), ledgertest.Order("p", noon(), loop.OrderPin, "dial")))
	must(t, other.Give(t.Context(), ledgertest.Order("s", noon(), loop.OrderStop, "*")))
	want("of another instance", "s")
	conn, err := pgx.Connect(t.Context(), dsn)
	must(t, err)
	defer conn.Close(t.Context())
	var ended int
	must(t, conn.QueryRow(t.Context(), `select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'setpoint stops' and datname = current_database()`).Scan(&ended))
	if ended != 1 {
		t.Errorf("%d sessions ask for stops, want 1", ended)
	}
	want("after its session was ended", "s")
	must(t, other.Give(t.Context(), ledgertest.Order("r", noon(), loop.OrderResume, "*")))
	want("resumed")
}

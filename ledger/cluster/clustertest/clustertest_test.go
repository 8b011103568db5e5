package clustertest_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/ledger/cluster/clustertest"
)

func TestMain(m *testing.M) { clustertest.Main(m) }

// TestEachTestHasItsOwnDatabase creates the same table twice at once.
func TestEachTestHasItsOwnDatabase(t *testing.T) {
	for _, name := range []string{"one", "two"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := connect(t, clustertest.DSN(t))
			if _, err := conn.Exec(t.Context(), "CREATE TABLE t (x int)"); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestDatabaseIsDropped leaves a connection open in a test that has ended.
func TestDatabaseIsDropped(t *testing.T) {
	var db string
	t.Run("inner", func(t *testing.T) {
		conn, err := pgx.Connect(t.Context(), clustertest.DSN(t))
		if err != nil {
			t.Fatal(err)
		}
		db = conn.Config().Database
	})
	conn := connect(t, clustertest.DSN(t))
	var left bool
	if err := conn.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", db).Scan(&left); err != nil {
		t.Fatal(err)
	}
	if left || !strings.HasPrefix(db, "test_") {
		t.Errorf("database %q is still there", db)
	}
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(t.Context()) })
	return conn
}

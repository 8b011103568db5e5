package clustertest_test

import (
	"fmt"
	"os"
	"os/exec"
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

// TestLeavesConnection ends with a connection open, to its database and to a
// copy of a prepared one.
func TestLeavesConnection(t *testing.T) {
	for _, dsn := range []string{clustertest.DSN(t), clustertest.Prepared(t, "kind", func(string) error { return nil })} {
		if _, err := pgx.Connect(t.Context(), dsn); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDatabasesAreDropped runs that test in a server of somebody else: nothing
// is left in it.
func TestDatabasesAreDropped(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dsn := clustertest.DSN(t)
	test := exec.CommandContext(t.Context(), self, "-test.run", "^TestLeavesConnection$", "-test.v")
	test.Env = append(os.Environ(), "TEST_DATABASE_URL="+dsn)
	out, err := test.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestLeavesConnection") {
		t.Fatalf("%v\n%s", err, out)
	}
	var left int
	like := fmt.Sprintf("test_%d_%%", test.Process.Pid)
	if err := connect(t, dsn).QueryRow(t.Context(), "SELECT count(*) FROM pg_database WHERE datname LIKE $1", like).Scan(&left); err != nil {
		t.Fatal(err)
	}
	if left != 0 {
		t.Errorf("%d databases are still there", left)
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

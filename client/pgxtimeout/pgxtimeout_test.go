package pgxtimeout_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/client/pgxtimeout"
	"setpoint.dev/setpoint/client/retry"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
)

func TestMain(m *testing.M) { clustertest.Main(m) }

// A pool of one session of a real PostgreSQL, which goes by a timeout.
func open(t *testing.T, timeout *pgxtimeout.Timeout) *pgxpool.Pool {
	t.Helper()
	cfg, err := pgxpool.ParseConfig(clustertest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	cfg.MaxConns, cfg.PrepareConn = 1, timeout.Prepare
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func setting(seconds float64) client.Setting {
	return client.Setting{Kind: "postgresQueryTimeout", Value: seconds}
}

// The same session has the timeout of now each time that it is handed out.
func TestFollow(t *testing.T) {
	timeout := pgxtimeout.New(0)
	pool := open(t, timeout)
	var first, pid int
	var got string
	show := func(want string) {
		t.Helper()
		err := pool.QueryRow(t.Context(), `select pg_backend_pid(), current_setting('statement_timeout')`).Scan(&pid, &got)
		if first == 0 {
			first = pid
		}
		if err != nil || got != want || pid != first {
			t.Errorf("%s in session %d of %d, %v; want %s", got, pid, first, err, want)
		}
	}
	show("0")
	timeout.Follow(setting(30))
	show("30s")
	timeout.Follow(client.Setting{Kind: "retry", Value: 2})
	timeout.Follow(setting(0))
	show("30s")
	timeout.Follow(setting(1.001))
	show("1001ms")
	if _, err := pool.Exec(t.Context(), "set statement_timeout = 0"); err != nil {
		t.Fatal(err)
	}
	show("0") // a session may undo it, until the setting moves
	timeout.Follow(setting(2))
	show("2s")
}

// What it ends is known as work that was killed on purpose.
func TestKilled(t *testing.T) {
	pool := open(t, pgxtimeout.New(10*time.Millisecond))
	if _, err := pool.Exec(t.Context(), "select pg_sleep(60)"); !retry.Killed(err) {
		t.Errorf("got %v, want a statement that was killed", err)
	}
	if _, err := pool.Exec(t.Context(), "select 1/0"); err == nil || retry.Killed(err) {
		t.Errorf("got %v, want an error that was not", err)
	}
}

// A session that is gone is replaced by one with the timeout.
func TestBroken(t *testing.T) {
	timeout := pgxtimeout.New(time.Second)
	pool := open(t, timeout)
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	raw := conn.Conn()
	conn.Release()
	if err := raw.PgConn().Conn().Close(); err != nil {
		t.Fatal(err)
	}
	timeout.Follow(setting(3))
	var got string
	if err := pool.QueryRow(t.Context(), "show statement_timeout").Scan(&got); err != nil || got != "3s" {
		t.Errorf("%s, %v; want 3s", got, err)
	}
}

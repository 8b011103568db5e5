package actuators_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"setpoint.dev/setpoint/actuators"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

func TestMain(m *testing.M) { clustertest.Main(m) }

// A plant is a database of its own on a real server, with a role whose statements are the class.
type plant struct {
	t     *testing.T
	dsn   string
	role  string
	admin *pgx.Conn
}

var roles atomic.Int64 // roles belong to the server that tests share

func newPlant(t *testing.T) *plant {
	t.Helper()
	return plantAt(t, clustertest.DSN(t), fmt.Sprintf("class_%d", roles.Add(1)))
}

func plantAt(t *testing.T, dsn, role string) *plant {
	t.Helper()
	p := &plant{t: t, dsn: dsn, role: role, admin: connect(t, dsn)}
	p.createRole(role, "login")
	return p
}

// createRole creates a role that goes away with the test.
func (p *plant) createRole(name, options string) {
	p.t.Helper()
	p.exec("create role " + pgx.Identifier{name}.Sanitize() + " " + options)
	p.t.Cleanup(func() {
		if !p.admin.IsClosed() {
			p.exec("drop owned by " + pgx.Identifier{name}.Sanitize())
			p.exec("drop role " + pgx.Identifier{name}.Sanitize())
		}
	})
}

func (p *plant) exec(sql string) {
	p.t.Helper()
	if _, err := p.admin.Exec(context.Background(), sql); err != nil {
		p.t.Fatalf("%s: %v", sql, err)
	}
}

// definition is an actuator over the plant's role: 8 workers, cancels above 6, down to 4; setting 30 s to 0.1 s.
func (p *plant) definition() slo.Actuator {
	return slo.Actuator{
		Name: "reports-timeout", Kind: slo.PGQueryTimeout, Rest: 30, Tight: 0.1, Unit: "s",
		Query: slo.QueryTimeout{
			DatabaseURL: p.dsn, Role: p.role, Workers: 8, High: 0.75, Low: 0.5,
			CancelsPerTick: 100, CancelsPerMin: 1000, RoleDefault: true,
		},
	}
}

func free() bool { return false }

// open returns the actuator and the reaper of a definition; they end with the test.
func open(t *testing.T, a slo.Actuator, d actuators.Deps) (loop.Actuator, *actuators.Reaper) {
	t.Helper()
	q, r, err := actuators.New(a, d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return q, r
}

// A session runs one statement and tells how it ended.
type session struct {
	t    *testing.T
	conn *pgx.Conn
	pid  uint32
	done chan error
	runs sync.WaitGroup
}

// start runs sql as user, in a session of its own, and returns once it runs.
func (p *plant) start(user, sql string, before ...string) *session {
	p.t.Helper()
	s := &session{t: p.t, conn: connect(p.t, as(p.dsn, user)), done: make(chan error, 1)}
	s.pid = s.conn.PgConn().PID()
	p.t.Cleanup(s.runs.Wait) // runs before the connection's, which must not be closed in use
	for _, b := range before {
		if _, err := s.conn.Exec(p.t.Context(), b); err != nil {
			p.t.Fatalf("%s: %v", b, err)
		}
	}
	s.run(sql)
	p.await(s, sql)
	return s
}

// run runs sql until it ends, or the test does.
func (s *session) run(sql string) {
	s.runs.Go(func() {
		_, err := s.conn.PgConn().Exec(s.t.Context(), sql).ReadAll()
		s.done <- err
	})
}

// sleepers starts n statements of the class, the oldest first.
func (p *plant) sleepers(n int) []*session {
	p.t.Helper()
	var all []*session
	for range n {
		all = append(all, p.start(p.role, "select pg_sleep(60)"))
	}
	return all
}

// await returns once the session runs sql.
func (p *plant) await(s *session, sql string) {
	p.t.Helper()
	eventually(p.t, sql+" runs", func() bool {
		var running bool
		const query = `select exists (select from pg_stat_activity where pid = $1 and state = 'active' and query = $2)`
		if err := p.admin.QueryRow(context.Background(), query, s.pid, sql).Scan(&running); err != nil {
			p.t.Fatal(err)
		}
		return running
	})
}

// older returns once the session's statement is older than age.
func (p *plant) older(s *session, age time.Duration) {
	p.t.Helper()
	eventually(p.t, "statement is older than "+age.String(), func() bool {
		var old bool
		const query = `select clock_timestamp() - query_start > $2 from pg_stat_activity where pid = $1`
		if err := p.admin.QueryRow(context.Background(), query, s.pid, age).Scan(&old); err != nil {
			p.t.Fatal(err)
		}
		return old
	})
}

// cancelled returns which of the sessions ended with SQLSTATE 57014, after n of them ended.
func cancelled(t *testing.T, all []*session, n int) []int {
	t.Helper()
	ended := map[int]bool{}
	eventually(t, fmt.Sprintf("%d statements end", n), func() bool {
		for i, s := range all {
			select {
			case err := <-s.done:
				ended[i] = true
				if got := sqlState(err); got != "57014" {
					t.Errorf("statement %d ended with %v, want SQLSTATE 57014", i, err)
				}
			default:
			}
		}
		return len(ended) >= n
	})
	var which []int
	for i := range all {
		if ended[i] {
			which = append(which, i)
		}
	}
	return which
}

func sqlState(err error) string {
	var failure *pgconn.PgError
	if errors.As(err, &failure) {
		return failure.Code
	}
	return ""
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// as puts a user into a connection string. The server must trust who connects.
func as(dsn, user string) string { return with(dsn, "user", user) }

// with puts a setting into a connection string of either form; the last one wins.
func with(dsn, name, value string) string {
	if u, err := url.Parse(dsn); err == nil && strings.HasPrefix(u.Scheme, "postgres") {
		values := u.Query()
		values.Set(name, value)
		u.RawQuery = strings.ReplaceAll(values.Encode(), "+", "%20")
		return u.String()
	}
	return dsn + " " + name + "='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
}

// eventually polls a condition that a real server takes a moment to meet.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

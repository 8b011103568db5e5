//go:build linux

package main

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"setpoint.dev/setpoint/ledger/cluster/clustertest"
)

// A shop is what one test measures and acts on: its counters, and a database
// in which the role reports.
type shop struct {
	t    *testing.T
	name string
	role string
	dsn  string // as superuser

	mu      sync.Mutex
	watcher *pgx.Conn
	now     change
	changes []change
}

// A change is a setting that a role's new sessions get, with the stamp of the
// move that set it.
type change struct{ Timeout, Stamp string }

// openShop opens a shop that is healthy.
func openShop(t *testing.T) *shop {
	t.Helper()
	name := strings.ToLower(strings.ReplaceAll(t.Name(), "/", "_"))
	s := &shop{t: t, name: name, role: "reports_" + name, dsn: clustertest.DSN(t)}
	s.exec("create role " + s.role + " login")
	t.Cleanup(func() { s.exec("drop role " + s.role) })
	s.healthy()
	metricsURL(t) // scrapes it from now on
	return s
}

// healthy lets all customers be served well.
func (s *shop) healthy() { shared.counters.flow(s.name, 200, 0) }

// burning lets most checkouts fail.
func (s *shop) burning() { shared.counters.flow(s.name, 50, 150) }

// definitions writes the files of a setpoint for this shop.
func (s *shop) definitions(mode, delay string) string {
	s.t.Helper()
	text, err := os.ReadFile("testdata/shop.yaml")
	must(s.t, err)
	words := strings.NewReplacer("${SHOP_DATABASE_URL}", "${SHOP_DATABASE_URL}", "SHOP", s.name, "ROLE", s.role, "MODE", mode, "DELAY", delay)
	path := filepath.Join(s.t.TempDir(), "shop.yaml")
	must(s.t, os.WriteFile(path, []byte(words.Replace(string(text))), 0o600))
	return path
}

// connect opens a session until the test ends.
func (s *shop) connect(user string) *pgx.Conn {
	s.t.Helper()
	dsn := s.dsn
	if user != "" {
		dsn = asUser(dsn, user)
	}
	conn, err := pgx.Connect(s.t.Context(), dsn)
	must(s.t, err)
	s.t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func (s *shop) exec(sql string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.dsn)
	must(s.t, err)
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	must(s.t, err)
}

// settings is what new sessions of the role get, read from the catalog.
const settings = `select
	coalesce((select split_part(c, '=', 2) from found where c like 'statement_timeout=%'), ''),
	coalesce((select substr(c, strpos(c, '=') + 1) from found where c like 'setpoint.move=%'), '')`

const found = `with found as (select unnest(setconfig) as c from pg_db_role_setting
	where setrole = (select oid from pg_roles where rolname = $1) and setdatabase = (select oid from pg_database where datname = current_database())) `

// watch notes every change of the role's setting until the test ends.
func (s *shop) watch() {
	s.watcher = s.connect("")
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for s.look() {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	s.t.Cleanup(func() { close(stop); <-done })
}

// look notes the role's setting if it is another one than before.
func (s *shop) look() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	var now change
	if err := s.watcher.QueryRow(context.Background(), found+settings, s.role).Scan(&now.Timeout, &now.Stamp); err != nil {
		s.t.Errorf("watch the role's setting: %v", err)
		return false
	}
	if now != s.now {
		s.now, s.changes = now, append(s.changes, now)
	}
	return true
}

// changed is every change up to now, the newest included.
func (s *shop) changed() []change {
	s.look()
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.changes)
}

// timeout is the role's statement_timeout now, in ms; "" when none is set.
func (s *shop) timeout() string {
	if all := s.changed(); len(all) > 0 {
		return all[len(all)-1].Timeout
	}
	return ""
}

// hinder keeps everybody from setting the role's timeout until released: it
// holds the lock that such a move waits for.
func (s *shop) hinder() (release func()) {
	s.t.Helper()
	conn := s.connect("")
	key := "setpoint.move of " + s.role
	_, err := conn.Exec(s.t.Context(), `select pg_advisory_lock(hashtextextended($1, 0))`, key)
	must(s.t, err)
	return func() {
		_, err := conn.Exec(s.t.Context(), `select pg_advisory_unlock(hashtextextended($1, 0))`, key)
		must(s.t, err)
	}
}

// Runaways are reports that never end by themselves and are begun again
// whenever they are cancelled.
type runaways struct {
	mu        sync.Mutex
	cancelled int
}

// runAway starts n reports that hold workers until the test ends. Like some
// reporting tools they do away with the timeout in their own sessions.
func (s *shop) runAway(n int) *runaways {
	s.t.Helper()
	var r runaways
	ctx, stop := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for range n {
		conn := s.connect(s.role)
		_, err := conn.Exec(ctx, "set statement_timeout = 0")
		must(s.t, err)
		all.Go(func() {
			for ctx.Err() == nil {
				_, err := conn.Exec(ctx, "select pg_sleep(600)")
				r.count(err)
			}
		})
	}
	s.t.Cleanup(func() { stop(); all.Wait() })
	return &r
}

func (r *runaways) count(err error) {
	pg := (*pgconn.PgError)(nil)
	if !errors.As(err, &pg) || pg.Code != "57014" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cancelled++
}

// cancels is how many reports were cancelled up to now.
func (r *runaways) cancels() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cancelled
}

// asUser puts a user into a connection string of either form.
func asUser(dsn, user string) string {
	u, err := url.Parse(dsn)
	if err != nil || !strings.HasPrefix(u.Scheme, "postgres") {
		return dsn + " user='" + user + "'"
	}
	values := u.Query()
	values.Set("user", user)
	u.RawQuery = values.Encode()
	return u.String()
}

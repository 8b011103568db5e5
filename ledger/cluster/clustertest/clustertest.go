// Package clustertest gives tests real PostgreSQL databases.
//
//	func TestMain(m *testing.M) { clustertest.Main(m) }
//
//	func TestIt(t *testing.T) { pool, err := pgxpool.New(t.Context(), clustertest.DSN(t)) … }
//
// The first DSN of a test process starts a private cluster in a temporary directory, without fsync; each
// test gets a database of its own in it, dropped when the test ends. Main stops the cluster and
// removes its directory. A test process that is killed or panics takes its cluster with it (Linux) but
// leaves the directory, which a later run removes. With TEST_DATABASE_URL set, databases are made
// in that server instead. Without PostgreSQL a test fails, it is not skipped.
package clustertest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"setpoint.dev/setpoint/ledger/cluster"
)

// shared is the server of this test process. A variable of the package, because tests have nothing
// else in common.
var shared server

// server is a place to make databases in.
type server struct {
	once    sync.Once
	cluster *cluster.Cluster // nil with TEST_DATABASE_URL
	dir     string
	admin   string // DSN
	err     error
	made    atomic.Int64

	templates sync.Map // :: database that Prepared copies → func that makes it, once
}

// DSN creates an empty database for one test and returns its connection string. The database is dropped at
// the test's end, with whatever connections are still open. The test fails when PostgreSQL cannot be had.
func DSN(t testing.TB) string {
	t.Helper()
	return makeDatabase(t, "")
}

// Prepared is DSN for a database that is a copy of one that prepare has filled and has no session in any more. That is
// made once in a test process for each kind: a copy takes a fraction of the time that making a schema takes.
func Prepared(t testing.TB, kind string, prepare func(dsn string) error) string {
	t.Helper()
	template := fmt.Sprintf("test_%d_%s", os.Getpid(), kind)
	made, _ := shared.templates.LoadOrStore(template, sync.OnceValue(func() error {
		shared.once.Do(shared.start)
		if err := errors.Join(shared.err, shared.exec("CREATE DATABASE "+template)); err != nil {
			return err
		}
		return prepare(withDatabase(shared.admin, template))
	}))
	if err := made.(func() error)(); err != nil {
		t.Fatalf("prepare database for tests: %v", err)
	}
	return makeDatabase(t, template)
}

// makeDatabase makes one for a test, a copy of another if that is named.
func makeDatabase(t testing.TB, template string) string {
	t.Helper()
	shared.once.Do(shared.start)
	if shared.err != nil {
		t.Fatalf("%v\nThis test needs a real PostgreSQL: `make parts` installs it, or set TEST_DATABASE_URL.", shared.err)
	}
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), shared.made.Add(1))
	sql := "CREATE DATABASE " + name
	if template != "" {
		sql += " TEMPLATE " + template
	}
	if err := shared.exec(sql); err != nil {
		t.Fatalf("create database for test: %v", err)
	}
	t.Cleanup(func() {
		if shared.cluster != nil {
			return // goes with the cluster: dropping waits for a checkpoint
		}
		if err := shared.exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("drop database of test: %v", err)
		}
	})
	return withDatabase(shared.admin, name)
}

// M is a testing.M that stops the process's cluster after its tests; for a TestMain that needs Run inside
// something else, such as testscript.Main.
type M struct{ *testing.M }

// Run runs the tests, stops the cluster, removes its directory and returns the exit code.
func (m M) Run() int {
	code := m.M.Run()
	if err := shared.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stop test cluster:", err)
		return max(code, 1)
	}
	return code
}

// Main is a whole TestMain: it runs the tests, stops the cluster, looks for leaked goroutines and exits.
func Main(m *testing.M, options ...goleak.Option) {
	goleak.VerifyTestMain(M{m}, options...)
}

func (s *server) start() {
	if s.admin = os.Getenv("TEST_DATABASE_URL"); s.admin != "" {
		return
	}
	sweep()
	if s.dir, s.err = Dir(); s.err != nil {
		return
	}
	s.cluster, s.err = cluster.Start(context.Background(), cluster.Config{
		Dir: s.dir, Name: "test", NoSync: true, Settings: map[string]string{"max_connections": "200"},
	})
	if s.err == nil {
		s.admin = s.cluster.DSN("postgres")
	}
}

func (s *server) stop() error {
	if s.dir == "" {
		return s.dropTemplates()
	}
	if s.cluster != nil {
		if err := s.cluster.Stop(); err != nil {
			return err
		}
	}
	return os.RemoveAll(s.dir)
}

// dropTemplates leaves nothing behind in a server of somebody else.
func (s *server) dropTemplates() (err error) {
	for template := range s.templates.Range {
		err = errors.Join(err, s.exec(fmt.Sprint("DROP DATABASE IF EXISTS ", template, " WITH (FORCE)")))
	}
	return err
}

func (s *server) exec(sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.admin)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

// Dir makes a temporary directory for a cluster. Unlike t.TempDir it can be entered by the user who runs
// the server when tests run as root. The caller removes it.
func Dir() (string, error) {
	dir, err := os.MkdirTemp("/tmp", prefix) // short: a socket's path is limited
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755)
}

const prefix = "setpoint-test-"

// sweep removes what killed test processes left behind a day ago or more.
func sweep() {
	dirs, _ := filepath.Glob("/tmp/" + prefix + "*") // errs only on a malformed pattern
	for _, dir := range dirs {
		if info, err := os.Lstat(dir); err == nil && time.Since(info.ModTime()) > 24*time.Hour {
			os.RemoveAll(dir) // best effort: it may be another user's
		}
	}
}

// withDatabase puts a database's name into a connection string of either form.
func withDatabase(dsn, name string) string {
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		return dsn + " dbname=" + name // the last one wins
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return dsn // was good enough to connect to
	}
	u.Path = "/" + name
	return u.String()
}

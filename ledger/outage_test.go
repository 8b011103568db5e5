package ledger_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/cluster"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
	"setpoint.dev/setpoint/ledger/ledgertest"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
)

// server is a PostgreSQL of one test, to be stopped and started.
type server struct {
	config  cluster.Config
	running *cluster.Cluster
}

func newServer(t *testing.T) *server {
	t.Helper()
	dir, err := clustertest.Dir()
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &server{config: cluster.Config{Dir: dir, Name: "outage", NoSync: true}}
	s.start(t)
	t.Cleanup(func() { s.stop(t) })
	return s
}

func (s *server) start(t *testing.T) {
	t.Helper()
	var err error
	s.running, err = cluster.Start(context.Background(), s.config)
	must(t, err)
}

func (s *server) stop(t *testing.T) {
	t.Helper()
	if s.running != nil {
		must(t, s.running.Stop())
		s.running = nil
	}
}

// Postgres goes away in the middle and comes back: calls fail at once and
// say why, then work again, and all that was promised is there.
func TestRestartOfPostgres(t *testing.T) {
	s := newServer(t)
	p := open(t, s.running.DSN("postgres"))
	old := takeOver(t, p)
	must(t, p.Begin(t.Context(), hold("d1")))
	must(t, p.Keep(t.Context(), loop.Counted{Objective: "checkout", Slices: []sli.Slice{{Start: noon(), Counts: sli.Counts{Good: 1}}}}))

	s.stop(t)
	start := time.Now()
	for name, err := range everyCall(t.Context(), p) {
		wantErr(t, name, err, ledger.ErrDown)
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("the calls took %v to find that the database is down", took)
	}

	s.start(t)
	term := takeOver(t, p)
	if term.Compare(old) <= 0 {
		t.Errorf("%s after %s, want a newer term", term.Show(), old.Show())
	}
	d := hold("d2")
	d.Input.Term = term
	must(t, p.Begin(t.Context(), d))
	got, err := p.Decisions(t.Context(), ledger.DecisionFilter{})
	must(t, err)
	if len(got) != 2 {
		t.Errorf("%d decisions on record, want 2", len(got))
	}
	for name, err := range everyCall(t.Context(), p) {
		if errors.Is(err, ledger.ErrDown) {
			t.Errorf("%s: %v, though the database is back", name, err)
		}
	}
}

// everyCall makes each call once, all of them at the same time.
func everyCall(ctx context.Context, p *ledger.Postgres) map[string]error {
	var mu sync.Mutex
	var all sync.WaitGroup
	out := map[string]error{}
	for name, call := range calls(ctx, p) {
		all.Go(func() {
			err := call()
			mu.Lock()
			defer mu.Unlock()
			out[name] = err
		})
	}
	all.Wait()
	return out
}

func calls(ctx context.Context, p *ledger.Postgres) map[string]func() error {
	return map[string]func() error{
		"Lead":         func() error { return second(p.Lead(ctx)) },
		"Begin":        func() error { return p.Begin(ctx, ledgertest.Hold("x", noon())) },
		"Finish":       func() error { return p.Finish(ctx, ledgertest.Outcome("x", noon())) },
		"Give":         func() error { return p.Give(ctx, orderOf("x")) },
		"Define":       func() error { return p.Define(ctx, "x", []byte("x")) },
		"Definition":   func() error { return second(p.Definition(ctx, "x")) },
		"Conditions":   func() error { return second(p.Conditions(ctx, ledgertest.Query("query-timeout", noon()))) },
		"Orders":       func() error { return second(p.Orders(ctx, noon())) },
		"OrderHistory": func() error { return second(p.OrderHistory(ctx, "", 1)) },
		"Keep":         func() error { return p.Keep(ctx, loop.Counted{Objective: "x", Slices: []sli.Slice{{Start: noon()}}}) },
		"Slices": func() error {
			return second(p.Slices(ctx, loop.Stretch{Objective: "x", From: noon(), To: noon().Add(time.Hour)}))
		},
		"Sums": func() error {
			return second(p.Sums(ctx, loop.Stretch{Objective: "x", From: noon(), To: noon().Add(time.Hour)}))
		},
		"Tidy":           func() error { return p.Tidy(ctx, loop.Tidying{Settled: noon()}) },
		"Extents":        func() error { return second(p.Extents(ctx, "x")) },
		"Setting":        func() error { _, _, err := p.Setting(ctx, "x"); return err },
		"PutSetting":     func() error { return p.PutSetting(ctx, ledgertest.Carry(ledgertest.Move("x", noon(), 1))) },
		"Decisions":      func() error { return second(p.Decisions(ctx, ledger.DecisionFilter{})) },
		"Decision":       func() error { return second(p.Decision(ctx, "x")) },
		"Each":           func() error { return p.Each(ctx, func(ledger.Record) error { return nil }) },
		"SettingHistory": func() error { return second(p.SettingHistory(ctx, "x", noon(), noon())) },
		"Heads":          func() error { return second(p.Heads(ctx)) },
		"Verify":         func() error { return second(p.Verify(ctx)) },
		"Judge":          func() error { return p.Judge(ctx, verdictsOf("x")) },
		"Verdicts":       func() error { return second(p.Verdicts(ctx, ledger.VerdictFilter{})) },
		"Verdict":        func() error { return second(p.Verdict(ctx, "x.0")) },
	}
}

// A ledger may be opened before its database is there.
func TestLedgerBeforeItsDatabase(t *testing.T) {
	s := newServer(t)
	dsn := s.running.DSN("postgres")
	s.stop(t)
	p := open(t, dsn)
	wantErr(t, "Migrate", p.Migrate(t.Context()), ledger.ErrDown)
	wantErr(t, "Lead", second(p.Lead(t.Context())), ledger.ErrDown)
	s.start(t)
	takeOver(t, p)
	must(t, p.Begin(t.Context(), hold("d1")))
}

// A database that hangs is given up at the deadline, by every call.
func TestFrozenPostgres(t *testing.T) {
	s := newServer(t)
	p, err := ledger.Open(ledger.Config{DSN: s.running.DSN("postgres"), Timeout: 400 * time.Millisecond})
	must(t, err)
	t.Cleanup(p.Close)
	takeOver(t, p)
	must(t, p.Begin(t.Context(), hold("d1")))
	pids := s.pids(t)
	signal(t, pids, syscall.SIGSTOP)
	defer signal(t, pids, syscall.SIGCONT)
	for range 2 { // on connections that were there before, and on none
		for name, err := range everyCall(t.Context(), p) {
			wantErr(t, name, err, ledger.ErrDown)
		}
	}
	signal(t, pids, syscall.SIGCONT)
	d := hold("d2")
	d.Input.Term = takeOver(t, p)
	await(t, "Begin", func(ctx context.Context) error { return p.Begin(ctx, d) })
}

// pids are the postmaster and its children: it is told by its pid file, they
// by their parent.
func (s *server) pids(t *testing.T) []int {
	t.Helper()
	text, err := os.ReadFile(s.config.Dir + "/outage/data/postmaster.pid")
	must(t, err)
	first, _, _ := strings.Cut(string(text), "\n")
	postmaster, err := strconv.Atoi(first)
	must(t, err)
	out := []int{postmaster}
	entries, err := os.ReadDir("/proc")
	must(t, err)
	for _, e := range entries {
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if _, after, ok := strings.Cut(string(stat), ") "); err == nil && ok && strings.Split(after, " ")[1] == first {
			pid, _ := strconv.Atoi(e.Name())
			out = append(out, pid)
		}
	}
	return out
}

func signal(t *testing.T, pids []int, sig syscall.Signal) {
	t.Helper()
	for i, pid := range pids {
		if err := syscall.Kill(pid, sig); err != nil && i == 0 {
			t.Fatalf("signal %d: %v", pid, err)
		}
	}
}

// COMMIT waits for the disk, even where somebody set that it does not.
func TestCommitsAreDurable(t *testing.T) {
	dsn := fresh(t)
	must(t, second(connect(t, dsn).Exec(t.Context(), `do $$ begin execute format('alter database %I set synchronous_commit = off', current_database()); end $$`)))
	p := open(t, dsn)
	for parameter, want := range map[string]string{"synchronous_commit": "on", "search_path": "setpoint", "TimeZone": "UTC", "statement_timeout": "10s"} {
		if got, err := p.SessionForTest(t.Context(), parameter); got != want || err != nil {
			t.Errorf("%s is %q, %v, want %q", parameter, got, err, want)
		}
	}
}

// No error repeats any part of an address that may be a password.
func TestErrorsKeepThePassword(t *testing.T) {
	const secret = "s3cretWord"
	for _, dsn := range []string{
		"postgres://u:" + secret + "@127.0.0.1:1/db",
		"postgres://u:" + secret + "@127.0.0.1:notaport/db",
		"postgres://u:x/" + secret + "@127.0.0.1:1/db",
		"postgres://u:x#" + secret + "@127.0.0.1:1/db",
		"postgres://u:%zz" + secret + "@127.0.0.1:1/db",
		"host=127.0.0.1 port=1 user=u password=" + secret,
		"host=127.0.0.1 port=1 user=u password=x " + secret,
		"host=127.0.0.1 port=1 user=u password='x " + secret,
		secret,
	} {
		p, err := ledger.Open(ledger.Config{DSN: dsn, Timeout: time.Second})
		if err == nil {
			err = p.Migrate(t.Context())
			wantErr(t, "Migrate", err, ledger.ErrDown)
			p.Close()
		}
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("error %v, want one that keeps the password", err)
		}
	}
	if _, err := ledger.Open(ledger.Config{}); err == nil {
		t.Error("Open without an address: no error")
	}
}

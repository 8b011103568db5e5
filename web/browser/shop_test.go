// Package browser_test opens the pages of Setpoint in a real Chromium: each
// view in both themes and three widths, without scripts, and each action
// through to its row in the ledger.
package browser_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"setpoint.dev/setpoint/actuators"
	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/notify"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

func TestMain(m *testing.M) { clustertest.Main(m) }

// A shop is Setpoint in the middle of an incident: the real loop on counts
// that a script makes up, the ledger in a real PostgreSQL, and the real page.
type shop struct {
	t       testing.TB
	now     time.Time // of the newest tick
	records *ledger.Postgres
	loop    *loop.Loop
	set     atomic.Pointer[slo.Set]
	acts    map[string]loop.Actuator
	source  loop.Source
	web     *web.Server
	report  atomic.Pointer[loop.Report]
	url     string
	stop    func() // ends the server, not the loop
	read    atomic.Pointer[web.Definitions]

	addresses atomic.Pointer[slo.Set] // in place of set: with those of webhooks
}

// openShop begins a shop and ticks until it knows its past.
func openShop(t testing.TB) *shop {
	t.Helper()
	s := &shop{t: t, now: time.Now().UTC().Truncate(slice).Add(-40 * time.Minute)}
	s.read.Store(&web.Definitions{OK: true, Since: s.now, Files: 1})
	set := definitions(t, s.now)
	s.set.Store(set)
	var err error
	if s.records, err = ledger.Open(ledger.Config{DSN: clustertest.DSN(t)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.records.Close)
	if err := s.records.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.acts = map[string]loop.Actuator{}
	for _, a := range set.Actuators {
		if s.acts[a.Name], _, err = actuators.New(a, actuators.Deps{Settings: s.records}); err != nil {
			t.Fatal(err)
		}
	}
	start := s.now
	s.source = loop.SourceFunc(func(_ context.Context, o slo.Objective, from, to time.Time) ([]sli.Slice, error) {
		return counts(o, start, from, to), nil
	})
	if s.loop, err = loop.New(loop.Config{Set: set, Source: s.source, Records: s.records, Actuators: s.acts}); err != nil {
		t.Fatal(err)
	}
	s.web = web.New(s.config(t))
	for !s.now.After(time.Now().Add(-slice)) {
		s.tick(t)
		if err := s.web.RecordPolicies(t.Context(), s.now); err != nil {
			t.Fatal(err)
		}
	}
	s.ask(t)
	s.stop = s.listen(t, "127.0.0.1:0")
	return s
}

// slice is the length of a slice of every objective of the shop.
const slice = 5 * time.Minute

// listen serves the page at an address, until the function that it returns is
// called, or the test ends.
func (s *shop) listen(t testing.TB, address string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l, err := web.Listen(ctx, address, false)
	if err != nil {
		t.Fatal(err)
	}
	s.url = web.Address(l)
	done := make(chan error, 1)
	go func() { done <- web.Serve(ctx, l, s.web.Handler()) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func (s *shop) config(t testing.TB) web.Config {
	n := notify.New(notify.Config{})
	t.Cleanup(n.Close)
	return web.Config{
		Mail: s.records, Post: n.Post, Revise: s.records.Revise,
		Set: s.set.Load, Ledger: reader{s.records}, Verdicts: reader{s.records}, Versions: reader{s.records}.versions, Witness: reader{s.records}, Slices: s.records.Slices, Levels: filling, Health: s.health, Past: reader{s.records}.past, Definitions: func() web.Definitions { return *s.read.Load() },
		Report: func() loop.Report {
			r := s.report.Load()
			if r == nil {
				return loop.Report{}
			}
			if with := s.addresses.Load(); with != nil {
				out := *r
				out.Set = with
				return out
			}
			return *r
		},
		Order:   s.loop.Order,
		Failed:  func(err error) { t.Errorf("the page failed: %v", err) },
		Stale:   time.Hour, // the shop ticks by hand
		Version: "v0.0.0-test",
	}
}

// tick lets a slice pass.
func (s *shop) tick(t testing.TB) {
	s.now = s.now.Add(slice)
	r := s.loop.Tick(t.Context(), s.now)
	if len(r.Errs) > 0 {
		t.Fatalf("tick at %s: %v", s.now, r.Errs)
	}
	s.report.Store(&r)
	s.web.Ticked(r, 20*time.Millisecond)
}

// ask has pipelines ask the gate, with words that try to be markup.
func (s *shop) ask(t testing.TB) {
	clerk, err := ledger.NewClerk(s.records, ledger.ClerkConfig{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- clerk.Run(ctx, func(err error) { t.Error(err) }) }()
	for i, release := range []string{"v41", "v42<script>alert('release')</script>"} {
		q := loop.GateQuestion{Service: "checkout", Environment: "prod", Release: release, At: s.now.Add(-time.Duration(9-8*i) * time.Hour)}
		a := loop.Gate(loop.GateView{Set: s.set.Load(), Report: *s.report.Load()}, q)
		if _, err := clerk.Record(ctx, loop.Verdict{Tool: "curl <b>8</b>", Answer: a}); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	<-done
}

// definitions reads the shop's definitions; @-3h@ stands for a time of a
// calendar that long before now, @T-3h@ for an instant.
func definitions(t testing.TB, now time.Time) *slo.Set {
	t.Helper()
	text, err := os.ReadFile("testdata/slos.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text = regexp.MustCompile(`@T?-?\w+@`).ReplaceAllFunc(text, func(at []byte) []byte {
		layout, ago := time.DateTime, string(at[1:len(at)-1])
		if ago[0] == 'T' {
			layout, ago = time.RFC3339, ago[1:]
		}
		d, err := time.ParseDuration(ago)
		if err != nil {
			t.Fatal(err)
		}
		return []byte(now.Truncate(time.Hour).Add(d).Format(layout))
	})
	set, problems := slo.Load([]slo.File{{Name: "slos.yaml", Data: text}}, nil)
	if set == nil {
		t.Fatalf("definitions: %v", problems)
	}
	return set
}

// counts makes up what happened: search has had a bad day and suggests
// nothing, checkout fails since half an hour, and the index is out of sight.
func counts(o slo.Objective, now, from, to time.Time) []sli.Slice {
	var out []sli.Slice
	for at := from; at.Before(to); at = at.Add(slice) {
		total, share := 30000.0, 0.0002
		ago := now.Sub(at)
		switch {
		case o.Name == "search-suggestions":
			total = 0
		case o.Name == "search-index" && ago < 2*time.Hour:
			continue
		case o.Name == "search-answers" && ago > 60*time.Hour && ago < 70*time.Hour:
			share = 0.08
		case o.Name == "search-answers" && ago < 0:
			share = 0.2
		case o.Name == "checkout-availability" && ago < 0:
			share = 0.2
		case o.Name == "checkout-availability" && ago > 100*time.Hour && ago < 101*time.Hour:
			share = 0.03
		case o.Name == "checkout-orders" && ago > 30*time.Hour && ago < 31*time.Hour:
			share = 0.3
		}
		bad := sli.Count(total*share) * sli.Event
		out = append(out, sli.Slice{Start: at, Counts: sli.Counts{Good: sli.Count(total)*sli.Event - bad, Bad: bad, Covered: slice}})
	}
	return out
}

// filling is a disk that fills by a hundredth a day, more in working hours.
func filling(_ context.Context, _ slo.Objective, from, to time.Time, step time.Duration) (out []sli.Sample, _ error) {
	for at := from.Add(step); !at.After(to); at = at.Add(step) {
		v := 0.66 - 0.01*to.Sub(at).Hours()/24 + 0.02*math.Sin(at.Sub(from).Hours()/10)
		out = append(out, sli.Sample{Milli: at.UnixMilli(), Value: v})
	}
	return out, nil
}

// health is how the ledger does, and of a backend what tries to be markup.
func (s *shop) health(ctx context.Context) web.Health {
	p, err := s.records.Health(ctx)
	if err != nil {
		return web.Health{Ledger: web.LedgerHealth{Error: err.Error()}}
	}
	out := web.Health{Began: s.now.Add(-time.Hour), Ledger: web.LedgerHealth{Server: p.Server, Took: p.Took, Size: p.Size, Schema: p.Schema, Holder: p.Holder, Since: p.Since}}
	out.Backends = []web.Backend{
		{Name: "metrics", Host: "127.0.0.1:1", Asked: 12, Answered: s.now},
		{Name: "other", Host: "metrics.example", Asked: 40, Missed: 3, Failing: s.now, Until: time.Now().Add(time.Hour), Error: "status 500: <script>alert('backend')</script>"},
	}
	for _, c := range p.Heads {
		out.Ledger.Chains = append(out.Ledger.Chains, web.Chain{Name: c.Chain, Rows: c.Seq})
	}
	return out
}

// reader shows the ledger to the web room in its own terms, as cmd does.
type reader struct{ *ledger.Postgres }

func (r reader) Decisions(ctx context.Context, f web.Filter) ([]web.Record, error) {
	records, err := r.Postgres.Decisions(ctx, ledger.DecisionFilter(f))
	var out []web.Record
	for _, rec := range records {
		out = append(out, web.Record(rec))
	}
	return out, err
}

func (r reader) Decision(ctx context.Context, id string) (web.Record, error) {
	rec, err := r.Postgres.Decision(ctx, id)
	if errors.Is(err, ledger.ErrNotFound) {
		err = errors.Join(web.ErrNotFound, err)
	}
	return web.Record(rec), err
}

func (r reader) past(ctx context.Context, actuator string, from, to time.Time) (out []budget.Point, err error) {
	found, err := r.SettingHistory(ctx, actuator, from, to)
	for _, p := range found {
		out = append(out, budget.Point{At: p.At, Value: p.Value})
	}
	return out, err
}

func (r reader) Verdicts(ctx context.Context, f web.VerdictFilter) ([]loop.Verdict, error) {
	return r.Postgres.Verdicts(ctx, ledger.VerdictFilter(f))
}

func (r reader) versions(ctx context.Context, objective string) ([]loop.Version, error) {
	lists, err := r.Versions(ctx, objective)
	if err != nil {
		return nil, fmt.Errorf("read versions: %w", err)
	}
	return lists[0], nil
}

func (r reader) Beside(ctx context.Context, seq int64) (words []string, err error) {
	faults, err := r.Postgres.Beside(ctx, "decisions", seq)
	for _, f := range faults {
		words = append(words, f.String())
	}
	return words, err
}

package loop_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// counter notes what is asked of it; each slice has 9 good events and 1 bad.
type counter struct {
	mu    sync.Mutex
	asked map[string]int // :: objective → questions
}

func (c *counter) Counts(_ context.Context, o slo.Objective, from, to time.Time) ([]sli.Slice, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked == nil {
		c.asked = map[string]int{}
	}
	c.asked[o.Name]++
	var out []sli.Slice
	for at := from; at.Before(to); at = at.Add(o.Slice) {
		out = append(out, sli.Slice{Start: at, Counts: sli.Counts{Good: 9 * sli.Event, Bad: sli.Event, Covered: o.Slice}})
	}
	return out, nil
}

// tenth is a source of which one event in ten is bad.
func tenth() loop.Source { return loop.SourceFunc((&counter{}).Counts) }

func promise(name string, target int64) slo.Objective {
	return slo.Objective{Name: name, Service: "shop", Target: slo.NewDecimal(target, 2), Window: slo.Window{Length: time.Hour}, Slice: time.Minute}
}

func use(t *testing.T, cfg loop.Config) *loop.Loop {
	t.Helper()
	l, err := loop.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func remaining(r loop.Report) map[string]float64 {
	out := map[string]float64{}
	for _, s := range r.States {
		out[s.Objective] = s.Remaining
	}
	return out
}

// TestUseKeepsBooks: an objective that did not change is not read anew, not
// from the store and not from the source; its words may change. What
// was counted under another target is read from the store.
func TestUseKeepsBooks(t *testing.T) {
	source, records := &counter{}, ledger.NewMemory()
	set := &slo.Set{Objectives: []slo.Objective{promise("changed", 50), promise("gone", 50), promise("same", 50)}}
	l := use(t, loop.Config{Set: set, Source: loop.SourceFunc(source.Counts), Records: records})
	for i := range 3 {
		l.Tick(t.Context(), start.Add(time.Duration(i)*time.Minute))
	}
	before := source.asked["same"]

	retitled := promise("same", 50)
	retitled.Title, retitled.Description, retitled.Labels = "Same", "as before", map[string]string{"team": "a"}
	retitled.Position = slo.Position{File: "moved.yaml", Line: 3, Col: 1}
	next := &slo.Set{Objectives: []slo.Objective{promise("changed", 80), promise("new", 50), retitled}}
	if err := l.Use(next, loop.SourceFunc(source.Counts), nil); err != nil {
		t.Fatal(err)
	}
	r := l.Tick(t.Context(), start.Add(3*time.Minute))
	if got := source.asked["same"] - before; got != 1 {
		t.Errorf("source asked %d times about the objective that did not change, want 1: the new slice", got)
	}
	if got := source.asked["changed"] - before; got != 1 {
		t.Errorf("source asked %d times about the objective that changed, want 1: the rest is in the store", got)
	}
	want := map[string]float64{"changed": 0.8, "new": 0.8, "same": 0.8} // by the target of then
	if diff := cmp.Diff(want, remaining(r)); diff != "" {
		t.Errorf("remaining (-want +got):\n%s", diff)
	}
	if r.Set != next {
		t.Error("the report was not made by the new definitions")
	}
	if newest := l.Tick(t.Context(), start.Add(4*time.Minute)).States[0].Newest; !newest.Equal(start.Add(3 * time.Minute)) {
		t.Errorf("newest slice of the changed objective ends at %s, want 12:03", newest)
	}
}

// TestUseRefusesWhole: what cannot be used changes nothing.
func TestUseRefusesWhole(t *testing.T) {
	declared := slo.Actuator{Name: "dial", Kind: slo.PGQueryTimeout, Rest: 30, Tight: 1, Query: slo.QueryTimeout{Role: "reports", DatabaseURL: "postgres://a:old@db/shop"}}
	at := func(role, address string) slo.Actuator {
		a := declared
		a.Query.Role, a.Query.DatabaseURL = role, address
		return a
	}
	tests := []struct {
		name  string
		value float64 // of the dial, before
		set   slo.Set
		want  string // "" = taken
	}{
		{"a loop without an actuator", 30, slo.Set{Loops: []slo.ControlLoop{{Name: "protect", Actuator: "dail"}}}, `there is no actuator "dail"`},
		{"another role, not at rest", 2, slo.Set{Actuators: []slo.Actuator{at("web", declared.Query.DatabaseURL)}}, "not at rest: 2"},
		{"another database, not at rest", 2, slo.Set{Actuators: []slo.Actuator{at("reports", "postgres://a:old@db/other")}}, "acts elsewhere"},
		{"another role, at rest", 30, slo.Set{Actuators: []slo.Actuator{at("web", declared.Query.DatabaseURL)}}, ""},
		{"another password", 2, slo.Set{Actuators: []slo.Actuator{at("reports", "postgres://a:new@db/shop?sslmode=require")}}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			acts := map[string]loop.Actuator{"dial": &dial{value: test.value}}
			set := &slo.Set{Objectives: []slo.Objective{promise("same", 50)}, Actuators: []slo.Actuator{declared}}
			l := use(t, loop.Config{Set: set, Source: tenth(), Records: ledger.NewMemory(), Actuators: acts})
			l.Tick(t.Context(), start)
			err := l.Use(&test.set, tenth(), acts)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("Use: %v, want %q", err, test.want)
			}
			if r := l.Tick(t.Context(), start.Add(time.Minute)); test.want != "" && (r.Set != set || len(r.States) != 1) {
				t.Errorf("after a refusal the report has %d states and other definitions", len(r.States))
			}
		})
	}
}

// TestUseGateStaysShut: a freeze that is not declared any more denies for as
// long as it is tight, whatever freezes the policy names.
func TestUseGateStaysShut(t *testing.T) {
	freeze := slo.Actuator{Name: "releases", Service: "shop", Kind: slo.Freeze, Tight: 1}
	door := &dial{value: 1}
	acts := map[string]loop.Actuator{"releases": door, "other": &dial{}}
	l := use(t, loop.Config{Set: &slo.Set{Actuators: []slo.Actuator{freeze}}, Source: tenth(), Records: ledger.NewMemory(), Actuators: acts})
	l.Tick(t.Context(), start)
	other := slo.Actuator{Name: "other", Service: "shop", Kind: slo.Freeze, Tight: 1}
	set := &slo.Set{Actuators: []slo.Actuator{other}, Policies: []slo.ReleasePolicy{{Name: "shop", Service: "shop", Freezes: []string{"other"}}}}
	if err := l.Use(set, tenth(), acts); err != nil {
		t.Fatal(err)
	}
	ask := func(now time.Time) slo.Verdict {
		r := l.Tick(t.Context(), now)
		return loop.Gate(loop.GateView{Set: r.Set, Report: r}, loop.GateQuestion{Service: "shop", At: now}).Verdict
	}
	if got := ask(start.Add(time.Minute)); got != slo.Deny {
		t.Errorf("gate with a freeze left behind: %s, want deny", got)
	}
	door.value = 0
	l.Tick(t.Context(), start.Add(2*time.Minute))
	r := l.Tick(t.Context(), start.Add(3*time.Minute))
	if len(r.Settings) != 1 || r.Set != set {
		t.Errorf("at rest the freeze left behind is still listed: %v", r.Settings)
	}
	if got := ask(start.Add(4 * time.Minute)); got != slo.Allow {
		t.Errorf("gate after it came to rest: %s, want allow", got)
	}
}

// TestUseIsTickedAtOnce: Run does not wait for the next full minute, and goes
// on at the period of the new definitions.
func TestUseIsTickedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		began := time.Now().Truncate(time.Minute)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		l := use(t, loop.Config{Set: &slo.Set{Objectives: []slo.Objective{promise("slow", 50)}}, Source: tenth(), Records: ledger.NewMemory(), OnTick: func(r loop.Report) {
			if r.Missed != 0 {
				t.Errorf("%d ticks missed at %s", r.Missed, r.At)
			}
			if at = append(at, r.At.Sub(began)); len(at) == 4 {
				cancel()
			}
		}})
		done := make(chan struct{})
		go func() { l.Run(ctx); close(done) }()
		time.Sleep(90 * time.Second) // ticks at 5 s and 65 s
		fast := promise("fast", 50)
		fast.Slice = 10 * time.Second
		if err := l.Use(&slo.Set{Objectives: []slo.Objective{fast}}, tenth(), nil); err != nil {
			t.Error(err)
		}
		<-done
		second := time.Second
		if diff := cmp.Diff([]time.Duration{5 * second, 65 * second, 90 * second, 95 * second}, at); diff != "" {
			t.Errorf("ticks (-want +got):\n%s", diff)
		}
	})
}

// TestUseBesideTicks: definitions that change all the time, beside ticks and
// orders, leave a loop that knows what it did. Run with -race.
func TestUseBesideTicks(t *testing.T) {
	source, records := &counter{}, ledger.NewMemory()
	freeze := slo.Actuator{Name: "releases", Service: "shop", Kind: slo.Freeze, Tight: 1}
	protect := slo.ControlLoop{Name: "protect", Actuator: "releases", Mode: slo.Act, Rules: []slo.Rule{{Name: "low", Objective: "same", Law: slo.Watermarks,
		Watermark: slo.Watermark{Signal: slo.SignalRemaining, Tighten: slo.NewDecimal(5, 1), Relax: slo.NewDecimal(9, 1), Step: 1}}}}
	acts := map[string]loop.Actuator{"releases": &dial{}}
	sets := []*slo.Set{
		{Objectives: []slo.Objective{promise("same", 80)}, Actuators: []slo.Actuator{freeze}, Loops: []slo.ControlLoop{protect}},
		{Objectives: []slo.Objective{promise("same", 80), promise("more", 80)}},
	}
	l := use(t, loop.Config{Set: sets[0], Source: loop.SourceFunc(source.Counts), Records: records, Actuators: acts})
	var all sync.WaitGroup
	all.Go(func() {
		for i := range 50 {
			if err := l.Use(sets[i%2], loop.SourceFunc(source.Counts), acts); err != nil {
				t.Error(err)
			}
		}
	})
	all.Go(func() {
		for i := range 10 {
			at := start.Add(time.Duration(i) * time.Second)
			_, err := l.Order(t.Context(), loop.Order{ID: at.String(), At: at, Kind: loop.OrderPin, Target: "releases", By: "ann", Why: "drill", Setting: new(float64), Until: at.Add(time.Second)})
			if err != nil {
				t.Error(err)
			}
		}
	})
	var last loop.Report
	for i := range 50 {
		last = l.Tick(t.Context(), start.Add(time.Duration(i)*time.Minute))
		for _, s := range last.States {
			if s.Objective == "same" && s.Status == budget.NoData && i > 1 {
				t.Errorf("tick %d: the objective that never changes is out of sight", i)
			}
		}
	}
	all.Wait()
	if err := errors.Join(last.Errs...); err != nil {
		t.Error(err)
	}
}

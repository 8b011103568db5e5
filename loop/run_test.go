package loop_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// slow answers after a while that the test sets.
type slow struct{ takes time.Duration }

func (s *slow) Counts(ctx context.Context, o slo.Objective, from, to time.Time) ([]sli.Slice, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(s.takes):
		return nil, nil
	}
}

// sluggish is a ledger that answers after a while that the test sets.
type sluggish struct {
	*ledger.Memory
	takes time.Duration
}

func (s *sluggish) Lead(ctx context.Context) (loop.Term, error) {
	time.Sleep(s.takes)
	return s.Memory.Lead(ctx)
}

// TestRunTicksInSlots: ticks fall on the slices' ends plus the time that
// samples take to arrive; those that a slow one ran over are counted and
// left out.
func TestRunTicksInSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		records := &sluggish{Memory: ledger.NewMemory()}
		set := &slo.Set{
			Sources:    []slo.Source{{Name: "metrics", Delay: 2 * time.Second}},
			Objectives: []slo.Objective{{Name: "fast", Target: slo.NewDecimal(9, 1), Window: slo.Window{Length: time.Hour}, Slice: 10 * time.Second, Indicator: slo.Indicator{Source: "metrics"}}},
		}
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now().Truncate(10 * time.Second)
		var at []time.Duration
		var missed []int
		l, err := loop.New(loop.Config{Set: set, Source: loop.SourceFunc((&slow{}).Counts), Records: records, OnTick: func(r loop.Report) {
			at, missed = append(at, r.At.Sub(began)), append(missed, r.Missed)
			records.takes = 0
			if len(at) == 2 {
				records.takes = 13 * time.Second
			}
			if len(at) == 4 {
				cancel()
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		l.Run(ctx)
		second := time.Second
		if diff := cmp.Diff([]time.Duration{2 * second, 12 * second, 22 * second, 42 * second}, at); diff != "" {
			t.Errorf("ticks (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]int{0, 0, 0, 1}, missed); diff != "" {
			t.Errorf("missed (-want +got):\n%s", diff)
		}
	})
}

// TestABackendThatHangsHoldsNoTick: a tick waits for a source for a while only.
func TestABackendThatHangsHoldsNoTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := &slo.Set{Objectives: []slo.Objective{{Name: "fast", Target: slo.NewDecimal(9, 1), Window: slo.Window{Length: time.Hour}, Slice: 10 * time.Second}}}
		ctx, cancel := context.WithCancel(t.Context())
		var report loop.Report
		l, err := loop.New(loop.Config{Set: set, Source: loop.SourceFunc((&slow{takes: 1000 * time.Hour}).Counts), Records: ledger.NewMemory(), OnTick: func(r loop.Report) { report = r; cancel() }})
		if err != nil {
			t.Fatal(err)
		}
		l.Run(ctx)
		if len(report.Errs) == 0 || len(report.States) != 1 {
			t.Errorf("tick over a hanging backend: errors %v, %d states; want an error and the state", report.Errs, len(report.States))
		}
	})
}

// untidy is a ledger that tidies until it is told to end.
type untidy struct {
	*ledger.Memory
	end func()
}

func (u untidy) Tidy(ctx context.Context, _ loop.Tidying) error {
	u.end()
	<-ctx.Done()
	return ctx.Err()
}

// TestEndWithinATick: when a tick is cut off by the end, how long its holds
// lasted is on record nevertheless.
func TestEndWithinATick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		records := untidy{ledger.NewMemory(), cancel}
		set := &slo.Set{
			Objectives: []slo.Objective{promise("fast", 90)},
			Actuators:  []slo.Actuator{{Name: "dial", Kind: slo.PGQueryTimeout, Rest: 30, Tight: 1}},
			Loops:      []slo.ControlLoop{{Name: "protect", Actuator: "dial", Mode: slo.Observe, Rules: []slo.Rule{{Objective: "fast"}}}},
		}
		l := use(t, loop.Config{Set: set, Source: tenth(), Records: records, Actuators: map[string]loop.Actuator{"dial": &dial{value: 30}}})
		l.Run(ctx)
		all, err := records.Decisions(t.Context(), ledger.DecisionFilter{Limit: 10})
		if err != nil || len(all) != 1 || len(all[0].Outcomes) != 1 {
			t.Errorf("on record: %+v, %v; want one hold with its length", all, err)
		}
	})
}

// ending is a ledger that is told to end while it is asked for conditions.
type ending struct {
	*ledger.Memory
	end func()
}

func (e ending) Conditions(ctx context.Context, _ loop.ConditionsQuery) (loop.Conditions, error) {
	e.end()
	return loop.Conditions{}, ctx.Err()
}

// TestEndIsNoFault: what the end cuts off is no error, and no hold goes on
// record for it.
func TestEndIsNoFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		records := ending{ledger.NewMemory(), cancel}
		set := &slo.Set{
			Objectives: []slo.Objective{promise("fast", 90)},
			Actuators:  []slo.Actuator{{Name: "dial", Kind: slo.PGQueryTimeout, Rest: 30, Tight: 1}},
			Loops:      []slo.ControlLoop{{Name: "protect", Actuator: "dial", Mode: slo.Observe, Rules: []slo.Rule{{Objective: "fast"}}}},
		}
		var report loop.Report
		l := use(t, loop.Config{Set: set, Source: tenth(), Records: records, Actuators: map[string]loop.Actuator{"dial": &dial{value: 30}}, OnTick: func(r loop.Report) { report = r }})
		l.Run(ctx)
		all, err := records.Decisions(t.Context(), ledger.DecisionFilter{Limit: 10})
		if err != nil || len(all) > 0 || len(report.Errs) > 0 || report.LedgerErr != nil || len(report.Decisions) > 0 || report.At.IsZero() {
			t.Errorf("told: %v, %v, %v; on record: %+v, %v", report.Errs, report.LedgerErr, report.Decisions, all, err)
		}
	})
}

func FuzzParseDefinition(f *testing.F) {
	f.Add(loop.Definition(slo.ControlLoop{Name: "protect"}, slo.Actuator{Name: "dial"}))
	f.Add([]byte(`{"loop":{"rules":[{"tiers":[{"burn":1e400}]}]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, a, err := loop.ParseDefinition(text)
		if err != nil {
			return
		}
		again := loop.Definition(l, a)
		l2, a2, err := loop.ParseDefinition(again)
		if err != nil || string(loop.Definition(l2, a2)) != string(again) {
			t.Fatalf("definition does not round trip: %v\n%s\n%s", err, text, again)
		}
	})
}

package loop_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// TestAnAdjustmentOfThePast is given while the loop runs, holds for what was
// stored long ago, over a restart too, and leaves no trace when it is taken
// away. What is stored stays as it was measured.
func TestAnAdjustmentOfThePast(t *testing.T) {
	o := slo.Objective{Name: "hourly", Target: slo.NewDecimal(99, 2), Slice: time.Minute, Window: slo.Window{Length: 24 * time.Hour}}
	noon := time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	plain := &slo.Set{Objectives: []slo.Objective{o}}
	excused := &slo.Set{Objectives: []slo.Objective{o}, Adjustments: []slo.Adjustment{
		{Name: "probe", Effect: slo.Exclude, AppliesTo: slo.Scope{All: true}, Stretch: slo.Stretch{From: noon.Add(-20 * time.Hour), To: noon.Add(-18 * time.Hour)}},
		{Name: "logs", Effect: slo.Correct, AppliesTo: slo.Scope{All: true}, Stretch: slo.Stretch{From: noon.Add(-3 * time.Hour), To: noon.Add(-2 * time.Hour)}, Counts: slo.Corrected{Good: 1000, Bad: 7}},
	}}
	records, source := ledger.NewMemory(), loop.SourceFunc(steady{}.Counts)
	begin := func(set *slo.Set) *loop.Loop {
		l, err := loop.New(loop.Config{Set: set, Source: source, Records: records})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	now := noon
	tick := func(l *loop.Loop, times int) (s budget.State) {
		for range times {
			r := l.Tick(t.Context(), now.Add(5*time.Second))
			if len(r.Errs) > 0 {
				t.Fatal(r.Errs)
			}
			s = r.States[0]
		}
		return s
	}
	l := begin(plain)
	before := tick(l, 5)
	if err := l.Use(excused, source, nil); err != nil {
		t.Fatal(err)
	}
	adjusted := tick(l, 1)
	const day, away = 24 * 60, 3 * 60 // minutes
	want := sli.Counts{Good: ((day-away)*999 + 1000) * sli.Event, Bad: (day - away + 7) * sli.Event, Covered: 24 * time.Hour}
	if adjusted.Budget.Counts != want || adjusted.Raw.Budget.Counts != before.Budget.Counts || adjusted.Raw.Remaining != before.Remaining {
		t.Errorf("judged by %+v, want %+v; measured %+v, want %+v", adjusted.Budget.Counts, want, adjusted.Raw.Budget, before.Budget)
	}
	now = now.Add(4 * time.Hour)
	later := tick(l, 1)
	same := cmp.Options{cmp.Comparer(func(a, b slo.Decimal) bool { return a == b }), cmpopts.IgnoreFields(budget.State{}, "Provisional")} // a restart reads more again
	if diff := cmp.Diff(later, tick(begin(excused), 1), same); diff != "" {
		t.Errorf("after a restart (-live +restarted):\n%s", diff)
	}
	if later.Budget.Covered != 24*time.Hour || later.Raw.Budget.Bad != day*sli.Event {
		t.Errorf("four hours later: %+v, measured %+v", later.Budget, later.Raw.Budget)
	}
	excused.Adjustments[0].Revoked = true
	if err := l.Use(&slo.Set{Objectives: []slo.Objective{o}, Adjustments: excused.Adjustments[:1]}, source, nil); err != nil {
		t.Fatal(err)
	}
	restored := tick(l, 1)
	if diff := cmp.Diff(tick(begin(plain), 1), restored, same); diff != "" {
		t.Errorf("revoked and taken away, they leave a trace (-never +revoked):\n%s", diff)
	}
}

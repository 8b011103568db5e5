package loop_test

import (
	"context"
	"hash/fnv"
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

// dice is a backend on which every objective has a lot of its own: the same
// each time it is asked, with slices that nothing was observed in, and without
// any before it was born.
type dice struct{ born map[string]time.Time }

func (d dice) Counts(_ context.Context, o slo.Objective, from, to time.Time) ([]sli.Slice, error) {
	var out []sli.Slice
	for at := from; at.Before(to); at = at.Add(o.Slice) {
		h := fnv.New64a()
		h.Write([]byte(o.Name + at.Format(time.RFC3339)))
		s, n := sli.Slice{Start: at}, h.Sum64()
		if n%7 > 0 && n%1000 > 100 && !at.Before(d.born[o.Name]) {
			s.Counts = sli.Counts{Good: sli.Count(n>>8%50) * sli.Event, Bad: sli.Count(n>>16%5) * sli.Event, Covered: o.Slice}
		}
		out = append(out, s)
	}
	return out, nil
}

// tardy is a backend that knows half of the good events of a slice at first,
// and all of them half a minute later.
type tardy struct {
	dice
	now *time.Time
}

func (d tardy) Counts(ctx context.Context, o slo.Objective, from, to time.Time) ([]sli.Slice, error) {
	out, err := d.dice.Counts(ctx, o, from, to)
	for i, s := range out {
		if d.now.Before(s.Start.Add(30 * time.Second)) {
			out[i].Good /= 2
		}
	}
	return out, err
}

// blended is a set of two composites, one in the other, over windows that are
// longer than what a book remembers.
func blended() *slo.Set {
	plain := func(name string, slice time.Duration) slo.Objective {
		return slo.Objective{Name: name, Target: slo.NewDecimal(9, 1), Slice: slice, Window: slo.Window{Length: 10 * time.Minute}}
	}
	made := func(name string, how slo.Aggregate, window time.Duration, components ...slo.Component) slo.Objective {
		return slo.Objective{Name: name, Target: slo.NewDecimal(9, 1), Slice: 10 * time.Second, Window: slo.Window{Length: window},
			Method: slo.RatioTimeslices, TimeSlice: slo.TimeSlice{Length: 10 * time.Second}, Composite: &slo.Composite{Aggregate: how, Components: components}}
	}
	of := func(name string, rule slo.NoData) slo.Component {
		return slo.Component{Objective: name, Weight: slo.NewDecimal(15, 1), NoData: rule}
	}
	sliced := plain("c", 5*time.Second)
	sliced.Method, sliced.TimeSlice = slo.Timeslices, slo.TimeSlice{Length: 10 * time.Second, Target: slo.NewDecimal(9, 1)}
	return &slo.Set{Objectives: []slo.Objective{
		made("all", slo.Average, 3*time.Hour, of("inner", slo.NoDataHold), of("c", slo.NoDataBad)),
		plain("a", 5*time.Second), plain("b", 10*time.Second), sliced,
		made("inner", slo.AnyDown, time.Hour, of("a", slo.NoDataBad), of("b", slo.NoDataGood)),
	}}
}

// A composite is the same whether it was watched all the time, while samples
// came late, read after a restart, or filled in from the backend by a Setpoint that starts today.
func TestCompositeLiveRestartedAndBackfilled(t *testing.T) {
	begin := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	end := begin.Add(5 * time.Hour)
	now := begin
	source := loop.SourceFunc(tardy{dice{born: map[string]time.Time{"a": begin.Add(-time.Hour), "b": begin.Add(time.Hour), "c": begin.Add(3 * time.Hour)}}, &now}.Counts)
	start := func(records loop.Records) *loop.Loop {
		l, err := loop.New(loop.Config{Set: blended(), Source: source, Records: records})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	tick := func(l *loop.Loop, at time.Time, times int) (r loop.Report) {
		for now = at; times > 0; times-- {
			if r = l.Tick(t.Context(), at.Add(5*time.Second)); len(r.Errs) > 0 {
				t.Fatal(r.Errs)
			}
		}
		return r
	}
	records := ledger.NewMemory()
	watched := start(records)
	for at := begin; at.Before(end); at = at.Add(10 * time.Second) {
		tick(watched, at, 1)
	}
	want := composites(t, tick(watched, end, 1))
	if want["all"].Budget.Bad == 0 || want["all"].Budget.Covered == 0 || want["inner"].Status == budget.NoData || want["inner"].Corrected == 0 {
		t.Fatalf("the test shows nothing: %+v", want)
	}
	for name, got := range map[string]map[string]budget.State{
		"restarted":  composites(t, tick(start(records), end, 3)),
		"backfilled": composites(t, tick(start(ledger.NewMemory()), end, 20)),
	} {
		if diff := cmp.Diff(want, got, unlikeOnlySince()); diff != "" {
			t.Errorf("%s (-watched +%s):\n%s", name, name, diff)
		}
	}
	if err := watched.Use(blended(), source, nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, composites(t, tick(watched, end, 1)), unlikeOnlySince()); diff != "" {
		t.Errorf("the same definitions anew (-before +after):\n%s", diff)
	}
}

// composites are the states of the composites, whose components' doings add
// up.
func composites(t *testing.T, r loop.Report) map[string]budget.State {
	t.Helper()
	out := map[string]budget.State{}
	for _, s := range r.States {
		if len(s.Components) == 0 {
			continue
		}
		out[s.Objective] = s
		bad, burnt := sli.Count(0), 0.0
		for _, c := range s.Components {
			bad, burnt = bad+c.Bad, burnt+c.Burnt
		}
		if bad != s.Budget.Bad || burnt-(1-s.Remaining) > 1e-9 || (1-s.Remaining)-burnt > 1e-9 {
			t.Errorf("the components of %s did %d bad and burnt %g, of %d and %g", s.Objective, bad, burnt, s.Budget.Bad, 1-s.Remaining)
		}
	}
	return out
}

// unlikeOnlySince compares states but for how far back they know anything and
// what was corrected on the way, which is shown and not judged by.
func unlikeOnlySince() cmp.Option {
	return cmp.Options{cmpopts.IgnoreFields(budget.State{}, "Since", "Provisional", "Corrected", "CorrectedAt"), cmpopts.EquateComparable(slo.Decimal{})}
}

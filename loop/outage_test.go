package loop_test

import (
	"context"
	"testing"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// outages of four minutes in each quarter of an hour, and of six in each hour.
func outages(_ context.Context, o slo.Objective, from, to time.Time) (all []sli.Slice, err error) {
	for at := from; at.Before(to); at = at.Add(o.Slice) {
		s := sli.Slice{Start: at, Counts: sli.Counts{Good: 10 * sli.Event, Covered: o.Slice}}
		if m := at.Minute(); m%15 < 4 || m >= 20 && m < 26 {
			s.Good, s.Bad = 0, 10*sli.Event
		}
		all = append(all, s)
	}
	return all, nil
}

// TestOnlyLongOutagesCount: a day has 24 outages that are long enough, live,
// of what was fetched and after a restart.
func TestOnlyLongOutagesCount(t *testing.T) {
	o := slo.Objective{
		Name: "uptime", Target: slo.NewDecimal(9, 1), Slice: time.Minute, Method: slo.Timeslices, Window: slo.Window{Length: 24 * time.Hour},
		TimeSlice: slo.TimeSlice{Length: time.Minute, Target: slo.NewDecimal(9, 1), MinOutage: 5 * time.Minute},
	}
	cfg := loop.Config{Set: &slo.Set{Objectives: []slo.Objective{o}}, Source: loop.SourceFunc(outages), Records: ledger.NewMemory()}
	noon := time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	begin := func() *loop.Loop {
		l, err := loop.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	tick := func(l *loop.Loop, at time.Time) budget.State {
		r := l.Tick(t.Context(), at.Add(5*time.Second))
		if len(r.Errs) > 0 {
			t.Fatal(r.Errs)
		}
		return r.States[0]
	}
	l := begin()
	for range 4 {
		tick(l, noon) // history comes in pieces
	}
	for i := range 1500 {
		live := tick(l, noon.Add(time.Duration(i)*time.Minute))
		if i%60 == 0 && (live.Budget.Bad != 24*6*sli.Event || live.Budget.Covered != 24*time.Hour) {
			t.Fatalf("after %d minutes: %v minutes down of %s, want 144", i, live.Budget.Bad.Float(), live.Budget.Covered)
		}
		if i%150 == 10 {
			if restarted := tick(begin(), noon.Add(time.Duration(i)*time.Minute)); restarted.Budget.Counts != live.Budget.Counts || !restarted.BadSince.Equal(live.BadSince) {
				t.Fatalf("after %d minutes: restarted %+v, live %+v", i, restarted.Budget, live.Budget)
			}
		}
	}
}

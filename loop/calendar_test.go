package loop_test

import (
	"context"
	"testing"
	"time"
	_ "time/tzdata"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// steady counts 999 good events and a bad one in every slice.
type steady struct{}

func (steady) Counts(_ context.Context, o slo.Objective, from, to time.Time) (all []sli.Slice, err error) {
	for at := from; at.Before(to); at = at.Add(o.Slice) {
		all = append(all, sli.Slice{Start: at, Counts: sli.Counts{Good: 999 * sli.Event, Bad: sli.Event, Covered: o.Slice}})
	}
	return all, nil
}

// TestACalendarMonthIsFilledKeptAndRenewed: history is fetched back to the
// start of the month, a restart reads it from the record, and the next month
// begins at nothing, in the zone of the promise.
func TestACalendarMonthIsFilledKeptAndRenewed(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	o := slo.Objective{Name: "monthly", Target: slo.NewDecimal(99, 2), Slice: time.Minute,
		Window: slo.Window{Length: 720 * time.Hour, Count: 1, Unit: slo.Months, Start: time.Date(2026, 1, 1, 0, 0, 0, 0, berlin)}}
	cfg := loop.Config{Set: &slo.Set{Objectives: []slo.Objective{o}}, Source: steady{}, Records: ledger.NewMemory()}
	tick := func(l *loop.Loop, at time.Time, times int) (s budget.State) {
		for range times {
			r := l.Tick(t.Context(), at.Add(5*time.Second))
			if len(r.Errs) > 0 {
				t.Fatal(r.Errs)
			}
			s = r.States[0]
		}
		return s
	}
	expect := func(s budget.State, minutes int64) {
		t.Helper()
		if got := s.Budget; got.Bad != sli.Count(minutes)*sli.Event || got.Covered != time.Duration(minutes)*time.Minute || s.Remaining != 0.9 || !got.Known {
			t.Errorf("%s: %d bad, %s observed, %v left, known %v; want %d minutes and 0.9", s.At, got.Bad, got.Covered, s.Remaining, got.Known, minutes)
		}
	}
	first, err := loop.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	minutes := int64((31*24 - 1 - 10) * 60) // an hour of March is left out, and ten are to come
	expect(tick(first, noon, 70), minutes)
	second, err := loop.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	expect(tick(second, noon, 1), minutes)
	expect(tick(second, noon.Add(10*time.Hour), 1), minutes+600)
	expect(tick(second, noon.Add(10*time.Hour+time.Minute), 1), 1)
}

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
	cfg := loop.Config{Set: &slo.Set{Objectives: []slo.Objective{o}}, Source: loop.SourceFunc(steady{}.Counts), Records: ledger.NewMemory()}
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

// worst fails every event of each fifth minute of an hour's first half.
type worst struct{}

func (worst) Counts(_ context.Context, o slo.Objective, from, to time.Time) (all []sli.Slice, err error) {
	for at := from; at.Before(to); at = at.Add(o.Slice) {
		s := sli.Slice{Start: at, Counts: sli.Counts{Good: 10 * sli.Event, Covered: o.Slice}}
		if m := at.Minute(); m < 30 && m%5 == 0 {
			s.Good, s.Bad = 0, 10*sli.Event
		}
		all = append(all, s)
	}
	return all, nil
}

// TestTimeSlices: minutes are asked for and kept, time slices of ten minutes
// are judged when they are over, and a restart in the middle of one, or with
// a record from before there were any, comes to the same.
func TestTimeSlices(t *testing.T) {
	events := slo.Objective{Name: "checkout", Target: slo.NewDecimal(5, 1), Slice: time.Minute, Window: slo.Window{Length: 24 * time.Hour}}
	slices := events
	slices.Method, slices.TimeSlice = slo.Timeslices, slo.TimeSlice{Length: 10 * time.Minute, Target: slo.NewDecimal(9, 1)}
	records := ledger.NewMemory()
	look := func(o slo.Objective, at time.Time, times int) (s budget.State) {
		l, err := loop.New(loop.Config{Set: &slo.Set{Objectives: []slo.Objective{o}}, Source: loop.SourceFunc(worst{}.Counts), Records: records})
		if err != nil {
			t.Fatal(err)
		}
		for range times {
			r := l.Tick(t.Context(), at.Add(5*time.Second))
			if len(r.Errs) > 0 {
				t.Fatal(r.Errs)
			}
			s = r.States[0]
		}
		return s
	}
	noon := time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	if s := look(events, noon.Add(7*time.Minute), 4); s.Events(s.Budget.Total()) != 14_400 || s.Events(s.Budget.Bad) != 24*6*10 {
		t.Fatalf("before: %+v", s.Budget)
	}
	for _, c := range []struct {
		at  time.Duration
		end time.Duration
		bad float64
	}{{8 * time.Minute, 0, 72}, {9 * time.Minute, 0, 72}, {10 * time.Minute, 10 * time.Minute, 72}, {55 * time.Minute, 50 * time.Minute, 72}} {
		s := look(slices, noon.Add(c.at), 2)
		if !s.At.Equal(noon.Add(c.end)) || s.Events(s.Budget.Bad) != c.bad || s.Events(s.Budget.Total()) != 144 || s.Budget.Covered != 24*time.Hour || !s.Budget.Known || s.Remaining != 0 {
			t.Errorf("at %s: %s, %v bad of %v time slices, %s observed, %v left; want %v of 144", c.at, s.At, s.Events(s.Budget.Bad), s.Events(s.Budget.Total()), s.Budget.Covered, s.Remaining, c.bad)
		}
	}
	found, err := records.Slices(t.Context(), loop.Stretch{Objective: "checkout", From: noon, To: noon.Add(10 * time.Minute)})
	kept := found[0]
	if err != nil || len(kept) != 10 {
		t.Errorf("%d slices are on record of ten minutes, %v", len(kept), err)
	}
}

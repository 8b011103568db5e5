package loop_test

import (
	"testing"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// nightly excludes everything, from an hour before the start on.
func nightly() slo.Calendar {
	return slo.Calendar{Name: "nightly", AppliesTo: slo.Scope{All: true}, Effect: slo.Exclude, Windows: []slo.Stretch{{From: start.Add(-time.Hour), To: start.Add(24 * time.Hour)}}}
}

// always is a composite of the checkout alone.
func always() slo.Objective {
	return slo.Objective{Name: "shop", Target: slo.NewDecimal(50, 2), Window: slo.Window{Length: 20 * time.Minute}, Slice: time.Minute,
		Method: slo.RatioTimeslices, TimeSlice: slo.TimeSlice{Length: time.Minute}, Composite: &slo.Composite{Aggregate: slo.AnyDown, Components: []slo.Component{{Objective: "checkout", Weight: slo.NewDecimal(1, 0)}}}}
}

// TestCalendarChanges: what is past stays judged by the calendars of then, over
// restarts, of a composite too, and by today's when that is asked for.
func TestCalendarChanges(t *testing.T) {
	l := newLab(t, checkout(50))
	with := func(calendars ...slo.Calendar) *slo.Set {
		return &slo.Set{Objectives: []slo.Objective{checkout(50), always()}, Calendars: calendars}
	}
	change := func(set *slo.Set) {
		t.Helper()
		if err := l.loop.Use(set, loop.SourceFunc(l.source.Counts), nil); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(what string, minutes int, bad, today int64) {
		t.Helper()
		s := l.ticks(minutes)
		if s.Budget.Bad != sli.Count(bad)*sli.Event || s.Today().Budget.Bad != sli.Count(today)*sli.Event {
			t.Errorf("%s: %v bad, %v by today's; want %d and %d", what, s.Budget.Bad.Float(), s.Today().Budget.Bad.Float(), bad, today)
		}
		if raw := s.Raw; raw != nil && raw.Budget.Bad != raw.Budget.Total()/10 {
			t.Errorf("%s: %v of %v are bad as measured, want a tenth", what, raw.Budget.Bad.Float(), raw.Budget.Total().Float())
		}
	}
	change(with())
	expect("without", 5, 20, 20) // one bad event in each slice of the window
	change(with(nightly()))
	expect("declared, the past stays", 1, 20, 0)
	expect("declared, from then on", 3, 17, 0)
	l.loop = use(t, loop.Config{Set: with(nightly()), Source: loop.SourceFunc(l.source.Counts), Records: l.records})
	l.now = l.now.Add(-time.Minute)
	expect("after a restart", 1, 17, 0)
	change(with())
	expect("removed, what it excused stays so", 1, 16, 20)
	if whole := l.loop.Tick(t.Context(), l.now).States[1]; whole.Objective != "shop" || whole.Budget.Total() != 16*whole.One() {
		t.Errorf("of a composite: %v time slices count, want 16", whole.Budget.Total()/whole.One())
	}
	expect("when all of that has left", 24, 20, 20)
	if lists, err := l.records.Versions(t.Context(), "checkout"); err != nil || len(lists[0]) != 3 {
		t.Errorf("%d versions on record, want 3: %v", len(lists[0]), err)
	}
}

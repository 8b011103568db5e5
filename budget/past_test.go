package budget_test

import (
	"testing"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// TestPastTarget is the example of docs/reload.md: an hour under 99 %, then an
// hour under 99.9 %.
func TestPastTarget(t *testing.T) {
	hours := func(good, bad sli.Count) sli.Counts {
		return sli.Counts{Good: good * sli.Event, Bad: bad * sli.Event, Covered: time.Hour}
	}
	o := slo.Objective{Name: "checkout", Target: slo.NewDecimal(999, 3), Window: slo.Window{Length: 2 * time.Hour}, Slice: time.Hour}
	b := budget.NewBook(budget.Config{Objective: o, At: noon, Windows: []time.Duration{time.Hour}, Past: []budget.Past{{Until: noon.Add(-time.Hour), Target: slo.NewDecimal(99, 2)}}})
	check(b.Put(sli.Slice{Start: noon.Add(-2 * time.Hour), Counts: hours(993, 7)}, sli.Slice{Start: noon.Add(-time.Hour), Counts: hours(999, 1)}))

	s := b.State()
	if got, want := s.Allowed(), 11.0; got != want { // 1 % of 1000 + 0.1 % of 1000
		t.Errorf("allowed: %v, want %v", got, want)
	}
	if got, want := s.Remaining, 3.0/11; got != want { // 8 of 11 are spent
		t.Errorf("remaining: %v, want %v", got, want)
	}
	if got := s.Budget.Earlier; len(got) != 1 || got[0] != (budget.Judged{Target: slo.NewDecimal(99, 2), Total: 1000 * sli.Event}) {
		t.Errorf("judged by other targets: %v, want 1000 events by 0.99", got)
	}
	if w := s.Windows[0]; w.Burn != 1 || w.Earlier != nil {
		t.Errorf("the last hour burns at %v, want 1 by the present target alone", w.Burn)
	}
	if budget.Spent(s.Budget, s.Target) || !budget.AtLeast(s.Budget, s.Target, slo.NewDecimal(7, 1)) || budget.AtLeast(s.Budget, s.Target, slo.NewDecimal(73, 2)) {
		t.Error("the burn rate over both hours is not 8/11")
	}
	if s.Status != budget.OK {
		t.Errorf("status %s, want ok", s.Status)
	}
	today := s.Today()
	if today.Remaining != -3 || today.Status != budget.Exhausted || today.Allowed() != 2 || today.Budget.Burn != 4 || today.Windows[1].Earlier != nil {
		t.Errorf("by today's target: remaining %v, %s, %v allowed, burn %v; want -3, exhausted, 2, 4", today.Remaining, today.Status, today.Allowed(), today.Budget.Burn)
	}
	if s.Budget.Earlier == nil || s.Remaining != 3.0/11 {
		t.Error("judging by today's target changed the state itself")
	}

	check(b.Advance(noon.Add(time.Hour)))
	if s := b.State(); s.Budget.Earlier != nil || s.Remaining != 0 {
		t.Errorf("when the first hour has left: remaining %v, want 0 by the present target alone", s.Remaining)
	}
}

// TestPastTargetOfAMonth: a period that began under another target is judged
// by both; the next one by the present.
func TestPastTargetOfAMonth(t *testing.T) {
	o := slo.Objective{Name: "checkout", Target: slo.NewDecimal(9, 1), Slice: time.Hour,
		Window: slo.Window{Length: 24 * time.Hour, Count: 1, Unit: slo.Days, Start: noon.Add(-12 * time.Hour)}}
	b := budget.NewBook(budget.Config{Objective: o, At: noon, Past: []budget.Past{{Until: noon.Add(-time.Hour), Target: slo.NewDecimal(5, 1)}}})
	put := func(at time.Time) {
		check(b.Put(sli.Slice{Start: at, Counts: sli.Counts{Good: 8 * sli.Event, Bad: 2 * sli.Event, Covered: time.Hour}}))
	}
	put(noon.Add(-2 * time.Hour))
	put(noon.Add(-time.Hour))
	if got, want := b.State().Remaining, 1-4.0/6; got < want-1e-15 || got > want+1e-15 {
		t.Errorf("remaining: %v, want %v", got, want)
	}
	check(b.Advance(noon.Add(14 * time.Hour)))
	put(noon.Add(13 * time.Hour))
	if s := b.State(); s.Remaining != -1 || s.Budget.Earlier != nil {
		t.Errorf("in the next period: remaining %v, judged by others %v; want -1 and none", s.Remaining, s.Budget.Earlier)
	}
}

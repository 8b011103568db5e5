package budget_test

import (
	"encoding/json"
	"testing"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A target of 100 % leaves no budget: without bad events nothing burns, the
// first one takes all. No figure is infinite or no number.
func TestTargetOfAll(t *testing.T) {
	for _, c := range []struct {
		name      string
		good, bad sli.Count
		earlier   string // target of the first half; "" = the same
		status    budget.Status
		remaining float64
		burn      float64
		reached   bool // a burn rate of 14.4
		left      time.Duration
	}{
		{"nothing happened", 0, 0, "", budget.NoTraffic, 1, 0, false, budget.Never},
		{"all good", 1000, 0, "", budget.OK, 1, 0, false, budget.Never},
		{"one bad event", 999, 1, "", budget.Exhausted, 0, budget.Boundless, true, 0},
		{"all bad", 0, 1000, "", budget.Exhausted, 0, budget.Boundless, true, 0},
		{"one bad event, and an earlier target of 100 % too", 999, 1, "1", budget.Exhausted, 0, budget.Boundless, true, 0},
		{"all good, 90 % promised before", 1000, 0, "0.9", budget.OK, 1, 0, false, budget.Never},
		{"one bad event of the 500 that 90 % was promised of", 999, 1, "0.9", budget.Burning, 0.98, 0.02, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := strictBook(t, c.good, c.bad, c.earlier).State()
			if s.Status != c.status || s.Remaining != c.remaining || s.Budget.Burn != c.burn {
				t.Errorf("got %s, %v left, burn %v; want %s, %v, %v", s.Status, s.Remaining, s.Budget.Burn, c.status, c.remaining, c.burn)
			}
			if got := budget.AtLeast(s.Budget, s.Target, decimal(t, "14.4")); got != c.reached {
				t.Errorf("a burn rate of 14.4 is reached: %v, want %v", got, c.reached)
			}
			if _, err := json.Marshal([]budget.State{s, s.Today()}); err != nil {
				t.Error(err)
			}
			for _, w := range s.Windows {
				left, known := s.Forecast(w.Length)
				if known && c.earlier == "" && left != c.left {
					t.Errorf("forecast over %s: %s, want %s", w.Length, left, c.left)
				}
			}
			if allowed := s.Allowed(); c.earlier == "" && allowed != 0 {
				t.Errorf("%v events may be bad, want none", allowed)
			}
		})
	}
}

// strictBook is a book of 100 % over 20 minutes, of which the second half was
// judged by it and the first by an earlier target; the last minute holds the
// bad events.
func strictBook(t *testing.T, good, bad sli.Count, earlier string) *budget.Book {
	t.Helper()
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	o := slo.Objective{Name: "all", Slice: time.Minute, Target: slo.NewDecimal(1, 0), Window: slo.Window{Length: 20 * time.Minute}}
	c := budget.Config{At: start, Objective: o, Windows: []time.Duration{time.Minute, 5 * time.Minute}}
	if earlier != "" {
		c.Past = []budget.Past{{Until: start.Add(10 * time.Minute), Target: decimal(t, earlier)}}
	}
	book := budget.NewBook(c)
	for minute := range 20 {
		s := sli.Slice{Start: start.Add(time.Duration(minute) * time.Minute)}
		s.Covered = time.Minute
		if minute == 9 {
			s.Good = (good + bad) / 2
		}
		if minute == 19 {
			s.Good, s.Bad = good-(good+bad)/2, bad
			if s.Good < 0 {
				s.Good = 0
			}
		}
		if err := book.Advance(s.Start.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if err := book.Put(s); err != nil {
			t.Fatal(err)
		}
	}
	return book
}

// A window may be as short as one slice.
func TestWindowOfOneSlice(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	o := slo.Objective{Name: "short", Slice: time.Minute, Target: slo.NewDecimal(9, 1), Window: slo.Window{Length: time.Minute}}
	book := budget.NewBook(budget.Config{At: start, Objective: o})
	for minute, bad := range []sli.Count{50, 5} {
		at := start.Add(time.Duration(minute) * time.Minute)
		if err := book.Advance(at.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		s := sli.Slice{Start: at}
		s.Good, s.Bad, s.Covered = 100-bad, bad, time.Minute
		if err := book.Put(s); err != nil {
			t.Fatal(err)
		}
	}
	if s := book.State(); s.Status != budget.OK || s.Remaining != 0.5 || s.Budget.Total() != 100 {
		t.Errorf("got %s, %v left of %d events; want ok, 0.5 of the newest 100", s.Status, s.Remaining, s.Budget.Total())
	}
}

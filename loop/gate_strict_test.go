package loop_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// TestGateOfAll asks the gate about a target of 100 %: as long as all events
// are good a release may go, and after the first bad one none may, with words
// that hold no figure without bound.
func TestGateOfAll(t *testing.T) {
	for _, c := range []struct {
		name      string
		good, bad sli.Count
		verdict   slo.Verdict
		words     []string
	}{
		{"nothing happened", 0, 0, slo.Allow, []string{"fast has 100 % of its budget left"}},
		{"all good", 1000 * sli.Event, 0, slo.Allow, []string{"fast has 100 % of its budget left"}},
		{"one bad event", 999 * sli.Event, 1 * sli.Event, slo.Deny, []string{"fast has no budget left", "fast promises that no event is bad, and over 5m some were"}},
		{"all bad", 0, 1000 * sli.Event, slo.Deny, []string{"fast has no budget left", "fast promises that no event is bad, and over 5m some were"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := view()
			v.Set.Policies = []slo.ReleasePolicy{{
				Name: "p", Service: "shop", HasMin: true, MinRemaining: slo.NewDecimal(1, 1),
				MaxBurn: []slo.BurnLimit{{Burn: slo.NewDecimal(144, 1), Window: 5 * time.Minute}},
			}}
			v.Report.States = []budget.State{strictState(t, c.good, c.bad)}
			got := loop.Gate(v, loop.GateQuestion{Service: "shop", At: noon})
			var said []string
			for _, r := range got.Reasons {
				said = append(said, r.Message)
			}
			all := strings.Join(said, "\n")
			if got.Verdict != c.verdict || strings.Contains(all, "00000") || strings.Contains(all, "Inf") || strings.Contains(all, "NaN") {
				t.Errorf("got %s, want %s: %s", got.Verdict, c.verdict, all)
			}
			for _, words := range c.words {
				if !strings.Contains(all, words) {
					t.Errorf("%q does not say %q", all, words)
				}
			}
		})
	}
}

// strictState is what is known at noon of an objective of 100 % whose events
// all were in the last minute.
func strictState(t *testing.T, good, bad sli.Count) budget.State {
	t.Helper()
	start := noon.Add(-20 * time.Minute)
	o := slo.Objective{Name: "fast", Service: "shop", Slice: time.Minute, Target: slo.NewDecimal(1, 0), Window: slo.Window{Length: 20 * time.Minute}}
	book := budget.NewBook(budget.Config{At: start, Objective: o, Windows: []time.Duration{5 * time.Minute}})
	for minute := range 20 {
		s := sli.Slice{Start: start.Add(time.Duration(minute) * time.Minute)}
		if s.Covered = time.Minute; minute == 19 {
			s.Good, s.Bad = good, bad
		}
		if err := errors.Join(book.Advance(s.Start.Add(time.Minute)), book.Put(s)); err != nil {
			t.Fatal(err)
		}
	}
	return book.State()
}

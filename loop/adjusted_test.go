package loop_test

import (
	"testing"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// TestOrderedAdjustments: an adjustment that a person orders does what one
// among the definitions does, over restarts and reloads, keeps what was
// measured, and leaves no trace when it is taken back.
func TestOrderedAdjustments(t *testing.T) {
	l := newLab(t, checkout(50))
	expect := func(what string, bad int64, raw bool) {
		t.Helper()
		s := l.ticks(1)
		if s.Budget.Bad != sli.Count(bad)*sli.Event || (s.Raw != nil) != raw || raw && s.Raw.Budget.Bad != 20*sli.Event {
			t.Errorf("%s: %v bad, as measured %+v; want %d", what, s.Budget.Bad.Float(), s.Raw, bad)
		}
	}
	give := func(o loop.Order) {
		t.Helper()
		o.By, o.Why, o.At = "ann", "the probe had no route", l.now
		if _, err := l.loop.Order(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	expect("as measured", 20, false)
	said := loop.Adjusted{Objective: "checkout", From: l.now.Add(-5 * time.Minute), To: l.now, Effect: slo.Exclude, Category: "measurement"}
	give(loop.Order{ID: "a", Kind: loop.OrderAdjust, Target: "probe", Adjust: &said})
	expect("excluded", 15, true)
	from := said
	from.Effect, from.Counts = slo.Correct, slo.Corrected{Good: 1, Bad: 49}
	give(loop.Order{ID: "b", Kind: loop.OrderAdjust, Target: "logs", Adjust: &from})
	expect("excluded first", 15, true)
	give(loop.Order{ID: "c", Kind: loop.OrderUnadjust, Target: "probe"})
	expect("corrected", 15+49, true)
	l.use(checkout(50))
	expect("after a reload", 15+49, true)
	l.restart(checkout(50))
	expect("after a restart", 15+49, true)
	give(loop.Order{ID: "d", Kind: loop.OrderUnadjust, Target: "logs"})
	expect("taken back", 20, false)
	if r := l.loop.Tick(t.Context(), l.now); len(r.Set.Adjustments) != 0 {
		t.Errorf("adjustments in force: %+v", r.Set.Adjustments)
	}
}

package loop_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// moved is a move that was applied, of a loop that was free to act or had to
// ask.
func moved(id string, at time.Time, mode slo.Mode, verb loop.Verb, from, to float64, judged loop.Judgement) loop.Entry {
	d := loop.Decision{ID: id, Loop: "protect", Actuator: "dial", Mode: mode, Verb: verb, From: from, Wanted: to, To: to, Input: loop.Input{At: at}}
	o := loop.Outcome{Decision: id, At: at, Applied: true, ReadBack: to}
	if judged != "" {
		o.Effect = &loop.Effect{Judgement: judged}
	}
	return loop.Entry{Decision: d, Outcomes: []loop.Outcome{o}}
}

// TestWorth: of a loop that acted in 30 days three times, one move stood, one
// did nothing, and one was taken back by a person.
func TestWorth(t *testing.T) {
	a := knob()
	c := slo.ControlLoop{Name: "protect", Actuator: a.Name, Mode: slo.Act, ByHand: slo.ByHand{Minutes: 30, Risk: 0.1, Mistake: 300, Needless: 20, Upkeep: 10}}
	day := func(n int) time.Time { return time.Date(2026, 3, 1+n, 0, 0, 0, 0, time.UTC) }
	var entries []loop.Entry
	for i, judged := range []loop.Judgement{loop.Kept, loop.Ineffective, ""} {
		at := day(10 * i)
		entries = append(entries, moved("up", at, slo.Act, loop.Tighten, a.Rest, a.Tight, judged), moved("back", at.Add(time.Hour), slo.Act, loop.Relax, a.Tight, a.Rest, ""))
	}
	entries = append(entries, moved("end", day(30), slo.Act, loop.Hold, a.Rest, a.Rest, ""))
	rest := a.Rest
	orders := []loop.Order{{Kind: loop.OrderPin, Target: a.Name, By: "ann", At: day(20).Add(5 * time.Minute), Setting: &rest}}

	got := loop.WorthOf(c, a, entries, orders)
	if got.Right != 1 || got.False != 2 || got.Missed != 0 || got.Times != 1 || got.Looked != 30*24*time.Hour {
		t.Errorf("counts: %+v, want 1 right of 1, 2 false, in 30 days", got)
	}
	if got.Saved != 60 || got.Cost != 50 || math.Abs(got.PerMonth()-10) > 1e-9 {
		t.Errorf("saved %v, cost %v, net %v; want 30 + 0.1×300, 2×20 + 10, and 10", got.Saved, got.Cost, got.PerMonth())
	}
	if words := got.Words(); words != "worth it: saves about 10 min of people in 30 days" {
		t.Errorf("words: %s", words)
	}
	c.ByHand.Upkeep = 200
	if words := loop.WorthOf(c, a, entries, orders).Words(); !strings.HasPrefix(words, "not worth it: costs about 3 h") {
		t.Errorf("words with much upkeep: %s", words)
	}
	if words := loop.WorthOf(c, a, nil, nil).Words(); words != "nothing to judge by yet" {
		t.Errorf("words without a record: %s", words)
	}
	c.ByHand = slo.ByHand{}
	if words := loop.WorthOf(c, a, entries, orders).Words(); !strings.HasPrefix(words, "byHand of the loop does not say") {
		t.Errorf("words without minutes: %s", words)
	}
}

// TestWorthOfShadow: while a loop looks on, its wishes are weighed, and what
// people did without it.
func TestWorthOfShadow(t *testing.T) {
	a := knob()
	c := slo.ControlLoop{Name: "protect", Actuator: a.Name, Mode: slo.Observe, ByHand: slo.ByHand{Minutes: 30}}
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	look := func(after time.Duration, wanted float64) loop.Entry {
		d := loop.Decision{ID: after.String(), Loop: "protect", Actuator: "dial", Mode: slo.Observe, Verb: loop.Hold, Reason: loop.ReasonObserving, From: a.Rest, Wanted: wanted, To: a.Rest, Input: loop.Input{At: at.Add(after)}}
		return loop.Entry{Decision: d}
	}
	tight := a.Tight
	orders := []loop.Order{
		{Kind: loop.OrderPin, Target: a.Name, By: "ann", At: at.Add(65 * time.Minute), Setting: &tight},
		{Kind: loop.OrderPin, Target: a.Name, By: "ann", At: at.Add(9*time.Hour + time.Minute), Setting: &tight},
	}
	got := loop.WorthOf(c, a, []loop.Entry{
		look(0, a.Rest), look(time.Hour, a.Tight), look(2*time.Hour, a.Rest), // the same as a person
		look(4*time.Hour, a.Tight), look(4*time.Hour+time.Minute, a.Rest), // went by itself
		look(9*time.Hour, a.Rest), look(12*time.Hour, a.Rest), // a person did it alone
	}, orders)
	if got.Right != 1 || got.False != 1 || got.Missed != 1 || got.Times != 2 || got.Saved != 30 {
		t.Errorf("got %+v, want 1 right, 1 false, 1 missed, 30 minutes saved", got)
	}
}

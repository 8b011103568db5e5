package loop_test

import (
	"math"
	"testing"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// minutes are slices of a minute each, with so many bad events of 100.
func minutes(from time.Time, bad ...int) (all []sli.Slice) {
	for i, n := range bad {
		all = append(all, sli.Slice{Start: from.Add(time.Duration(i) * time.Minute), Counts: sli.Counts{Good: sli.Count(100-n) * 1000, Bad: sli.Count(n) * 1000, Covered: time.Minute}})
	}
	return all
}

func bads(n, bad int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = bad
	}
	return out
}

// TestBurnOf puts down to a deploy what burns after it beyond what burnt
// before.
func TestBurnOf(t *testing.T) {
	at := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	target, err := slo.ParseDecimal("0.99")
	if err != nil {
		t.Fatal(err)
	}
	// 1,000,000 events in 1000 h: 10,000 bad ones are allowed, 10 an hour of budget
	s := budget.State{Objective: "o", Target: target, Budget: budget.Window{Length: 1000 * time.Hour, Counts: sli.Counts{Good: 1_000_000_000}}}
	before := minutes(at.Add(-time.Hour), bads(60, 1)...)
	for _, c := range []struct {
		name            string
		after           []int
		span            time.Duration
		now             time.Time
		share           float64
		known, complete bool
	}{
		{"like before", bads(60, 1), time.Hour, at.Add(time.Hour), 0, true, true},
		{"better than before", bads(60, 0), time.Hour, at.Add(time.Hour), 0, true, true},
		{"worse", bads(60, 3), time.Hour, at.Add(time.Hour), 120.0 / 10000, true, true},
		{"worse, so far", bads(40, 3), time.Hour, at.Add(40 * time.Minute), 80.0 / 10000, true, false},
		{"until the next one", bads(60, 3), 30 * time.Minute, at.Add(time.Hour), 60.0 / 10000, true, true},
		{"hardly seen", bads(20, 3), time.Hour, at.Add(time.Hour), 0, false, true},
	} {
		b := loop.BurnOf(s, append(before[:60:60], minutes(at, c.after...)...), at, at.Add(c.span), c.now)
		if math.Abs(b.Share-c.share) > 1e-12 || b.Known != c.known || b.Complete != c.complete {
			t.Errorf("%s: %+v, want %v", c.name, b, c.share)
		}
		if want := time.Duration(c.share * float64(1000*time.Hour)); (b.Time - want).Abs() > time.Millisecond {
			t.Errorf("%s: %s of budget, want %s", c.name, b.Time, want)
		}
	}
	if b := loop.BurnOf(s, minutes(at, bads(60, 3)...), at, at.Add(time.Hour), at.Add(time.Hour)); b.Known {
		t.Errorf("nothing was seen before: %+v", b)
	}
}

// TestRiskOf learns what is usual from those that are over and were seen.
func TestRiskOf(t *testing.T) {
	burn := func(share float64) loop.Burn { return loop.Burn{Share: share, Known: true, Complete: true} }
	s := budget.State{Objective: "o", Remaining: 0.1}
	some := []loop.Burn{burn(0.3), burn(0.05), {Share: 1, Known: true}, {Share: 1, Complete: true}}
	if r := loop.RiskOf(s, some); r.Known || r.Deploys != 2 || r.Exceeds() {
		t.Errorf("two of them: %+v", r)
	}
	if r := loop.RiskOf(s, append(some, burn(0.02))); !r.Known || r.Usual != 0.05 || r.Worst != 0.3 || r.Exceeds() {
		t.Errorf("three of them: %+v", r)
	}
	if r := loop.RiskOf(s, append(some, burn(0.2))); !r.Exceeds() || r.Usual != 0.2 {
		t.Errorf("three worse ones: %+v", r)
	}
	if r := loop.RiskOf(s, nil); r.Known || r.Usual != 0 {
		t.Errorf("none: %+v", r)
	}
}

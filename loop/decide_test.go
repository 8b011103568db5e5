package loop_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// drawInput draws any situation: any evidence, any order, any setting.
func drawInput(t *rapid.T) loop.Input {
	tight := rapid.SampledFrom([]float64{1, 100}).Draw(t, "tight")
	a := slo.Actuator{Name: "dial", Service: "shop", Kind: slo.PGQueryTimeout, Rest: 30, Tight: tight, Unit: "s"}
	setting := func(name string) float64 {
		return a.Clamp(math.Trunc(rapid.Float64Range(0, 110).Draw(t, name)))
	}
	c := slo.ControlLoop{
		Name: "protect", Actuator: "dial",
		Mode:     rapid.SampledFrom([]slo.Mode{"", slo.Observe, slo.Ask, slo.Act}).Draw(t, "mode"),
		Cooldown: time.Duration(rapid.IntRange(0, 60).Draw(t, "cooldown")) * time.Second,
		Pace:     slo.Pace{Moves: rapid.IntRange(0, 2).Draw(t, "moves"), Per: time.Minute},
		Step:     slo.Step{Tighten: float64(rapid.IntRange(0, 20).Draw(t, "tighten")), Relax: float64(rapid.IntRange(0, 20).Draw(t, "relax"))},
	}
	drawSafety(t, &c, setting)
	in := loop.Input{At: noon, Loop: c, Actuator: a, Policy: "p", Term: loop.Term{Epoch: 1}, Current: setting("current")}
	for _, name := range []string{"a", "b"} {
		in.Loop.Rules = append(in.Loop.Rules, drawRule(t, name, setting))
		if rapid.Bool().Draw(t, name+" measured") {
			in.Evidence = append(in.Evidence, drawState(t, name))
		}
	}
	in.Learned = drawLearned(t)
	in.Conditions = drawConditions(t, setting)
	in.Conditions.Moves = drawMoves(t, in.Current, setting)
	if rapid.Bool().Draw(t, "blind for long") {
		in.Sighted = noon.Add(-2 * time.Hour)
	}
	return in
}

// drawSafety draws what keeps a loop from doing harm.
func drawSafety(t *rapid.T, c *slo.ControlLoop, setting func(string) float64) {
	c.RelaxMode = rapid.SampledFrom([]slo.Mode{"", slo.Observe, slo.Ask, slo.Act}).Draw(t, "relax mode")
	c.DeadBand = float64(rapid.IntRange(0, 5).Draw(t, "dead band"))
	c.Moves = slo.Pace{Moves: rapid.IntRange(0, 3).Draw(t, "moves at all"), Per: time.Minute}
	if rapid.Bool().Draw(t, "verify") {
		c.Verify = slo.Verify{Settle: 30 * time.Second, Window: 5 * time.Second, Falls: 0.25, Control: rapid.SampledFrom([]string{"", "b"}).Draw(t, "control")}
	}
	if rapid.Bool().Draw(t, "flapping") {
		c.Flapping = slo.Flapping{Reversals: 1, Within: time.Minute}
	}
	c.TTL, c.Safe = time.Duration(rapid.IntRange(0, 1).Draw(t, "ttl"))*time.Hour, setting("safe")
	c.Missing.NoTraffic = rapid.SampledFrom([]slo.Absence{"", slo.HoldAbsent, slo.RelaxAbsent}).Draw(t, "no traffic")
}

// drawMoves draws moves of the past, of which the newest may be in force and
// judged.
func drawMoves(t *rapid.T, current float64, setting func(string) float64) (out []loop.Past) {
	for i := range rapid.IntRange(0, 4).Draw(t, "past moves") {
		p := loop.Past{ID: string(rune('a' + i)), At: noon.Add(-time.Duration(100-10*i) * time.Second), From: setting("past from"), To: setting("past to"),
			Verb: rapid.SampledFrom([]loop.Verb{loop.Tighten, loop.Relax}).Draw(t, "past verb"), Reason: loop.ReasonBurning}
		if rapid.Bool().Draw(t, "in force") {
			p.To = current
		}
		if rapid.Bool().Draw(t, "judged") {
			effect := loop.Judge(loop.Prediction{Objective: "a", Burn: 4, AtMost: 3}, true, 2*rapid.Float64Range(0, 4).Draw(t, "after"), nil)
			p.Predicted, p.Effect = &effect.Predicted, &effect
		}
		out = append(out, p)
	}
	return out
}

func drawRule(t *rapid.T, name string, setting func(string) float64) slo.Rule {
	switch rapid.IntRange(0, 5).Draw(t, name+" law") {
	case 0:
		return slo.Rule{Name: name, Objective: name, Law: slo.AIMDs, AIMD: &slo.AIMD{
			Window: time.Minute, Tighten: slo.NewDecimal(2, 0), Relax: slo.NewDecimal(5, 1), Keep: slo.NewDecimal(3, 1), Step: 3,
			Demand: rapid.SampledFrom([]string{"", "b"}).Draw(t, name+" demand"),
		}}
	case 1:
		return slo.Rule{Name: name, Objective: name, Law: slo.PIs, PI: &slo.PI{
			Window: time.Minute, Short: 5 * time.Second, Target: slo.NewDecimal(1, 0), Proportional: slo.NewDecimal(5, 2), Integral: slo.NewDecimal(37, 2),
		}}
	case 2:
		hour := slo.Stretch{From: noon.Add(-time.Hour), To: noon.Add(time.Duration(rapid.IntRange(0, 1).Draw(t, name+" covers")) * time.Second)}
		return slo.Rule{Name: name, Law: slo.Schedules, Schedule: &slo.Schedule{Calendar: slo.Calendar{Name: name, Windows: []slo.Stretch{hour}}, Setting: setting(name + " scheduled")}}
	case 3:
		return baseRule(name)
	}
	if rapid.Bool().Draw(t, name+" watermark") {
		return slo.Rule{Name: name, Objective: name, Law: slo.Watermarks, Watermark: slo.Watermark{
			Signal: rapid.SampledFrom([]slo.Signal{slo.SignalBurn, slo.SignalRemaining}).Draw(t, name+" signal"),
			Window: time.Minute, Tighten: slo.NewDecimal(2, 0), Relax: slo.NewDecimal(5, 1), Step: 3,
		}}
	}
	return slo.Rule{Name: name, Objective: name, Law: slo.Tiers, Tiers: []slo.Tier{{
		Name: "hot", Burn: slo.NewDecimal(6, 0), Leave: slo.NewDecimal(3, 0), Long: time.Minute, Short: 5 * time.Second, Hold: time.Minute,
		Setting: setting(name + " hot"), Exhausted: rapid.Bool().Draw(t, name+" exhausted"),
	}, {
		Name: "warm", Burn: slo.NewDecimal(2, 0), Leave: slo.NewDecimal(1, 0), Long: time.Minute, Short: 5 * time.Second, Hold: time.Minute,
		Setting: setting(name + " warm"),
	}}}
}

func drawState(t *rapid.T, name string) budget.State {
	s := budget.State{
		Objective: name, At: noon, Target: slo.NewDecimal(9, 1),
		Status:    rapid.SampledFrom([]budget.Status{budget.OK, budget.Burning, budget.Exhausted, budget.NoData, budget.NoTraffic, budget.Partial}).Draw(t, name+" status"),
		Remaining: rapid.Float64Range(-3, 1).Draw(t, name+" left"),
	}
	for _, d := range []time.Duration{5 * time.Second, time.Minute} {
		bad := rapid.IntRange(0, 100).Draw(t, name+" bad")
		c := sli.Counts{Good: sli.Count(100-bad) * sli.Event, Bad: sli.Count(bad) * sli.Event, Covered: d}
		s.Windows = append(s.Windows, budget.Window{Length: d, Counts: c, Burn: float64(bad) / 10, Known: rapid.Bool().Draw(t, name+" known")})
	}
	s.Budget = s.Windows[1]
	return s
}

func drawConditions(t *rapid.T, setting func(string) float64) loop.Conditions {
	var c loop.Conditions
	if rapid.IntRange(0, 3).Draw(t, "stop") == 0 {
		c.Stop = &loop.Order{ID: "s", Kind: loop.OrderStop, Target: "*", By: "ann", Why: "drill", Revert: rapid.Bool().Draw(t, "revert")}
	}
	if rapid.IntRange(0, 3).Draw(t, "pin") == 0 {
		x := setting("pin to")
		c.Pin = &loop.Order{ID: "p", Kind: loop.OrderPin, Target: "dial", By: "ann", Why: "drill", Setting: &x}
	}
	if rapid.Bool().Draw(t, "approval") {
		x := setting("approved")
		c.Approval = &loop.Order{ID: "y", Kind: loop.OrderApprove, Target: "dial", By: "ann", Why: "drill", Setting: &x}
	}
	if rapid.Bool().Draw(t, "moved") {
		c.LastMove = noon.Add(-time.Duration(rapid.IntRange(0, 100).Draw(t, "ago")) * time.Second)
		c.Tightened = []time.Time{c.LastMove}
	}
	return c
}

// TestGuardsOnlyWeaken: whatever the situation, no guard goes further than
// it was asked to, nor past where the setting is.
func TestGuardsOnlyWeaken(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := loop.Decide(drawInput(t))
		lo, hi := min(d.From, d.Wanted), max(d.From, d.Wanted)
		for _, c := range d.Checks {
			if c.Out < lo || c.Out > hi || math.Abs(c.Out-d.From) > math.Abs(c.In-d.From) {
				t.Fatalf("guard %s made %g out of %g, from %g", c.Guard, c.Out, c.In, d.From)
			}
		}
		if d.To < lo || d.To > hi {
			t.Fatalf("decision goes to %g, outside of %g…%g", d.To, lo, hi)
		}
	})
}

// TestDecisionsAreSound states what holds of every decision.
func TestDecisionsAreSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		d := loop.Decide(in)
		if (d.Verb == loop.Hold) != (d.From == d.To) {
			t.Fatalf("%s from %g to %g", d.Verb, d.From, d.To)
		}
		if d.Reason == "" || d.Words == "" {
			t.Fatalf("decision without a reason: %+v", d)
		}
		if stop := in.Conditions.Stop; stop != nil && !stop.Revert && d.Verb != loop.Hold {
			t.Fatalf("moved from %g to %g during an emergency stop", d.From, d.To)
		}
		byPerson := in.Conditions.Pin != nil || in.Conditions.Stop != nil
		trusted := in.Loop.Mode
		if d.Verb == loop.Relax && in.Loop.RelaxMode != "" {
			trusted = in.Loop.RelaxMode
		}
		if d.Verb != loop.Hold && !byPerson && trusted != slo.Act && trusted != slo.Ask {
			t.Fatalf("moved in mode %q", trusted)
		}
		if d.Verb == loop.Relax && !byPerson && d.Reason != loop.ReasonRolledBack && d.Reason != loop.ReasonExpired {
			for _, p := range d.Pulls {
				if p.Blind != "" {
					t.Fatalf("relaxed while rule %s is blind (%s)", p.Rule, p.Blind)
				}
			}
		}
	})
}

// TestDecideIsReplayable: a decision that went through JSON, as the ledger
// keeps it, is made again alike.
func TestDecideIsReplayable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		text := loop.Definition(in.Loop, in.Actuator)
		in.Policy = loop.PolicyHash(text)
		var kept loop.Decision
		body, err := json.Marshal(loop.Decide(in))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(body, &kept); err != nil {
			t.Fatal(err)
		}
		again, same, err := loop.Redecide(kept, text)
		if err != nil || !same {
			t.Fatalf("redecide: %v, same %v\n%s", err, same, cmp.Diff(kept, again))
		}
		kept.To++
		if _, same, _ := loop.Redecide(kept, text); same {
			t.Fatal("an altered decision passed for the same")
		}
	})
}

// TestDecisionsWaitForASlice: a proportional-integral law that was asked again
// before there is another slice moves no further.
func TestDecisionsWaitForASlice(t *testing.T) {
	a := slo.Actuator{Name: "dial", Service: "shop", Kind: slo.PGQueryTimeout, Rest: 30, Tight: 1, Unit: "s"}
	law := slo.PI{Window: 20 * time.Second, Short: 5 * time.Second, Proportional: slo.NewDecimal(5, 2), Integral: slo.NewDecimal(4, 1), Target: slo.NewDecimal(1, 0)}
	window := func(length time.Duration) budget.Window {
		return budget.Window{Length: length, Counts: sli.Counts{Good: 80 * sli.Event, Bad: 20 * sli.Event, Covered: length}, Known: true, Burn: 4}
	}
	in := loop.Input{
		At: noon, Policy: "p", Actuator: a, Current: 20,
		Loop:     slo.ControlLoop{Name: "protect", Actuator: "dial", Mode: slo.Act, Rules: []slo.Rule{{Name: "fast", Objective: "fast", Law: slo.PIs, PI: &law}}},
		Evidence: []budget.State{{Objective: "fast", Service: "shop", Target: slo.NewDecimal(95, 2), Slice: 5 * time.Second, Status: budget.OK, Windows: []budget.Window{window(law.Short), window(law.Window)}}},
	}
	for since, moves := range map[time.Duration]bool{4 * time.Second: false, 5 * time.Second: true} {
		in.Conditions.LastMove = noon.Add(-since)
		if d := loop.Decide(in); (d.Verb == loop.Tighten) != moves {
			t.Errorf("%s after the last move: %s to %g (%s)", since, d.Verb, d.To, d.Words)
		}
	}
}

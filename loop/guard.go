package loop

import (
	"fmt"
	"math"
	"time"

	"setpoint.dev/setpoint/slo"
)

// A guard may weaken a move: it returns a setting between d.From and d.To.
// When it changes nothing it returns d.To and no reason.
type guard struct {
	name  string
	check func(in Input, d Decision) (to float64, reason Reason, why string)
}

// guards are what can veto or shorten a move, in the order in which they
// are asked. The first veto ends it.
func guards() []guard {
	return []guard{
		{"stop", stopped},
		{"foreign", foreign},
		{"mode", mode},
		{"settle", settled},
		{"cooldown", cooldown},
		{"pace", pace},
		{"moves", moves},
		{"plant", oneMover},
		{"canary", canary},
		{"radius", radius},
		{"thaw", thaw},
		{"step", step},
		{"deadBand", deadBand},
	}
}

// guard asks every guard and notes what each changed.
func (d *Decision) guard(in Input) {
	d.Checks = []Check{}
	for _, g := range guards() {
		if d.Verb == Hold {
			return
		}
		to, reason, why := g.check(in, *d)
		if reason == "" {
			continue
		}
		to = in.Actuator.Snap(to)
		d.Checks = append(d.Checks, Check{Guard: g.name, In: d.To, Out: to, Reason: reason, Why: why})
		d.To = to
		if d.Verb = verb(in.Actuator, d.From, to); d.Verb == Hold {
			d.Reason = reason
		}
	}
}

// stopped vetoes everything during an emergency stop, but for the walk to
// rest that the stop may ask for.
func stopped(in Input, d Decision) (float64, Reason, string) {
	if s := in.Conditions.Stop; s != nil && d.Reason != ReasonReverting {
		return d.From, ReasonStopped, fmt.Sprintf("an emergency stop by %s is in force (%s)", s.By, s.Why)
	}
	return d.To, "", ""
}

// mode vetoes what the loop is not trusted to do by itself. What a person
// ordered needs no trust.
func mode(in Input, d Decision) (float64, Reason, string) {
	if d.Reason == ReasonPinned || d.Reason == ReasonReverting {
		return d.To, "", ""
	}
	demotion := in.Conditions.Demotion
	switch trusted := modeOf(in.Loop, d.Verb); {
	case trusted == slo.Act && demotion != nil && !corrects(d):
		return approved(in, d, fmt.Sprintf("%s made the loop ask first (%s), and nobody has approved it", demotion.By, demotion.Why))
	case trusted == slo.Act && !corrects(d) && unpromoted(in.Loop, in.Actuator, in.Conditions.Promotion) != "":
		return approved(in, d, unpromoted(in.Loop, in.Actuator, in.Conditions.Promotion)+", and nobody has approved the move")
	case trusted == slo.Act:
		return d.To, "", ""
	case trusted == slo.Ask:
		return approved(in, d, "the loop asks first, and nobody has approved it")
	}
	return d.From, ReasonObserving, "the loop only observes"
}

// corrects reports whether a move takes back what the loop did itself: no
// trust that was lost is needed for that.
func corrects(d Decision) bool { return d.Reason == ReasonRolledBack || d.Reason == ReasonExpired }

// modeOf is how far a loop is trusted in a direction.
func modeOf(c slo.ControlLoop, v Verb) slo.Mode {
	if v == Relax && c.RelaxMode != "" {
		return c.RelaxMode
	}
	return c.Mode
}

// approved lets a move go as far as a person has consented to; waits says why
// it takes consent.
func approved(in Input, d Decision, waits string) (float64, Reason, string) {
	a := in.Conditions.Approval
	if a == nil || a.Setting == nil {
		return d.From, ReasonUnapproved, waits
	}
	to := min(max(*a.Setting, min(d.From, d.To)), max(d.From, d.To))
	if to == d.To {
		return d.To, "", ""
	}
	return to, ReasonUnapproved, fmt.Sprintf("%s has approved no further than %s", a.By, in.Actuator.Show(*a.Setting))
}

// cooldown keeps a relaxing move apart from the move before it.
func cooldown(in Input, d Decision) (float64, Reason, string) {
	since := in.At.Sub(in.Conditions.LastMove)
	if d.Verb != Relax || unhurried(d) && d.Reason != ReasonReverting || in.Conditions.LastMove.IsZero() || since >= in.Loop.Cooldown {
		return d.To, "", ""
	}
	return d.From, ReasonCooldown, fmt.Sprintf("the last move was %s ago and relaxing waits %s", since.Round(time.Second), in.Loop.Cooldown)
}

// pace limits how often the loop tightens.
func pace(in Input, d Decision) (float64, Reason, string) {
	if d.Verb != Tighten || d.Reason == ReasonPinned || in.Loop.Pace.Moves == 0 {
		return d.To, "", ""
	}
	n := 0
	for _, t := range in.Conditions.Tightened {
		if in.At.Sub(t) < in.Loop.Pace.Per {
			n++
		}
	}
	if n < in.Loop.Pace.Moves {
		return d.To, "", ""
	}
	return d.From, ReasonPace, fmt.Sprintf("it tightened %d times within %s, the limit is %d", n, in.Loop.Pace.Per, in.Loop.Pace.Moves)
}

// step bounds the length of one move.
func step(in Input, d Decision) (float64, Reason, string) {
	limit := in.Loop.Step.Relax
	if d.Verb == Tighten {
		limit = in.Loop.Step.Tighten
	}
	if limit <= 0 || d.Reason == ReasonPinned || math.Abs(d.To-d.From) <= limit {
		return d.To, "", ""
	}
	to := d.From + math.Copysign(limit, d.To-d.From)
	return to, ReasonStep, fmt.Sprintf("one move is at most %g %s", limit, in.Actuator.Unit)
}

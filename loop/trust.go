package loop

import (
	"fmt"
	"time"

	"setpoint.dev/setpoint/slo"
)

// strikes is how many moves in a row may be ineffective before the loop has to
// ask.
const strikes = 3

// System is who gives the orders that the loop gives itself.
const System = "setpoint"

// lookedBack is how many of the newest moves a loop has to know.
func lookedBack(c slo.ControlLoop) int {
	n := c.Moves.Moves
	if c.Flapping.Reversals > 0 {
		n = max(n, 8*c.Flapping.Reversals)
	}
	if c.Verify.Settle > 0 {
		n = max(n, 4*strikes)
	}
	return n
}

// mistrust is the order that demotes a loop which acts by itself, because its
// moves do not help or because it turns round again and again. What was
// before a person promoted it does not count.
func mistrust(in Input) (Order, bool) {
	acts := in.Loop.Mode == slo.Act || in.Loop.RelaxMode == slo.Act
	if !acts || in.Conditions.Demotion != nil {
		return Order{}, false
	}
	var why string
	f := in.Loop.Flapping
	if n := failures(in); n >= strikes {
		why = fmt.Sprintf("%d moves in a row did not help", n)
	} else if n := reversals(in); f.Reversals > 0 && n >= 2*f.Reversals {
		why = fmt.Sprintf("it turned round %d times within %s", n, slo.Span(f.Within))
	}
	if why == "" {
		return Order{}, false
	}
	newest := in.Conditions.Moves[len(in.Conditions.Moves)-1]
	return Order{ID: "demote-" + newest.ID, At: in.At, Kind: OrderDemote, Target: in.Actuator.Name, By: System, Why: why}, true
}

// trial are the moves of the loop's own since a person promoted it, or all.
func trial(in Input) (out []Past) {
	var since time.Time
	if p := in.Conditions.Promotion; p != nil {
		since = p.At
	}
	for _, p := range in.Conditions.Moves {
		if !p.ordered() && p.At.After(since) {
			out = append(out, p)
		}
	}
	return out
}

// failures is how many of the newest judged moves did not help, in a row. What
// cannot be told neither counts nor breaks the row.
func failures(in Input) (n int) {
	for _, p := range trial(in) {
		switch {
		case p.Effect == nil:
		case p.Effect.Judgement == Ineffective:
			n++
		case p.Effect.Judgement == Kept:
			n = 0
		}
	}
	return n
}

// reversals is how often the loop has turned round of late.
func reversals(in Input) (n int) {
	var last Verb
	for _, p := range trial(in) {
		if in.At.Sub(p.At) > in.Loop.Flapping.Within {
			continue
		}
		if last != "" && p.Verb != last {
			n++
		}
		last = p.Verb
	}
	return n
}

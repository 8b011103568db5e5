package loop

import (
	"fmt"
	"math"
	"time"

	"setpoint.dev/setpoint/slo"
)

// The guards that look at earlier moves.

// unhurried reports whether a move waits for no other: a person wants it, or
// it takes back what the loop has done.
func unhurried(d Decision) bool {
	return d.Reason == ReasonPinned || d.Reason == ReasonReverting || corrects(d)
}

// settled waits until the move before has shown what it does: a loop that is
// faster than what it controls swings.
func settled(in Input, d Decision) (float64, Reason, string) {
	v := in.Loop.Verify
	if v.Settle == 0 || unhurried(d) || in.Conditions.LastMove.IsZero() || in.At.Sub(in.Conditions.LastMove) >= v.Settle {
		return d.To, "", ""
	}
	return d.From, ReasonSettling, fmt.Sprintf("the last move was %s ago and takes %s to show", in.At.Sub(in.Conditions.LastMove).Round(time.Second), slo.Span(v.Settle))
}

// moves limits how often the loop moves, in either direction.
func moves(in Input, d Decision) (float64, Reason, string) {
	limit := in.Loop.Moves
	if limit.Moves == 0 || unhurried(d) {
		return d.To, "", ""
	}
	n := 0
	for _, p := range in.Conditions.Moves {
		if !p.ordered() && in.At.Sub(p.At) < limit.Per {
			n++
		}
	}
	if n < limit.Moves {
		return d.To, "", ""
	}
	return d.From, ReasonMoves, fmt.Sprintf("it moved %d times within %s, the limit is %d", n, slo.Span(limit.Per), limit.Moves)
}

// thaw takes a freeze back to open, or caution, through a while in which what
// has waited goes one after the other.
func thaw(in Input, d Decision) (float64, Reason, string) {
	t := in.Actuator.Freezing.Thaw
	since := in.At.Sub(in.Conditions.LastMove)
	switch {
	case t.For == 0 || d.Verb != Relax || d.Reason == ReasonPinned || d.Reason == ReasonReverting || d.To >= slo.StageThawing || d.From < slo.StageThawing:
		return d.To, "", ""
	case d.From > slo.StageThawing:
		return slo.StageThawing, ReasonThawing, fmt.Sprintf("it thaws for %s before it is %s", slo.Span(t.For), in.Actuator.Show(d.To))
	case in.Conditions.LastMove.IsZero() || since >= t.For:
		return d.To, "", ""
	}
	return d.From, ReasonThawing, fmt.Sprintf("it has thawed for %s of %s", since.Round(time.Second), slo.Span(t.For))
}

// deadBand leaves out moves that are not worth it. It is twice as wide, and at
// least a tenth of the range, while the loop turns round too often. The ends of
// the range are always reached.
func deadBand(in Input, d Decision) (float64, Reason, string) {
	band, a := in.Loop.DeadBand, in.Actuator
	f := in.Loop.Flapping
	flaps := f.Reversals > 0 && reversals(in) >= f.Reversals
	if flaps {
		band = max(2*band, math.Abs(a.Tight-a.Rest)/10)
	}
	end := !flaps && d.To == a.Rest || d.To == a.Tight
	if band == 0 || unhurried(d) || end || math.Abs(d.To-d.From) >= band {
		return d.To, "", ""
	}
	return d.From, ReasonDeadBand, fmt.Sprintf("a move of %s is below the dead band of %s", a.Show(a.Snap(math.Abs(d.To-d.From))), a.Show(a.Snap(band)))
}

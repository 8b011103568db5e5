package loop

import (
	"fmt"
	"time"
)

// The guards that look at other actuators.

// oneMover keeps loops of one plant from moving at the same time: what either
// did could not be told from what the other did, and together they overshoot.
func oneMover(in Input, d Decision) (float64, Reason, string) {
	if unhurried(d) {
		return d.To, "", ""
	}
	for _, n := range in.Neighbours {
		if n.Plant && n.movedWithin(in.At, in.Loop.Plant.Settle) {
			return d.From, ReasonPlant, fmt.Sprintf("%s of the same plant, %s, moved %s ago", n.Actuator, in.Loop.Plant.Name, in.At.Sub(n.Last.At).Round(time.Second))
		}
	}
	return d.To, "", ""
}

// canary keeps a fleet from tightening before its canaries have, and while
// these do not know yet whether it helps.
func canary(in Input, d Decision) (float64, Reason, string) {
	if d.Verb != Tighten || d.Reason == ReasonPinned || in.Loop.Fleet.Canary {
		return d.To, "", ""
	}
	for _, n := range in.Neighbours {
		if why := n.unproven(in); n.Canary && why != "" {
			return d.From, ReasonCanary, fmt.Sprintf("%s is a canary of the fleet %s, and %s", n.Actuator, in.Loop.Fleet.Name, why)
		}
	}
	return d.To, "", ""
}

// unproven is why a canary says nothing for a move yet, or "".
func (n Neighbour) unproven(in Input) string {
	tight := n.Last != nil && n.Last.Verb == Tighten
	switch {
	case n.Wants == "":
		return "what it wants is not known yet"
	case n.Last != nil && n.Last.Reason == ReasonRolledBack && n.movedWithin(in.At, in.Loop.Fleet.Per):
		return "its move was rolled back"
	case tight && n.Last.Predicted != nil && n.Last.Effect == nil:
		return "its move is being verified"
	case n.Wants == Tighten && !tight:
		return "it has not tightened yet"
	}
	return ""
}

// radius bounds how much of a fleet moves within a time, a stop with revert
// included.
func radius(in Input, d Decision) (float64, Reason, string) {
	f := in.Loop.Fleet
	if f.Name == "" || d.Reason == ReasonPinned || corrects(d) {
		return d.To, "", ""
	}
	size, moved := 1, 0
	for _, n := range in.Neighbours {
		if !n.Fleet {
			continue
		}
		size++
		if n.movedWithin(in.At, f.Per) {
			moved++
		}
	}
	if most := f.Most(size); moved >= most {
		return d.From, ReasonRadius, fmt.Sprintf("%d of the %d of fleet %s moved within %s, at most %d may", moved, size, f.Name, f.Per, most)
	}
	return d.To, "", ""
}

// movedWithin reports whether the neighbour moved a short while ago.
func (n Neighbour) movedWithin(now time.Time, d time.Duration) bool {
	return n.Last != nil && now.Sub(n.Last.At) < d
}

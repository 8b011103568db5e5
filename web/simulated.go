package web

import (
	"context"
	"fmt"
	"slices"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// mostSimulated is how many decisions are read for one drawing.
const mostSimulated = 1000

// simulated draws what a loop that was not free to act wanted an actuator to
// be set to, as it is on record, over the time of the setting's own drawing and
// in its measure; nil when it was free all the time. It is what its rules
// wanted, before guards and steps, of what was measured while the setting stood
// where it really stood.
func (s *Server) simulated(ctx context.Context, l look, c slo.ControlLoop, v loop.Setting, f frame) (*chart, error) {
	found, err := s.history(ctx, Filter{Actuator: v.Actuator, From: f.from, To: f.to, Limit: mostSimulated})
	if err != nil {
		return nil, err
	}
	if len(found) < mostSimulated { // what was in force when the time began
		before, err := s.history(ctx, Filter{Actuator: v.Actuator, To: f.from, Limit: 1})
		if err != nil {
			return nil, err
		}
		found = append(found, before...)
	}
	var points []point
	free := true
	for _, r := range slices.Backward(found) {
		d := r.Decision
		free = free && !heldBack(d)
		to := d.To
		if heldBack(d) {
			to = d.Wanted
		}
		points = append(points, point{d.Input.At, to})
	}
	if free {
		return nil, nil
	}
	a := declaredOr(l, v)
	out := f.chart("setting simulated")
	out.Label, out.Now = "what "+c.Name+" would have set, had it been free to act", a.Show(points[len(points)-1].v)
	out.Line, out.Area = stairs(points, f, between(a.Rest, a.Tight))
	out.Grid = []grid{{Y: 0, Label: a.Show(a.Tight)}, {Y: 100, Label: a.Show(a.Rest), Style: "base"}}
	out.Title = fmt.Sprintf("What the rules of %s wanted for %s from %s to %s, while it was not free to act: now %s, and really %s", c.Name, v.Actuator, clock(f.from, f.to), clock(f.to, f.to), out.Now, v.Shown)
	out.Plot = settingPlot(a, points, f)
	return &out, nil
}

// heldBack reports whether a decision holds for the sole reason that its loop
// was not free to act.
func heldBack(d loop.Decision) bool {
	return d.Reason == loop.ReasonObserving || d.Reason == loop.ReasonUnapproved || d.Mode != slo.Act && d.Verb == loop.Hold && d.Reason != loop.ReasonPinned
}

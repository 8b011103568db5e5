package web

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// Past is how an actuator was set in [from, to), oldest first, and before that
// the last setting that is known of the time before. Its errors are those of a
// Reader.
type Past func(ctx context.Context, actuator string, from, to time.Time) ([]budget.Point, error)

// settingPast draws how an actuator was set over a stretch of time, tight at
// the top; unread is why that is not known.
func (s *Server) settingPast(ctx context.Context, l look, v loop.Setting, f frame) (c chart, unread string) {
	a := declaredOr(l, v)
	c = f.chart("setting")
	c.Label, c.Now = "setting of "+v.Actuator, v.Shown
	var found []budget.Point
	err := errNoLedger
	if s.cfg.Past != nil {
		found, err = patient(ctx, s, func(ctx context.Context) ([]budget.Point, error) { return s.cfg.Past(ctx, v.Actuator, f.from, f.to) })
	}
	if err != nil {
		c.Empty = true
		return c, problemOf(err).Message
	}
	var points []point
	for _, p := range found {
		points = append(points, point{p.At, p.Value})
	}
	c.Line, c.Area = stairs(points, f, between(a.Rest, a.Tight))
	c.Empty = c.Line == ""
	c.Grid = []grid{{Y: 0, Label: a.Show(a.Tight)}, {Y: 100, Label: a.Show(a.Rest), Style: "base"}}
	c.Title = fmt.Sprintf("Setting of %s from %s to %s: now %s", v.Actuator, clock(f.from, f.to), clock(f.to, f.to), v.Shown)
	c.Plot = settingPlot(a, points, f)
	return c, ""
}

// declaredOr is an actuator as it is declared or, when it is not any more, as
// its setting tells.
func declaredOr(l look, v loop.Setting) slo.Actuator {
	a, ok := l.actuator(v.Actuator)
	if !ok || a.Rest == a.Tight {
		return slo.Actuator{Name: v.Actuator, Kind: slo.ActuatorKind(v.Kind), Rest: v.Rest, Tight: v.Tight, Unit: v.Unit}
	}
	return a
}

// settingPlot is a setting in figures: where it changed, and both ends of the
// drawing.
func settingPlot(a slo.Actuator, points []point, f frame) *plot {
	var at, values []string
	add := func(t time.Time, v float64) {
		at, values = append(at, strconv.FormatInt(t.Unix(), 10)), append(values, figure(v))
	}
	now := math.NaN()
	begun := false
	for _, p := range points {
		if p.at.After(f.from) && !begun {
			begun = true
			add(f.from, now)
		}
		if begun && (len(values) == 0 || figure(p.v) != values[len(values)-1]) {
			add(p.at, p.v)
		}
		now = p.v
	}
	if !begun {
		add(f.from, now)
	}
	add(f.to, now)
	return &plot{
		Times: strings.Join(at, ","), Values: strings.Join(values, ","), Unit: "setting", From: f.from.Unix(), To: f.to.Unix(),
		Ends: figure(a.Rest) + "," + figure(a.Tight), Words: a.Show(a.Rest) + "|" + a.Show(a.Tight) + "|" + a.Unit,
	}
}

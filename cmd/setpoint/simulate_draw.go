package main

import (
	"fmt"
	"time"

	"setpoint.dev/setpoint/loop/plant"
	"setpoint.dev/setpoint/slo"
)

// draw shows the step response: how customers fared without and with the
// loop, what the loop saw, and what it set.
func (x *simulation) draw(r simulated) drawing {
	a, l := x.actuator(), x.set.Loops[0]
	burn, setting := x.tracks()
	d := drawing{
		title: fmt.Sprintf("Loop %s on %s, seed %d", r.Loop, r.Plant, r.Seed),
		note:  "A model is not the system: orderings carry over, figures do not. Shaded: faults.",
		span:  x.o.duration.Seconds(),
		ticks: moments(x.o.duration),
	}
	watched := panel{label: "burn rate that the loop saw", to: burnPlace(1.2 * burn.top(10)), curves: []curve{{style: "b", places: burn.places()}}}
	for _, rule := range l.Rules {
		for _, t := range rule.Tiers {
			watched.levels = append(watched.levels, level{t.Burn.Float(), t.Burn.String() + "×"})
		}
	}
	d.panels = []panel{
		{
			label:  "share of customers served badly, in each second",
			to:     linear(0, 1),
			levels: []level{{0, "0 %"}, {1, "100 %"}},
			curves: []curve{{name: "off", style: "b", places: shares(x.off)}, {name: "the loop", style: "a", places: shares(x.response.Truth)}},
		},
		watched,
		{
			label:  "setting of " + a.Name,
			to:     linear(a.Rest, a.Tight),
			levels: []level{{a.Tight, a.Show(a.Tight)}, {a.Rest, a.Show(a.Rest)}},
			curves: []curve{{style: "a", steps: true, places: setting.places()}},
		},
	}
	for i := range d.panels {
		for _, f := range x.cfg.Faults {
			d.panels[i].bands = append(d.panels[i].bands, band{f.From.Seconds(), (f.From + f.For).Seconds(), f.String()})
		}
	}
	return d
}

// tracks are what the loop saw and set.
func (x *simulation) tracks() (burn, setting *track) {
	n := len(x.response.Steps)
	burn = newTrack(x.o.duration, n, func(a, b float64) bool { return a > b })
	setting = newTrack(x.o.duration, n, x.actuator().Tighter)
	for _, s := range x.response.Steps {
		burn.take(s.At, s.Burn)
		setting.take(s.At, s.Setting)
	}
	return burn, setting
}

// shares is the share of customers served badly in each second; where there
// are too many seconds to draw, the worst of several.
func shares(t plant.Truth) []place {
	k := newTrack(time.Duration(len(t.PerSecond))*time.Second, len(t.PerSecond), func(a, b float64) bool { return a > b })
	for i, s := range t.PerSecond {
		k.take(time.Duration(i)*time.Second, s.Share())
	}
	return k.places()
}

// moments labels an axis that begins at 0 in up to eight whole steps.
func moments(span time.Duration) (out []tick) {
	step := time.Second
	for _, s := range []time.Duration{5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 24 * 3600} {
		if span/step > 8 {
			step = s * time.Second
		}
	}
	for at := time.Duration(0); at < span; at += step {
		out = append(out, tick{at.Seconds(), slo.Span(at)})
	}
	return out
}

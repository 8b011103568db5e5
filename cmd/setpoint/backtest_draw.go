package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// loopTracks keep what is drawn of the loops of a set: burn rates and
// settings over time, in memory that does not grow with it.
type loopTracks struct {
	from     time.Time
	span     time.Duration
	burns    map[watch]*track  // burn over the shortest window that the loop's rules look at
	windows  map[watch]string  // that window
	settings map[string]*track // :: actuator → setting
}

// A watch is an objective that a loop looks at.
type watch struct{ loop, objective string }

func newLoopTracks(set *slo.Set, from, to time.Time, every time.Duration) *loopTracks {
	n := int((to.Sub(from) + every - 1) / every)
	t := &loopTracks{from: from, span: time.Duration(n) * every, burns: map[watch]*track{}, windows: map[watch]string{}, settings: map[string]*track{}}
	for _, a := range set.Actuators {
		t.settings[a.Name] = newTrack(t.span, n, a.Tighter)
	}
	for _, l := range set.Loops {
		for _, r := range l.Rules {
			t.burns[watch{l.Name, r.Objective}] = newTrack(t.span, n, func(a, b float64) bool { return a > b })
		}
	}
	return t
}

func (t *loopTracks) take(r loop.Report) {
	at := r.At.Sub(t.from)
	for _, v := range r.Settings {
		if v.Error == "" {
			t.settings[v.Actuator].take(at, v.Value)
		}
	}
	for _, d := range r.Decisions {
		for _, s := range d.Input.Evidence {
			if len(s.Windows) > 0 && s.Windows[0].Known {
				w := watch{d.Loop, s.Objective}
				t.windows[w] = slo.Span(s.Windows[0].Length)
				t.burns[w].take(at, s.Windows[0].Burn)
			}
		}
	}
}

// draw shows, for each loop of the first version, how what it watches burned
// and how it set its actuator; the second version's setting beside it.
func (e *experiment) draw() drawing {
	v := e.versions[0]
	d := drawing{
		title: fmt.Sprintf("Backtest of %s, %s to %s", v.name, clock(e.from), clock(e.to)),
		note:  openLoop,
		span:  v.tracks.span.Seconds(),
		ticks: days(v.tracks.from, v.tracks.span),
	}
	for _, l := range v.set.Loops {
		seen := map[string]bool{}
		for _, r := range l.Rules {
			if !seen[r.Objective] {
				d.panels = append(d.panels, v.burnPanel(l, r.Objective))
			}
			seen[r.Objective] = true
		}
		d.panels = append(d.panels, e.settingPanel(l))
	}
	return d
}

func (v *variant) burnPanel(l slo.ControlLoop, objective string) panel {
	t := v.tracks.burns[watch{l.Name, objective}]
	p := panel{label: "burn rate of " + objective}
	if w := v.tracks.windows[watch{l.Name, objective}]; w != "" {
		p.label += " over " + w
	}
	top := 10.0
	for _, r := range l.Rules {
		if r.Objective != objective {
			continue
		}
		for _, tier := range r.Tiers {
			top = max(top, tier.Burn.Float())
			p.levels = append(p.levels, level{tier.Burn.Float(), tier.Burn.String() + "×"})
		}
	}
	if len(p.levels) == 0 {
		p.levels = []level{{1, "1×"}, {10, "10×"}}
	}
	p.to = burnPlace(1.2 * t.top(top))
	p.curves = []curve{{name: objective, style: "b", places: t.places()}}
	return p
}

func (e *experiment) settingPanel(l slo.ControlLoop) panel {
	p := panel{label: "setting of " + l.Actuator}
	for i, v := range e.versions {
		t, known := v.tracks.settings[l.Actuator]
		if !known {
			continue
		}
		if i == 0 {
			a := actuatorOf(v.set, l.Actuator)
			p.to = linear(a.Rest, a.Tight)
			p.levels = []level{{a.Tight, a.Show(a.Tight)}, {a.Rest, a.Show(a.Rest)}}
		}
		p.curves = append(p.curves, curve{name: shortName(v.name), style: string("ac"[i]), steps: true, places: t.places()})
	}
	return p
}

func actuatorOf(set *slo.Set, name string) slo.Actuator {
	for _, a := range set.Actuators {
		if a.Name == name {
			return a
		}
	}
	return slo.Actuator{Name: name, Tight: 1}
}

func shortName(s string) string {
	if r := []rune(s); len(r) > 20 {
		return "…" + string(r[len(r)-19:])
	}
	return s
}

// days labels an axis of time in up to eight whole steps.
func days(from time.Time, span time.Duration) []tick {
	step := time.Minute
	for _, s := range []time.Duration{5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour} {
		if span/step > 8 {
			step = s
		}
	}
	if n := span / step; n > 8 {
		step *= time.Duration(math.Ceil(float64(n) / 8))
	}
	layout := "15:04"
	if step >= 12*time.Hour {
		layout = "Jan 2"
	}
	var out []tick
	for at := from.UTC().Truncate(step).Add(step); at.Before(from.Add(span)); at = at.Add(step) {
		out = append(out, tick{at.Sub(from).Seconds(), strings.TrimSpace(at.Format(layout))})
	}
	return out
}

package loop

import (
	"reflect"
	"slices"
	"time"

	"setpoint.dev/setpoint/slo"
)

// newBlends makes the blends of a set, components first, over gauges. Gauges
// reach back as far as the blends that they are part of.
func newBlends(set *slo.Set, gauges []*gauge) []*blend {
	var out []*blend
	by := map[string]component{}
	reaches := map[string]func(time.Duration){} // :: objective → make it reach back, and wait as long
	delays := map[string]time.Duration{}
	objectives := map[string]slo.Objective{}
	for _, o := range set.Objectives {
		objectives[o.Name] = o
	}
	for _, g := range gauges {
		by[g.objective.Name], delays[g.objective.Name] = g, g.delay
		reaches[g.objective.Name] = func(far time.Duration) { g.longest = max(g.longest, far) }
	}
	for _, o := range inOrder(set) {
		b := &blend{objective: o, windows: windowsOf(set, o), exemption: set.Exemption(o), slas: set.SLAsOf(o)}
		b.longest = reachOf(o, b.windows, b.slas)
		for _, c := range o.Composite.Components {
			b.parts, b.of = append(b.parts, by[c.Objective]), append(b.of, objectives[c.Objective])
			b.delay = max(b.delay, delays[c.Objective])
		}
		by[o.Name], delays[o.Name] = b, b.delay
		reaches[o.Name] = func(far time.Duration) {
			b.longest = max(b.longest, far)
			for _, c := range o.Composite.Components {
				reaches[c.Objective](b.longest + b.delay + o.Step())
			}
		}
		reaches[o.Name](0)
		out = append(out, b)
	}
	return out
}

// inOrder are the composites of a set, components first.
func inOrder(set *slo.Set) (out []slo.Objective) {
	done := map[string]bool{}
	var left []slo.Objective
	for _, o := range set.Objectives {
		done[o.Name] = o.Composite == nil
		if o.Composite != nil {
			left = append(left, o)
		}
	}
	for n := -1; len(left) > 0 && n != len(left); {
		n = len(left)
		left = slices.DeleteFunc(left, func(o slo.Objective) bool {
			ready := !slices.ContainsFunc(o.Composite.Components, func(c slo.Component) bool { return !done[c.Objective] })
			if ready {
				done[o.Name], out = true, append(out, o)
			}
			return ready
		})
	}
	return out
}

// takeBlends keeps the blends that are made of the same as before.
func (l *Loop) takeBlends(set *slo.Set) []*blend {
	out := newBlends(set, l.gauges)
	now := map[component]component{} // new → the one kept in its place
	for i, b := range out {
		for n, p := range b.parts {
			if kept, ok := now[p]; ok {
				b.parts[n] = kept
			}
		}
		for _, old := range l.blends {
			if old.objective.Name == b.objective.Name {
				b.lineage.fresh = old.lineage.fresh
			}
		}
		at := slices.IndexFunc(l.blends, func(old *blend) bool { return old.alike(b) })
		if at >= 0 {
			old := l.blends[at]
			old.objective, out[i], now[b] = b.objective, old, old
		}
	}
	return out
}

func (b *blend) alike(other *blend) bool {
	return b.objective.Name == other.objective.Name && b.delay == other.delay && b.longest == other.longest &&
		slices.Equal(b.windows, other.windows) && slices.Equal(b.parts, other.parts) && reflect.DeepEqual(b.exemption, other.exemption) && reflect.DeepEqual(b.slas, other.slas) &&
		reflect.DeepEqual(measured(b.objective), measured(other.objective))
}

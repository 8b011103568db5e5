package loop

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"setpoint.dev/setpoint/slo"
)

// Use puts other definitions in force, whole or not at all. It waits for the
// tick under way; the next one, which Run begins at once, goes by them.
// source and actuators are those of set. An error changes nothing.
//
// What did not change keeps what it knows: an objective its budget, a loop
// its last decision and the hold that it is in. An objective of which
// something changed that its budget rests on is read anew from the store, and
// what is new begins as at a start.
//
// An actuator that is not declared any more is left behind until it is read
// at rest: see attend. The Actuator given for it before stays in use for as
// long as Uses says so; those that actuators replaces may be closed when Use
// has returned. One that acts elsewhere under the same name
// is refused unless it was at rest, since nobody would relax the old place.
func (l *Loop) Use(set *slo.Set, source Source, actuators map[string]Actuator) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	controls, err := newControls(set, actuators)
	if err = errors.Join(err, l.moved(set)); err != nil {
		return fmt.Errorf("use other definitions: %w", err)
	}
	before := l.inForce()
	l.leave(set)
	l.cfg.Set, l.cfg.Source, l.cfg.Actuators = set, source, actuators
	l.gauges = l.takeGauges(l.withAdjusted(set))
	l.blends = l.takeBlends(l.withAdjusted(set))
	l.controls, l.stray = controls, nil
	l.refresh()
	l.attend()
	l.inherit(before)
	select {
	case l.changed <- struct{}{}:
	default: // Run knows already
	}
	return nil
}

// takeGauges keeps the gauges of what is measured as before.
func (l *Loop) takeGauges(set *slo.Set) []*gauge {
	before := map[string]*gauge{}
	for _, g := range l.gauges {
		before[g.objective.Name] = g
	}
	var out []*gauge
	for i := range set.Objectives {
		o := &set.Objectives[i]
		if o.Composite != nil {
			continue
		}
		g := newGauge(set, o)
		if n := len(out) - 1; n >= 0 && slices.Equal(out[n].windows, g.windows) {
			g.windows = out[n].windows // of many objectives they are the same
		}
		if old := before[o.Name]; old != nil {
			g.lineage.fresh = old.lineage.fresh
			if old.alike(g) {
				old.objective = o
				g = old
			}
		}
		out = append(out, g)
	}
	return out
}

// alike reports whether two gauges measure the same and keep the same budget.
func (g *gauge) alike(other *gauge) bool {
	return g.delay == other.delay && g.late.settle == other.late.settle && slices.Equal(g.windows, other.windows) && reflect.DeepEqual(g.exemption, other.exemption) && reflect.DeepEqual(g.slas, other.slas) &&
		reflect.DeepEqual(measured(*g.objective), measured(*other.objective))
}

// measured is an objective without its words for people, and without what is
// judged by its state only.
func measured(o slo.Objective) slo.Objective {
	o.Title, o.Description, o.Labels, o.Alerts = "", "", nil, nil
	o.Position, o.Indicator.Position = slo.Position{}, slo.Position{}
	return o
}

// inherit gives the controls in force what those before knew of the same
// actuators. Those that nothing follows end the hold that they are in.
func (l *Loop) inherit(before []*control) {
	heirs := map[string]*control{}
	for _, c := range l.inForce() {
		heirs[c.actuator.Name] = c
	}
	for _, old := range before {
		c := heirs[old.actuator.Name]
		if c == nil {
			l.retire(old)
			continue
		}
		c.last, c.runs, c.defined, c.lessons = old.last, old.runs, old.defined && old.policy == c.policy, old.lessons
	}
}

// A left is an actuator that is not declared any more.
type left struct {
	actuator slo.Actuator
	handle   Actuator
}

// moved refuses an actuator that acts elsewhere than the one that had its
// name, which is not at rest.
func (l *Loop) moved(set *slo.Set) error {
	var errs []error
	for _, old := range l.set.Actuators {
		at := slices.IndexFunc(set.Actuators, func(a slo.Actuator) bool { return a.Name == old.Name })
		if at >= 0 && !old.SamePlace(set.Actuators[at]) && !l.atRest(old) {
			errs = append(errs, fmt.Errorf("actuator %s acts elsewhere now, and where it acted it is not at rest: %s; relax it first, or give the new one another name", old.Name, l.shown(old)))
		}
	}
	return errors.Join(errs...)
}

func (l *Loop) shown(a slo.Actuator) string {
	if r := l.read[a.Name]; !r.at.IsZero() {
		return a.Show(r.value)
	}
	return "it was not read yet"
}

// atRest reports whether an actuator was last read at rest. Not to know is
// not to be at rest.
func (l *Loop) atRest(a slo.Actuator) bool {
	r := l.read[a.Name]
	return !r.at.IsZero() && !r.stale && r.value == a.Rest
}

// leave notes which actuators set does not declare any more.
func (l *Loop) leave(set *slo.Set) {
	var all []left
	for _, a := range l.set.Actuators {
		if !slices.ContainsFunc(set.Actuators, func(b slo.Actuator) bool { return a.Name == b.Name }) {
			handle, _ := l.handle(a.Name)
			all = append(all, left{a, handle})
		}
	}
	l.left = all
}

// handle is the way to an actuator, and whether it is one left behind.
func (l *Loop) handle(name string) (handle Actuator, isLeft bool) {
	for _, a := range l.left {
		if a.actuator.Name == name {
			return a.handle, true
		}
	}
	return l.cfg.Actuators[name], false
}

// Uses reports whether the loop reads an actuator: it is declared, or left
// behind. The Actuator of one that it does not use may be closed.
func (l *Loop) Uses(actuator string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.set.Actuators, func(a slo.Actuator) bool { return a.Name == actuator })
}

// refresh puts together what is declared and what is left.
func (l *Loop) refresh() {
	l.set = l.withAdjusted(l.cfg.Set)
	if len(l.left) == 0 {
		return
	}
	with := *l.set
	with.Actuators = slices.Clone(with.Actuators)
	for _, a := range l.left {
		with.Actuators = append(with.Actuators, a.actuator)
	}
	l.set = &with
}

// attend takes care of actuators that no loop is declared for, as when it was
// removed while it had tightened them. They are neither relaxed blindly nor
// left tight in silence: each that was read away from rest gets a loop without
// rules that asks. It wants rest, records that it holds, and moves when a
// person approves, pins or reverts. At rest it goes, and with it an actuator
// that is not declared any more. What counts is what was read, so that a
// restart attends to the same.
func (l *Loop) attend() {
	was := len(l.left)
	l.left = slices.DeleteFunc(l.left, func(a left) bool { return l.atRest(a.actuator) })
	if len(l.left) != was {
		l.refresh()
	}
	for _, c := range l.stray {
		if l.atRest(c.actuator) {
			l.retire(c)
		}
	}
	l.stray = slices.DeleteFunc(l.stray, func(c *control) bool { return l.atRest(c.actuator) })
	moved := map[string]bool{}
	for _, c := range l.inForce() {
		moved[c.actuator.Name] = true
	}
	for _, a := range l.set.Actuators {
		if r := l.read[a.Name]; !moved[a.Name] && !r.at.IsZero() && r.value != a.Rest {
			c := newControl(slo.ControlLoop{Name: Unattended, Actuator: a.Name, Mode: slo.Ask}, a)
			c.last.To = r.value
			l.stray = append(l.stray, c)
		}
	}
}

// Unattended names the loop of an actuator that none is declared for.
const Unattended = "unattended"

// inForce is every control that has its turn.
func (l *Loop) inForce() []*control { return slices.Concat(l.controls, l.stray) }

// retire ends the hold that a control is in; it stays to be recorded.
func (l *Loop) retire(c *control) {
	c.endRun()
	l.retired = append(l.retired, c)
}

// recordAll writes the holds that the ledger does not know yet.
func (l *Loop) recordAll(ctx context.Context) {
	for _, c := range slices.Concat(l.retired, l.inForce()) {
		l.recordHolds(ctx, c)
	}
	l.retired = slices.DeleteFunc(l.retired, func(c *control) bool { return len(c.runs) == 0 })
}

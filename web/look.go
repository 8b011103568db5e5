package web

import (
	"cmp"
	"slices"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// A look is all that one answer is made from: the definitions, the newest
// report with the orders given since, and the instant. Nothing in it waits.
type look struct {
	set    *slo.Set
	report loop.Report
	now    time.Time
	age    time.Duration // of the report
	stale  bool          // the loop has not ticked of late, or never
	index  *index        // nil = things are looked for one by one
	gone   *gone         // releases that went
	thaws  *turnstile    // nil = nothing went while a freeze thawed
}

func (s *Server) look(now time.Time) look {
	l := look{now: now, gone: &s.gone}
	if s.cfg.Set != nil {
		l.set = s.cfg.Set()
	}
	if s.cfg.Report != nil {
		l.report = s.cfg.Report()
	}
	if l.report.Set != nil { // what the report speaks of, also when newer definitions wait for their first tick
		l.set = l.report.Set
	}
	if l.set == nil {
		l.set = &slo.Set{}
	}
	l.index, l.thaws = s.shelf.of(l.set, l.report), &s.turnstile
	l.age = max(now.Sub(l.report.At), 0)
	l.stale = l.age > cmp.Or(s.cfg.Stale, time.Minute)
	l.report.Orders = inForce(l.report.Orders, s.since(cmp.Or(l.report.OrdersAt, l.report.At)), now)
	return l
}

// ticked reports whether there was a tick at all.
func (l look) ticked() bool { return !l.report.At.IsZero() }

// A taken order is one that this server took, and when it was on record: later
// than it was given.
type taken struct {
	order loop.Order
	at    time.Time
}

// since lists the orders that this server took after those on record were read
// at at, and forgets older ones.
func (s *Server) since(at time.Time) []loop.Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.given = slices.DeleteFunc(s.given, func(t taken) bool { return !t.at.After(at) })
	var out []loop.Order
	for _, t := range s.given {
		out = append(out, t.order)
	}
	return out
}

// took keeps an order for the answers until the next tick knows it, and wakes
// those who wait for a change.
func (s *Server) took(o loop.Order) {
	s.mu.Lock()
	s.given = append(s.given, taken{o, time.Now()})
	s.mu.Unlock()
	s.News()
}

// inForce adds the orders given since a report to those in it, so that a
// freeze shows in the gate at once and not a tick later.
func inForce(reported, given []loop.Order, now time.Time) []loop.Order {
	orders := slices.Clone(reported)
	for _, o := range given {
		orders = slices.DeleteFunc(orders, func(old loop.Order) bool { return old.ID == o.ID || ends(o, old) })
		if _, counter := counterpart(o.Kind); (!counter || trusts(o.Kind)) && o.Kind != loop.OrderAnnotate {
			orders = append(orders, o)
		}
	}
	return slices.DeleteFunc(orders, func(o loop.Order) bool { return !o.Until.IsZero() && !now.Before(o.Until) })
}

// ends reports whether an order ends an older one.
func ends(o, old loop.Order) bool {
	kind, counter := counterpart(o.Kind)
	return counter && old.Kind == kind && old.Target == o.Target && !old.At.After(o.At)
}

// counterpart is the kind of order that a kind ends.
func counterpart(k loop.OrderKind) (ended loop.OrderKind, counter bool) {
	switch k {
	case loop.OrderResume:
		return loop.OrderStop, true
	case loop.OrderThaw:
		return loop.OrderFreeze, true
	case loop.OrderUnpin:
		return loop.OrderPin, true
	case loop.OrderRevoke:
		return loop.OrderOverride, true
	case loop.OrderUnadjust:
		return loop.OrderAdjust, true
	case loop.OrderPromote:
		return loop.OrderDemote, true
	case loop.OrderDemote:
		return loop.OrderPromote, true
	}
	return "", false
}

// trusts reports whether orders of a kind say how far a loop is trusted: each
// ends the other kind, and stands itself.
func trusts(k loop.OrderKind) bool { return k == loop.OrderPromote || k == loop.OrderDemote }

// stop is the emergency stop of everything, or nil.
func (l look) stop() *loop.Order {
	for _, o := range l.report.Orders {
		if o.Kind == loop.OrderStop && o.Target == "*" {
			return &o
		}
	}
	return nil
}

func (l look) state(objective string) (budget.State, bool) {
	i, ok := l.stateAt(objective)
	if !ok {
		return budget.State{}, false
	}
	return l.report.States[i], true
}

func (l look) stateAt(objective string) (int, bool) {
	if l.index != nil {
		if i, ok := l.index.state[objective]; ok && i < len(l.report.States) && l.report.States[i].Objective == objective {
			return i, true
		}
	}
	i := slices.IndexFunc(l.report.States, func(s budget.State) bool { return s.Objective == objective })
	return i, i >= 0
}

func (l look) objective(name string) (slo.Objective, bool) {
	if l.index != nil {
		if i, ok := l.index.objectives[name]; ok && i < len(l.set.Objectives) && l.set.Objectives[i].Name == name {
			return l.set.Objectives[i], true
		}
	}
	i := slices.IndexFunc(l.set.Objectives, func(o slo.Objective) bool { return o.Name == name })
	if i < 0 {
		return slo.Objective{}, false
	}
	return l.set.Objectives[i], true
}

func (l look) actuator(name string) (slo.Actuator, bool) {
	i := slices.IndexFunc(l.set.Actuators, func(a slo.Actuator) bool { return a.Name == name })
	if i < 0 {
		return slo.Actuator{}, false
	}
	return l.set.Actuators[i], true
}

func (l look) setting(actuator string) (loop.Setting, bool) {
	i := slices.IndexFunc(l.report.Settings, func(s loop.Setting) bool { return s.Actuator == actuator })
	if i < 0 {
		return loop.Setting{}, false
	}
	return l.report.Settings[i], true
}

// latest is the newest decision about an actuator.
func (l look) latest(actuator string) (loop.Decision, bool) {
	i := slices.IndexFunc(l.report.Decisions, func(d loop.Decision) bool { return d.Actuator == actuator })
	if i < 0 {
		return loop.Decision{}, false
	}
	return l.report.Decisions[i], true
}

// loopOf is the loop that moves an actuator.
func (l look) loopOf(actuator string) (slo.ControlLoop, bool) {
	i := slices.IndexFunc(l.set.Loops, func(c slo.ControlLoop) bool { return c.Actuator == actuator })
	if i < 0 {
		return slo.ControlLoop{}, false
	}
	return l.set.Loops[i], true
}

// gated lists the services that something is declared about, in the order
// of their declaration.
func (l look) gated() []string {
	var out []string
	known := map[string]bool{"": true}
	add := func(service string) {
		if !known[service] {
			known[service] = true
			out = append(out, service)
		}
	}
	for _, p := range l.set.Policies {
		add(p.Service)
	}
	for _, o := range l.set.Objectives {
		add(o.Service)
	}
	for _, a := range l.set.Actuators {
		if a.Kind == slo.Freeze {
			add(a.Service)
		}
	}
	return out
}

// gate asks the gate.
func (l look) gate(q loop.GateQuestion) loop.GateAnswer {
	return l.judge(l.gateView(q.Service), q)
}

// judge asks the gate by a view of the service in question.
func (l look) judge(v loop.GateView, q loop.GateQuestion) loop.GateAnswer {
	q.At = l.now.UTC().Truncate(time.Microsecond) // as it goes on record
	return loop.Gate(v, q)
}

// unrecorded asks it while its answers cannot be recorded.
func (l look) unrecorded(v loop.GateView, q loop.GateQuestion) loop.GateAnswer {
	v.Unrecorded = true
	return l.judge(v, q)
}

// gateView is what the gate looks at when it is asked about a service: its
// objectives and those that its policy names. With it the gate says what it
// would say of all, and needs no time for the other 20,000. Of a service that
// has none it looks at all: a name that is near may be meant.
func (l look) gateView(service string) loop.GateView {
	v := l.narrowed(service)
	if l.gone != nil {
		l.gone.recall(&v, service)
	}
	return v
}

func (l look) narrowed(service string) loop.GateView {
	if l.index == nil || len(l.index.of[service]) == 0 {
		return loop.GateView{Set: l.set, Report: l.report, Let: l.thaws.let(service)}
	}
	set, r := *l.set, l.report
	set.Objectives, r.States = nil, nil
	var names []string
	for _, i := range l.index.of[service] {
		set.Objectives, names = append(set.Objectives, l.set.Objectives[i]), append(names, l.set.Objectives[i].Name)
	}
	for _, p := range l.set.Policies {
		if p.Service == service {
			names = append(names, p.Objectives...)
			for _, d := range p.DependsOn {
				names = append(names, d.Objectives...)
			}
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if st, ok := l.state(name); ok {
			r.States = append(r.States, st)
		}
	}
	return loop.GateView{Set: &set, Report: r, Let: l.thaws.let(service)}
}

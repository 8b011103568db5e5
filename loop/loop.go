package loop

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// A Config is what a loop needs from the world. Set, Source and Records are
// required, and an Actuator for each that Set declares.
type Config struct {
	Set       *slo.Set
	Source    Source
	Records   Records
	Actuators map[string]Actuator
	Every     time.Duration // of Run; 0 = the shortest slice, at most 1 min
	OnTick    func(Report)  // called by Run after each tick

	Kept func(context.Context) ([]Decision, error) // the newest decision that set each actuator which lives in the ledger; nil = what is not declared is not looked for
	Open func(slo.Actuator) (Actuator, error)      // opens one of those

	KeepSlices time.Duration // how long slices are kept, at least; 0 = 35 days after they have left all windows, which is the least in any case
}

func (c Config) every() time.Duration {
	if c.Every > 0 {
		return c.Every
	}
	every := time.Minute
	for _, o := range c.Set.Objectives {
		every = min(every, o.Slice)
	}
	return every
}

// A Loop measures, decides, records and acts. Tick, Use and Order may be
// called at the same time; a tick and a change of definitions take turns.
type Loop struct {
	mu       sync.Mutex // held by a tick, and by Use
	cfg      Config     // Set and Actuators are those that are declared
	gauges   []*gauge
	blends   []*blend
	controls []*control
	stray    []*control // of actuators without a loop that are not at rest: see attend
	retired  []*control // not in force any more; their holds still go on record
	left     []left     // actuators that are not declared any more and not at rest yet
	set      *slo.Set   // cfg.Set with what is left
	brake    Brake
	changed  chan struct{} // tells Run of a change of definitions

	// Of the tick under way.
	pruned    time.Time // when old slices were looked for
	term      Term
	leader    bool
	ledgerErr error
	errs      []error
	newest    map[string]*Past // :: actuator → its newest move; nil value = none; of those that were asked about

	owed  []Outcome           // outcomes that wait for the ledger
	read  map[string]reading  // :: actuator → its setting as read last
	found map[string]readBack // :: actuator → as read back in this tick

	known    []Order          // orders in force, as last read
	adjusted []slo.Adjustment // by those

	alerts     []Alert // of the tick before
	keptAlerts string  // what the ledger has of them
	remembered bool    // what is set and not declared any more was looked for
	recalled   bool    // what the leader before had is among them

	lanes map[laneName]*lane

	ordering chan struct{} // held while orders are given or read
}

// A reading is a setting and when it was read.
type reading struct {
	value float64
	at    time.Time
	stale bool // the newest try to read it failed
}

// A control is one control loop with what it remembers between ticks. All of
// it can be lost: the setting is read back and the rest is on record.
type control struct {
	loop     slo.ControlLoop
	actuator slo.Actuator
	policy   string
	text     []byte
	defined  bool // the definition is on record
	last     Decision
	sight    time.Time // when every rule could judge last
	lessons  lessons
	runs     []*run
}

// New prepares a loop. It asks nothing of the world yet.
func New(cfg Config) (*Loop, error) {
	l := &Loop{cfg: cfg, set: cfg.Set, changed: make(chan struct{}, 1), ordering: make(chan struct{}, 1), read: map[string]reading{}, lanes: map[laneName]*lane{}}
	l.gauges = l.takeGauges(cfg.Set)
	l.blends = l.takeBlends(cfg.Set)
	var err error
	l.controls, err = newControls(cfg.Set, cfg.Actuators)
	return l, err
}

// newControls makes a control of each loop.
func newControls(set *slo.Set, actuators map[string]Actuator) ([]*control, error) {
	var out []*control
	for _, c := range set.Loops {
		i := slices.IndexFunc(set.Actuators, func(a slo.Actuator) bool { return a.Name == c.Actuator })
		if i < 0 || actuators[c.Actuator] == nil {
			return nil, fmt.Errorf("prepare loop %s: there is no actuator %q", c.Name, c.Actuator)
		}
		out = append(out, newControl(c, set.Actuators[i]))
	}
	canariesFirst(out)
	return out, nil
}

func newControl(c slo.ControlLoop, a slo.Actuator) *control {
	text := Definition(c, a)
	return &control{loop: c, actuator: a, policy: PolicyHash(text), text: text, last: Decision{To: a.Rest}}
}

// Run ticks until ctx ends. Ticks fall on multiples of the period, shifted
// by the time that samples take to arrive, so that a slice is looked at as
// soon as it can be read. Those that a slow tick runs over are counted and
// left out, not made up for. A change of definitions is ticked at once.
func (l *Loop) Run(ctx context.Context) {
	missed, last, was := 0, time.Time{}, time.Duration(0)
	for {
		every, shift := l.rhythm()
		now := time.Now()
		next := now.Add(-shift).Truncate(every).Add(every + shift)
		select {
		case <-ctx.Done():
			l.close(context.WithoutCancel(ctx))
			return
		case <-l.changed:
			l.run(ctx, time.Now().Round(0), every, missed)
			continue
		case <-time.After(next.Sub(now)):
		}
		if every == was {
			missed += max(int(next.Sub(last)/every)-1, 0) // a clock that was set back missed none
		}
		last, was = next, every
		l.run(ctx, next, every, missed)
	}
}

// rhythm is how often Run ticks, and how long after the full period.
func (l *Loop) rhythm() (every, shift time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	every = l.cfg.every()
	return every, l.settling() % every
}

// run ticks once and tells of it.
func (l *Loop) run(ctx context.Context, now time.Time, every time.Duration, missed int) {
	began := time.Now()
	r := l.tick(ctx, now, every)
	r.Took, r.Missed = time.Since(began), missed
	if l.cfg.OnTick != nil {
		l.cfg.OnTick(r)
	}
}

// settling is how long the slowest source takes until a slice can be read.
func (l *Loop) settling() time.Duration {
	var longest time.Duration
	for _, g := range l.gauges {
		longest = max(longest, g.delay)
	}
	return longest
}

// tick gives a tick as long as it may take, so that a backend that hangs
// cannot hold the loop.
func (l *Loop) tick(ctx context.Context, now time.Time, every time.Duration) Report {
	ctx, cancel := context.WithTimeout(ctx, max(2*every, 10*time.Second))
	defer cancel()
	return l.look(ctx, now, min(max(every/4, 2*time.Second), 5*time.Second))
}

// Tick looks once, decides for every actuator, records and acts. It waits for
// every source.
func (l *Loop) Tick(ctx context.Context, now time.Time) Report { return l.look(ctx, now, 0) }

// look is a tick that waits for sources as long as patience lasts; 0 = until
// they have answered.
func (l *Loop) look(ctx context.Context, now time.Time, patience time.Duration) Report {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ledgerErr, l.errs = nil, nil
	l.lead(ctx)
	l.remember(ctx)
	l.attend()
	orders := l.command(ctx, now)
	l.adjust(orders)
	states := l.measure(ctx, now, patience)
	r := Report{At: now, Set: l.set, States: states, Alerts: l.alarms(ctx, states, orders, now), Orders: orders}
	l.readAll(ctx)
	if l.leader {
		l.flush(ctx)
		l.newest = map[string]*Past{}
		for _, c := range l.inForce() {
			if d := l.turn(ctx, c, states, now); d.Verb != Hold || !cutOff(ctx) {
				r.Decisions = append(r.Decisions, d)
			}
		}
		l.recordAll(ctx)
	}
	r.Settings = l.settings(now)
	l.tidy(ctx, now)
	r.Term, r.Leader, r.LedgerErr, r.Errs = l.term, l.leader, l.ledgerErr, l.errs
	if cutOff(ctx) {
		r.LedgerErr, r.Errs = nil, slices.DeleteFunc(r.Errs, func(err error) bool { return errors.Is(err, context.Canceled) })
	}
	return r
}

// lead takes or confirms the lead. An instance that cannot reach the ledger
// keeps deciding, so that people see what it would do, and every decision is
// then a hold: nothing can be recorded.
func (l *Loop) lead(ctx context.Context) {
	term, err := l.cfg.Records.Lead(ctx)
	switch {
	case err == nil:
		l.term, l.leader = term, true
	case errors.Is(err, ErrNotLeader):
		l.leader = false
	default:
		l.ledgerFailed(fmt.Errorf("take the lead: %w", err))
	}
}

// flush records what waited for the ledger: definitions and outcomes.
func (l *Loop) flush(ctx context.Context) {
	for _, c := range l.inForce() {
		if c.defined {
			continue
		}
		if err := l.cfg.Records.Define(ctx, c.policy, c.text); err != nil {
			l.ledgerFailed(fmt.Errorf("record definition of %s: %w", c.loop.Name, err))
			return
		}
		c.defined = true
	}
	l.revise(ctx)
	for len(l.owed) > 0 {
		err := l.cfg.Records.Finish(ctx, l.owed[0])
		if err != nil {
			l.ledgerFailed(fmt.Errorf("record outcome of %s: %w", l.owed[0].Decision, err))
		}
		if again(err) {
			return
		}
		l.owed = l.owed[1:]
	}
}

// settings lists every actuator's setting as it was read in this tick: after
// its move, if it was moved.
func (l *Loop) settings(now time.Time) []Setting {
	out := []Setting{}
	for _, a := range l.set.Actuators {
		_, isLeft := l.handle(a.Name)
		s := Setting{Actuator: a.Name, Service: a.Service, Kind: string(a.Kind), Rest: a.Rest, Tight: a.Tight, Unit: a.Unit, Left: isLeft}
		last := l.read[a.Name]
		if found := l.found[a.Name]; found.readable() {
			last = reading{value: found.value, at: now}
		} else {
			s.Error, last.stale = found.err.Error(), true
		}
		l.read[a.Name] = last
		s.Value, s.At = last.value, last.at
		s.Shown = a.Show(s.Value)
		for _, c := range l.inForce() {
			if c.actuator.Name == a.Name {
				s.Loop, s.Mode, s.Decision = c.loop.Name, c.loop.Mode, c.decision()
			}
		}
		out = append(out, s)
	}
	return out
}

// decision is the ID on record behind the present setting.
func (c *control) decision() string {
	if r := c.openRun(); r != nil {
		return r.first.ID
	}
	return c.last.ID
}

// ledgerFailed notes that the ledger cannot be used in this tick.
func (l *Loop) ledgerFailed(err error) {
	l.ledgerErr = errors.Join(l.ledgerErr, err)
	l.fail(fmt.Errorf("use ledger: %w", err))
}

// close records how long the open runs lasted and what waited.
func (l *Loop) close(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	l.hangUp(ctx)
	if !l.leader {
		return
	}
	l.ledgerErr = nil // of a tick that the end may have cut off
	l.flush(ctx)
	for _, c := range l.inForce() {
		c.endRun()
	}
	l.recordAll(ctx)
}

// windowsOf lists the windows that anything declared looks at for an
// objective, and those that people expect to see.
func windowsOf(set *slo.Set, o slo.Objective) []time.Duration {
	var out []time.Duration
	if !o.Window.Calendar() {
		out = append(out, o.Window.Length)
	}
	for _, t := range budget.Tiers(o.Target, o.Window.Length) {
		out = append(out, t.Long, t.Short)
	}
	for _, p := range o.Alerts {
		for _, c := range p.Conditions {
			if c.Spent.Sign() == 0 && !c.Off {
				out = append(out, c.Window, c.Short)
			}
		}
	}
	for _, c := range set.Loops {
		for _, r := range c.Rules {
			if r.Objective == o.Name {
				out = append(append(out, ruleWindows(r)...), c.Verify.Window)
			}
		}
		for _, r := range c.Rules {
			if r.AIMD != nil && r.AIMD.Demand == o.Name {
				out = append(out, r.AIMD.Window)
			}
		}
		if c.Verify.Control == o.Name {
			out = append(out, judgingWindows(c)...)
		}
	}
	for _, p := range set.Policies {
		for _, b := range p.MaxBurn {
			if p.Service == o.Service || slices.Contains(p.Objectives, o.Name) {
				out = append(out, b.Window)
			}
		}
		for _, r := range p.Rules {
			out = append(out, r.When[o.Name].Windows()...)
		}
		out = append(out, dependencyWindows(p, o)...)
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return slices.DeleteFunc(out, func(d time.Duration) bool { return d < o.Step() })
}

// ruleWindows lists the windows that a rule looks at.
func ruleWindows(r slo.Rule) []time.Duration {
	var out []time.Duration
	for _, t := range r.Tiers {
		out = append(out, t.Long, t.Short, t.Hold)
	}
	if r.Law == slo.Watermarks && r.Watermark.Signal == slo.SignalBurn {
		out = append(out, r.Watermark.Window)
	}
	if r.AIMD != nil {
		out = append(out, r.AIMD.Window)
	}
	if r.PI != nil {
		out = append(out, r.PI.Window, r.PI.Short)
	}
	if r.Base != nil {
		out = append(out, r.Base.Window)
	}
	if r.When != nil {
		out = append(out, r.When.Windows()...)
	}
	return out
}

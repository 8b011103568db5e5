package loop

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// turn is one loop's part of a tick: look, decide, record, act.
func (l *Loop) turn(ctx context.Context, c *control, states []budget.State, now time.Time) Decision {
	in := l.input(ctx, c, states, now)
	d := Decide(in)
	c.learned(d)
	if d.Verb != Hold {
		d = l.move(ctx, c, d)
	}
	if d.Verb == Hold && cutOff(ctx) {
		return d
	}
	if d.Verb == Hold {
		c.hold(d)
	}
	c.last = d
	return d
}

// input gathers all that Decide looks at.
func (l *Loop) input(ctx context.Context, c *control, states []budget.State, now time.Time) Input {
	in := Input{At: now.UTC().Truncate(time.Microsecond), Loop: c.loop, Actuator: c.actuator, Policy: c.policy, Term: l.term, Evidence: evidence(c.loop, states)}
	found := l.found[c.actuator.Name]
	err := found.err
	in.Current = c.actuator.Snap(found.value)
	if errors.Is(err, ErrForeign) {
		in.Foreign, err = err.Error(), nil
	}
	if err != nil {
		in.Current, in.Unreadable = c.last.To, err.Error()
	}
	if in.Conditions, err = l.conditions(ctx, c, now); err != nil {
		in.LedgerDown = err.Error()
	}
	if in.LedgerDown == "" {
		if in.Neighbours, err = l.neighbours(ctx, c, now); err != nil {
			in.LedgerDown = err.Error()
		}
	}
	if s := l.brake.Stop(c.actuator.Name, c.actuator.Service); s != nil {
		in.Conditions.Stop = s
	}
	if l.conclude(ctx, c, in) {
		in.Conditions.LastMove = in.At // as its outcome will say
	}
	in.Learned = l.learn(c, in)
	in.Sighted = c.sighted(in)
	return l.examine(ctx, in)
}

// conditions asks the ledger what a decision must respect. In a tick that has
// found it out of reach it is not asked again: each question would hang anew.
func (l *Loop) conditions(ctx context.Context, c *control, now time.Time) (Conditions, error) {
	if again(l.ledgerErr) {
		return Conditions{}, ErrUnreachable
	}
	per := max(c.loop.Pace.Per, c.loop.Cooldown)
	out, err := l.cfg.Records.Conditions(ctx, ConditionsQuery{Actuator: c.actuator.Name, Service: c.actuator.Service, Now: now, Per: per, Moves: lookedBack(c.loop), Learned: l.recalls(c)})
	if err != nil {
		l.ledgerFailed(fmt.Errorf("read conditions of %s: %w", c.actuator.Name, err))
		return Conditions{}, err
	}
	return out, nil
}

// evidence keeps the states that the rules of a loop look at, and of those
// the windows that they look at.
func evidence(c slo.ControlLoop, states []budget.State) []budget.State {
	out := []budget.State{}
	for _, s := range states {
		var lengths []time.Duration
		looked := false
		for _, r := range c.Rules {
			if r.Objective == s.Objective {
				lengths, looked = append(append(lengths, ruleWindows(r)...), c.Verify.Window), true
			}
			if r.AIMD != nil && r.AIMD.Demand == s.Objective {
				lengths, looked = append(lengths, r.AIMD.Window), true
			}
		}
		if s.Objective == c.Verify.Control {
			lengths, looked = append(lengths, judgingWindows(c)...), true
		}
		if looked {
			s.Windows = only(s, lengths)
			out = append(out, s)
		}
	}
	return out
}

// only picks the windows of some lengths, ascending, each once.
func only(s budget.State, lengths []time.Duration) []budget.Window {
	out := []budget.Window{}
	slices.Sort(lengths)
	for _, d := range slices.Compact(lengths) {
		if w, ok := s.Window(d); ok && (len(out) == 0 || out[len(out)-1].Length != w.Length) {
			out = append(out, w)
		}
	}
	return out
}

// conclude writes the outcome of moves that a crash cut off: what is read
// back now is what became of them. It reports whether one was carried out.
func (l *Loop) conclude(ctx context.Context, c *control, in Input) (moved bool) {
	for _, b := range in.Conditions.Unfinished {
		if in.Unreadable != "" || slices.ContainsFunc(l.owed, func(o Outcome) bool { return o.Decision == b.ID }) {
			continue
		}
		o := Outcome{Decision: b.ID, At: in.At, Applied: in.Current == b.To, ReadBack: in.Current}
		if !o.Applied {
			o.Error = "cut off before it was carried out"
		}
		moved = moved || o.Applied
		l.finish(ctx, o)
	}
	return moved
}

// move records a decision, carries it out and reads back. What cannot be
// recorded is not done.
func (l *Loop) move(ctx context.Context, c *control, d Decision) Decision {
	if err := l.cfg.Records.Begin(ctx, d); err != nil {
		return l.unrecorded(d, err)
	}
	c.endRun()
	defer delete(l.newest, c.actuator.Name)
	a, _ := l.handle(c.actuator.Name)
	err := l.brake.Do(c.actuator.Name, c.actuator.Service, d.Reason == ReasonReverting, func() error {
		return a.Apply(ctx, Move{Actuator: d.Actuator, Setting: d.To, Term: d.Input.Term, Decision: d.ID, At: d.Input.At, Ordered: d.Reason == ReasonPinned || d.Reason == ReasonReverting})
	})
	back, readErr := a.Read(ctx)
	l.found[c.actuator.Name] = readBack{back, readErr}
	back = c.actuator.Snap(back)
	o := Outcome{Decision: d.ID, At: d.Input.At, ReadBack: back, Applied: readErr == nil && back == d.To}
	if err = errors.Join(wrap("apply", err), wrap("read back", readErr)); err != nil {
		o.Error = err.Error()
		l.fail(fmt.Errorf("move %s: %w", d.Actuator, err))
		l.renew(err)
	} else if !o.Applied {
		o.Error = fmt.Sprintf("read back %s after %s was set", c.actuator.Show(back), c.actuator.Show(d.To))
		l.fail(fmt.Errorf("move %s: %s", d.Actuator, o.Error))
	}
	l.finish(ctx, o)
	return d
}

// renew gives up the lead when a target knows a newer move of the very same
// term: the clock was set back, and only moves of another term get through.
func (l *Loop) renew(err error) {
	if r, ok := l.cfg.Records.(interface{ Resign() }); ok && errors.Is(err, ErrSetBack) {
		r.Resign()
	}
}

// unrecorded is the hold that a move becomes when it cannot be recorded.
func (l *Loop) unrecorded(d Decision, err error) Decision {
	if errors.Is(err, ErrDeposed) {
		l.leader = false
		l.fail(fmt.Errorf("record %s: %w", d.ID, err))
	} else {
		l.ledgerFailed(err)
	}
	in := d.Input
	in.LedgerDown = err.Error()
	return Decide(in)
}

// finish records an outcome, now or as soon as the ledger is back.
func (l *Loop) finish(ctx context.Context, o Outcome) {
	err := l.cfg.Records.Finish(ctx, o)
	if err != nil {
		l.ledgerFailed(fmt.Errorf("record outcome of %s: %w", o.Decision, err))
	}
	if again(err) {
		l.owed = append(l.owed, o)
	}
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

func (l *Loop) fail(err error) { l.errs = append(l.errs, err) }

// cutOff reports whether a tick was ended from outside, in order: what could
// not be asked since then is no fault, and no reason to hold.
func cutOff(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }

package loop

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// A Past is a move that was carried out.
type Past struct {
	ID        string      `json:"id"`
	At        time.Time   `json:"at"` // of the decision
	From      float64     `json:"from"`
	To        float64     `json:"to"`
	Verb      Verb        `json:"verb"`
	Reason    Reason      `json:"reason"`
	Predicted *Prediction `json:"predicted,omitempty"`
	Effect    *Effect     `json:"effect,omitempty"` // nil = not judged yet, or never
}

// ordered reports whether a person wanted the move.
func (p Past) ordered() bool { return p.Reason == ReasonPinned || p.Reason == ReasonReverting }

// A Prediction is what a move that tightens is held to, with what was so
// before it.
type Prediction struct {
	Objective   string        `json:"objective"`
	Window      time.Duration `json:"window"`            // of the burn rates, ns
	Due         time.Time     `json:"due"`               // when it is judged, at the earliest
	Burn        float64       `json:"burn"`              // before the move
	AtMost      float64       `json:"atMost"`            // after it
	Control     string        `json:"control,omitempty"` // objective that the move does not touch; "" = none, or out of sight
	ControlBurn float64       `json:"controlBurn,omitempty"`
}

// A Judgement says what became of a move.
type Judgement string

// The judgements.
const (
	Kept        Judgement = "kept"        // the burn fell as predicted
	Ineffective Judgement = "ineffective" // it did not, so the move is taken back
	Unclear     Judgement = "unclear"     // it cannot be told: out of sight, or it fell where the move has no effect too; the setting stays with the rules
)

// An Effect is the judgement of a move with its evidence. Judge makes it again
// from these figures.
type Effect struct {
	Judgement  Judgement  `json:"judgement"`
	Predicted  Prediction `json:"predicted"`
	Seen       bool       `json:"seen"`  // the burn rate after the move is known
	After      float64    `json:"after"` // burn rate
	ControlNow *float64   `json:"controlNow,omitempty"`
	Words      string     `json:"words"`
}

// Judge judges a move by the burn rates after it: it was worth it when the
// burn rate fell as far as predicted, by more than it fell in the scope that
// the move does not touch (difference in differences). It is pure.
func Judge(p Prediction, seen bool, after float64, control *float64) Effect {
	e := Effect{Predicted: p, Seen: seen, After: after, ControlNow: control, Judgement: Ineffective}
	fell, needed := p.Burn-after, p.Burn-p.AtMost
	with := ""
	if control != nil {
		fell -= p.ControlBurn - *control
		with = fmt.Sprintf(", that of %s from %.2f to %.2f", p.Control, p.ControlBurn, *control)
	}
	switch {
	case !seen:
		e.Judgement, e.Words = Unclear, fmt.Sprintf("%s is out of sight, so what the move did cannot be told", p.Objective)
		return e
	case fell >= needed:
		e.Judgement = Kept
	case after < 1:
		e.Judgement = Unclear
	}
	e.Words = fmt.Sprintf("the burn rate of %s went from %.2f to %.2f over %s%s; at most %.2f was predicted", p.Objective, p.Burn, after, slo.Span(p.Window), with, p.AtMost)
	return e
}

// Rejudge makes the judgement of an outcome again, and reports whether it
// comes out the same. An outcome without one does.
func Rejudge(o Outcome) (again Effect, same bool) {
	if o.Effect == nil {
		return Effect{}, true
	}
	e := *o.Effect
	again = Judge(e.Predicted, e.Seen, e.After, e.ControlNow)
	return again, reflect.DeepEqual(again, e)
}

// predict is what a move of the rules is held to, or nil.
func predict(in Input, d Decision) *Prediction {
	v := in.Loop.Verify
	if v.Settle == 0 || d.Verb != Tighten || d.Reason != ReasonBurning {
		return nil
	}
	i := slices.IndexFunc(d.Pulls, func(p Pull) bool { return in.Actuator.Snap(p.Wanted) == d.Wanted })
	if i < 0 {
		return nil
	}
	burn, known := peakOf(in, d.Pulls[i].Objective)
	if !known {
		return nil
	}
	p := Prediction{Objective: d.Pulls[i].Objective, Window: v.Window, Due: in.At.Add(v.Settle), Burn: burn, AtMost: float64(burn * (1 - v.Falls))}
	if before, known := peakOf(in, v.Control); known {
		p.Control, p.ControlBurn = v.Control, before
	}
	return &p
}

// burnOf is the burn rate of an objective over the window by which moves are
// judged.
func burnOf(in Input, objective string) (float64, bool) {
	i := slices.IndexFunc(in.Evidence, func(s budget.State) bool { return s.Objective == objective })
	if i < 0 {
		return 0, false
	}
	w, found := in.Evidence[i].Window(in.Loop.Verify.Window)
	return w.Burn, found && w.Known
}

// peakOf is the highest of the burn rates over windows that are no longer:
// what has only begun to burn burns higher than a long window shows yet.
func peakOf(in Input, objective string) (float64, bool) {
	peak, known := burnOf(in, objective)
	for _, s := range in.Evidence {
		for _, w := range s.Windows {
			if s.Objective == objective && w.Known && w.Length <= in.Loop.Verify.Window {
				peak = max(peak, w.Burn)
			}
		}
	}
	return peak, known
}

// judgingWindows are those by which moves of a loop are judged.
func judgingWindows(c slo.ControlLoop) []time.Duration {
	out := []time.Duration{c.Verify.Window}
	for _, r := range c.Rules {
		out = append(out, ruleWindows(r)...)
	}
	return slices.DeleteFunc(out, func(w time.Duration) bool { return w > c.Verify.Window })
}

// newest is the newest move of the actuator, if it is in force.
func newest(in Input) (Past, bool) {
	n := len(in.Conditions.Moves)
	if n == 0 || in.Unreadable != "" || in.Conditions.Moves[n-1].To != in.Current {
		return Past{}, false
	}
	return in.Conditions.Moves[n-1], true
}

// due judges the newest move when its time has come and nobody has moved the
// actuator since. What is out of sight is waited for twice as long.
func due(in Input) (Past, Effect, bool) {
	p, ok := newest(in)
	if !ok || p.Predicted == nil || p.Effect != nil || in.At.Before(p.Predicted.Due) {
		return Past{}, Effect{}, false
	}
	after, seen := burnOf(in, p.Predicted.Objective)
	if !seen && in.At.Sub(p.Predicted.Due) < 2*p.Predicted.Due.Sub(p.At) {
		return Past{}, Effect{}, false
	}
	var control *float64
	if now, known := burnOf(in, p.Predicted.Control); known {
		control = &now
	}
	return p, Judge(*p.Predicted, seen, after, control), true
}

// failedMove is the newest move if it was judged and did not help.
func failedMove(in Input) (Past, bool) {
	p, ok := newest(in)
	return p, ok && p.Effect != nil && p.Effect.Judgement == Ineffective && in.Loop.Verify.Settle > 0
}

// examine judges the newest move, and the loop by its moves. Each judgement is
// on record before anything is done about it.
func (l *Loop) examine(ctx context.Context, in Input) Input {
	if in.LedgerDown != "" || !l.leader {
		return in
	}
	if p, effect, ok := due(in); ok {
		o := Outcome{Decision: p.ID, At: in.At, Applied: true, ReadBack: in.Current, Effect: &effect}
		if err := l.cfg.Records.Finish(ctx, o); err != nil {
			l.ledgerFailed(fmt.Errorf("record effect of %s: %w", p.ID, err))
			in.LedgerDown = err.Error()
			return in
		}
		in.Conditions.Moves = slices.Clone(in.Conditions.Moves)
		in.Conditions.Moves[len(in.Conditions.Moves)-1].Effect = &effect
	}
	if o, ok := mistrust(in); ok {
		if err := l.cfg.Records.Give(ctx, o); err != nil {
			l.ledgerFailed(fmt.Errorf("record %s: %w", o.ID, err))
			in.LedgerDown = err.Error()
			return in
		}
		in.Conditions.Demotion = &o
	}
	return in
}

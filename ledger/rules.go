package ledger

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"setpoint.dev/setpoint/loop"
)

// What both ledgers make of their rows alike.

func encodeDecision(d loop.Decision) ([]byte, error) { return checked(d, checkDecision) }
func encodeOutcome(o loop.Outcome) ([]byte, error)   { return checked(o, checkOutcome) }
func encodeOrder(o loop.Order) ([]byte, error)       { return checked(o, checkOrder) }
func encodeMove(m loop.Move) ([]byte, error)         { return checked(m, checkMove) }

func encodeDefinition(policy string, text []byte) ([]byte, error) {
	if err := checkDefinition(policy, text); err != nil {
		return nil, err
	}
	return encode(definition{policy, string(text)})
}

func checked[T any](v T, check func(T) error) ([]byte, error) {
	if err := check(v); err != nil {
		return nil, err
	}
	body, err := encode(v)
	if err == nil && len(body) >= maxBody {
		err = fmt.Errorf("%w: a valid row is smaller than %d bytes, this has %d", ErrInvalid, maxBody, len(body))
	}
	return body, err
}

// same compares what is on record with what is to be recorded under the same
// ID.
func same(known, body []byte) error {
	if bytes.Equal(known, body) {
		return nil
	}
	return ErrConflict
}

// sameOrder lets an order pass that is sent again because the answer was lost:
// when it was taken, until when it lasts from there, and what the server knew
// about it are those of the first time.
func sameOrder(known []byte, o loop.Order) error {
	k, err := decode[loop.Order](known)
	if err != nil {
		return err
	}
	o.At, o.Until, o.Glass, o.Rules, o.Despite = k.At, k.Until, k.Glass, k.Rules, k.Despite
	if o.Note != nil && k.Note != nil {
		o.Note = k.Note
	}
	again, err := encode(o)
	if err != nil {
		return err
	}
	return same(known, again)
}

// sameDecision lets a hold pass that is on record under an older term: it
// was recorded, the answer was lost, and meanwhile the lead changed.
func sameDecision(known []byte, d loop.Decision, body []byte) error {
	if bytes.Equal(known, body) || d.Verb != loop.Hold {
		return same(known, body)
	}
	k, err := decode[loop.Decision](known)
	if err != nil || k.Input.Term.Compare(d.Input.Term) >= 0 {
		return ErrConflict
	}
	k.Input.Term = d.Input.Term
	renewed, err := encode(k)
	if err != nil {
		return err
	}
	return same(renewed, body)
}

// obeys refuses a move that a stop in force forbids: every stop forbids all
// moves, except that one with revert lets a walk to rest pass.
func obeys(d loop.Decision, stops []loop.Order) error {
	for _, s := range stops {
		if !s.Revert || d.Reason != loop.ReasonReverting {
			return fmt.Errorf("order %s by %s: %w", s.ID, s.By, loop.ErrStopped)
		}
	}
	return nil
}

// carriesOut says that a move is what a decision on record tells to do.
func carriesOut(m loop.Move, d loop.Decision) bool {
	return d.Verb != loop.Hold && m.Actuator == d.Actuator && m.Setting == d.To && m.Term == d.Input.Term
}

// covers says of an order whether it is of a kind and about an actuator: by
// its name, its service's or "*".
func covers(kind loop.OrderKind, actuator, service string) func(loop.Order) bool {
	return func(o loop.Order) bool {
		return o.Kind == kind && (o.Target == "*" || o.Target == actuator || o.Target == service && service != "")
	}
}

// conditions sorts the orders in force, oldest first, into what a decision
// must respect.
func conditions(inForce []loop.Order, q loop.ConditionsQuery) loop.Conditions {
	newest := func(of func(loop.Order) bool) *loop.Order {
		for _, o := range slices.Backward(inForce) {
			if of(o) {
				return &o
			}
		}
		return nil
	}
	stop := covers(loop.OrderStop, q.Actuator, q.Service)
	only := func(kind loop.OrderKind) func(loop.Order) bool { return covers(kind, q.Actuator, "") }
	c := loop.Conditions{
		Stop:      newest(func(o loop.Order) bool { return stop(o) && !o.Revert }),
		Freeze:    newest(covers(loop.OrderFreeze, q.Actuator, q.Service)),
		Pin:       newest(only(loop.OrderPin)),
		Approval:  newest(only(loop.OrderApprove)),
		Promotion: newest(only(loop.OrderPromote)),
		Demotion:  newest(only(loop.OrderDemote)),
	}
	if c.Stop == nil {
		c.Stop = newest(stop)
	}
	return c
}

// paced says whether a tightening move counts against the pace: it was
// carried out, or may have been.
func paced(r Record, since time.Time) bool {
	return r.Decision.Verb == loop.Tighten && r.Decision.Input.At.After(since) && (len(r.Outcomes) == 0 || r.appliedAt() != nil)
}

// appliedAt is when a move was carried out, if it was.
func (r Record) appliedAt() *time.Time {
	for _, o := range r.Outcomes {
		if o.Applied {
			return &o.At
		}
	}
	return nil
}

// pastMove is a move that was carried out, with what was found out later about it.
func pastMove(r Record) loop.Past {
	d := r.Decision
	p := loop.Past{ID: d.ID, At: d.Input.At, From: d.From, To: d.To, Verb: d.Verb, Reason: d.Reason, Predicted: d.Predicted}
	for _, o := range r.Outcomes {
		if o.Effect != nil {
			p.Effect = o.Effect
		}
	}
	return p
}

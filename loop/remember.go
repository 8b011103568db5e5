package loop

import (
	"context"
	"fmt"
	"slices"

	"setpoint.dev/setpoint/slo"
)

// remember finds, once after a start, what is set and not declared any more:
// actuators that live in the ledger, such as a release freeze, whose
// definition was taken away while they were tight. A restart is no reason to
// let go: they are left to people, as in Use, by the definition that was on
// record with the decision that set them. Until the ledger has told, its
// being out of reach is told, and the gate answers for that.
func (l *Loop) remember(ctx context.Context) {
	if l.remembered || l.cfg.Kept == nil || again(l.ledgerErr) {
		return
	}
	all, err := l.cfg.Kept(ctx)
	if err != nil {
		l.ledgerFailed(fmt.Errorf("read what was set: %w", err))
		return
	}
	var forgotten []left
	for _, d := range all {
		if slices.ContainsFunc(l.set.Actuators, func(a slo.Actuator) bool { return a.Name == d.Actuator }) {
			continue
		}
		a, err := l.forgotten(ctx, d)
		if err != nil {
			l.ledgerFailed(fmt.Errorf("open actuator %s, which is not declared any more: %w", d.Actuator, err))
			return
		}
		if d.To != a.actuator.Rest {
			forgotten = append(forgotten, a)
		}
	}
	l.remembered, l.left = true, append(l.left, forgotten...)
	l.refresh()
}

// forgotten is the actuator that a decision set, by the definition of then.
func (l *Loop) forgotten(ctx context.Context, d Decision) (left, error) {
	text, err := l.cfg.Records.Definition(ctx, d.Input.Policy)
	if err != nil {
		return left{}, err
	}
	_, a, err := ParseDefinition(text)
	if err != nil {
		return left{}, err
	}
	handle, err := l.cfg.Open(a)
	return left{a, handle}, err
}

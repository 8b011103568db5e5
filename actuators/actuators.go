package actuators

import (
	"context"
	"fmt"

	"setpoint.dev/setpoint/egress"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// Settings keep the settings of actuators that act through Setpoint itself. The ledger implements it.
type Settings interface {
	// Setting returns the value kept for an actuator; ok is false when none was put yet.
	Setting(ctx context.Context, actuator string) (value float64, ok bool, err error)
	// PutSetting keeps m.Setting for m.Actuator. It refuses an epoch lower than
	// that of the move put before with loop.ErrDeposed. Putting twice is putting once.
	PutSetting(ctx context.Context, m loop.Move) error
}

// Deps are what actuators need besides their definition. Each kind uses its own part of them.
type Deps struct {
	Settings Settings // of kinds that act by being read

	// Held says that nothing may be cancelled now: emergency stop, a loop that only observes, not the
	// leader. The Reaper asks immediately before each cancel, so Held answers from
	// memory. Nil means always held.
	Held func() bool
	// OnCancel is told of each statement that the Reaper cancelled, from its own goroutine. May be nil.
	OnCancel func(Cancel)

	// Egress says where databases may be. A name may lead to this machine all the same: databases are there.
	Egress egress.Policy
}

// New returns the actuator that a declares and the local enforcement that cmd runs beside the loop,
// nil for a kind that has none. It connects to nothing yet. It returns an error for a
// definition that cannot work. The Reaper is to be closed.
func New(a slo.Actuator, d Deps) (loop.Actuator, *Reaper, error) {
	switch a.Kind {
	case slo.Freeze, slo.Retry, slo.TenantQuota:
		if d.Settings == nil {
			return nil, nil, fmt.Errorf("open actuator %s: no Settings to keep it in", a.Name)
		}
		return newKept(a, d), nil, nil
	case slo.PGQueryTimeout:
		q, r, err := newQueryTimeout(a, d)
		if err != nil {
			return nil, nil, fmt.Errorf("open actuator %s: %w", a.Name, err)
		}
		return q, r, nil
	}
	return nil, nil, fmt.Errorf("open actuator %s: unknown kind %q", a.Name, a.Kind)
}

// outside returns an error for a setting that is not in the actuator's range, NaN included. Guards
// see to it that none arrives; the last line of defence does not rely on them.
func outside(a slo.Actuator, setting float64) error {
	if setting >= min(a.Rest, a.Tight) && setting <= max(a.Rest, a.Tight) {
		return nil
	}
	return fmt.Errorf("setting %g is outside the range %g to %g", setting, min(a.Rest, a.Tight), max(a.Rest, a.Tight))
}

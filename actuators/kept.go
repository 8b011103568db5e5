package actuators

import (
	"context"
	"fmt"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// A Kept is an actuator that acts by being read. The gate answers by the setting that is kept
// of a release freeze (0, releases may go, to 1, frozen); callers of a service pull that of a
// retry contract, see client/retry.
type Kept struct {
	a        slo.Actuator
	settings Settings
}

func newKept(a slo.Actuator, d Deps) *Kept {
	return &Kept{a: a, settings: d.Settings}
}

// Read returns the setting kept, or rest when none was put yet. Its error is that of Settings.
func (k *Kept) Read(ctx context.Context) (float64, error) {
	value, ok, err := k.settings.Setting(ctx, k.a.Name)
	if err != nil {
		return 0, fmt.Errorf("read setting of %s: %w", k.a.Name, err)
	}
	if !ok {
		return k.a.Rest, nil
	}
	return value, nil
}

// Apply keeps m.Setting under the actuator's own name. It refuses a setting outside the range, and
// passes on loop.ErrDeposed when a newer leader has put one.
func (k *Kept) Apply(ctx context.Context, m loop.Move) error {
	if err := outside(k.a, m.Setting); err != nil {
		return fmt.Errorf("apply to %s: %w", k.a.Name, err)
	}
	m.Actuator = k.a.Name
	if err := k.settings.PutSetting(ctx, m); err != nil {
		return fmt.Errorf("put setting of %s: %w", k.a.Name, err)
	}
	return nil
}

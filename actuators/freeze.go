package actuators

import (
	"context"
	"fmt"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// Freeze is the release freeze: setting 0 (releases may go) to 1 (frozen). It acts by being
// read: the gate answers by the setting that is kept.
type Freeze struct {
	a        slo.Actuator
	settings Settings
}

func newFreeze(a slo.Actuator, d Deps) *Freeze {
	return &Freeze{a: a, settings: d.Settings}
}

// Read returns the setting kept, or rest when none was put yet. Its error is that of Settings.
func (f *Freeze) Read(ctx context.Context) (float64, error) {
	value, ok, err := f.settings.Setting(ctx, f.a.Name)
	if err != nil {
		return 0, fmt.Errorf("read setting of %s: %w", f.a.Name, err)
	}
	if !ok {
		return f.a.Rest, nil
	}
	return value, nil
}

// Apply keeps m.Setting under the actuator's own name. It refuses a setting outside the range, and
// passes on loop.ErrDeposed when a newer leader has put one.
func (f *Freeze) Apply(ctx context.Context, m loop.Move) error {
	if err := outside(f.a, m.Setting); err != nil {
		return fmt.Errorf("apply to %s: %w", f.a.Name, err)
	}
	m.Actuator = f.a.Name
	if err := f.settings.PutSetting(ctx, m); err != nil {
		return fmt.Errorf("put setting of %s: %w", f.a.Name, err)
	}
	return nil
}

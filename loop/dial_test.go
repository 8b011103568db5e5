package loop_test

import (
	"context"
	"errors"

	"setpoint.dev/setpoint/loop"
)

// A dial is an actuator in memory.
type dial struct {
	value  float64
	epoch  int64
	broken bool
}

func (d *dial) Read(context.Context) (float64, error) {
	if d.broken {
		return 0, errors.New("no route to dial")
	}
	return d.value, nil
}

func (d *dial) Apply(_ context.Context, m loop.Move) error {
	if m.Epoch < d.epoch {
		return loop.ErrDeposed
	}
	d.value, d.epoch = m.Setting, m.Epoch
	return nil
}

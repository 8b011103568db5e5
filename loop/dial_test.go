package loop_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"setpoint.dev/setpoint/loop"
)

// A dial is an actuator in memory. It sees the same work end in each tick.
type dial struct {
	value  float64
	epoch  int64
	broken bool
	deaf   bool // it says yes and does nothing
	work   loop.Work
}

func (d *dial) Watched() loop.Work { return d.work }

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
	if d.epoch = m.Epoch; !d.deaf {
		d.value = m.Setting
	}
	return nil
}

// workOf reads what ends in a tick.
func workOf(t *testing.T, words []string) (w loop.Work) {
	if words[0] == "nothing" {
		return w
	}
	n := int64(number(t, words[1]))
	switch words[0] {
	case "cut":
		w.Cut = n
	case "killed":
		w = loop.Work{Killed: n, Took: map[int64]int64{29000: n}}
	default:
		w.Took = map[int64]int64{loop.RoundUp(time.Duration(n) * time.Millisecond): int64(number(t, words[0]))}
	}
	return w
}

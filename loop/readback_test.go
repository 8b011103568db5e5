package loop_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A mute target gives no answer until its deadline.
type mute struct{ after time.Duration }

func (m mute) Read(context.Context) (float64, error) {
	time.Sleep(m.after)
	return 0, errors.New("no answer")
}

func (m mute) Apply(context.Context, loop.Move) error { return errors.New("no answer") }

// Of a thousand targets a hundred hang: the others are read and decided about
// as if they did not, and the tick takes as long as one of them.
func TestHangingTargets(t *testing.T) {
	const targets, every, patience = 1000, 10, 5 * time.Second
	synctest.Test(t, func(t *testing.T) {
		set, handles := &slo.Set{}, map[string]loop.Actuator{}
		for i := range targets {
			a := knob()
			a.Name = fmt.Sprint("dial-", i)
			set.Actuators = append(set.Actuators, a)
			set.Loops = append(set.Loops, slo.ControlLoop{Name: fmt.Sprint("loop-", i), Actuator: a.Name, Mode: slo.Act})
			handles[a.Name] = &touched{value: a.Rest}
			if i%every == 0 {
				handles[a.Name] = mute{patience}
			}
		}
		source := loop.SourceFunc(func(context.Context, slo.Objective, time.Time, time.Time) ([]sli.Slice, error) { return nil, nil })
		l, err := loop.New(loop.Config{Set: set, Source: source, Records: ledger.NewMemory(), Actuators: handles})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		r := l.Tick(t.Context(), noon)
		if took := time.Since(began); took != patience {
			t.Errorf("the tick took %s, want %s", took, patience)
		}
		for i, s := range r.Settings {
			if hangs := i%every == 0; hangs != (s.Error != "") || hangs != (r.Decisions[i].Reason == loop.ReasonUnreadable) {
				t.Fatalf("%s: error %q, reason %s; hangs: %v", s.Actuator, s.Error, r.Decisions[i].Reason, hangs)
			}
		}
	})
}

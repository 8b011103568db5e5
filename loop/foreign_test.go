package loop_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

func knob() slo.Actuator {
	return slo.Actuator{Name: "dial", Service: "shop", Kind: slo.AtFile, Rest: 30, Tight: 1, Unit: "s"}
}

// What somebody else has set stays, unless a person orders otherwise.
func TestForeign(t *testing.T) {
	five := 5.0
	for name, c := range map[string]struct {
		conditions loop.Conditions
		to         float64
		reason     loop.Reason
	}{
		"left alone":          {loop.Conditions{}, 10, loop.ReasonForeign},
		"pinned":              {loop.Conditions{Pin: &loop.Order{Kind: loop.OrderPin, Setting: &five}}, 5, loop.ReasonPinned},
		"stopped":             {loop.Conditions{Stop: &loop.Order{Kind: loop.OrderStop}}, 10, loop.ReasonStopped},
		"stopped with revert": {loop.Conditions{Stop: &loop.Order{Kind: loop.OrderStop, Revert: true}}, 30, loop.ReasonReverting},
	} {
		in := loop.Input{At: noon, Term: loop.Term{Epoch: 1}, Actuator: knob(), Loop: slo.ControlLoop{Name: "l", Actuator: "dial", Mode: slo.Act}, Current: 10, Foreign: "somebody else has changed it from 7 s to 10 s", Conditions: c.conditions}
		d := loop.Decide(in)
		if d.To != c.to || d.Reason != c.reason {
			t.Errorf("%s: to %g, %s; want %g, %s", name, d.To, d.Reason, c.to, c.reason)
		}
		if d.Reason == loop.ReasonForeign && !strings.Contains(d.Words, "from 7 s to 10 s") {
			t.Errorf("%s: %s", name, d.Words)
		}
	}
}

// A touched is an actuator that somebody else may have changed.
type touched struct {
	value   float64
	foreign bool
	moves   []loop.Move
}

func (a *touched) Read(context.Context) (float64, error) {
	if a.foreign {
		return a.value, fmt.Errorf("read: %w", loop.ErrForeign)
	}
	return a.value, nil
}

func (a *touched) Apply(_ context.Context, m loop.Move) error {
	a.moves, a.value = append(a.moves, m), m.Setting
	return nil
}

// The loop shows what somebody else has set, and leaves it until it is given
// back.
func TestForeignTick(t *testing.T) {
	a := &touched{value: 10, foreign: true}
	set := &slo.Set{Actuators: []slo.Actuator{knob()}, Loops: []slo.ControlLoop{{Name: "l", Actuator: "dial", Mode: slo.Act}}}
	source := loop.SourceFunc(func(context.Context, slo.Objective, time.Time, time.Time) ([]sli.Slice, error) { return nil, nil })
	l, err := loop.New(loop.Config{Set: set, Source: source, Records: ledger.NewMemory(), Actuators: map[string]loop.Actuator{"dial": a}})
	if err != nil {
		t.Fatal(err)
	}
	r := l.Tick(t.Context(), noon)
	if s := r.Settings[0]; s.Value != 10 || s.Error != "" || len(a.moves) != 0 || r.Decisions[0].Reason != loop.ReasonForeign {
		t.Errorf("%+v, %d moves, %s", s, len(a.moves), r.Decisions[0].Words)
	}
	a.foreign = false
	r = l.Tick(t.Context(), noon.Add(time.Minute))
	if len(a.moves) != 1 || a.value != 30 || a.moves[0].Ordered || a.moves[0].Fence().Sequence != noon.Add(time.Minute).UnixMicro() {
		t.Errorf("given back: %+v, %s", a.moves, r.Decisions[0].Words)
	}
}

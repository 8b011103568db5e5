package loop_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// TestRememberWhatIsSet: a freeze whose definition was taken away while it was
// tight denies after a restart too, until a person lets go; a ledger that does
// not tell is asked again, and nothing is allowed meanwhile.
func TestRememberWhatIsSet(t *testing.T) {
	freeze := slo.Actuator{Name: "releases", Service: "shop", Kind: slo.Freeze, Tight: 1}
	declared := slo.Actuator{Name: "timeout", Kind: slo.PGQueryTimeout, Rest: 30, Tight: 1}
	rested := slo.Actuator{Name: "rested", Service: "shop", Kind: slo.Freeze, Tight: 1}
	set := &slo.Set{Actuators: []slo.Actuator{declared}, Policies: []slo.ReleasePolicy{{Name: "shop", Service: "shop", OnLedgerDown: slo.Deny}}}
	door, fails, opened := &dial{value: 1}, errors.New("hangs"), []string(nil)
	records := ledger.NewMemory()
	by := func(a slo.Actuator, to float64) loop.Decision {
		text := loop.Definition(slo.ControlLoop{Name: "gone", Actuator: a.Name}, a)
		if err := records.Define(t.Context(), loop.PolicyHash(text), text); err != nil {
			t.Fatal(err)
		}
		return loop.Decision{Actuator: a.Name, To: to, Input: loop.Input{Policy: loop.PolicyHash(text)}}
	}
	l := use(t, loop.Config{Set: set, Source: tenth(), Records: records, Actuators: map[string]loop.Actuator{"timeout": &dial{value: 30}},
		Kept: func(context.Context) ([]loop.Decision, error) {
			return []loop.Decision{by(freeze, 1), by(declared, 1), by(rested, 0)}, fails
		},
		Open: func(a slo.Actuator) (loop.Actuator, error) {
			opened = append(opened, a.Name)
			return door, nil
		},
	})
	gate := func(minute int) slo.Verdict {
		now := start.Add(time.Duration(minute) * time.Minute)
		r := l.Tick(t.Context(), now)
		return loop.Gate(loop.GateView{Set: r.Set, Report: r}, loop.GateQuestion{Service: "shop", At: now}).Verdict
	}
	if got := gate(0); got == slo.Allow {
		t.Errorf("while the ledger does not tell: %s", got)
	}
	fails = nil
	for minute := range 3 {
		if got := gate(1 + minute); got != slo.Deny {
			t.Errorf("minute %d: %s, want deny", minute, got)
		}
	}
	if len(opened) != 2 || opened[0] != "releases" || opened[1] != "rested" {
		t.Errorf("opened %v, want releases and rested, once", opened)
	}
	door.value = 0
	gate(5)
	if got := gate(6); got != slo.Allow {
		t.Errorf("after it came to rest: %s, want allow", got)
	}
}

package actuators_test

import (
	"testing"

	"setpoint.dev/setpoint/actuators"
	"setpoint.dev/setpoint/slo"
)

// A retry contract is kept like a freeze: what was put is read back, a level
// outside it is refused, and before the first it rests.
func TestRetryContract(t *testing.T) {
	levels := []slo.RetryLevel{{Name: "normal"}, {Name: "careful"}, {Name: "none"}}
	a := slo.Actuator{Name: "x", Service: "shop", Kind: slo.Retry, Tight: 2, Retries: slo.Retries{Levels: levels}}
	act, reaper, err := actuators.New(a, actuators.Deps{Settings: &settings{}})
	if err != nil || reaper != nil {
		t.Fatal(reaper, err)
	}
	wantSetting(t, act, 0)
	apply(t, act, move(2, 1))
	wantSetting(t, act, 2)
	if err := act.Apply(t.Context(), move(3, 1)); err == nil {
		t.Error("level 3 of 3 was applied")
	}
	wantSetting(t, act, 2)
	for x, want := range map[float64]string{0: "normal", 2: "none", 1.4: "1.4"} {
		if got := a.Show(x); got != want {
			t.Errorf("Show(%g) = %s, want %s", x, got, want)
		}
	}
	if got := a.Snap(1.4); got != 1 {
		t.Errorf("Snap(1.4) = %g, want a whole level", got)
	}
}

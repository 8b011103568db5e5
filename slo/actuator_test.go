package slo_test

import (
	"testing"

	"setpoint.dev/setpoint/slo"
)

func TestActuator(t *testing.T) {
	timeout := slo.Actuator{Kind: slo.PGQueryTimeout, Rest: 30, Tight: 1, Unit: "s"}
	freeze := slo.Actuator{Kind: slo.Freeze, Rest: 0, Tight: 1}
	if !timeout.Tighter(1, 2) || timeout.Tighter(2, 1) || timeout.Tighter(2, 2) || !freeze.Tighter(1, 0) || freeze.Tighter(0, 1) {
		t.Error("Tighter has its directions wrong")
	}
	for x, want := range map[float64]float64{0: 1, 1: 1, 7: 7, 30: 30, 99: 30} {
		if got := timeout.Clamp(x); got != want {
			t.Errorf("Clamp(%g) = %g, want %g", x, got, want)
		}
	}
	shown := map[string]string{
		timeout.Show(1.8): "1.8 s", freeze.Show(0): "open", freeze.Show(1): "frozen", freeze.Show(0.5): "thawing",
	}
	for got, want := range shown {
		if got != want {
			t.Errorf("Show: got %s, want %s", got, want)
		}
	}
}

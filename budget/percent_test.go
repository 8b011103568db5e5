package budget_test

import (
	"testing"

	"setpoint.dev/setpoint/budget"
)

func TestPercent(t *testing.T) {
	for share, want := range map[float64]string{
		1: "100 %", 0.99999: "99.9 %", 0.29: "29 %", 0.032: "3.2 %", 0.0004: "0 %", 0: "0 %",
		-0.0001: "−0.1 %", -4.9545: "−495.5 %", -4.954: "−495.4 %", 12.5: "1250 %",
	} {
		if got := budget.Percent(share); got != want {
			t.Errorf("%g: got %s, want %s", share, got, want)
		}
	}
}

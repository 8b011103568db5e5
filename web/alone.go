package web

import (
	"fmt"

	"setpoint.dev/setpoint/loop"
)

// alone says why no loop moves an actuator that is not at rest; empty when
// one does.
func alone(v loop.Setting) string {
	what := "No loop is declared for it"
	switch {
	case v.Left:
		what = "It is not declared any more"
	case v.Loop != loop.Unattended:
		return ""
	}
	return what + ". It stays as it is until somebody approves, pins or reverts it."
}

// aloneBanners name the actuators that wait for a person because no loop is
// declared for them.
func aloneBanners(l look) []banner {
	var out []banner
	for _, v := range l.report.Settings {
		if words := alone(v); words != "" {
			out = append(out, banner{"warn", fmt.Sprintf("%s was left at %s", v.Actuator, v.Shown), words, "/control", "Relax"})
		}
	}
	return out
}

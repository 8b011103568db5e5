package sli

import (
	"time"

	"setpoint.dev/setpoint/slo"
)

// An Ask asks for the slices of an objective that start in [From, To). Both
// times are slice boundaries.
type Ask struct {
	Objective *slo.Objective // only read
	From, To  time.Time
}

// An Answer is what became of an Ask: its slices, in order, one for each that
// was asked about, or the reason why there are none.
type Answer struct {
	Slices []Slice
	Err    error
}

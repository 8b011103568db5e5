package slo

import "time"

// The further control laws.
const (
	AIMDs     Law = "aimd"
	PIs       Law = "pi"
	Schedules Law = "schedule"
	Bases     Law = "base"
)

// An AIMD moves the setting towards tight by a share of what is left while a
// burn rate is high, and back by a fixed step while it is low (additive
// increase, multiplicative decrease: Chiu and Jain, 1989). The setting read
// back is its only state, so nothing winds up while a guard or the range holds
// it.
type AIMD struct {
	Window  time.Duration `json:"window"`           // of the burn rate, ns
	Tighten Decimal       `json:"tighten"`          // tighten at or above this burn rate
	Relax   Decimal       `json:"relax"`            // relax at or below this one
	Keep    Decimal       `json:"keep"`             // share of the distance to tight that a tightening move leaves; above 0, below 1
	Step    float64       `json:"step"`             // one move back, in units of the actuator
	Demand  string        `json:"demand,omitempty"` // objective whose bad events are what the setting turned away; relax only while there are some; "" = relax regardless
}

// A PI moves the setting in proportion to how a burn rate changes and to how
// far it is from its target: the velocity form of a proportional–integral
// controller. Its integral is the setting itself, as read back, so that nothing
// winds up.
type PI struct {
	Window       time.Duration `json:"window"`       // of the burn rate that is held at Target, ns
	Short        time.Duration `json:"short"`        // of the burn rate that shows where it is going, ns
	Target       Decimal       `json:"target"`       // burn rate
	Proportional Decimal       `json:"proportional"` // share of the range for each 1 by which Short burns higher than Window
	Integral     Decimal       `json:"integral"`     // share of the range for each 1 above Target, for as long as Window
}

// A Schedule asks for a setting while a calendar covers the time.
type Schedule struct {
	Calendar Calendar `json:"calendar"`
	Setting  float64  `json:"setting"` // in units of the actuator
}

// A Base asks for a setting that is learned: a quantile of how long work takes
// while all is well.
type Base struct {
	Window   time.Duration `json:"window"`   // below a burn rate of 1 over it a time is healthy, ns
	Quantile Decimal       `json:"quantile"` // of durations; above 0, below 1
	History  time.Duration `json:"history"`  // how far back durations count, ns
	Samples  int64         `json:"samples"`  // fewest to learn from
	Every    time.Duration `json:"every"`    // between two lessons, ns
	Growth   Decimal       `json:"growth"`   // most by which one lesson multiplies or divides the base; above 1
}

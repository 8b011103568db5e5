package slo

import (
	"math"
	"time"
)

// A Plant names what a loop moves a knob of, besides others: one of them moves
// at a time. The zero value is a plant of its own.
type Plant struct {
	Name   string        `json:"name"`
	Settle time.Duration `json:"settle"` // how long after another loop's move this one makes none, ns
}

// A Fleet names the scopes that a loop's actuator is one of, such as the
// regions of a service: so many of them move at a time. The zero value is no
// fleet.
type Fleet struct {
	Name   string        `json:"name"`
	Share  float64       `json:"share"`            // most that move, as a share of the fleet; at least one may
	Per    time.Duration `json:"per"`              // in any stretch of this, ns
	Canary bool          `json:"canary,omitempty"` // it tightens before the others
}

// Most is how many of a fleet of a size may move in a stretch.
func (f Fleet) Most(size int) int {
	return max(1, int(math.Floor(float64(f.Share*float64(size))+1e-9)))
}

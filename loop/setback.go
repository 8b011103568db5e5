package loop

import (
	"time"

	"setpoint.dev/setpoint/budget"
)

// setBackSlices is by how many slices a clock may be set back unnoticed: as
// many as an objective may be without data before it is out of sight.
const setBackSlices = 5

// heedSetBack takes an objective out of sight whose counts end well after now:
// the clock was set back, and until it gets there again nothing new is
// counted.
func heedSetBack(s *budget.State, now time.Time) {
	if s.At.Sub(now) > setBackSlices*s.Slice {
		s.Status, s.Blind = budget.NoData, true
	}
}

// sightWords says why an objective is out of sight.
func sightWords(s budget.State, now time.Time) string {
	if s.Newest.Sub(now) > setBackSlices*s.Slice && s.Slice > 0 {
		return "its data go on until " + clock(s.Newest) + ", which is yet to come: the clock was set back"
	}
	return sinceWords(s)
}

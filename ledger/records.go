package ledger

import (
	"time"

	"setpoint.dev/setpoint/loop"
)

// A Record is a decision with how it went.
type Record struct {
	Seq      int64          `json:"seq"`      // its number in the chain of decisions, from 1
	Decision loop.Decision  `json:"decision"` // without Input.Loop and Input.Actuator: Definition has them under Input.Policy
	Outcomes []loop.Outcome `json:"outcomes"` // in the order of recording; of a hold the last tells its span
}

// A DecisionFilter chooses decisions. The zero value is the 100 newest.
type DecisionFilter struct {
	Actuator string    // empty = of all actuators
	Moves    bool      // leave out holds
	From, To time.Time // decided in [From, To); zero = no bound
	Before   int64     // only records with a lower Seq, to go on after a page; 0 = from the newest on
	Limit    int       // most records; 0 = 100, never more than 1000
}

func (f DecisionFilter) limit() int { return bounded(f.Limit) }

func (f DecisionFilter) passes(seq int64, d loop.Decision) bool {
	return (f.Actuator == "" || f.Actuator == d.Actuator) && (!f.Moves || d.Verb != loop.Hold) &&
		(f.From.IsZero() || !d.Input.At.Before(f.From)) && (f.To.IsZero() || d.Input.At.Before(f.To)) &&
		(f.Before == 0 || seq < f.Before)
}

// A Point is an actuator's setting as it was read at an instant.
type Point struct {
	At       time.Time `json:"at"`
	Value    float64   `json:"value"`
	Decision string    `json:"decision"` // ID of the decision that read or set it
}

func bounded(limit int) int {
	if limit <= 0 {
		return 100
	}
	return min(limit, 1000)
}

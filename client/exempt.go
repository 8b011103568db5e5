package client

import "time"

// Raw is where a budget stands as measured, beside an Objective that
// calendars or adjustments touch, which is as adjusted.
type Raw struct {
	Status    string  `json:"status"`
	Remaining float64 `json:"remaining"`
	Bound     float64 `json:"bound,omitempty"`
	Budget    Window  `json:"budget"`
}

// InForce is a calendar or an adjustment that covers the newest slice.
type InForce struct {
	Name   string    `json:"name"`
	Effect string    `json:"effect"` // exclude, correct, countAsGood, annotate
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until"`
}

// An Adjustment is what a person says about the counts of a stretch of time.
type Adjustment struct {
	Name     string    `json:"name"`
	Effect   string    `json:"effect"` // exclude, correct, countAsGood, annotate
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Author   string    `json:"author"`
	Reason   string    `json:"reason"`
	Category string    `json:"category"`
	Revoked  bool      `json:"revoked,omitempty"` // without effect
}

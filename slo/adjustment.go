package slo

import "time"

// An Adjustment is what a person says about the counts of a stretch of time:
// that they are not to be held against the promise, or what they really were.
// It may be given at any time about any time. Taken away or revoked it leaves
// no trace in any figure.
type Adjustment struct {
	Name        string    `json:"name"`
	Title       string    `json:"title,omitempty"`
	Description string    `json:"description,omitempty"`
	AppliesTo   Scope     `json:"appliesTo"`
	Stretch               // that it is about
	Effect      Effect    `json:"effect"`
	Counts      Corrected `json:"counts,omitzero"` // of Correct
	Author      string    `json:"author"`
	Reason      string    `json:"reason"`
	Category    string    `json:"category"`
	Revoked     bool      `json:"revoked,omitempty"`
	Position    Position  `json:"-"`
}

// Corrected is how many events of a stretch were good and bad. They are taken
// as spread evenly over its slices.
type Corrected struct {
	Good int64 `json:"good"`
	Bad  int64 `json:"bad"`
}

// Touches reports whether the adjustment is in force for o in a part of
// [from, to).
func (a Adjustment) Touches(o Objective, from, to time.Time) bool {
	return !a.Revoked && a.AppliesTo.Has(o) && a.From.Before(to) && a.To.After(from)
}

package slo

import "slices"

// An SLA is a promise to customers with consequences, beside an objective that
// is stricter: what share of the fee is owed back for a period in which less
// than Target of the events were good.
type SLA struct {
	Name        string   `json:"name"`
	Title       string   `json:"title,omitempty"`
	Description string   `json:"description,omitempty"`
	Objective   string   `json:"objective"`     // whose counts it is judged by
	Target      Decimal  `json:"target"`        // share of good events, 0 < Target < 1
	Period      Window   `json:"period"`        // follows the calendar
	Credits     []Credit `json:"credits"`       // from the largest Below on, and so from the smallest Share
	Raw         bool     `json:"raw,omitempty"` // judged by what was measured, not by what calendars and adjustments make of it
	Position    Position `json:"-"`
}

// A Credit is owed for a period in which less than Below of the events were
// good, unless a larger one is.
type Credit struct {
	Below Decimal `json:"below"` // share of good events
	Share Decimal `json:"share"` // of the fee
}

// SLAsOf are those that are beside an objective. Words for people and places are
// left out, since they decide nothing.
func (s *Set) SLAsOf(o Objective) (out []SLA) {
	for _, a := range s.SLAs {
		if a.Objective == o.Name {
			a.Title, a.Description, a.Position = "", "", Position{}
			out = append(out, a)
		}
	}
	return out
}

// Owed is the share of the fee that is owed where below reports whether less
// than a share of the events were good.
func (s SLA) Owed(below func(Decimal) bool) Decimal {
	for _, c := range slices.Backward(s.Credits) {
		if below(c.Below) {
			return c.Share
		}
	}
	return Decimal{}
}

package client

import (
	"encoding/json"
	"time"
)

// An SLA is a promise to customers beside an objective, and where it stands
// over one of its periods.
type SLA struct {
	Name     string      `json:"name"`
	Title    string      `json:"title,omitempty"`
	Target   json.Number `json:"target"` // share of good events, exact
	From     time.Time   `json:"from"`   // of the period
	To       time.Time   `json:"to"`
	At       time.Time   `json:"at"`             // how far it is counted
	Over     bool        `json:"over"`           // the period has ended
	Good     float64     `json:"good"`           // events, or time slices
	Bad      float64     `json:"bad"`            //
	Covered  float64     `json:"coveredSeconds"` // how much of it was observed
	Achieved float64     `json:"achieved"`       // share of good ones
	Met      bool        `json:"met"`
	Credit   json.Number `json:"credit"` // share of the fee that is owed by these counts, exact
}

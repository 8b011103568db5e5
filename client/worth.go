package client

import (
	"context"
	"fmt"
)

// A Worth weighs what a loop did, or would have done, against people who do
// it by hand. Amounts are minutes of people.
type Worth struct {
	Loop     string  `json:"loop"`
	Actuator string  `json:"actuator"`
	Mode     string  `json:"mode"`
	Looked   float64 `json:"lookedSeconds"` // how much of the record was looked at
	Times    int     `json:"times"`         // that it came up: right and missed
	Right    int     `json:"right"`         // the loop tightened, or would have, and that was needed
	Missed   int     `json:"missed"`        // people had to tighten without it
	False    int     `json:"false"`         // it tightened, or would have, and should not have
	Open     int     `json:"open"`          // too early to tell
	Saved    float64 `json:"savedMinutes"`
	Cost     float64 `json:"costMinutes"`
	PerMonth float64 `json:"netMinutesPer30Days"` // saved less cost
	Words    string  `json:"words"`
}

// Worth tells of every loop whether it is worth having.
func (c Client) Worth(ctx context.Context) ([]Worth, error) {
	var list struct {
		Worth []Worth `json:"worth"`
	}
	if err := c.get(ctx, "/v1/worth", &list); err != nil {
		return nil, fmt.Errorf("read worth: %w", err)
	}
	return list.Worth, nil
}

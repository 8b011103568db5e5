package client

import (
	"context"
	"fmt"
	"time"
)

// A Shadow is how a loop did that looked and did not act: what it would have
// done, and whether people did the same.
type Shadow struct {
	Loop     string    `json:"loop"`
	Actuator string    `json:"actuator"`
	Mode     string    `json:"mode"`
	Owner    string    `json:"owner,omitempty"`
	From     time.Time `json:"from,omitzero"` // its first look under the rules of today, or after it was demoted
	To       time.Time `json:"to,omitzero"`
	Within   float64   `json:"withinSeconds"` // how far apart a wish and what people did may be to be the same
	Looked   float64   `json:"lookedSeconds"` // how long it looked without being free to act

	Same     int      `json:"same"`     // people did the same
	Needed   int      `json:"needed"`   // nobody did, and what it rests on lasted
	Needless int      `json:"needless"` // nobody did, and it went by itself
	Opposed  int      `json:"opposed"`  // a person did the opposite
	Disputed int      `json:"disputed"` // a person said that the counts were not so
	Missed   int      `json:"missed"`   // a person tightened, and the loop had not wished it
	Open     int      `json:"open"`     // too early to tell
	Score    *float64 `json:"score"`    // (same + needed) ÷ (all but open); null when there was nothing to score

	Sooner   float64  `json:"soonerSeconds"` // how much sooner than people it would have moved, of the same ones together
	Spent    float64  `json:"spent"`         // share of the budgets that was spent while needed wishes to tighten lasted
	Promoted bool     `json:"promoted"`      // a promotion is in force
	Lacks    []string `json:"lacks"`         // what it lacks for a promotion; empty when it has what its definition asks for
	Wishes   []Wish   `json:"wishes"`        // newest first, up to 100
}

// A Wish is a move that a loop would have made.
type Wish struct {
	Decision string    `json:"decision"` // the first that wished it
	At       time.Time `json:"at"`
	Until    time.Time `json:"until"`
	Verb     string    `json:"verb"` // tighten or relax
	From     float64   `json:"from"`
	Wanted   float64   `json:"wanted"`
	Turned   string    `json:"turned"` // same, needed, needless, opposed, disputed, missed or open
	Person   string    `json:"person,omitempty"`
	Words    string    `json:"words"`
}

// Shadows tells of every loop what it would have done.
func (c Client) Shadows(ctx context.Context) ([]Shadow, error) {
	var list struct {
		Shadows []Shadow `json:"shadows"`
	}
	if err := c.get(ctx, "/v1/shadows", &list); err != nil {
		return nil, fmt.Errorf("read shadows: %w", err)
	}
	return list.Shadows, nil
}

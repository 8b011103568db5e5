package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"
)

// A Version is a definition of an objective that came in force.
type Version struct {
	Version    string          `json:"version"`        // hash of the definition
	Since      time.Time       `json:"since,omitzero"` // start of the first slice that it judges; zero = all of the past too
	Until      time.Time       `json:"until,omitzero"` // since when the next is in force; zero = it is in force
	At         time.Time       `json:"at"`             // when it came in force
	Target     json.Number     `json:"target"`
	Changes    []Change        `json:"changes"`    // against the version before
	Definition json.RawMessage `json:"definition"` // all that the budget rests on
}

// A Change is a key of a definition that has another value than before.
type Change struct {
	Key string `json:"key"`           // with dots between the keys of mappings
	Old string `json:"old,omitempty"` // empty = it was not there
	New string `json:"new,omitempty"` // empty = it is not there any more
}

// Versions returns the versions of an objective, the oldest first.
func (c Client) Versions(ctx context.Context, objective string) ([]Version, error) {
	var list struct {
		Versions []Version `json:"versions"`
	}
	if err := c.get(ctx, "/v1/objectives/"+url.PathEscape(objective)+"/versions", &list); err != nil {
		return nil, fmt.Errorf("read versions of %s: %w", objective, err)
	}
	return list.Versions, nil
}

package client

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
)

// A RecordedVerdict is an answer of the gate that is on record.
type RecordedVerdict struct {
	Tool    string `json:"tool"`              // in whose words it was asked: api, flagger, argo, …
	Repeats int    `json:"repeats,omitempty"` // how often the same answer was given to the same question since it was last recorded
	Answer  Answer `json:"answer"`
}

// A VerdictFilter chooses verdicts. The zero value is the 50 newest.
type VerdictFilter struct {
	Service string // empty = of all services
	Release string // of Service; empty = of all releases
	Before  string // only verdicts before the one of this ID, to go on after a page
	Limit   int    // most verdicts; 0 = 50
}

// Verdicts lists answers of the gate that are on record, the newest first.
func (c Client) Verdicts(ctx context.Context, f VerdictFilter) ([]RecordedVerdict, error) {
	values := url.Values{"service": {f.Service}, "release": {f.Release}, "before": {f.Before}}
	if f.Limit > 0 {
		values.Set("limit", strconv.Itoa(f.Limit))
	}
	var found struct {
		Verdicts []RecordedVerdict `json:"verdicts"`
	}
	if err := c.get(ctx, query("/v1/verdicts", values), &found); err != nil {
		return nil, fmt.Errorf("list verdicts: %w", err)
	}
	return found.Verdicts, nil
}

// Verdict returns one verdict by its ID.
func (c Client) Verdict(ctx context.Context, id string) (RecordedVerdict, error) {
	var v RecordedVerdict
	if err := c.get(ctx, "/v1/verdicts/"+url.PathEscape(id), &v); err != nil {
		return v, fmt.Errorf("read verdict %s: %w", id, err)
	}
	return v, nil
}

package client

import (
	"context"
	"fmt"
	"net/url"
	"time"
)

// A Deploy is a release that began to take traffic.
type Deploy struct {
	ID          string       `json:"id,omitempty"` // the same ID told twice is one deploy; "" = made by the server
	Service     string       `json:"service"`      // required
	Release     string       `json:"release"`      // required: a version or a commit
	Environment string       `json:"environment,omitempty"`
	Change      string       `json:"change,omitempty"` // class of the change: feature, fix, rollback, …
	Region      string       `json:"region,omitempty"`
	At          time.Time    `json:"at,omitzero"`      // when it began to take traffic; zero = now
	By          string       `json:"by,omitempty"`     // who told of it; set by the server where it asks who calls
	Tool        string       `json:"tool,omitempty"`   // that told of it
	Link        string       `json:"link,omitempty"`   // to the run of the pipeline
	Burned      []DeployBurn `json:"burned,omitempty"` // set by the server
}

// A DeployBurn is what a deploy burned of an objective's budget: the bad
// events of the hour after it, or of the time until the next deploy, less
// those that the pace of the hour before would have brought.
type DeployBurn struct {
	Objective string  `json:"objective"`
	Share     float64 `json:"share"`    // of the budget
	Seconds   float64 `json:"seconds"`  // the same as time of the window
	Known     bool    `json:"known"`    // enough was seen before and after
	Complete  bool    `json:"complete"` // the time after it is over
	Words     string  `json:"words"`
}

// A Risk is what a release of a service usually burns of an objective's
// budget, against what is left of it.
type Risk struct {
	Objective string  `json:"objective"`
	Deploys   int     `json:"deploys"`   // that it is learned from
	Usual     float64 `json:"usual"`     // half of them burned no more; share of the budget
	Worst     float64 `json:"worst"`     // the most that one of them burned
	Remaining float64 `json:"remaining"` // share of the budget that is left
	Known     bool    `json:"known"`     // enough deploys were seen
	Exceeds   bool    `json:"exceeds"`   // a usual release would use up what is left
	Words     string  `json:"words"`
}

// Deployed tells of a release that began to take traffic.
func (c Client) Deployed(ctx context.Context, d Deploy) (Deploy, error) {
	var kept Deploy
	if err := c.post(ctx, "/v1/deploys", d, &kept); err != nil {
		return Deploy{}, fmt.Errorf("tell of deploy %s of %s: %w", d.Release, d.Service, err)
	}
	return kept, nil
}

// Deploys lists deploys of a service, or of all for "", the newest first;
// with to only those before then.
func (c Client) Deploys(ctx context.Context, service string, to time.Time, limit int) ([]Deploy, error) {
	var list struct {
		Deploys []Deploy `json:"deploys"`
	}
	path := query("/v1/deploys", url.Values{"service": {service}, "to": {stamp(to)}, "limit": {number(int64(limit))}})
	if err := c.get(ctx, path, &list); err != nil {
		return nil, fmt.Errorf("read deploys: %w", err)
	}
	return list.Deploys, nil
}

// Risks says what a release of a service usually burns.
func (c Client) Risks(ctx context.Context, service string) ([]Risk, error) {
	var list struct {
		Risks []Risk `json:"risks"`
	}
	if err := c.get(ctx, "/v1/risk/"+url.PathEscape(service), &list); err != nil {
		return nil, fmt.Errorf("read risk of %s: %w", service, err)
	}
	return list.Risks, nil
}

package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// A Record is one row of the ledger: a decision, and how it ended once that
// is known.
type Record struct {
	Decision Decision `json:"decision"`
	Outcome  *Outcome `json:"outcome,omitempty"`
	Link     string   `json:"link,omitempty"` // its page
}

// A Decision is what the loop chose for one actuator at one instant.
// Holding is a decision too.
type Decision struct {
	ID       string  `json:"id"`
	Loop     string  `json:"loop"`
	Actuator string  `json:"actuator"`
	Mode     string  `json:"mode"`   // observe, ask or act
	Verb     string  `json:"verb"`   // hold, tighten or relax
	Reason   string  `json:"reason"` // a word that programs can rely on
	From     float64 `json:"from"`
	Wanted   float64 `json:"wanted"` // by the rules, before the guards
	To       float64 `json:"to"`
	Pulls    []Pull  `json:"pulls"`
	Checks   []Check `json:"checks"`
	Words    string  `json:"words"`
	Input    Input   `json:"input"`
}

// A Pull is what one rule asked for.
type Pull struct {
	Rule      string  `json:"rule"`
	Objective string  `json:"objective"`
	Known     bool    `json:"known"`  // the rule could see
	Wanted    float64 `json:"wanted"` // meaningless unless Known
	Tier      string  `json:"tier,omitempty"`
	Why       string  `json:"why"`
}

// A Check is what one guard made of the move.
type Check struct {
	Guard  string  `json:"guard"`
	In     float64 `json:"in"`
	Out    float64 `json:"out"`
	Reason string  `json:"reason,omitempty"`
	Why    string  `json:"why,omitempty"`
}

// An Input is what the decision was made from. Evidence and Conditions are
// kept as the server wrote them.
type Input struct {
	At         time.Time       `json:"at"`
	Policy     string          `json:"policy"` // hash of the definitions in force
	Epoch      int64           `json:"epoch"`
	Evidence   json.RawMessage `json:"evidence,omitempty"`
	Current    float64         `json:"current"`
	Unreadable string          `json:"unreadable,omitempty"`
	Conditions json.RawMessage `json:"conditions,omitempty"`
}

// An Outcome is how a decision ended: a move that was applied and read back,
// or a run of equal holds that lasted.
type Outcome struct {
	Decision string    `json:"decision"`
	At       time.Time `json:"at"`
	Applied  bool      `json:"applied"`
	ReadBack float64   `json:"readBack"`
	Error    string    `json:"error,omitempty"`
	Until    time.Time `json:"until,omitzero"`  // of a hold: when it was last decided alike
	Ticks    int       `json:"ticks,omitempty"` // of a hold: how often
}

// A Filter chooses decisions. Empty fields choose all.
type Filter struct {
	Actuator string
	Verb     string    // hold, tighten or relax
	Reason   string    //
	Moves    bool      // tighten and relax only
	Before   time.Time // decided before; continues a list
	Limit    int       // 0 = the server's choice, 50; at most 500
}

// Decisions lists decisions, the newest first.
func (c Client) Decisions(ctx context.Context, f Filter) ([]Record, error) {
	values := url.Values{"actuator": {f.Actuator}, "verb": {f.Verb}, "reason": {f.Reason}}
	if f.Moves {
		values.Set("moves", "1")
	}
	if !f.Before.IsZero() {
		values.Set("before", f.Before.UTC().Format(time.RFC3339Nano))
	}
	if f.Limit > 0 {
		values.Set("limit", strconv.Itoa(f.Limit))
	}
	var list struct {
		Decisions []Record `json:"decisions"`
	}
	if err := c.get(ctx, query("/v1/decisions", values), &list); err != nil {
		return nil, fmt.Errorf("read decisions: %w", err)
	}
	return list.Decisions, nil
}

// Decision returns one decision by its ID.
func (c Client) Decision(ctx context.Context, id string) (Record, error) {
	var r Record
	if err := c.get(ctx, "/v1/decisions/"+url.PathEscape(id), &r); err != nil {
		return Record{}, fmt.Errorf("read decision %s: %w", id, err)
	}
	return r, nil
}

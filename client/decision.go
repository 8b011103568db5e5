package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// A Record is a decision with how it went.
type Record struct {
	Seq      int64     `json:"seq"` // its number in the ledger, from 1
	Decision Decision  `json:"decision"`
	Outcomes []Outcome `json:"outcomes"`        // in the order of recording; of a hold the last tells its span
	Stage    string    `json:"stage,omitempty"` // how far a move has come, such as settling or kept; "" = a hold that wanted nothing
	Link     string    `json:"link,omitempty"`  // its page
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
	Blind     string  `json:"blind,omitempty"` // why the rule could not see all that it looks at; empty = it saw
	Wanted    float64 `json:"wanted"`
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
	Until    time.Time `json:"until,omitzero"`   // of a hold: when it was last decided alike
	Ticks    int       `json:"ticks,omitempty"`  // of a hold: how often
	Effect   *Effect   `json:"effect,omitempty"` // of a move: whether it did what was predicted
}

// An Effect is the judgement of a move.
type Effect struct {
	Judgement string `json:"judgement"` // kept, ineffective or unclear
	Words     string `json:"words"`     // with figures
}

// A Filter chooses decisions. Empty fields choose all.
type Filter struct {
	Actuator string
	Moves    bool      // leave out holds
	From, To time.Time // decided in [From, To)
	Before   int64     // only records with a lower Seq; continues a list
	Limit    int       // 0 = 50; at most 500
}

// Decisions lists decisions, the newest first.
func (c Client) Decisions(ctx context.Context, f Filter) ([]Record, error) {
	values := url.Values{"actuator": {f.Actuator}, "from": {stamp(f.From)}, "to": {stamp(f.To)}, "before": {number(f.Before)}, "limit": {number(int64(f.Limit))}}
	if f.Moves {
		values.Set("moves", "1")
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

// stamp is a time in a query; empty for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// number is a number in a query; empty for none.
func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"
)

// A Status is how everything stands, as of the newest tick of the loop.
type Status struct {
	At          time.Time   `json:"at"`         // of the newest tick; zero = there was none yet
	AgeSeconds  float64     `json:"ageSeconds"` // since At; −1 = there was none yet
	Stale       bool        `json:"stale"`      // the loop has not ticked of late
	Version     string      `json:"version"`
	Leader      bool        `json:"leader"` // this server acts
	Epoch       int64       `json:"epoch"`  // of the leadership it last knew
	Ledger      Ledger      `json:"ledger"`
	Stop        *Order      `json:"stop,omitempty"` // an emergency stop of everything in force
	Words       string      `json:"words"`          // all of it in a sentence or two
	Problems    []string    `json:"problems"`       // what went wrong in the newest tick
	Definitions Definitions `json:"definitions"`
	Alerts      []Alert     `json:"alerts"` // that hold, or have ended of late
	Objectives  []Objective `json:"objectives"`
	Settings    []Setting   `json:"settings"`
	Gates       []Answer    `json:"gates"`     // one a service, for an ordinary change now
	Decisions   []Decision  `json:"decisions"` // the newest of each actuator
	Orders      []Order     `json:"orders"`    // in force
}

// Definitions say whether the definitions that were read last are in force.
// When they are not, those of Since are.
type Definitions struct {
	OK         bool      `json:"ok"`
	Tried      time.Time `json:"tried,omitzero"` // when they were read last
	Since      time.Time `json:"since,omitzero"` // when those in force were read
	Files      int       `json:"files"`          // in force
	Objectives int       `json:"objectives"`     // in force
	Problems   []string  `json:"problems"`       // why those read last are not in force, each with its place
}

// A Ledger says whether what is decided can be recorded.
type Ledger struct {
	Up    bool   `json:"up"`
	Error string `json:"error,omitempty"`
}

// An Alert is a condition of an alert policy that holds, or has of late.
type Alert struct {
	Name      string    `json:"name"`
	Objective string    `json:"objective"`
	Service   string    `json:"service"`
	Policy    string    `json:"policy"`
	Condition string    `json:"condition"`
	Severity  string    `json:"severity"`
	State     string    `json:"state"` // pending, firing or resolved
	Since     time.Time `json:"since"` // it holds since then
	Fired     time.Time `json:"fired,omitzero"`
	Ended     time.Time `json:"ended,omitzero"`
	Told      bool      `json:"told"`            // somebody is told of it
	Quiet     string    `json:"quiet,omitempty"` // why nobody is
	Words     string    `json:"words"`           // what it goes by, with figures
}

// An Objective is one promise and where its budget stands.
type Objective struct {
	Name      string      `json:"name"`
	Service   string      `json:"service"`
	Title     string      `json:"title,omitempty"`
	Status    string      `json:"status"` // ok, burning, exhausted, no-traffic, too-few, no-data, partial; waiting = not measured yet
	Words     string      `json:"words"`
	Method    string      `json:"method,omitempty"`   // what the windows count: "" = events; Timeslices and RatioTimeslices = time slices
	Target    json.Number `json:"target"`             // share of good ones, exact
	Remaining float64     `json:"remaining"`          // share of the budget left; below 0 = overdrawn
	Bound     float64     `json:"bound,omitempty"`    // how far Remaining may be, either way, from what it would be with the events that no sample holds
	Budget    Window      `json:"budget"`             // the objective's own window
	Allowed   float64     `json:"allowed"`            // bad events that the traffic of the budget's window allows
	Windows   []Window    `json:"windows"`            // ascending by length
	At        time.Time   `json:"at,omitzero"`        // how far its data could reach
	Newest    time.Time   `json:"newest,omitzero"`    // how far its data does reach
	Since     time.Time   `json:"since,omitzero"`     // how far back it reaches
	Recounted time.Time   `json:"recounted,omitzero"` // its past is being counted anew, back to here so far
	ReadBack  time.Time   `json:"readBack,omitzero"`  // history is still being read from its source, back to here so far
	Link      string      `json:"link,omitempty"`     // its page

	Provisional time.Time `json:"provisional,omitzero"` // slices from here on may still change, when samples arrive late; zero = none may
	Corrected   int64     `json:"corrected,omitempty"`  // slices that late samples have changed since the server began
	CorrectedAt time.Time `json:"correctedAt,omitzero"` // the newest such change

	Raw        *Raw      `json:"raw,omitempty"`        // as measured, where calendars or adjustments touch it: all else is as adjusted then
	Unexpected int64     `json:"unexpected,omitempty"` // slices in the budget's window that were worse than a calendar expects
	InForce    []InForce `json:"inForce,omitempty"`    // calendars and adjustments that cover the newest slice

	Adjustments []Adjustment `json:"adjustments,omitempty"` // those of its budget's window, revoked ones too

	Aggregate  string      `json:"aggregate,omitempty"`  // of a composite: how it is made of its components
	Components []Component `json:"components,omitempty"` // of a composite
	PartOf     []string    `json:"partOf,omitempty"`     // composites that it is a component of

	BadSince time.Time `json:"badSince,omitzero"` // since when time slices are bad that are no outage yet, and count as good until they are

	SLAs []SLA `json:"slas,omitempty"` // beside it: the period so far, then the last one where it is known

	Of    string            `json:"of,omitempty"`    // the objective that it is one group of
	Group map[string]string `json:"group,omitempty"` // the labels whose values make the group

	PeriodStart time.Time `json:"periodStart,omitzero"` // of the calendar period that Budget is of; zero = its window rolls
	PeriodEnd   time.Time `json:"periodEnd,omitzero"`   // when the budget is full again
}

// A Component is one of the objectives that a composite is made of.
type Component struct {
	Objective  string      `json:"objective"`
	Weight     json.Number `json:"weight"`     // exact
	WhenNoData string      `json:"whenNoData"` // hold, ignore, good or bad
	Status     string      `json:"status"`     // of the component itself
	Bad        float64     `json:"bad"`        // of what is bad in the composite's budget, how much is its doing
	Burnt      float64     `json:"burnt"`      // share of the composite's budget that it used up; those of all add up to 1 − remaining
	Link       string      `json:"link,omitempty"`
}

// A Window is the events of a stretch of time.
type Window struct {
	Seconds float64 `json:"seconds"`
	Good    float64 `json:"good"`
	Bad     float64 `json:"bad"`
	Covered float64 `json:"coveredSeconds"` // how much of it was observed
	Burn    float64 `json:"burn"`           // share of bad events divided by the share that the target allows
	Known   bool    `json:"known"`          // enough was observed to judge by Burn

	Earlier []Judged `json:"earlier,omitempty"` // those of the events that are judged by earlier targets
}

// Judged are events that a target judges which is not in force any more.
type Judged struct {
	Target json.Number `json:"target"`
	Total  float64     `json:"total"`
}

// Status returns how everything stands.
func (c Client) Status(ctx context.Context) (Status, error) {
	var s Status
	if err := c.get(ctx, "/v1/status", &s); err != nil {
		return Status{}, fmt.Errorf("read status: %w", err)
	}
	return s, nil
}

// Objectives returns all objectives.
func (c Client) Objectives(ctx context.Context) ([]Objective, error) {
	var list struct {
		Objectives []Objective `json:"objectives"`
	}
	if err := c.get(ctx, "/v1/objectives", &list); err != nil {
		return nil, fmt.Errorf("read objectives: %w", err)
	}
	return list.Objectives, nil
}

// Objective returns one objective by its name.
func (c Client) Objective(ctx context.Context, name string) (Objective, error) {
	var o Objective
	if err := c.get(ctx, "/v1/objectives/"+url.PathEscape(name), &o); err != nil {
		return Objective{}, fmt.Errorf("read objective %s: %w", name, err)
	}
	return o, nil
}

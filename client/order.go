package client

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"
)

// A Kind names a command.
type Kind string

// The kinds of order, each with what ends it.
const (
	Stop     Kind = "stop"     // nothing is actuated; ended by Resume
	Resume   Kind = "resume"   //
	Freeze   Kind = "freeze"   // a service's releases are frozen; ended by Thaw
	Thaw     Kind = "thaw"     //
	Pin      Kind = "pin"      // an actuator stays at Setting, until Until; ended by Unpin
	Unpin    Kind = "unpin"    //
	Approve  Kind = "approve"  // an actuator may move as far as Setting, until Until
	Override Kind = "override" // a service's releases go, whatever the gate says, until Until; ended by Revoke
	Revoke   Kind = "revoke"   //
	Demote   Kind = "demote"   // the loop of an actuator asks before it moves; ended by Promote
	Promote  Kind = "promote"  // the loop of an actuator is trusted to act, as far as its mode lets it; ended by Demote
	Adjust   Kind = "adjust"   // the counts of a stretch of time are judged as Adjust says; Target is a name for that, and Unadjust ends it
	Unadjust Kind = "unadjust" //
	Annotate Kind = "annotate" // notes Why at the time of Note; shown on charts, and does nothing
)

// An Order is what a person commands.
type Order struct {
	ID      string    `json:"id,omitempty"` // the same ID given twice is one order; "" = made by Give
	At      time.Time `json:"at,omitzero"`  // when the server took it; set by the server
	Kind    Kind      `json:"kind"`
	Target  string    `json:"target"` // an actuator, a service, or "*"; the name of an adjustment
	By      string    `json:"by"`     // required
	Why     string    `json:"why"`    // required
	Until   time.Time `json:"until,omitzero"`
	Setting *float64  `json:"setting,omitempty"` // of pin and approve, in the actuator's unit
	Revert  bool      `json:"revert,omitempty"`  // of stop: walk back to rest
	Release string    `json:"release,omitempty"` // of override: this release only
	Ticket  string    `json:"ticket,omitempty"`  // of override and pin: where the case is told
	Glass   *Glass    `json:"glass,omitempty"`   // of override and pin: what it breaks; set by the server
	Adjust  *Adjusted `json:"adjust,omitempty"`  // of adjust
	Note    *Noted    `json:"note,omitempty"`    // of annotate
	Anyway  bool      `json:"anyway,omitempty"`  // of promote: although the loop lacks what its definition asks for
	Despite string    `json:"despite,omitempty"` // of promote: what it lacked; set by the server
}

// Noted is the time that an annotation is about. Without From it is the
// moment at which the server takes it.
type Noted struct {
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"` // zero = an instant
}

// Adjusted is what is said of the counts of an objective in [From, To), as by
// an Adjustment among the definitions. What was measured is kept beside.
type Adjusted struct {
	Objective string    `json:"objective"`
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Effect    string    `json:"effect"`           // exclude, countAsGood, correct or annotate
	Counts    *Counts   `json:"counts,omitempty"` // of correct: what really happened
	Category  string    `json:"category"`         // maintenance, deployment, outside-hours, dependency, measurement or other
}

// Counts are how many events were good and bad.
type Counts struct {
	Good int64 `json:"good"`
	Bad  int64 `json:"bad"`
}

// A Receipt says what became of an order.
type Receipt struct {
	Order    Order  `json:"order"`
	Recorded bool   `json:"recorded"` // it is in the ledger; if not it is in force in this server and will be recorded
	Words    string `json:"words"`    // what it means, for people
}

// Give gives an order. After an error that wraps ErrNoAnswer it may or may
// not be in force: give it again with the same ID.
func (c Client) Give(ctx context.Context, o Order) (Receipt, error) {
	if o.ID == "" {
		o.ID = rand.Text()
	}
	var r Receipt
	if err := c.post(ctx, "/v1/orders", o, &r); err != nil {
		return Receipt{Order: o}, fmt.Errorf("give order %s of %s: %w", o.Kind, o.Target, err)
	}
	return r, nil
}

// Stop stops all actuation. With revert the settings walk back to rest.
func (c Client) Stop(ctx context.Context, by, why string, revert bool) (Receipt, error) {
	return c.Give(ctx, Order{Kind: Stop, Target: "*", By: by, Why: why, Revert: revert})
}

// Resume ends a stop of all actuation.
func (c Client) Resume(ctx context.Context, by, why string) (Receipt, error) {
	return c.Give(ctx, Order{Kind: Resume, Target: "*", By: by, Why: why})
}

// Orders returns the orders in force, as of the server's newest tick.
func (c Client) Orders(ctx context.Context) ([]Order, error) {
	var list struct {
		Orders []Order `json:"orders"`
	}
	if err := c.get(ctx, "/v1/orders", &list); err != nil {
		return nil, fmt.Errorf("read orders: %w", err)
	}
	return list.Orders, nil
}

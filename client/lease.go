package client

import (
	"context"
	"fmt"
	"net/url"
)

// A Quota shares what a service can bear among its tenants. Package
// client/quota enforces it.
type Quota struct {
	Capacity float64  `json:"capacity"` // calls at once, of all gates together
	Gates    int      `json:"gates"`    // how many share it, at most
	Header   string   `json:"header"`   // of a call: whose it is
	Tenants  []Tenant `json:"tenants,omitempty"`
	Others   Tenant   `json:"others"` // each tenant that is not named
}

// A Tenant is what one tenant may use, in calls at once.
type Tenant struct {
	Name      string  `json:"name,omitempty"`
	Guarantee float64 `json:"guarantee"` // it always gets this
	Ceiling   float64 `json:"ceiling"`   // at rest it gets no more
	Weight    float64 `json:"weight"`    // its part of what is borrowed when that is scarce
}

// A LeaseAsk is what a gate tells of itself when it asks for a part of the
// capacity.
type LeaseAsk struct {
	Gate  string  `json:"gate"`        // its name, its own among all gates
	Has   float64 `json:"has"`         // what its lease that is still good gives it
	Left  float64 `json:"leftSeconds"` // for so long; 0 = it has none
	Wants float64 `json:"wants"`       // the most that it could have used of late
}

// A Lease is a part of the capacity for a while. All leases together are
// never more than the capacity.
type Lease struct {
	Capacity float64 `json:"capacity"`           // calls at once
	Seconds  float64 `json:"seconds"`            // how long it is good, from when it was asked for
	Epoch    int64   `json:"epoch"`              // of the leader that gave it
	Timeline int64   `json:"timeline,omitempty"` // of the ledger of that leader, once a standby of it was promoted
	Learning bool    `json:"learning,omitempty"`
}

// Lease asks for a part of a quota's capacity.
func (c Client) Lease(ctx context.Context, actuator string, ask LeaseAsk) (Lease, error) {
	var l Lease
	if err := c.post(ctx, "/v1/quota/"+url.PathEscape(actuator)+"/lease", ask, &l); err != nil {
		return Lease{}, fmt.Errorf("lease quota of %s: %w", actuator, err)
	}
	return l, nil
}

package slo

// A Quota shares what a service can bear among its tenants. The setting of
// its actuator is the watermark: the share of Capacity up to which tenants
// may borrow beyond what they are guaranteed.
type Quota struct {
	Capacity float64  `json:"capacity"` // calls at once that the service bears
	Gates    int      `json:"gates"`    // how many gates share it, at most
	Header   string   `json:"header"`   // of a call: whose it is
	Tenants  []Tenant `json:"tenants,omitempty"`
	Others   Tenant   `json:"others"` // each tenant that is not named; Name is empty
}

// A Tenant is what one tenant may use, in calls at once.
type Tenant struct {
	Name      string  `json:"name,omitempty"`
	Guarantee float64 `json:"guarantee"` // it always gets this
	Ceiling   float64 `json:"ceiling"`   // and never more than this, with what it borrows, at rest
	Weight    float64 `json:"weight"`    // its part of what is borrowed when that is scarce
}

// Share is what a gate may use that has no lease: no more than its part, so
// that all gates together never exceed the capacity.
func (q Quota) Share() float64 { return q.Capacity / float64(max(q.Gates, 1)) }

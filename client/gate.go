package client

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// A Verdict is the gate's answer in a word.
type Verdict string

// The verdicts. Hold means: not now, ask again.
const (
	Allow Verdict = "allow"
	Deny  Verdict = "deny"
	Hold  Verdict = "hold"
)

// A Question asks whether a release of Service may go. The other fields may
// be empty.
type Question struct {
	Service     string
	Environment string
	Change      string // class of the change, such as feature, fix, rollback, security
	Release     string // the release's own name, such as a version or a commit
	Region      string
	Size        *int64 // of the change, in what the release policy counts; nil = not said

	Wait time.Duration // how long the server may put off a hold, until it is none any more; at most a minute; 0 = not at all
}

// An Answer says whether a release may go, why, and from what it is known.
type Answer struct {
	ID          string    `json:"id,omitempty"` // of the verdict on record
	Verdict     Verdict   `json:"verdict"`
	Allowed     bool      `json:"allowed"` // Verdict is allow
	Service     string    `json:"service"`
	At          time.Time `json:"at"`
	Words       string    `json:"words"` // one sentence for people
	Reasons     []Reason  `json:"reasons"`
	State       string    `json:"state,omitempty"`      // stage of the release freezes: open, caution, thawing, restricted, frozen; "" = the service has none
	Policy      string    `json:"policy"`               // name of the release policy
	Decision    string    `json:"decision,omitempty"`   // ID of the decision behind a freeze
	Link        string    `json:"link,omitempty"`       // page of that decision, or of the service's gate
	MayChangeAt time.Time `json:"mayChangeAt,omitzero"` // earliest time the verdict may change, where it is known
	BoundUntil  time.Time `json:"boundUntil,omitzero"`  // until when the gate stands by an allowed release, where its policy says so
	DataAsOf    time.Time `json:"dataAsOf,omitzero"`    // how far the data behind the answer reaches
	DataAge     float64   `json:"dataAgeSeconds"`       // seconds from DataAsOf to At; −1 when there never was data
	Degraded    bool      `json:"degraded"`             // the answer rests on less than it should
	DegradedBy  []string  `json:"degradedBy,omitempty"` // codes, such as no-data, stale, ledger-down, spooled
	Environment string    `json:"environment,omitempty"`
	Change      string    `json:"change,omitempty"`
	Release     string    `json:"release,omitempty"`
	Region      string    `json:"region,omitempty"`
	Size        *int64    `json:"size,omitempty"`
	Version     string    `json:"policyVersion,omitempty"` // changes with what the release policy says
	Risks       []Risk    `json:"risks,omitempty"`         // what releases of the service usually burn, where that is known
}

// A Reason is one thing that speaks about a release, with its figures.
type Reason struct {
	Code      string    `json:"code"`
	Verdict   Verdict   `json:"verdict"` // what this reason alone asks for
	Objective string    `json:"objective,omitempty"`
	Actuator  string    `json:"actuator,omitempty"`
	Window    string    `json:"window,omitempty"`
	Value     float64   `json:"value"`
	Limit     float64   `json:"limit"`
	Until     time.Time `json:"until,omitzero"` // it ends then, unless something else changes; zero = not known
	Message   string    `json:"message"`
}

// Gate asks whether a release may go. Denial and hold are answers, not
// errors. An error that wraps ErrNoAnswer means that nothing is known; the
// caller decides what that is worth. A *Problem is the server's refusal of
// the question itself.
func (c Client) Gate(ctx context.Context, q Question) (Answer, error) {
	a, _, err := c.GateSigned(ctx, q)
	return a, err
}

func waiting(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return d.String()
}

func sized(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

// consistent refuses JSON that is not an answer to q.
func (a Answer) consistent(q Question) error {
	switch {
	case a.Verdict != Allow && a.Verdict != Deny && a.Verdict != Hold:
		return fmt.Errorf("verdict %q is none of allow, deny, hold", a.Verdict)
	case a.Allowed != (a.Verdict == Allow):
		return fmt.Errorf("verdict %q with allowed %t", a.Verdict, a.Allowed)
	case a.Service != q.Service:
		return fmt.Errorf("the answer is about %q", a.Service)
	}
	return nil
}

package slo

import (
	"cmp"
	"slices"
	"time"
)

// A ReleasePolicy says when a release of a service may go.
type ReleasePolicy struct {
	Name          string        `json:"name"`
	Title         string        `json:"-"`
	Description   string        `json:"-"`
	Service       string        `json:"service"`
	Version       string        `json:"version,omitempty"`      // names what it says: equal policies have equal ones
	Environments  []string      `json:"environments,omitempty"` // it is about these; empty = all
	Regions       []string      `json:"regions,omitempty"`      // likewise
	Changes       []string      `json:"changes,omitempty"`      // likewise
	Freezes       []string      `json:"freezes,omitempty"`      // freeze actuators that deny while tight
	Objectives    []string      `json:"objectives,omitempty"`   // empty = all objectives of the service
	MinRemaining  Decimal       `json:"minRemaining"`           // deny while less of the budget is left; HasMin says whether it is declared
	HasMin        bool          `json:"hasMin"`
	MaxBurn       []BurnLimit   `json:"maxBurn,omitempty"`
	Rules         []ReleaseRule `json:"rules,omitempty"`
	OnNoData      Verdict       `json:"onNoData"`               // no data or stale data; hold unless declared
	OnLedgerDown  Verdict       `json:"onLedgerDown,omitempty"` // ledger unreachable; "" = answer from memory, marked degraded
	StaleAfter    time.Duration `json:"staleAfter,omitempty"`   // the gate's look at the budgets is stale when older, in ns; 5 min unless declared
	SecondPerson  bool          `json:"secondPerson,omitempty"` // an override counts when two people gave it
	BreakGlass    BreakGlass    `json:"breakGlass,omitzero"`
	DryRun        bool          `json:"dryRun,omitempty"`      // everything may go, and the answer says what it would have been
	BindFor       time.Duration `json:"bindFor,omitempty"`     // how long an allowed release stays allowed while budgets burn, in ns; 0 = not bound
	AlwaysAllowed []string      `json:"alwaysAllowed"`         // change classes that pass: rollback, security, fix unless declared
	MinInterval   time.Duration `json:"minInterval,omitempty"` // hold while the release before is younger, in ns; 0 = not judged
	Pace          ReleasePace   `json:"pace,omitzero"`
	MaxSize       []SizeLimit   `json:"maxSize,omitempty"`
	DependsOn     []Dependency  `json:"dependsOn,omitempty"`
	Incidents     *Incidents    `json:"incidents,omitempty"` // nil = alerts say nothing about releases
	DenyDuring    []Calendar    `json:"denyDuring,omitempty"`
	AllowDuring   []Calendar    `json:"allowDuring,omitempty"` // deny outside of all of them; empty = not judged
	Risk          *RiskLimit    `json:"risk,omitempty"`        // nil = told, and not judged
	Position      Position      `json:"-"`
}

// A ReleasePace holds while as many releases went in the last Per as the
// budget earned: Releases with all of it left, half as many with half of it,
// and never fewer than Least. Zero Releases means no limit.
type ReleasePace struct {
	Releases int           `json:"releases"`
	Per      time.Duration `json:"per"` // ns
	Least    int           `json:"least,omitempty"`
}

// A BreakGlass says how people may go past what protects others: override the
// gate, or pin an actuator looser than it stands. All of a team count.
type BreakGlass struct {
	Most   int           `json:"most,omitempty"` // times within Per; 0 = no limit
	Per    time.Duration `json:"per"`            // ns; 30 d unless declared
	Ticket bool          `json:"ticket,omitempty"`
}

// A SizeLimit denies what is larger than Size while less than Below of the
// budget is left; Always with all of it too.
type SizeLimit struct {
	Size   int64   `json:"size"` // as the pipeline counts it
	Below  Decimal `json:"below,omitzero"`
	Always bool    `json:"always,omitempty"`
}

// A Dependency gives its verdict while a service that this one depends on is
// short of budget.
type Dependency struct {
	Service      string      `json:"service"`
	Objectives   []string    `json:"objectives"`   // those that count, by name
	MinRemaining Decimal     `json:"minRemaining"` // least share of each of their budgets
	MaxBurn      []BurnLimit `json:"maxBurn,omitempty"`
	Verdict      Verdict     `json:"verdict"` // hold unless declared
}

// Incidents give their verdict while an alert of the service, or of an
// objective of the policy, fires.
type Incidents struct {
	Severities []string `json:"severities,omitempty"` // empty = all
	Verdict    Verdict  `json:"verdict"`              // hold unless declared
}

// A RiskLimit gives its verdict while what a release burns, as those before
// did, is more than a share of the budget that is left. Zero is not judged.
type RiskLimit struct {
	Usual   Decimal `json:"usual,omitzero"` // half of the releases burned no more
	Worst   Decimal `json:"worst,omitzero"` // the most that one of them burned
	Verdict Verdict `json:"verdict"`        // hold unless declared
}

// A BurnLimit denies while the burn rate over Window is at least Burn.
type BurnLimit struct {
	Burn   Decimal       `json:"burn"`
	Window time.Duration `json:"window"` // ns
}

// A ReleaseRule gives its verdict while its condition holds for one of the
// policy's objectives.
type ReleaseRule struct {
	Name     string               `json:"name"`
	When     map[string]Condition `json:"when"`    // by the objective that it is judged for
	Verdict  Verdict              `json:"verdict"` // deny or hold
	Message  string               `json:"message,omitempty"`
	Position Position             `json:"-"`
}

// A Verdict is the gate's answer.
type Verdict string

// The verdicts.
const (
	Allow Verdict = "allow"
	Deny  Verdict = "deny"
	Hold  Verdict = "hold"
)

// A Change is what a policy may be about.
type Change struct{ Environment, Region, Class string }

// PoliciesFor are the policies of a service by which a change is judged: the
// one that says most about it, an environment before a region before a class
// of change, and besides it those that may be meant because the change leaves
// out what they go by. None: the defaults hold.
func (s *Set) PoliciesFor(service string, c Change) (out []ReleasePolicy) {
	var best *ReleasePolicy
	for i := range s.Policies {
		p := &s.Policies[i]
		if p.Service != service {
			continue
		}
		switch fits, sure := p.about(c); {
		case fits && !sure:
			out = append(out, *p)
		case fits && (best == nil || p.rank() > best.rank()):
			best = p
		}
	}
	if best != nil {
		out = append(out, *best)
	}
	slices.SortFunc(out, func(a, b ReleasePolicy) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// about reports whether p judges a change; sure is false where the change
// does not say.
func (p *ReleasePolicy) about(c Change) (fits, sure bool) {
	sure = true
	for _, part := range []struct {
		all  []string
		said string
	}{{p.Environments, c.Environment}, {p.Regions, c.Region}, {p.Changes, c.Class}} {
		switch {
		case len(part.all) == 0, slices.Contains(part.all, part.said):
		case part.said == "":
			sure = false
		default:
			return false, false
		}
	}
	return true, sure
}

// rank orders policies by what they say about a change.
func (p *ReleasePolicy) rank() (n int) {
	for _, part := range [][]string{p.Environments, p.Regions, p.Changes} {
		n *= 2
		if len(part) > 0 {
			n++
		}
	}
	return n
}

// rivals reports whether two policies may be about the same change, with
// neither saying more about it.
func (p *ReleasePolicy) rivals(other *ReleasePolicy) bool {
	share := func(a, b []string) bool {
		return len(a)+len(b) == 0 || slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
	}
	return p.Service == other.Service && p.rank() == other.rank() &&
		share(p.Environments, other.Environments) && share(p.Regions, other.Regions) && share(p.Changes, other.Changes)
}

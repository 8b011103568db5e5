package loop

import (
	"slices"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
)

// A Deploy is a release that began to take traffic.
type Deploy struct {
	ID          string    `json:"id"`
	Service     string    `json:"service"`
	Release     string    `json:"release"`
	Environment string    `json:"environment,omitempty"`
	Change      string    `json:"change,omitempty"` // class of the change
	Region      string    `json:"region,omitempty"`
	At          time.Time `json:"at"`
	By          string    `json:"by,omitempty"` // who told of it
	Tool        string    `json:"tool"`         // that told of it
	Link        string    `json:"link,omitempty"`
}

const (
	// DeployEffect is how long after a deploy what burns is put down to it,
	// unless the next one comes before.
	DeployEffect = time.Hour
	// leastDeploys is how many deploys it takes to say what is usual.
	leastDeploys = 3
)

// A Burn is what a deploy burned of the budget of an objective: the bad events
// of the time after it, less those that the same time at the pace of before
// would have had.
type Burn struct {
	Objective string
	Share     float64       // of the budget of the whole window; never below 0
	Time      time.Duration // the same as a part of the window: "8 h of budget"
	Known     bool          // before and after were seen for at least half of the time
	Complete  bool          // the time after it is over
}

// BurnOf judges a deploy by the slices around it, from DeployEffect before it
// to until, where the next one begins or DeployEffect ends.
func BurnOf(s budget.State, around []sli.Slice, at, until, now time.Time) Burn {
	b := Burn{Objective: s.Objective, Complete: !now.Before(until)}
	span := until.Sub(at)
	before, after := tally(around, at.Add(-DeployEffect), at), tally(around, at, until)
	allowed := s.Allowed()
	if allowed <= 0 || span <= 0 || before.Covered < DeployEffect/2 || after.Covered < span/2 {
		return b
	}
	usual := s.Events(before.Bad) * after.Covered.Seconds() / before.Covered.Seconds()
	b.Share, b.Known = max(s.Events(after.Bad)-usual, 0)/allowed, true
	b.Time = time.Duration(b.Share * float64(s.Budget.Length))
	return b
}

// tally is the sum of the slices that begin in [from, to).
func tally(all []sli.Slice, from, to time.Time) (c sli.Counts) {
	for _, s := range all {
		if !s.Start.Before(from) && s.Start.Before(to) {
			c.Good, c.Bad, c.Covered = c.Good+s.Good, c.Bad+s.Bad, c.Covered+s.Covered
		}
	}
	return c
}

// A Risk is what a release of a service usually burns of an objective's
// budget, against what is left.
type Risk struct {
	Objective string  `json:"objective"`
	Deploys   int     `json:"deploys"`   // that it is learned from
	Usual     float64 `json:"usual"`     // half of them burned no more, as a share of the budget
	Worst     float64 `json:"worst"`     // the most that one burned
	Remaining float64 `json:"remaining"` // share of the budget that is left
	Known     bool    `json:"known"`     // enough is known
}

// knownRisks are those of which enough is known.
func knownRisks(all []Risk) (out []Risk) {
	for _, r := range all {
		if r.Known {
			out = append(out, r)
		}
	}
	return out
}

// RiskOf learns from what deploys burned. Those that are not over, or were not
// seen, count for nothing.
func RiskOf(s budget.State, burns []Burn) Risk {
	var shares []float64
	for _, b := range burns {
		if b.Known && b.Complete {
			shares = append(shares, b.Share)
		}
	}
	r := Risk{Objective: s.Objective, Deploys: len(shares), Remaining: s.Remaining, Known: len(shares) >= leastDeploys}
	if len(shares) == 0 {
		return r
	}
	slices.Sort(shares)
	r.Usual, r.Worst = shares[(len(shares)-1)/2], shares[len(shares)-1]
	return r
}

// Exceeds reports whether a usual release would use up what is left.
func (r Risk) Exceeds() bool { return r.Known && r.Usual > r.Remaining }

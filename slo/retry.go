package slo

import (
	"math"
	"slices"
	"time"
)

// Retries is a retry contract: how the callers of a service may repeat calls
// that failed. The setting of its actuator is the number of a level, from 0
// (rest) on.
type Retries struct {
	Callers []string     `json:"callers,omitempty"` // whom it is for; empty = all that have none of their own
	Levels  []RetryLevel `json:"levels"`            // from the freest on
	Herd    Herd         `json:"herd,omitzero"`
}

// A RetryLevel is the contract while its level is in force.
type RetryLevel struct {
	Name        string        `json:"name"`
	Attempts    int           `json:"attempts"`              // of one call, the first included
	Budget      Decimal       `json:"budget"`                // retries for each first attempt, over many calls
	Base        time.Duration `json:"base"`                  // the first pause is random, from 0 to this, in ns
	Cap         time.Duration `json:"cap"`                   // and each next one up to twice as long, but no longer than this, in ns
	KeepExpired bool          `json:"keepExpired,omitempty"` // the service works on calls that nobody waits for any more
}

// A Herd is who comes back at once when an outage ends.
type Herd struct {
	Clients  int     `json:"clients"`  // how many
	Cost     float64 `json:"cost"`     // calls of each on its return
	Headroom float64 `json:"headroom"` // calls per second that the service can take beside its usual load
}

// Spread is the stretch over which a herd has to come back for the service
// to bear it: clients·cost/headroom. It is 0 without a herd.
func (h Herd) Spread() time.Duration {
	if h.Headroom <= 0 {
		return 0
	}
	s := float64(float64(h.Clients)*h.Cost) / h.Headroom
	return time.Duration(math.Round(s*1000)) * time.Millisecond
}

// At is the level in force at a setting.
func (r Retries) At(setting float64) RetryLevel {
	if len(r.Levels) == 0 {
		return RetryLevel{}
	}
	return r.Levels[min(max(int(math.Round(setting)), 0), len(r.Levels)-1)]
}

// names are the names of the levels.
func (r Retries) names() []string {
	var out []string
	for _, l := range r.Levels {
		if l.Name != "" {
			out = append(out, l.Name)
		}
	}
	return out
}

// standardLevels is the ladder of whoever declares none: three attempts
// within a tenth of the calls, then two within three in a hundred, then one.
// The ratios are those of the Site Reliability Workbook's 10 % retry budget
// and of what recovers at high load; see docs/actuators.md.
func standardLevels() []RetryLevel {
	level := func(name string, attempts int, budget Decimal) RetryLevel {
		return RetryLevel{Name: name, Attempts: attempts, Budget: budget, Base: defaultBase, Cap: defaultCap}
	}
	return []RetryLevel{level("normal", 3, NewDecimal(1, 1)), level("careful", 2, NewDecimal(3, 2)), level("none", 1, Decimal{})}
}

// The pauses of a level that declares none.
const (
	defaultBase = 100 * time.Millisecond
	defaultCap  = 10 * time.Second
)

// RetriesFor finds the contract between a caller and a service: the one that
// names the caller, else the one that names nobody.
func (s *Set) RetriesFor(service, caller string) (Actuator, bool) {
	var found Actuator
	for _, a := range s.Actuators {
		switch {
		case a.Kind != Retry || a.Service != service:
		case caller != "" && slices.Contains(a.Retries.Callers, caller):
			return a, true
		case len(a.Retries.Callers) == 0:
			found = a
		}
	}
	return found, found.Name != ""
}

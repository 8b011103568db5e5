package loop

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// base asks for the setting that was learned from how long work takes while
// all is well:
//
//	base = clamp( quantile of what took place within the history, last base ÷ growth, last base × growth ), in the range
//
// A timeout as a quantile at an accepted share of false ones is how AWS chooses
// them (Builders' Library, "Timeouts, retries and backoff with jitter"). That
// only healthy times teach, and no more than a little each time, is what keeps
// it from chasing an overload: latency that drifts up with load would raise the
// very limit that is to hold it. It calculates in whole milliseconds, so that
// it comes to the same on every machine.
func base(in Input, r slo.Rule, s budget.State) Pull {
	p := Pull{Rule: r.Name, Objective: s.Objective, Wanted: in.Actuator.Rest}
	w, _ := s.Window(r.Base.Window)
	if !w.Known {
		p.Blind, p.Why = blindness(s, w), blindWords(s, w)
		return p
	}
	next, why := in.Learned.next(in, r)
	p.Wanted, p.Why = next.setting(in.Actuator), why
	if in.Actuator.Tighter(p.Wanted, in.Actuator.Rest) {
		p.Tier = learnedTier
	}
	return p
}

// learnedTier is in force where a base asks; no tier of a definition can have the name.
const learnedTier = "learned base"

// Learned is what was seen of how long work takes while all was well, and the
// base that was learned of it before.
type Learned struct {
	Base  int64     `json:"base,omitempty"`  // ms; 0 = none was learned yet, which is rest
	Since time.Time `json:"since,omitzero"`  // when it was learned
	Parts []Part    `json:"parts,omitempty"` // of the history, oldest first
}

// A Part is what was seen in one stretch as long as the time between two
// lessons.
type Part struct {
	From time.Time  `json:"from"`
	Took [][2]int64 `json:"took,omitempty"` // bound of a duration in ms, and how many took no longer and longer than the bound before; ascending
	Cut  int64      `json:"cut,omitempty"`  // as many were ended by the setting: they would have taken longer
}

// next is what is known after a look at in.At: it is another base where one
// is due and can be learned.
func (l *Learned) next(in Input, r slo.Rule) (next Learned, why string) {
	if l != nil {
		next = *l
	}
	law, a := *r.Base, in.Actuator
	took, n := next.within(law, in.At)
	stays := fmt.Sprintf("the base is %s", a.Show(next.setting(a)))
	switch wait := law.Every - in.At.Sub(next.Since); {
	case n < law.Samples:
		return next, fmt.Sprintf("%s; %d statements were seen while all was well, %d are asked for to learn", stays, n, law.Samples)
	case !next.Since.IsZero() && wait > 0:
		return next, fmt.Sprintf("%s, learned %s ago", stays, slo.Span(in.At.Sub(next.Since).Truncate(time.Second)))
	case !well(in, r):
		return next, stays + ", and nothing is learned before all is well"
	}
	q, known := quantile(took, rank(law.Quantile, n))
	words := fmt.Sprintf("longer than %s, at which some are cut off", a.Show(next.setting(a)))
	if known {
		words = "no longer than " + a.Show(fromMilli(q))
	}
	next.Base, next.Since = bounded(law, a, toMilli(next.setting(a)), q), in.At
	return next, fmt.Sprintf("%s of %d statements took %s while all was well, so the base is %s", percent(law.Quantile.Float()), n, words, a.Show(next.setting(a)))
}

// setting is the base in the unit of the actuator, within its range.
func (l Learned) setting(a slo.Actuator) float64 {
	if l.Base == 0 {
		return a.Rest
	}
	return a.Clamp(fromMilli(l.Base))
}

// within adds up the parts of the history. What was cut off has the longest
// bound of all.
func (l Learned) within(law slo.Base, at time.Time) (took map[int64]int64, n int64) {
	took = map[int64]int64{}
	for _, p := range l.Parts {
		if !p.From.Add(law.Every).After(at.Add(-law.History)) {
			continue
		}
		for _, t := range p.Took {
			took[t[0]] += t[1]
			n += t[1]
		}
		took[math.MaxInt64] += p.Cut
		n += p.Cut
	}
	return took, n
}

// rank is which of n, in ascending order, is the quantile.
func rank(q slo.Decimal, n int64) int64 {
	num, den := q.Fraction()
	product := new(big.Int).Mul(big.NewInt(num), big.NewInt(n))
	up, rest := product.QuoRem(product, big.NewInt(den), new(big.Int))
	return up.Int64() + int64(rest.Sign())
}

// quantile is the bound below which the given number lie; known is false when
// it was cut off.
func quantile(took map[int64]int64, rank int64) (bound int64, known bool) {
	var bounds []int64
	for b := range took {
		bounds = append(bounds, b)
	}
	slices.Sort(bounds)
	for _, b := range bounds {
		if rank -= took[b]; rank <= 0 {
			return b, b != math.MaxInt64
		}
	}
	return math.MaxInt64, false // unreachable: a rank is at most their number
}

// bounded is a base that is no further from the last one than a lesson may go,
// and in the range.
func bounded(law slo.Base, a slo.Actuator, last, wanted int64) int64 {
	num, den := law.Growth.Fraction()
	most, least := new(big.Int).Mul(big.NewInt(last), big.NewInt(num)), new(big.Int).Mul(big.NewInt(last), big.NewInt(den))
	most.Quo(most, big.NewInt(den))
	least.Quo(least, big.NewInt(num))
	to := min(max(wanted, least.Int64()), most.Int64())
	return min(max(to, toMilli(min(a.Rest, a.Tight))), toMilli(max(a.Rest, a.Tight)))
}

func toMilli(setting float64) int64 { return int64(math.Round(setting * 1000)) }

func fromMilli(ms int64) float64 { return float64(ms) / 1000 }

// well reports whether a time teaches: the objective is in sight and burns
// slower than its budget allows, no other rule asks for more protection or
// cannot see, the setting is no tighter than the base, and nobody has set it.
func well(in Input, r slo.Rule) bool {
	c, known := in.Conditions, Learned{}
	if in.Learned != nil {
		known = *in.Learned
	}
	normal := known.setting(in.Actuator)
	if in.LedgerDown != "" || in.Unreadable != "" || in.Foreign != "" || c.Stop != nil || c.Freeze != nil || c.Pin != nil || in.Actuator.Tighter(in.Current, normal) {
		return false
	}
	for _, other := range in.Loop.Rules {
		if other.Law == slo.Bases {
			continue
		}
		if p := pull(in, other); p.Blind != "" || in.Actuator.Tighter(p.Wanted, normal) {
			return false
		}
	}
	i := slices.IndexFunc(in.Evidence, func(s budget.State) bool { return s.Objective == r.Objective })
	if i < 0 {
		return false
	}
	w, _ := in.Evidence[i].Window(r.Base.Window)
	return w.Known && !budget.AtLeast(w, in.Evidence[i].Target, slo.NewDecimal(1, 0))
}

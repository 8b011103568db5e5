package slo

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// An Exemption is what calendars and adjustments say about one objective, in
// the order in which they are asked.
type Exemption struct {
	Calendars []Calendar
}

// Exemption is what the definitions say about an objective.
func (s *Set) Exemption(o Objective) Exemption {
	var e Exemption
	for _, c := range s.Calendars {
		if c.AppliesTo.Has(o) {
			c.Title, c.Description, c.Position = "", "", Position{} // words and places decide nothing
			e.Calendars = append(e.Calendars, c)
		}
	}
	slices.SortStableFunc(e.Calendars, func(a, b Calendar) int {
		return cmp.Or(rank(a.Effect)-rank(b.Effect), strings.Compare(a.Name, b.Name))
	})
	return e
}

// rank is the place of an effect among several that apply.
func rank(e Effect) int { return slices.Index([]Effect{Exclude, Correct, CountAsGood, Annotate}, e) }

// Empty reports whether nothing is said.
func (e Exemption) Empty() bool { return len(e.Calendars) == 0 }

// An Exempt is one calendar or adjustment with the stretches that it covers of
// some time.
type Exempt struct {
	Name        string
	Effect      Effect
	Expected    Decimal // with HasExpected
	HasExpected bool
	stretches   []Stretch
}

// Between are those that cover a part of [from, to), in the order in which
// they are asked.
func (e Exemption) Between(from, to time.Time) (out []Exempt) {
	for _, c := range e.Calendars {
		if found := c.Stretches(from, to); len(found) > 0 {
			out = append(out, Exempt{Name: c.Name, Effect: c.Effect, Expected: c.ExpectedBad, HasExpected: c.HasExpected, stretches: found})
		}
	}
	return out
}

// Covers returns the stretch of x that all of [from, to) is in.
func (x Exempt) Covers(from, to time.Time) (Stretch, bool) { return covering(x.stretches, from, to) }

package slo

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// An Exemption is what calendars and adjustments say about one objective, in
// the order in which they are asked: adjustments first, then by effect, then
// by name.
type Exemption struct {
	Adjustments []Adjustment
	Calendars   []Calendar
}

// Exemption is what the definitions say about an objective. Words for people
// and places are left out, since they decide nothing.
func (s *Set) Exemption(o Objective) Exemption {
	var e Exemption
	for _, c := range s.Calendars {
		if c.AppliesTo.Has(o) {
			c.Title, c.Description, c.AppliesTo, c.Position = "", "", Scope{}, Position{}
			e.Calendars = append(e.Calendars, c)
		}
	}
	for _, a := range s.Adjustments {
		if a.AppliesTo.Has(o) && !a.Revoked {
			e.Adjustments = append(e.Adjustments, Adjustment{Name: a.Name, Stretch: a.Stretch, Effect: a.Effect, Counts: a.Counts})
		}
	}
	slices.SortFunc(e.Calendars, func(a, b Calendar) int { return first(a.Effect, b.Effect, a.Name, b.Name) })
	slices.SortFunc(e.Adjustments, func(a, b Adjustment) int { return first(a.Effect, b.Effect, a.Name, b.Name) })
	return e
}

// first compares which of two is asked first.
func first(a, b Effect, nameOfA, nameOfB string) int {
	order := []Effect{Exclude, Correct, CountAsGood, Annotate}
	return cmp.Or(slices.Index(order, a)-slices.Index(order, b), strings.Compare(nameOfA, nameOfB))
}

// Empty reports whether nothing is said.
func (e Exemption) Empty() bool { return len(e.Calendars)+len(e.Adjustments) == 0 }

// An Exempt is one calendar or adjustment with the stretches that it covers of
// some time.
type Exempt struct {
	Name        string
	Effect      Effect
	Expected    Decimal // with HasExpected
	HasExpected bool
	Counts      Corrected // of Correct, for all of its one stretch
	Stretches   []Stretch // in order and apart
}

// Between are those that cover a part of [from, to), in the order in which
// they are asked.
func (e Exemption) Between(from, to time.Time) (out []Exempt) {
	for _, a := range e.Adjustments {
		if a.From.Before(to) && a.To.After(from) {
			out = append(out, Exempt{Name: a.Name, Effect: a.Effect, Counts: a.Counts, Stretches: []Stretch{a.Stretch}})
		}
	}
	for _, c := range e.Calendars {
		if found := c.Stretches(from, to); len(found) > 0 {
			out = append(out, Exempt{Name: c.Name, Effect: c.Effect, Expected: c.ExpectedBad, HasExpected: c.HasExpected, Stretches: found})
		}
	}
	return out
}

// Covers returns the stretch of x that all of [from, to) is in.
func (x Exempt) Covers(from, to time.Time) (Stretch, bool) { return covering(x.Stretches, from, to) }

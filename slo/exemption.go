package slo

import (
	"cmp"
	"encoding/json"
	"fmt"
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
	Earlier     []Era // what calendars were in force before these, the oldest first
}

// An Era is the calendars that were in force until then, since the one before.
type Era struct {
	Until     time.Time
	Calendars []Calendar
}

// Since are the eras that end after an instant.
func Since(at time.Time, all []Era) []Era {
	for len(all) > 0 && !all[0].Until.After(at) {
		all = all[1:]
	}
	return all
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
func (e Exemption) Empty() bool { return len(e.Calendars)+len(e.Adjustments)+len(e.Earlier) == 0 }

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
	if len(e.Earlier) > 0 {
		return append(out, e.byEras(from, to)...)
	}
	for _, c := range e.Calendars {
		if found := c.Stretches(from, to); len(found) > 0 {
			out = append(out, c.exempt(found))
		}
	}
	return out
}

func (c Calendar) exempt(found []Stretch) Exempt {
	return Exempt{Name: c.Name, Effect: c.Effect, Expected: c.ExpectedBad, HasExpected: c.HasExpected, Stretches: found}
}

// byEras are the calendars that cover a part of [from, to), each as long as it
// was in force.
func (e Exemption) byEras(from, to time.Time) (out []Exempt) {
	at := map[string]int{} // :: calendar as text → its place in out
	since := time.Time{}
	for _, era := range append(e.Earlier[:len(e.Earlier):len(e.Earlier)], Era{Calendars: e.Calendars}) {
		for _, c := range era.Calendars {
			found := cutTo(c.Stretches(laterOf(from, since), earlierOf(to, era.Until)), since, era.Until)
			if len(found) == 0 {
				continue
			}
			text, err := json.Marshal(c)
			if err != nil { // unreachable: a calendar is plain data
				panic(fmt.Sprintf("slo: encode calendar %s: %v", c.Name, err))
			}
			i, there := at[string(text)]
			if !there {
				i, at[string(text)] = len(out), len(out)
				out = append(out, c.exempt(nil))
			}
			out[i].Stretches = merged(append(out[i].Stretches, found...))
		}
		since = era.Until
	}
	slices.SortStableFunc(out, func(a, b Exempt) int { return first(a.Effect, b.Effect, a.Name, b.Name) })
	return out
}

// earlierOf is the earlier of a time and an end, if there is one.
func earlierOf(t, end time.Time) time.Time {
	if !end.IsZero() && end.Before(t) {
		return end
	}
	return t
}

// cutTo is the parts of stretches in [since, until); a zero until is no end.
func cutTo(all []Stretch, since, until time.Time) (out []Stretch) {
	for _, s := range all {
		s = Stretch{laterOf(s.From, since), earlierOf(s.To, until)}
		if s.From.Before(s.To) {
			out = append(out, s)
		}
	}
	return out
}

// Covers returns the stretch of x that all of [from, to) is in.
func (x Exempt) Covers(from, to time.Time) (Stretch, bool) { return covering(x.Stretches, from, to) }

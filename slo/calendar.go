package slo

import (
	"slices"
	"time"
)

// A Calendar says at which times the promises of some objectives are not in
// force, or only noted: maintenance windows, holidays, times outside working
// hours. It covers all of its parts; where WorkingHours are given, all other
// times, and its holidays are not worked.
type Calendar struct {
	Name         string        `json:"name"`
	Title        string        `json:"title,omitempty"`
	Description  string        `json:"description,omitempty"`
	AppliesTo    Scope         `json:"appliesTo"`
	Effect       Effect        `json:"effect"`
	ExpectedBad  Decimal       `json:"expectedBad,omitzero"` // with HasExpected: largest share of bad events of a slice that is excused
	HasExpected  bool          `json:"hasExpected,omitempty"`
	Zone         Zone          `json:"timeZone"`
	Windows      []Stretch     `json:"windows,omitempty"` // one-off
	Recurring    []Recurrence  `json:"recurring,omitempty"`
	WorkingHours []WorkingTime `json:"workingHours,omitempty"`
	Holidays     []Date        `json:"holidays,omitempty"` // whole days of the zone
	Position     Position      `json:"-"`
}

// An Effect is what becomes of counts at certain times. Where several apply
// the first of this order does: those of adjustments before those of
// calendars, and exclude, correct, countAsGood, annotate.
type Effect string

// The effects.
const (
	Exclude     Effect = "exclude"     // the events are not counted; the time counts as observed
	Correct     Effect = "correct"     // the counts are those that a person gives; of adjustments only
	CountAsGood Effect = "countAsGood" // all events are good
	Annotate    Effect = "annotate"    // the counts stay; the time is named
)

// A Stretch is the time [From, To).
type Stretch struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// WorkingTime is the hours from From to To, as clocks show them since
// midnight, on some days of the week. To is at most 24 h.
type WorkingTime struct {
	Days []time.Weekday `json:"days"`
	From time.Duration  `json:"from"` // ns
	To   time.Duration  `json:"to"`   // ns
}

// A Zone is a time zone of the IANA database. The zero value is UTC.
type Zone struct{ is *time.Location }

// Location is the zone as package time has it.
func (z Zone) Location() *time.Location {
	if z.is == nil {
		return time.UTC
	}
	return z.is
}

// Equal reports whether both are the same zone.
func (z Zone) Equal(other Zone) bool { return z.Location().String() == other.Location().String() }

// MarshalText is the name of the zone.
func (z Zone) MarshalText() ([]byte, error) { return []byte(z.Location().String()), nil }

// UnmarshalText finds a zone by its name.
func (z *Zone) UnmarshalText(name []byte) (err error) {
	z.is, err = time.LoadLocation(string(name))
	return err
}

// Covers reports whether the calendar covers all of [from, to).
func (c Calendar) Covers(from, to time.Time) bool {
	_, ok := covering(c.Stretches(from, to), from, to)
	return ok
}

// Stretches are what the calendar covers of the time around [from, to): those
// that have a part in it, in order and apart from each other, whole where
// they are one-off, recurring or holidays.
func (c Calendar) Stretches(from, to time.Time) []Stretch {
	var out []Stretch
	for _, w := range c.Windows {
		if w.From.Before(to) && w.To.After(from) {
			out = append(out, w)
		}
	}
	for _, r := range c.Recurring {
		out = append(out, r.stretches(c.Zone.Location(), from, to)...)
	}
	for d := midnight(wallOf(from.In(c.Zone.Location())).Add(-2 * day)); d.Before(wallOf(to.In(c.Zone.Location())).Add(2 * day)); d = d.Add(day) {
		out = append(out, c.ofDay(d)...)
	}
	return slices.DeleteFunc(merged(out), func(s Stretch) bool { return !s.From.Before(to) || !s.To.After(from) })
}

// ofDay are the parts of a day, given by its midnight, that are a holiday or
// not worked.
func (c Calendar) ofDay(d time.Time) (out []Stretch) {
	if len(c.Holidays) == 0 && len(c.WorkingHours) == 0 {
		return nil
	}
	at := func(wall time.Time) time.Time { return onClock(wall, c.Zone.Location()) }
	whole := Stretch{at(d), at(d.Add(day))}
	switch {
	case slices.ContainsFunc(c.Holidays, func(h Date) bool { return h.has(d) }):
		return []Stretch{whole}
	case len(c.WorkingHours) == 0:
		return nil
	}
	free := whole.From
	for _, w := range c.worked(d) {
		if begin := at(d.Add(w.From)); begin.After(free) {
			out = append(out, Stretch{free, begin})
		}
		free = laterOf(free, at(d.Add(w.To)))
	}
	if free.Before(whole.To) {
		out = append(out, Stretch{free, whole.To})
	}
	return out
}

// worked are the working times of a day, in order.
func (c Calendar) worked(d time.Time) (out []WorkingTime) {
	for _, w := range c.WorkingHours {
		if slices.Contains(w.Days, d.Weekday()) {
			out = append(out, w)
		}
	}
	slices.SortFunc(out, func(a, b WorkingTime) int { return int(a.From - b.From) })
	return out
}

// covering is the stretch of some that are in order that all of [from, to) is
// in.
func covering(all []Stretch, from, to time.Time) (Stretch, bool) {
	i, found := slices.BinarySearchFunc(all, from, func(s Stretch, t time.Time) int { return s.From.Compare(t) })
	if !found {
		i--
	}
	if i < 0 || all[i].To.Before(to) {
		return Stretch{}, false
	}
	return all[i], true
}

// merged is the same time in stretches that are in order and apart.
func merged(all []Stretch) (out []Stretch) {
	slices.SortFunc(all, func(a, b Stretch) int { return a.From.Compare(b.From) })
	for _, s := range all {
		if last := len(out) - 1; last >= 0 && !s.From.After(out[last].To) {
			out[last].To = laterOf(out[last].To, s.To)
		} else if s.From.Before(s.To) {
			out = append(out, s)
		}
	}
	return out
}

package slo

import (
	"fmt"
	"time"
)

// A Window is the time over which a budget is kept. A rolling window ends at
// the newest slice and is Length long. A calendar window, which has a Unit,
// begins anew at fixed times: Count units after Start, twice as many after
// it, and so on, and before it too.
type Window struct {
	Length time.Duration `json:"length"`         // ns; of a calendar window the usual one: a month has 30 days here, a quarter 90, a year 365
	Count  int           `json:"count,omitzero"` // units in a period
	Unit   Unit          `json:"unit,omitempty"` // "" = the window rolls
	Start  time.Time     `json:"start,omitzero"` // start of one period, in the zone whose calendar counts
}

// A Unit is what the periods of a calendar window are measured in. Minutes
// and hours are lengths of time. The others are counted on the calendar of
// the window's zone, so that a day may have 23 or 25 hours.
type Unit string

// The units, as OpenSLO's duration-shorthand names them.
const (
	Minutes  Unit = "m"
	Hours    Unit = "h"
	Days     Unit = "d"
	Weeks    Unit = "w"
	Months   Unit = "M"
	Quarters Unit = "Q"
	Years    Unit = "Y"
)

// Calendar reports whether w follows the calendar.
func (w Window) Calendar() bool { return w.Unit != "" }

// Period returns the stretch [from, to) of w that contains at. Of a rolling
// window it is the Length that ends at at.
//
// A period starts at the same time of the clock as Start. On a day that has
// that time twice it starts at the first; on a day that leaves it out, when
// the clock goes on. It starts on the same day of the month, or on the last
// day of a month that is too short, and the next month is not affected: from
// 31 January come 28 February and 31 March.
func (w Window) Period(at time.Time) (from, to time.Time) {
	if !w.Calendar() {
		return at.Add(-w.Length), at
	}
	n := int(at.Sub(w.Start) / max(w.Length, 1)) // about; Length is within a tenth
	for !w.start(n).After(at) {
		n++
	}
	for w.start(n - 1).After(at) {
		n--
	}
	return w.start(n - 1), w.start(n)
}

// Longest is how long a period can be: more than Length for one that follows
// the calendar.
func (w Window) Longest() time.Duration {
	if !w.Calendar() {
		return w.Length
	}
	return w.Length + w.Length/10 // a month: 31/30, a day: 25/24
}

// start is when period n begins; period 0 begins at Start.
func (w Window) start(n int) time.Time {
	n *= w.Count
	year, month, day := w.Start.Date()
	switch w.Unit {
	case Minutes:
		return w.Start.Add(time.Duration(n) * time.Minute)
	case Hours:
		return w.Start.Add(time.Duration(n) * time.Hour)
	case Days:
		return w.clock(year, month, day+n)
	case Weeks:
		return w.clock(year, month, day+7*n)
	case Months:
		month += time.Month(n)
	case Quarters:
		month += time.Month(3 * n)
	case Years:
		year += n
	}
	return w.clock(year, month, min(day, daysIn(year, month)))
}

// daysIn is the number of days of a month, which may be beyond December.
func daysIn(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// clock is Start's time of the clock on another day.
func (w Window) clock(year int, month time.Month, day int) time.Time {
	hour, minute, second := w.Start.Clock()
	return onClock(time.Date(year, month, day, hour, minute, second, 0, time.UTC), w.Start.Location())
}

// onClock is the first instant at which the clocks of zone show what UTC's
// show at wall, or the one at which they jump over it. (time.Date leaves open
// which it returns.)
func onClock(wall time.Time, zone *time.Location) time.Time {
	_, before := wall.Add(-24 * time.Hour).In(zone).Zone()
	_, after := wall.Add(24 * time.Hour).In(zone).Zone()
	for _, offset := range []int{max(before, after), min(before, after)} {
		t := wall.Add(-time.Duration(offset) * time.Second).In(zone)
		if _, o := t.Zone(); o == offset {
			return t
		}
	}
	jump, _ := wall.Add(-time.Duration(before) * time.Second).In(zone).ZoneBounds()
	return jump
}

// String is the window in words: "30d" when it rolls, "each 1M from
// 2026-01-01 00:00 Europe/Berlin" when it follows the calendar.
func (w Window) String() string {
	if !w.Calendar() {
		return Span(w.Length)
	}
	return fmt.Sprintf("each %d%s from %s %s", w.Count, w.Unit, w.Start.Format("2006-01-02 15:04"), w.Start.Location())
}

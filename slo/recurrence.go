package slo

import (
	"slices"
	"time"
)

// A Recurrence is a stretch of time that comes again and again: RFC 5545's
// RRULE, by the clocks of the calendar's zone.
type Recurrence struct {
	Start    time.Time     `json:"start"`    // of the first one, where the rule has one then
	Duration time.Duration `json:"duration"` // of each, in ns of elapsed time
	Rule     Repeat        `json:"rule"`
	Except   []time.Time   `json:"except,omitempty"`     // starts that are left out
	Skipped  []Date        `json:"exceptDays,omitempty"` // days whose starts are left out
}

// A Repeat is a recurrence rule as its days are found: RFC 5545, §3.3.10.
// Lists are as in the rule; negative numbers count from the end.
type Repeat struct {
	Every       Unit         `json:"every"` // Minutes (60 or more of them), Hours, Days, Weeks, Months or Years
	Interval    int          `json:"interval"`
	Until       time.Time    `json:"until,omitzero"` // last start that there may be, as the clocks show it, in UTC; zero = there is no end
	Months      []int        `json:"months,omitempty"`
	WeekNumbers []int        `json:"weekNumbers,omitempty"`
	YearDays    []int        `json:"yearDays,omitempty"`
	MonthDays   []int        `json:"monthDays,omitempty"`
	Days        []OrdinalDay `json:"days,omitempty"`
	Hours       []int        `json:"hours,omitempty"`   // ascending; empty: all that Every has
	Minutes     []int        `json:"minutes,omitempty"` // ascending; empty: all that Every has
	Second      int          `json:"second,omitempty"`
	Positions   []int        `json:"positions,omitempty"`
	WeekStart   time.Weekday `json:"weekStart"`
}

// An OrdinalDay is a day of the week: each of them with N of 0, else the Nth
// of the month or year, from its end if negative.
type OrdinalDay struct {
	N   int          `json:"n,omitempty"`
	Day time.Weekday `json:"day"`
}

// A Date is a day, as "2026-12-25", or that day of every year, as "12-25".
type Date string

// has reports whether t, as its clocks show it, is on d.
func (d Date) has(t time.Time) bool {
	return string(d) == t.Format(time.DateOnly) || string(d) == t.Format("01-02")
}

// stretches are those that have a part in [from, to), in order of their
// starts. The cost grows with the days of that stretch and of Duration only.
func (r Recurrence) stretches(zone *time.Location, from, to time.Time) (out []Stretch) {
	first := wallOf(from.Add(-r.Duration).In(zone)).Add(-day) // a day for clocks that are set
	for _, wall := range r.Rule.between(wallOf(r.Start.In(zone)), first, wallOf(to.In(zone)).Add(day)) {
		begin := instance(wall, zone)
		s := Stretch{From: begin, To: begin.Add(r.Duration)}
		if s.From.Before(to) && s.To.After(from) && !r.excepts(begin, wall) {
			out = append(out, s)
		}
	}
	return out
}

func (r Recurrence) excepts(begin, wall time.Time) bool {
	return slices.ContainsFunc(r.Except, begin.Equal) || slices.ContainsFunc(r.Skipped, func(d Date) bool { return d.has(wall) })
}

// wallOf is what the clocks of t's zone show, as a time of UTC.
func wallOf(t time.Time) time.Time {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	return time.Date(year, month, day, hour, minute, second, 0, time.UTC)
}

// instance is when the clocks of zone show wall: the first time where they do
// so twice; where they leave it out, as if they had not been set yet (RFC
// 5545, §3.3.5).
func instance(wall time.Time, zone *time.Location) time.Time {
	t := onClock(wall, zone)
	if wallOf(t).Equal(wall) {
		return t
	}
	_, before := wall.Add(-day).In(zone).Zone()
	return wall.Add(-time.Duration(before) * time.Second).In(zone)
}

// between are the starts in [from, to), in order. All times are what clocks
// show. Each day is looked at once, so that no rule can go on for ever.
func (r Repeat) between(start, from, to time.Time) (out []time.Time) {
	from = laterOf(from, start)
	if !r.Until.IsZero() && r.Until.Before(to) {
		to = r.Until.Add(time.Second)
	}
	if !from.Before(to) {
		return nil
	}
	n := r.period(start, from)
	for n -= n % r.Interval; ; n += r.Interval {
		begin, end := r.periodOf(start, n), r.periodOf(start, n+1)
		if !begin.Before(to) {
			return out
		}
		for _, t := range r.chosen(r.within(begin, end)) {
			if !t.Before(from) && t.Before(to) {
				out = append(out, t)
			}
		}
	}
}

// period is how many periods t's is after start's.
func (r Repeat) period(start, t time.Time) int {
	switch r.Every {
	case Years:
		return t.Year() - start.Year()
	case Months:
		return 12*(t.Year()-start.Year()) + int(t.Month()) - int(start.Month())
	case Hours:
		return int(t.Sub(start.Truncate(time.Hour)) / time.Hour)
	case Minutes:
		return int(t.Sub(start) / time.Minute)
	case Weeks:
		return int(r.weekOf(t).Sub(r.weekOf(start)) / (7 * day))
	}
	return int(midnight(t).Sub(midnight(start)) / day)
}

// periodOf is when period n begins.
func (r Repeat) periodOf(start time.Time, n int) time.Time {
	switch r.Every {
	case Years:
		return time.Date(start.Year()+n, 1, 1, 0, 0, 0, 0, time.UTC)
	case Months:
		return time.Date(start.Year(), start.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	case Hours:
		return start.Truncate(time.Hour).Add(time.Duration(n) * time.Hour)
	case Minutes:
		return start.Add(time.Duration(n) * time.Minute)
	case Weeks:
		return r.weekOf(start).AddDate(0, 0, 7*n)
	}
	return midnight(start).AddDate(0, 0, n)
}

// weekOf is the first day of t's week.
func (r Repeat) weekOf(t time.Time) time.Time {
	return midnight(t).AddDate(0, 0, -((int(t.Weekday()) - int(r.WeekStart) + 7) % 7))
}

func midnight(t time.Time) time.Time { return t.Truncate(day) } // of UTC

// within are the starts of one period, before Positions choose among them.
func (r Repeat) within(begin, end time.Time) (out []time.Time) {
	if r.Every == Hours || r.Every == Minutes {
		return r.inHour(begin)
	}
	for d := begin; d.Before(end); d = d.Add(day) {
		if !r.falls(d) {
			continue
		}
		for _, hour := range r.Hours {
			for _, minute := range r.Minutes {
				out = append(out, r.at(d, hour, minute))
			}
		}
	}
	return out
}

// inHour are the starts of a period that is some minutes or an hour.
func (r Repeat) inHour(begin time.Time) (out []time.Time) {
	hour := begin.Truncate(time.Hour)
	switch {
	case !r.falls(midnight(begin)), len(r.Hours) > 0 && !slices.Contains(r.Hours, begin.Hour()):
		return nil
	case r.Every == Hours:
		for _, minute := range r.Minutes {
			out = append(out, r.at(hour, 0, minute))
		}
	case len(r.Minutes) == 0 || slices.Contains(r.Minutes, begin.Minute()):
		return []time.Time{begin}
	}
	return out
}

func (r Repeat) at(t time.Time, hour, minute int) time.Time {
	return t.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(r.Second)*time.Second)
}

// chosen are those of a period that Positions name.
func (r Repeat) chosen(all []time.Time) []time.Time {
	if len(r.Positions) == 0 {
		return all
	}
	var out []time.Time
	for i, t := range all {
		if among(r.Positions, i+1, len(all)) {
			out = append(out, t)
		}
	}
	return out
}

// falls reports whether the rule names day d.
func (r Repeat) falls(d time.Time) bool {
	if len(r.Months) > 0 && !slices.Contains(r.Months, int(d.Month())) {
		return false
	}
	month, year := daysIn(d.Year(), d.Month()), time.Date(d.Year(), 12, 31, 0, 0, 0, 0, time.UTC).YearDay()
	week, weeks := r.weekNumber(d)
	return (len(r.MonthDays) == 0 || among(r.MonthDays, d.Day(), month)) &&
		(len(r.YearDays) == 0 || among(r.YearDays, d.YearDay(), year)) &&
		(len(r.WeekNumbers) == 0 || among(r.WeekNumbers, week, weeks)) &&
		(len(r.Days) == 0 || slices.ContainsFunc(r.Days, func(o OrdinalDay) bool { return r.names(o, d, month, year) }))
}

// names reports whether o is day d of a month and year of so many days.
func (r Repeat) names(o OrdinalDay, d time.Time, month, year int) bool {
	at, of := d.YearDay(), year
	if r.Every == Months || len(r.Months) > 0 {
		at, of = d.Day(), month
	}
	switch {
	case o.Day != d.Weekday():
		return false
	case o.N == 0:
		return true
	}
	return o.N == (at-1)/7+1 || o.N == -((of-at)/7+1)
}

// weekNumber is the number of d's week in the year that most of it is in, and
// how many weeks that year has.
func (r Repeat) weekNumber(d time.Time) (week, of int) {
	if len(r.WeekNumbers) == 0 {
		return 0, 0
	}
	middle := r.weekOf(d).AddDate(0, 0, 3)
	last := r.weekOf(time.Date(middle.Year(), 12, 31, 0, 0, 0, 0, time.UTC)).AddDate(0, 0, 3)
	if last.Year() > middle.Year() {
		last = last.AddDate(0, 0, -7)
	}
	return (middle.YearDay()-1)/7 + 1, (last.YearDay()-1)/7 + 1
}

// among reports whether numbers name the nth of so many.
func among(numbers []int, n, of int) bool {
	return slices.Contains(numbers, n) || slices.Contains(numbers, n-of-1)
}

func laterOf(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

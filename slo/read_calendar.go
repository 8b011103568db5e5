package slo

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The bounds of calendars: a recurrence is looked for over its length.
const (
	longestRecurring = 31 * day
	longestStretch   = 10 * 366 * day
)

func (l *loader) calendar(doc value) {
	meta, spec := doc.get("metadata"), doc.get("spec")
	c := Calendar{
		Name: meta.get("name").text(), Title: meta.get("displayName").text(), Description: spec.get("description").text(),
		AppliesTo: l.scope(spec), Effect: Effect(spec.get("effect").text()), Position: doc.place().Position,
	}
	if v := spec.get("timeZone"); v.good() {
		c.Zone.is, _ = location(v)
	}
	c.ExpectedBad, c.HasExpected = readShare(spec.get("expectedBad"))
	zone := c.Zone.Location()
	for _, v := range spec.get("windows").items() {
		if s, ok := readStretch(v, zone); ok {
			c.Windows = append(c.Windows, s)
		}
	}
	for _, v := range spec.get("recurring").items() {
		if r, ok := readRecurrence(v, zone); ok {
			c.Recurring = append(c.Recurring, r)
		}
	}
	for _, v := range spec.get("workingHours").items() {
		if w, ok := readWorking(v); ok {
			c.WorkingHours = append(c.WorkingHours, w)
		}
	}
	c.Holidays = readDates(spec.get("holidays"))
	if spec.lacks("windows", "recurring", "workingHours", "holidays") {
		spec.refuse("the calendar covers nothing", "windows, recurring, workingHours or holidays", "")
	}
	l.calendars = append(l.calendars, draft[Calendar]{c, spec})
}

// scope reads which objectives a definition is about.
func (l *loader) scope(spec value) Scope {
	v := spec.get("appliesTo")
	s := Scope{All: v.get("all").truth(), Objectives: l.some(objectiveKind, v.get("objectives")), Services: l.some("Service", v.get("services")), Labels: v.get("labels").labels()}
	switch {
	case !v.good():
	case v.lacks("all", "objectives", "services", "labels"), v.get("all").good() && !s.All && v.lacks("objectives", "services", "labels"):
		v.refuse("names no objectives", "objectives, services or labels, or all: true", "")
	case s.All && (len(s.Objectives)+len(s.Services)+len(s.Labels) > 0):
		v.get("all").refuse("all objectives, and some of them", "all: true, or the others", "")
	}
	return s
}

// some is a list of at least one name of a kind, each to be looked for later.
func (l *loader) some(kind string, list value) []string {
	if list.good() && len(list.items()) == 0 {
		list.refuse("an empty list", "at least one name", "")
		return nil
	}
	return l.names(l.mention, kind, list)
}

// finishScope warns of a scope that no objective is in.
func (l *loader) finishScope(s Scope, v value) {
	for _, o := range l.set.Objectives {
		if s.Has(o) {
			return
		}
	}
	if v := v.get("appliesTo"); v.good() && l.sound(s) && len(l.set.Objectives) > 0 {
		v.warn("no objective is meant", "the name, service or labels of an objective", "")
	}
}

// sound reports whether all that a scope names is there.
func (l *loader) sound(s Scope) bool {
	missing := func(kind string) func(string) bool {
		return func(name string) bool { _, ok := l.declared[kind][name]; return !ok }
	}
	return !slices.ContainsFunc(s.Objectives, missing(objectiveKind)) && !slices.ContainsFunc(s.Services, missing("Service"))
}

// anyWord reports whether two lists of words, joined by commas, share one.
func anyWord(a, b string) bool {
	have := strings.Split(a, ",")
	return slices.ContainsFunc(strings.Split(b, ","), func(w string) bool { return slices.Contains(have, w) })
}

// readShare is a share from 0 to 1, if it is declared.
func readShare(v value) (Decimal, bool) {
	d, ok := v.decimal()
	if ok && (d.Sign() < 0 || d.Cmp(NewDecimal(1, 0)) > 0) {
		v.refuse(v.text()+" is no share of all events", "0 to 1", nearShare(v.text()))
		return Decimal{}, false
	}
	return d, ok
}

// readStretch reads from and to.
func readStretch(v value, zone *time.Location) (Stretch, bool) {
	from, okFrom := readTime(v.get("from"), zone)
	to, okTo := readTime(v.get("to"), zone)
	switch {
	case !okFrom || !okTo:
		return Stretch{}, false
	case !from.Before(to):
		v.get("to").refuse("the end is not after the start", "a time after "+v.get("from").text(), "")
		return Stretch{}, false
	case to.Sub(from) > longestStretch:
		v.get("to").refuse("more than ten years after the start", "", "")
		return Stretch{}, false
	}
	return Stretch{from, to}, true
}

// readTime is a time by the clocks of a zone, or one with its own.
func readTime(v value, zone *time.Location) (time.Time, bool) {
	if !v.good() {
		return time.Time{}, false
	}
	if t, err := time.Parse(time.RFC3339, v.text()); err == nil && t.Year() >= 1970 && t.Year() <= 2100 && t.Nanosecond() == 0 {
		return t.In(zone), true
	}
	wall, ok := wallTime(v)
	return onClock(wall, zone), ok
}

func readRecurrence(v value, zone *time.Location) (Recurrence, bool) {
	r := Recurrence{Duration: within(v.get("duration"), time.Minute, longestRecurring)}
	start, ok := readTime(v.get("start"), zone)
	if !ok {
		return r, false
	}
	r.Start = start
	r.Rule, ok = repeat(v.get("rrule"), start)
	for _, item := range v.get("except").items() {
		r.except(item, zone)
	}
	return r, ok && r.Duration > 0
}

// except reads a start, or all starts of a day, that are left out.
func (r *Recurrence) except(v value, zone *time.Location) {
	if _, err := time.Parse(time.DateOnly, v.text()); err == nil {
		r.Skipped = append(r.Skipped, Date(v.text()))
		return
	}
	if t, ok := readTime(v, zone); ok {
		r.Except = append(r.Except, t)
		if r.Duration > 0 && r.Rule.Interval > 0 && len(r.stretchesAt(zone, t)) == 0 { // without a rule, which was refused, there is nothing to look for
			v.warn("the rule has no start then", "one of its starts, or a date", "")
		}
	}
}

// stretchesAt are those that start at t, left out or not.
func (r *Recurrence) stretchesAt(zone *time.Location, t time.Time) []Stretch {
	plain := Recurrence{Start: r.Start, Duration: r.Duration, Rule: r.Rule}
	return slices.DeleteFunc(plain.stretches(zone, t, t.Add(time.Second)), func(s Stretch) bool { return !s.From.Equal(t) })
}

func readWorking(v value) (WorkingTime, bool) {
	var w WorkingTime
	for _, d := range v.get("days").items() {
		i := slices.Index(weekdays(), strings.ToLower(d.text()))
		if i < 0 && d.good() {
			d.refuse(fmt.Sprintf("%q is no day of the week", short(d.text())), oneOf(weekdays()), nearest(strings.ToLower(d.text()[:min(3, len(d.text()))]), weekdays()))
			continue
		}
		w.Days = append(w.Days, time.Weekday((i+1)%7))
	}
	var okFrom, okTo bool
	w.From, okFrom = clockTime(v.get("from"))
	w.To, okTo = clockTime(v.get("to"))
	if okFrom && okTo && w.From >= w.To {
		v.get("to").refuse("not after "+v.get("from").text(), "a time of the same day; what goes on past midnight is two entries", "")
		return w, false
	}
	return w, okFrom && okTo && len(w.Days) > 0
}

// clockTime reads "08:00" as a time since midnight; "24:00" is its end.
func clockTime(v value) (time.Duration, bool) {
	if !v.good() {
		return 0, false
	}
	if v.text() == "24:00" {
		return day, true
	}
	t, err := time.Parse("15:04", v.text())
	if err != nil {
		v.refuse(fmt.Sprintf("%q is no time of the clock", short(v.text())), `such as "08:00" or "17:30"`, "")
		return 0, false
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, true
}

// readDates reads days, of one year or of every year.
func readDates(list value) (out []Date) {
	seen := map[Date]bool{}
	for _, v := range list.items() {
		_, once := time.Parse(time.DateOnly, v.text())
		_, yearly := time.Parse("2006-01-02", "2000-"+v.text())
		switch d := Date(v.text()); {
		case !v.good():
		case once != nil && yearly != nil:
			v.refuse(fmt.Sprintf("%q is no day", short(v.text())), "such as 2026-04-03, or 12-25 for every year", "")
		case seen[d]:
			v.warn(v.text()+" is there twice", "", "")
		default:
			seen[d] = true
			out = append(out, d)
		}
	}
	return out
}

// finishCalendars checks what takes all objectives.
func (l *loader) finishCalendars() {
	for _, d := range l.calendars {
		l.finishScope(d.is.AppliesTo, d.spec)
		l.set.Calendars = append(l.set.Calendars, d.is)
	}
}

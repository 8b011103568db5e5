package slo

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// window reads the one time window of an SLO; it has no Length when it was
// refused.
func window(list value) Window {
	items := list.items()
	switch {
	case len(items) == 0 && list.file.lenient && !list.given():
		return Window{Length: 30 * day}
	case len(items) == 0:
		return Window{}
	}
	if len(items) > 1 {
		items[1].refuse("a second time window", "one time window", "")
	}
	w := Window{Length: windowLength(items[0])}
	rolling, calendar := items[0].get("isRolling"), items[0].get("calendar")
	switch {
	case rolling.truth() && calendar.given():
		calendar.refuse("a window that rolls has no calendar", "isRolling: true, or a calendar", "")
	case list.file.lenient && items[0].lacks("isRolling", "calendar"):
		rolling.warn("missing; a rolling window is assumed", "", "")
	case items[0].lacks("isRolling", "calendar"), rolling.good() && !rolling.truth() && items[0].lacks("calendar"):
		rolling.refuse("says neither that the window rolls nor when its periods begin", "isRolling: true, or a calendar with startTime and timeZone", "")
	case calendar.good():
		w.Count, w.Unit, w.Start = periods(items[0].get("duration"), calendar)
	}
	return w
}

// windowLength is the length of a window, or 0. Units without a fixed length
// are warned of where they do not follow a calendar.
func windowLength(w value) time.Duration {
	length := w.get("duration")
	d, assumed, err := parseShorthand(length.text())
	if err == nil && assumed != "" && w.get("isRolling").truth() {
		length.warn(fmt.Sprintf("%s has no fixed length; it is taken as %s", length.text(), assumed), "", assumed)
	}
	if err == nil && d > maxWindow {
		length.refuse(length.text()+" is longer than two years", "at most 104w", "")
		return 0
	}
	return d
}

// periods reads what a calendar window is made of; unit is "" when some of it
// was refused.
func periods(length, calendar value) (count int, unit Unit, start time.Time) {
	zone, okZone := location(calendar.get("timeZone"))
	wall, okWall := wallTime(calendar.get("startTime"))
	text := length.text()
	if _, _, err := parseShorthand(text); err != nil || !okZone || !okWall {
		return 0, "", time.Time{}
	}
	count, _ = strconv.Atoi(text[:len(text)-1]) // checked by parseShorthand
	return count, Unit(text[len(text)-1:]), onClock(wall, zone)
}

func location(v value) (*time.Location, bool) {
	name := v.text()
	if !v.good() {
		return nil, false
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		v.refuse(fmt.Sprintf("there is no time zone %q", short(name)), "a name in the IANA Time Zone Database, such as UTC or Europe/Berlin", "")
		return nil, false
	}
	return zone, true
}

// wallTime is a time without a zone, read as UTC.
func wallTime(v value) (time.Time, bool) {
	if !v.good() {
		return time.Time{}, false
	}
	for _, layout := range []string{time.DateTime, "2006-01-02T15:04:05"} {
		t, err := time.Parse(layout, v.text())
		switch {
		case err != nil:
		case t.Year() < 1970 || t.Year() > 2100 || t.Nanosecond() != 0:
			v.refuse(v.text()+" cannot be used", "whole seconds in the years 1970 to 2100", "")
			return t, false
		default:
			return t, true
		}
	}
	v.refuse(fmt.Sprintf("%q is not a date and time without a zone", short(v.text())), "such as 2026-01-01 00:00:00", nearTime(v.text()))
	return time.Time{}, false
}

// nearTime is a date, or a time with a zone, as it should have been written.
func nearTime(s string) string {
	for _, layout := range []string{time.DateOnly, "2006-01-02 15:04", "2006-01-02T15:04", time.RFC3339} {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
			return t.Format(time.DateTime)
		}
	}
	return ""
}

// checkSlices compares window and slice.
func checkSlices(o Objective, windows, annotation value) {
	items := windows.items()
	if len(items) == 0 || o.Window.Length == 0 || o.Slice == 0 {
		return
	}
	if annotation.given() || o.Method == Occurrences {
		checkStarts(o.Window, o.Slice, items[0])
		checkParts(items[0].get("duration"), o.Window.Length, o.Slice, "slices", "shorter slice (annotation setpoint.dev/slice)")
	}
	if v := items[0].get("duration"); v.good() && o.Window.Length/o.Slice > maxSlices {
		v.refuse(fmt.Sprintf("the window of %s holds more than %d slices of %s", v.text(), maxSlices, Span(o.Slice)), "a shorter window, or a longer slice (annotation setpoint.dev/slice)", "")
	}
}

// checkParts refuses a window that is not made of whole parts, and warns of
// one that is made of few.
func checkParts(v value, window, part time.Duration, parts, instead string) {
	switch {
	case !v.good():
	case window%part == 0 && window < slicesInWindow*part:
		v.warn(fmt.Sprintf("the window of %s holds fewer than %d %s of %s, so that each is a large part of it", v.text(), slicesInWindow, parts, Span(part)), "a longer window, or a "+instead, "")
	case window%part != 0:
		v.refuse(fmt.Sprintf("the window of %s is not a multiple of the %s of %s", v.text(), strings.TrimSuffix(parts, "s"), Span(part)), "a whole number of "+parts+": a "+instead, "")
	}
}

// checkStarts refuses parts, slices or time slices, that would lie in two
// periods of a calendar window. Clocks are set by multiples of a quarter of an
// hour.
func checkStarts(w Window, part time.Duration, v value) {
	second := int64(part / time.Second)
	if !w.Calendar() || second == 0 {
		return
	}
	start, zone := v.get("calendar").get("startTime"), v.get("calendar").get("timeZone")
	hour, minute, sec := w.Start.Clock()
	elapsed := w.Unit == Minutes || w.Unit == Hours
	fixed := w.Start.Location().String() == "UTC" && 86400%second == 0
	switch {
	case elapsed && w.Start.Unix()%second != 0, !elapsed && int64(hour*3600+minute*60+sec)%second != 0:
		start.refuse(fmt.Sprintf("periods that begin at %s are not made of slices of %s", start.text(), Span(part)), "a time between two slices", "")
	case !elapsed && !fixed && 900%second != 0:
		zone.refuse(fmt.Sprintf("the days of %s are not always made of slices of %s", w.Start.Location(), Span(part)), "slices that 15m is a multiple of", "")
	}
}

package slo

import (
	"strconv"
	"time"
)

// timeSlice reads the time slice of an objective whose budget is kept in
// them.
func timeSlice(item value, o Objective) TimeSlice {
	window, good := item.get("timeSliceWindow"), item.get("timeSliceTarget")
	if o.Method == Occurrences {
		for _, v := range []value{window, good} {
			if v.given() {
				v.warn("plays no part in the budgeting method Occurrences", "Timeslices or RatioTimeslices, or no such key", "")
			}
		}
		return TimeSlice{}
	}
	var s TimeSlice
	if item.lacks("timeSliceWindow") {
		window.refuse("missing; "+string(o.Method)+" counts time slices", shapeTimeSlice.expected(field{}), "")
	}
	s.Length = timeSliceLength(window)
	switch {
	case o.Method == RatioTimeslices && good.given():
		good.warn("plays no part in the budgeting method RatioTimeslices", "Timeslices, or no such key", "")
	case o.Method == Timeslices && item.lacks("timeSliceTarget"):
		good.refuse("missing; Timeslices asks from which share of good events on a time slice is good", "a share above 0, at most 1", "")
	case o.Method == Timeslices:
		s.Target = sliceTarget(good)
	}
	return s
}

func sliceTarget(v value) Decimal {
	d, ok := v.decimal()
	switch {
	case !ok:
	case d.Sign() <= 0:
		v.refuse(v.text()+" makes every time slice good", "a share above 0, at most 1", "")
	case d.Cmp(NewDecimal(1, 0)) > 0:
		v.refuse(v.text()+" makes no time slice good", "a share above 0, at most 1", nearShare(v.text()))
	default:
		return d
	}
	return Decimal{}
}

// timeSliceLength is a duration-shorthand up to a day, or a number of
// minutes; 0 when it was refused.
func timeSliceLength(v value) time.Duration {
	text := v.text()
	if text == "" {
		return 0
	}
	if n, err := strconv.Atoi(text); err == nil {
		text = strconv.Itoa(n) + "m"
	}
	d, _, err := parseShorthand(text)
	if err != nil || d > day {
		v.refuse(v.text()+" is no length for a time slice", "1 minute to 1 day", "")
		return 0
	}
	return d
}

// checkTimeSlice compares a time slice with the slices that it is made of and
// with the window that is made of it.
func checkTimeSlice(o Objective, item, window value) {
	v, length := item.get("timeSliceWindow"), o.TimeSlice.Length
	if !v.good() || length == 0 || o.Slice == 0 {
		return
	}
	if length%o.Slice != 0 {
		v.refuse("the time slice of "+Span(length)+" is not made of slices of "+Span(o.Slice), "a multiple of "+Span(o.Slice)+", or another slice (annotation setpoint.dev/slice)", "")
		return
	}
	if o.Window.Length > 0 {
		checkStarts(o.Window, length, window)
		checkParts(window.get("duration"), o.Window.Length, length, "time slices", "shorter timeSliceWindow")
	}
}

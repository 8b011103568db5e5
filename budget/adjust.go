package budget

import (
	"time"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// FlawUnexpected marks a slice of which more was bad than a calendar expects
// at its time.
const FlawUnexpected sli.Flaw = "unexpected"

// Adjust makes of the slices of o in [from, to), as they were measured, those
// that its budget is judged by: what calendars and adjustments say about a
// slice is done to it if they cover all of it. Whatever is asked for at once,
// a slice becomes the same.
//
// Excluding leaves the time as observed, with no events in it. A slice with a
// larger share of bad events than a calendar expects is not excused by that
// calendar, and is marked FlawUnexpected.
func Adjust(o slo.Objective, e slo.Exemption, from, to time.Time, all []sli.Slice) []sli.Slice {
	rules := e.Between(from, to)
	if len(rules) == 0 {
		return all
	}
	out := make([]sli.Slice, len(all))
	for i, s := range all {
		out[i] = adjusted(s, s.Start.Add(o.Slice), rules)
	}
	return out
}

// adjusted is the slice from s.Start to end under the first rule that excuses
// it.
func adjusted(s sli.Slice, end time.Time, rules []slo.Exempt) sli.Slice {
	out, excused := s, false
	for _, r := range rules {
		_, covered := r.Covers(s.Start, end)
		switch {
		case !covered:
		case r.HasExpected && beyond(s.Counts, r.Expected):
			out.Flaw = FlawUnexpected
		case !excused:
			excused = true
			out.Counts = effect(s.Counts, r)
		}
	}
	return out
}

// effect is what a rule makes of counts.
func effect(c sli.Counts, r slo.Exempt) sli.Counts {
	switch r.Effect {
	case slo.Exclude:
		c.Good, c.Bad = 0, 0
	case slo.CountAsGood:
		c.Good, c.Bad = c.Total(), 0
	}
	return c
}

// beyond reports whether bad ÷ total > share, exactly.
func beyond(c sli.Counts, share slo.Decimal) bool {
	num, den := share.Fraction()
	return multiply(uint64(c.Bad), uint64(den)).compare(multiply(uint64(c.Total()), uint64(num))) > 0
}

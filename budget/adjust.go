package budget

import (
	"math/bits"
	"slices"
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
// calendar, and is marked FlawUnexpected. A slice whose counts a person gives
// has them whether or not it was measured, and counts as observed.
func Adjust(o slo.Objective, e slo.Exemption, from, to time.Time, all []sli.Slice) []sli.Slice {
	rules := e.Between(from, to)
	if len(rules) == 0 {
		return all
	}
	out := withCorrected(o, rules, from, to, all)
	for i, s := range out {
		out[i] = adjusted(s, o.Slice, rules)
	}
	return out
}

// withCorrected adds the slices of [from, to) that are not there and that a
// person has counts of.
func withCorrected(o slo.Objective, rules []slo.Exempt, from, to time.Time, all []sli.Slice) []sli.Slice {
	there := map[int64]bool{}
	for _, s := range all {
		there[s.Start.UnixNano()] = true
	}
	out := slices.Clone(all)
	for _, r := range rules {
		if r.Effect != slo.Correct {
			continue
		}
		first, end := from, to
		if r.Stretches[0].From.After(from) {
			first = r.Stretches[0].From
		}
		if r.Stretches[0].To.Before(to) {
			end = r.Stretches[0].To
		}
		for t := first.UTC(); t.Before(end); t = t.Add(o.Slice) {
			if !there[t.UnixNano()] {
				there[t.UnixNano()] = true
				out = append(out, sli.Slice{Start: t})
			}
		}
	}
	slices.SortFunc(out, func(a, b sli.Slice) int { return a.Start.Compare(b.Start) })
	return out
}

// adjusted is a slice of such a length under the first rule that excuses it.
func adjusted(s sli.Slice, length time.Duration, rules []slo.Exempt) sli.Slice {
	out, excused := s, false
	for _, r := range rules {
		_, covered := r.Covers(s.Start, s.Start.Add(length))
		switch {
		case !covered:
		case r.HasExpected && beyond(s.Counts, r.Expected):
			out.Flaw = FlawUnexpected
		case !excused:
			excused = true
			out.Counts = effect(s, length, r)
		}
	}
	return out
}

// effect is what a rule makes of a slice's counts.
func effect(s sli.Slice, length time.Duration, r slo.Exempt) sli.Counts {
	c := s.Counts
	switch r.Effect {
	case slo.Exclude:
		c = sli.Counts{Covered: c.Covered}
	case slo.CountAsGood:
		c.Good, c.Bad, c.UnseenBad = c.Total(), 0, 0
	case slo.Correct:
		i, n := int64(s.Start.Sub(r.Stretches[0].From)/length), int64(r.Stretches[0].To.Sub(r.Stretches[0].From)/length)
		return sli.Counts{Good: part(r.Counts.Good, i, n), Bad: part(r.Counts.Bad, i, n), Covered: length}
	}
	return c
}

// part is the ith of n parts of so many events, in thousandths: together they
// are all of them exactly.
func part(events, i, n int64) sli.Count {
	upTo := func(k int64) sli.Count {
		hi, lo := bits.Mul64(uint64(events)*uint64(sli.Event), uint64(k))
		sum, _ := bits.Div64(hi, lo, uint64(n))
		return sli.Count(sum)
	}
	return upTo(i+1) - upTo(i)
}

// beyond reports whether bad ÷ total > share, exactly.
func beyond(c sli.Counts, share slo.Decimal) bool {
	num, den := share.Fraction()
	return multiply(uint64(c.Bad), uint64(den)).compare(multiply(uint64(c.Total()), uint64(num))) > 0
}

package budget

import (
	"math/big"
	"time"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// wholeSlice is one time slice of RatioTimeslices in counts, so fine that the
// share of good events in it is rounded by less than 1e-12; a million of them
// are 1e18.
const wholeSlice = sli.Count(1e12)

// One is how many counts make one of what is counted: an event, a sample, or
// a time slice.
func (s State) One() sli.Count {
	if s.Method == slo.Occurrences && s.Counted == slo.Share {
		return sli.ShareWeight
	}
	return one(s.Method)
}

func one(m slo.Method) sli.Count {
	if m == slo.RatioTimeslices {
		return wholeSlice
	}
	return sli.Event
}

// Events is c in events, or samples; in time slices where the budget is kept
// in them.
func (s State) Events(c sli.Count) float64 { return float64(c) / float64(s.One()) }

// Noun is the word for what is counted, in the plural.
func (s State) Noun() string {
	if s.Method != slo.Occurrences {
		return "time slices"
	}
	return s.Counted.Noun()
}

// Fold makes the slices that a Book of o takes out of those that were
// counted: for Occurrences the same, for the other methods one a time slice.
// all are in order; what is missing was not observed.
//
// A time slice is good or bad, or a share of both:
//
//	Timeslices       good when good ÷ total ≥ timeSliceTarget, bad otherwise
//	RatioTimeslices  good by the share good ÷ total, bad by the rest
//
// so that the good among all time slices, or the average of their shares, is
// what comes out when they are added up. One of which less than half was
// observed, and one without events, is neither good nor bad and not among
// all: what was not seen is never good. Its coverage counts, and says so in
// the end.
//
// A time slice that is not over must not be handed in.
func Fold(o slo.Objective, all []sli.Slice) []sli.Slice {
	if o.Method == slo.Occurrences {
		return all
	}
	var out []sli.Slice
	for _, s := range all {
		start := Floor(s.Start, o.Step())
		if len(out) == 0 || !out[len(out)-1].Start.Equal(start) {
			out = append(out, sli.Slice{Start: start})
		}
		last := &out[len(out)-1]
		last.Counts = last.Counts.Add(s.Counts)
		last.Flaw = worse(last.Flaw, s.Flaw)
	}
	for i := range out {
		out[i].Counts = unsure(o, out[i].Counts)
	}
	return out
}

// unsure is one time slice as a count of time slices; unseen is that of which
// events that no sample holds could change the verdict.
func unsure(o slo.Objective, c sli.Counts) sli.Counts {
	judged := verdict(o, c)
	if c.Unseen == 0 {
		return judged
	}
	best, worst := c, c
	best.Good += c.Unseen
	worst.Bad += c.UnseenBad
	judged.UnseenBad = max(0, verdict(o, worst).Bad-judged.Bad)
	judged.Unseen = max(judged.UnseenBad, judged.Bad-verdict(o, best).Bad)
	return judged
}

// verdict is one time slice as a count of time slices.
func verdict(o slo.Objective, c sli.Counts) sli.Counts {
	judged := sli.Counts{Covered: min(c.Covered, o.Step())}
	one := one(o.Method)
	switch {
	case c.Total() == 0 || c.Covered < o.Step()-c.Covered:
	case o.Method == slo.RatioTimeslices:
		judged.Good = sli.Count(nearest(int64(c.Good), int64(one), int64(c.Total())))
		judged.Bad = one - judged.Good
	case reaches(c, o.TimeSlice.Target):
		judged.Good = one
	default:
		judged.Bad = one
	}
	return judged
}

// reaches reports whether good ÷ total ≥ target, exactly.
func reaches(c sli.Counts, target slo.Decimal) bool {
	num, den := target.Fraction()
	return multiply(uint64(c.Good), uint64(den)).compare(multiply(uint64(c.Total()), uint64(num))) >= 0
}

// nearest is a×b/c, rounded to the nearest; a is at most c.
func nearest(a, b, c int64) int64 {
	n := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
	n.Lsh(n, 1).Add(n, big.NewInt(c))
	return n.Quo(n, new(big.Int).Lsh(big.NewInt(c), 1)).Int64()
}

// worse is the more serious of two flaws.
func worse(a, b sli.Flaw) sli.Flaw {
	for _, f := range []sli.Flaw{FlawUnexpected, sli.FlawInvalid, sli.FlawExcess, sli.FlawLost, sli.FlawRestarts, sli.FlawGap} {
		if a == f || b == f {
			return f
		}
	}
	return max(a, b)
}

// Floor is t rounded down to a multiple of step since the Unix epoch, as
// slices start.
func Floor(t time.Time, step time.Duration) time.Time {
	return time.Unix(0, floor(t, step)*int64(step)).UTC()
}

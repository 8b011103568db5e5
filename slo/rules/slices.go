package rules

import (
	"fmt"
	"math/big"
	"time"

	"setpoint.dev/setpoint/slo"
)

// What is recorded of each time slice once it is over: how bad it is, and
// whether anything was seen in it. With a shortest outage, the newest that was
// known of time slices, and where a run of bad ones is long enough.
const (
	slice       = "setpoint:bad:slice_ratio"
	sliceSeen   = "setpoint:observed:slice"
	sliceFilled = "setpoint:bad:slice_filled"
	outage      = "setpoint:bad:outage"
)

// mixed is how bad a composite is in each of the slices that its time slices
// are made of, where those are longer.
const mixed = "setpoint:composite:bad_ratio"

// float is what shares that are computed may be above a limit that they are
// at.
func float() *big.Rat { return big.NewRat(1, 1e9) }

// sliced reports whether a budget is kept in time slices.
func (s subject) sliced() bool { return s.Method != slo.Occurrences }

// slices records the time slices of a budget that is kept in them.
func (s subject) slices(name string) (groups []group) {
	if !s.sliced() {
		return nil
	}
	step := s.Step()
	g := group{Name: name + "-slices", Interval: slo.Span(step)}
	switch {
	case s.Composite == nil:
		g.Rules = append(g.Rules, s.record(sliceSeen, aligned(s.seenIn(step), step, 0)), s.record(slice, s.verdict(aligned(s.measured(step), step, 0))))
	case s.direct():
		g.Rules = s.mixture(slice)
	default:
		groups = append(groups, group{Name: name + "-components", Interval: slo.Span(s.Slice), Rules: s.mixture(mixed)})
		late := s.behind() + s.Slice
		g.Rules = append(g.Rules, s.record(slice, s.verdict(aligned(s.settled("avg_over_time", mixed, step, late), step, late))))
		g.Rules = append(g.Rules, s.record(sliceSeen, fmt.Sprintf("%s%s >= bool 0", slice, s.own())))
	}
	if least := s.TimeSlice.MinOutage; least > 0 {
		g.Rules = append(g.Rules, s.outages(least)...)
	}
	return append(groups, g)
}

// aligned is what an expression was at the newest multiple of step since the
// Unix epoch, or so much earlier.
func aligned(expr string, step, behind time.Duration) string {
	out := fmt.Sprintf("last_over_time((%s)[%s:%[2]s]", expr, slo.Span(step))
	if behind > 0 {
		out += " offset " + slo.Span(behind)
	}
	return out + ")"
}

// measured is the share of bad in the slice that ends at the instant of
// evaluation. Rates are taken from the sample before it on.
func (s subject) measured(length time.Duration) string {
	if s.perSample() {
		return s.samplesOver(length)
	}
	return s.counted(length + s.scrape)
}

// seenIn has a value where anything was seen in the slice that ends at the
// instant of evaluation, events or none.
func (s subject) seenIn(length time.Duration) string {
	seen := ""
	switch {
	case s.perSample():
		seen = fmt.Sprintf("sum_over_time(%s%s[%s])", allSamples, s.own(), slo.Span(length))
	case s.Indicator.Kind == slo.Native:
		seen = fmt.Sprintf("histogram_count(%s)", s.all("sum", fmt.Sprintf("rate(%s[%s])", s.Indicator.Query, slo.Span(length+s.scrape))))
	default:
		seen = s.there(length + s.scrape)
	}
	return fmt.Sprintf("(%s) >= bool 0", seen)
}

// shareIn and seenBy are measured and seenIn of a component, which may be kept
// in time slices itself.
func (s subject) shareIn(length time.Duration) string {
	if s.sliced() {
		return s.settled("avg_over_time", slice, length, s.late())
	}
	return s.measured(length)
}

func (s subject) seenBy(length time.Duration) string {
	if s.sliced() {
		return s.settled("max_over_time", sliceSeen, length, s.late())
	}
	return s.seenIn(length)
}

// settled aggregates what is recorded of the slices that end in the time up to
// the instant of evaluation. They are recorded late: within so long of their
// ends, and never sooner than that without the time between two of them.
func (s subject) settled(how, name string, length, late time.Duration) string {
	return fmt.Sprintf("%s(%s%s[%s] offset -%s)", how, name, s.own(), slo.Span(length), slo.Span(late-time.Millisecond))
}

// late is within how long of their ends time slices are recorded: those of a
// composite once those of its components are.
func (s subject) late() time.Duration {
	switch {
	case !s.sliced():
		return 0
	case s.Composite == nil:
		return s.Step()
	case s.direct():
		return s.behind() + s.Step()
	}
	return s.behind() + s.Slice + s.Step()
}

// direct reports whether the slices of a composite are what its budget counts.
func (s subject) direct() bool { return s.Method == slo.RatioTimeslices && s.Step() == s.Slice }

// verdict is how bad a time slice is of which a share is bad.
func (s subject) verdict(share string) string {
	if s.Method == slo.RatioTimeslices {
		return share
	}
	limit := new(big.Rat).Add(big.NewRat(s.TimeSlice.Target.Complement().Fraction()), float())
	return fmt.Sprintf("(%s) > bool %s", share, plain(limit))
}

// outages records where a run of bad time slices is long enough to count: at
// each bad one that has nothing but bad ones and unknown ones before it, for
// as long as an outage. What is unknown ends no run, unless it is as long.
func (s subject) outages(least time.Duration) []rule {
	filled := fmt.Sprintf("last_over_time(%s%s[%s])", slice, s.own(), slo.Span(least))
	long := fmt.Sprintf("%[1]s%[2]s * (sum_over_time(%[3]s%[2]s[%[4]s]) >= bool %[5]d)", slice, s.own(), sliceFilled, slo.Span(least), least/s.Step())
	return []rule{s.record(sliceFilled, filled), s.record(outage, long)}
}

// slicesOver is the share of bad among the time slices of w. With a shortest
// outage those are bad that are part of a run which is known to be long enough
// by now: the ranges that reach into the future end at the present.
func (s subject) slicesOver(w time.Duration) string {
	step, least := s.Step(), s.TimeSlice.MinOutage
	if least == 0 {
		return fmt.Sprintf("avg_over_time(%s%s[%s])", slice, s.own(), slo.Span(w))
	}
	return fmt.Sprintf("avg_over_time((%s * %s)[%s:%s])",
		s.settled("last_over_time", slice, step, s.late()), s.settled("max_over_time", outage, least, s.late()+least-step), slo.Span(w), slo.Span(step))
}

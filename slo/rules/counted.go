package rules

import (
	"fmt"
	"strings"
	"time"

	"setpoint.dev/setpoint/slo"
)

// counted is the share of bad events over w, of counters and native
// histograms.
func (s subject) counted(w time.Duration) string {
	in := s.Indicator
	if in.Kind == slo.Native {
		return s.nativeRatio(w)
	}
	total := fmt.Sprintf("((%s) > 0)", s.sum(in.Total, w))
	if in.Bad != "" {
		return fmt.Sprintf("(%s) / %s", s.sum(in.Bad, w), total)
	}
	return fmt.Sprintf("1 - (%s) / %s", s.sum(in.Good, w), total)
}

// sum is the rate of all counters that a query selects. Those without a series
// count nothing.
func (s subject) sum(query string, w time.Duration) string {
	nothing := "vector(0)"
	if len(s.by) > 0 {
		nothing = "0 * (" + s.there(w) + ")"
	}
	var terms []string
	for _, rate := range s.rates(query, w) {
		terms = append(terms, fmt.Sprintf("(%s or %s)", rate, nothing))
	}
	return strings.Join(terms, " + ")
}

// rates are those of each of the selectors of a query.
func (s subject) rates(query string, w time.Duration) (all []string) {
	selectors, _ := slo.Selectors(query) // the query of a Set was read before
	for _, sel := range selectors {
		all = append(all, s.all("sum", fmt.Sprintf("rate(%s[%s])", sel, slo.Span(w))))
	}
	return all
}

// there has a value for each group that has series.
func (s subject) there(w time.Duration) string {
	return strings.Join(s.rates(s.Indicator.Total, w), " or ")
}

// nativeRatio is the share of bad observations of native histograms over w.
func (s subject) nativeRatio(w time.Duration) string {
	in := s.Indicator
	all := s.all("sum", fmt.Sprintf("rate(%s[%s])", in.Query, slo.Span(w)))
	within := fmt.Sprintf("histogram_fraction(-Inf, %s, %s)", in.Value, all)
	if in.Op == slo.LessOrEqual {
		within = "1 - " + within
	}
	return fmt.Sprintf("(%s) and %s (histogram_count(%s) > 0)", within, s.on(), all)
}

// events is how many events, samples or time slices there are over w.
func (s subject) events(w time.Duration) string {
	over := func(how, name string) string {
		return s.all("sum", fmt.Sprintf("%s(%s%s[%s])", how, name, s.own(), slo.Span(w)))
	}
	switch {
	case s.sliced():
		return over("count_over_time", slice)
	case s.perSample():
		return over("sum_over_time", allSamples)
	case s.Indicator.Kind == slo.Native:
		return fmt.Sprintf("histogram_count(%s)", s.all("sum", fmt.Sprintf("increase(%s[%s])", s.Indicator.Query, slo.Span(w))))
	}
	return fmt.Sprintf("(%s) * %d", s.sum(s.Indicator.Total, w), int64(w.Seconds()))
}

// bad is how many of them are bad.
func (s subject) bad(w time.Duration) string {
	switch {
	case s.perSample():
		good := s.all("sum", fmt.Sprintf("sum_over_time(%s%s[%s])", goodSamples, s.own(), slo.Span(w)))
		return fmt.Sprintf("(%s - %s)", s.events(w), good)
	case s.sliced(), s.Indicator.Kind == slo.Native:
		return fmt.Sprintf("(%s) * %s %s", s.all("sum", s.ratio(w)), s.on(), s.events(w))
	case s.Indicator.Bad != "":
		return fmt.Sprintf("(%s) * %d", s.sum(s.Indicator.Bad, w), int64(w.Seconds()))
	}
	return fmt.Sprintf("(%s - (%s)) * %d", s.sum(s.Indicator.Total, w), s.sum(s.Indicator.Good, w), int64(w.Seconds()))
}

// enough holds where there are as many events over w as it takes to judge.
func (s subject) enough(w time.Duration) string {
	return fmt.Sprintf("%s >= %d", s.events(w), s.MinEvents)
}

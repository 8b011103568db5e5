package rules

import (
	"fmt"

	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"setpoint.dev/setpoint/slo"
)

// What is recorded of an objective whose samples are judged, or whose runs
// are: at each evaluation, how many are good and how many there are. Of a share
// they are added up, of an age there is one.
const (
	goodSamples = "setpoint:good:samples"
	allSamples  = "setpoint:all:samples"
)

// perSample reports whether the events of a subject are what is recorded at
// each evaluation.
func (s subject) perSample() bool {
	return s.Composite == nil && (s.Indicator.Kind.Sampled() || s.Indicator.Kind == slo.Freshness || s.Indicator.Kind == slo.Deadline)
}

// samples records samples that are judged at the instants of evaluations.
func (s subject) samples() []rule {
	switch {
	case !s.perSample():
		return nil
	case s.Indicator.Kind == slo.Deadline:
		return s.runs()
	}
	good, all := s.judgedNow()
	return []rule{s.record(goodSamples, good), s.record(allSamples, all)}
}

// judgedNow is how many samples are good, and how many there are, at an
// instant.
func (s subject) judgedNow() (good, all string) {
	in := s.Indicator
	q := vector(in.Query)
	all = s.all("count", q)
	switch in.Kind {
	case slo.Threshold:
		sign := map[slo.Op]string{slo.LessOrEqual: "<=", slo.Less: "<", slo.GreaterOrEqual: ">=", slo.Greater: ">"}[in.Op]
		return s.all("sum", fmt.Sprintf("(%s) %s bool %s", q, sign, in.Value)), all
	case slo.Boolean:
		return s.all("sum", fmt.Sprintf("(%s) == bool 1", q)), all
	case slo.Freshness:
		newest := s.all("max", q)
		return fmt.Sprintf("(time() - %s) <= bool %s", newest, slo.NewDecimal(int64(in.MaxAge), 9)), s.all("count", newest)
	}
	if in.Failure {
		q = fmt.Sprintf("1 - (%s)", q)
	}
	return s.all("sum", q), all
}

// vector is a query as one that has series.
func vector(query string) string {
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(query)
	if err == nil && expr.Type() == parser.ValueTypeScalar {
		return "vector(" + query + ")"
	}
	return query
}

// samplesOver is the share of bad samples over w.
func (s subject) samplesOver(w time.Duration) string {
	over := func(name string) string {
		return fmt.Sprintf("sum_over_time(%s%s[%s])", name, s.own(), slo.Span(w))
	}
	return fmt.Sprintf("1 - %s / (%s > 0)", over(goodSamples), over(allSamples))
}

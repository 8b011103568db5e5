package rules

import (
	"fmt"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"setpoint.dev/setpoint/slo"
)

// What is recorded of an objective whose samples are judged: at each
// evaluation, how many are good and how many there are. Of a share they are
// added up, of an age there is one.
const (
	goodSamples = "setpoint:good:samples"
	allSamples  = "setpoint:all:samples"
)

// sampleRules records samples that are judged at the instants of evaluations.
func sampleRules(o slo.Objective, labels map[string]string) []rule {
	good, all := judgedNow(o.Indicator)
	if good == "" {
		return nil
	}
	return []rule{{Record: goodSamples, Expr: good, Labels: labels}, {Record: allSamples, Expr: all, Labels: labels}}
}

// judgedNow is how many samples are good, and how many there are, at an
// instant; empty for what is counted otherwise.
func judgedNow(in slo.Indicator) (good, all string) {
	q := vector(in.Query)
	all = "count(" + q + ")"
	switch in.Kind {
	case slo.Threshold:
		sign := map[slo.Op]string{slo.LessOrEqual: "<=", slo.Less: "<", slo.GreaterOrEqual: ">=", slo.Greater: ">"}[in.Op]
		return fmt.Sprintf("sum((%s) %s bool %s)", q, sign, in.Value), all
	case slo.Boolean:
		return fmt.Sprintf("sum((%s) == bool 1)", q), all
	case slo.Share:
		if in.Failure {
			return fmt.Sprintf("sum(1 - (%s))", q), all
		}
		return fmt.Sprintf("sum(%s)", q), all
	case slo.Freshness:
		return fmt.Sprintf("(time() - max(%s)) <= bool %s", q, slo.NewDecimal(int64(in.MaxAge), 9)), fmt.Sprintf("count(max(%s))", q)
	}
	return "", ""
}

// vector is a query as one that has series.
func vector(query string) string {
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(query)
	if err == nil && expr.Type() == parser.ValueTypeScalar {
		return "vector(" + query + ")"
	}
	return query
}

// sampleRatio is the share of bad samples over w.
func sampleRatio(o slo.Objective, w time.Duration) string {
	over := func(name string) string {
		return fmt.Sprintf("sum_over_time(%s{slo=%q}[%s])", name, o.Name, slo.Span(w))
	}
	return fmt.Sprintf("1 - %s / (%s > 0)", over(goodSamples), over(allSamples))
}

// nativeRatio is the share of bad observations of native histograms over w.
func nativeRatio(in slo.Indicator, w time.Duration) string {
	all := fmt.Sprintf("sum(rate(%s[%s]))", in.Query, slo.Span(w))
	within := fmt.Sprintf("histogram_fraction(-Inf, %s, %s)", in.Value, all)
	if in.Op == slo.LessOrEqual {
		within = "1 - " + within
	}
	return fmt.Sprintf("(%s) and on() (histogram_count(%s) > 0)", within, all)
}

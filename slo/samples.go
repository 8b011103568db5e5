package slo

import (
	"slices"
	"strings"

	"github.com/VictoriaMetrics/metricsql"
	"github.com/prometheus/prometheus/promql/parser"
)

// Samples reads the PromQL expression of an indicator whose samples are
// judged. A bare selector of series is returned in canonical form: its raw
// samples are read as they are. For any other expression the selector is
// empty: it has to be evaluated at the instants of a grid. An expression that
// has no value at an instant is refused with a *QueryError.
func Samples(query string) (selector string, err error) {
	selector, _, err = samplesOf(query)
	return selector, err
}

// samplesOf is Samples; only reports whether the query is MetricsQL and not
// PromQL.
func samplesOf(query string) (selector string, only bool, err error) {
	expr, metrics, err := readQuery(query)
	if err == nil && metrics != nil {
		selector, err = metricsSamples(query, metrics)
		return selector, true, err
	}
	if err == nil {
		selector, err = samplesOfPromQL(query, expr)
	}
	return selector, false, err
}

func samplesOfPromQL(query string, expr parser.Expr) (selector string, err error) {
	at := int(expr.PositionRange().Start)
	switch e := unwrap(expr).(type) {
	case *parser.NumberLiteral:
		return "", queryErr(query, at, "a number measures nothing", sampleForm)
	case *parser.VectorSelector:
		if isBare(e) {
			return canonicalSelector(e), nil
		}
	}
	if t := expr.Type(); t != parser.ValueTypeVector && t != parser.ValueTypeScalar {
		return "", queryErr(query, at, "a "+parser.DocumentedType(t)+" has no value at an instant", sampleForm)
	}
	return "", nil
}

const sampleForm = "a selector of gauges, or an expression over such"

// isBare reports whether v selects the samples of series and nothing of
// another time.
func isBare(v *parser.VectorSelector) bool {
	moved := v.OriginalOffset != 0 || v.OriginalOffsetExpr != nil || v.Timestamp != nil || v.StartOrEnd != 0
	return !moved && !v.Anchored && !v.Smoothed
}

// checkFilter refuses a query that ends in a comparison without bool: what
// does not hold is left out of its answer, so that bad samples are not seen.
func checkFilter(query string) error {
	expr, metrics, err := readQuery(query)
	if err != nil {
		return err
	}
	r := addends{query: query}
	const reason, instead = "a comparison leaves out the samples that it does not hold for, so that the bad ones are not seen", " bool, which is 0 or 1, or what is compared alone, with op and value in the objective"
	if e, is := metrics.(*metricsql.BinaryOpExpr); is && metricsql.IsBinaryOpCmp(e.Op) && !e.Bool {
		return r.refuseWord(e.Op, reason, e.Op+instead)
	}
	if e, ok := unwrap(expr).(*parser.BinaryExpr); ok && e.Op.IsComparisonOperator() && !e.ReturnBool {
		return r.refuseAt(r.operator(e), reason, e.Op.String()+instead)
	}
	return nil
}

// checkTimestamp refuses an expression that cannot be a Unix timestamp.
func checkTimestamp(query string) error {
	expr, metrics, err := readQuery(query)
	switch {
	case err != nil:
		return err
	case metrics != nil:
		return checkOuter(query, metrics, "is not when something happened", "a Unix timestamp in seconds")
	}
	switch e := innermost(expr).(type) {
	case *parser.BinaryExpr:
		if left, ok := unwrap(e.LHS).(*parser.Call); ok && e.Op == parser.SUB && left.Func.Name == "time" {
			return queryErr(query, int(e.PositionRange().Start), "time() - … is an age, not a timestamp", "the timestamp alone")
		}
	case *parser.Call:
		if isAmount(e.Func.Name) {
			return queryErr(query, int(e.PositionRange().Start), e.Func.Name+"(…) is not when something happened", "a Unix timestamp in seconds")
		}
	}
	return nil
}

// checkShare refuses an expression that cannot be a share from 0 to 1.
func checkShare(query string) error {
	expr, metrics, err := readQuery(query)
	switch {
	case err != nil:
		return err
	case metrics != nil:
		return checkOuter(query, metrics, "is not a share", "a share from 0 to 1, as in good / total")
	}
	e := innermost(expr)
	refuse := func(reason string) error {
		return queryErr(query, int(e.PositionRange().Start), reason, "a share from 0 to 1, as in good / total")
	}
	switch e := e.(type) {
	case *parser.VectorSelector:
		for _, end := range []string{"_total", "_count", "_sum", "_bucket"} {
			if strings.HasSuffix(e.Name, end) {
				return refuse(e.Name + " is a counter, not a share")
			}
		}
	case *parser.Call:
		if isAmount(e.Func.Name) || e.Func.Name == "timestamp" {
			return refuse(e.Func.Name + "(…) is not a share")
		}
	case *parser.AggregateExpr:
		if e.Op == parser.COUNT {
			return refuse("count(…) is not a share")
		}
	case *parser.BinaryExpr:
		if e.Op == parser.MUL && (isHundred(e.LHS) || isHundred(e.RHS)) {
			return refuse("100 times a share is a percentage")
		}
	}
	return nil
}

// isAmount reports whether what a function returns is neither a timestamp nor
// a share.
func isAmount(function string) bool {
	return slices.Contains([]string{"rate", "irate", "increase", "time", "count_over_time"}, function)
}

// innermost is e without parentheses and without the aggregations that leave
// a value as large as it is, or make it larger.
func innermost(e parser.Expr) parser.Expr {
	for {
		a, ok := unwrap(e).(*parser.AggregateExpr)
		if !ok || !slices.Contains([]parser.ItemType{parser.SUM, parser.AVG, parser.MAX, parser.MIN}, a.Op) {
			return unwrap(e)
		}
		e = a.Expr
	}
}

func isHundred(e parser.Expr) bool {
	n, ok := unwrap(e).(*parser.NumberLiteral)
	return ok && n.Val == 100
}

// WithMatcher is an expression that was read by Samples, each of its
// selectors with one more matcher, as in setpoint_slice!="1767225660". Without
// a matcher it is the expression as it stands.
func WithMatcher(query, matcher string) string {
	if matcher == "" {
		return query
	}
	more, err := parser.NewParser(parser.Options{}).ParseMetricSelector("{" + matcher + "}")
	if err != nil {
		return query
	}
	return narrow(query, more)
}

package slo

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"
)

// maxQuery is the longest PromQL expression that is read, in bytes.
const maxQuery = 16 << 10

// A QueryError says why a PromQL expression cannot be read as a sum of raw
// counters, and where in it. Lines and columns count from 1 inside the
// expression; columns count bytes.
type QueryError struct {
	Offset   int // in bytes, from 0
	Line     int
	Col      int
	Reason   string
	Expected string // what would do instead; may be empty
}

// Error is the reason with its place: "1:14: subtraction …".
func (e *QueryError) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Col, e.Reason) }

// Selectors reads a PromQL expression as a sum of raw counters and returns
// one series selector for each addend, in canonical form (matchers sorted by
// label) and sorted. Indicators are counted by differencing the raw series
// (package sli), so what an expression does around its selectors has to mean
// "the total of these counters":
//
//	http_requests_total{job="shop"}                        a selector
//	sum by (code) (rate(http_requests_total[5m]))          sum, rate, increase, irate
//	sum(rate(a_total[5m])) + sum(rate(b_total[5m]))        sums of these, parentheses
//	sum(rate(errors_total[5m])) or vector(0)               a default of nothing
//
// MetricsQL has more ways to say that (see readMetricsQL). Anything else is refused with a *QueryError, and so is an addend that
// occurs twice: its events would count double.
func Selectors(query string) ([]string, error) {
	all, _, err := selectorsOf(query)
	return all, err
}

// selectorsOf is Selectors; only reports whether the query is MetricsQL and not
// PromQL.
func selectorsOf(query string) (all []string, only bool, err error) {
	expr, metrics, err := readQuery(query)
	r := addends{query: query}
	switch {
	case err != nil:
	case metrics != nil:
		err = r.readMetricsQL(metrics)
	default:
		err = r.read(expr)
	}
	if err != nil {
		return nil, metrics != nil, err
	}
	slices.Sort(r.selectors)
	return r.selectors, metrics != nil, nil
}

func parseQuery(query string) (parser.Expr, error) {
	switch {
	case strings.TrimSpace(query) == "":
		return nil, queryErr(query, 0, "the query is empty", "a PromQL expression")
	case len(query) > maxQuery:
		return nil, queryErr(query, 0, fmt.Sprintf("the query is longer than %d bytes", maxQuery), "")
	}
	// Experimental syntax is read, so that it is refused by name below.
	expr, err := parser.NewParser(parser.Options{
		EnableExperimentalFunctions:  true,
		EnableExtendedRangeSelectors: true,
		EnableBinopFillModifiers:     true,
	}).ParseExpr(query)
	var parse parser.ParseErrors
	switch {
	case err == nil:
		return expr, nil
	case errors.As(err, &parse) && len(parse) > 0:
		at := int(parse[0].PositionRange.Start)
		return nil, queryErr(query, at, "not valid PromQL: "+parse[0].Err.Error(), "")
	}
	return nil, queryErr(query, 0, "not valid PromQL: "+err.Error(), "")
}

// addends collects the selectors of a sum.
type addends struct {
	query     string
	selectors []string
	unit      string // "raw", "rate" or "increase [5m]"; one for all addends
}

// read adds the selectors below e.
func (r *addends) read(e parser.Expr) error {
	switch e := e.(type) {
	case *parser.ParenExpr:
		return r.read(e.Expr)
	case *parser.StepInvariantExpr:
		return r.read(e.Expr)
	case *parser.VectorSelector:
		return r.selector(e, "raw")
	case *parser.AggregateExpr:
		return r.aggregate(e)
	case *parser.Call:
		return r.call(e)
	case *parser.BinaryExpr:
		return r.binary(e)
	}
	return r.refuse(e, describe(e), counterForms)
}

const (
	counterForms = "a selector of counters, sum(…), rate(…), increase(…) or a + of these"
	rangeForm    = "a selector with a range, as in rate(requests_total[5m])"
)

func (r *addends) aggregate(e *parser.AggregateExpr) error {
	if e.Op != parser.SUM {
		return r.refuse(e, e.Op.String()+"(…) is not a total of counters", "sum(…)")
	}
	return r.read(e.Expr)
}

func (r *addends) call(e *parser.Call) error {
	switch e.Func.Name {
	case "rate", "irate", "increase":
	case "histogram_quantile":
		return r.refuse(e, "a quantile cannot be counted", `the bucket of the threshold, as in latency_seconds_bucket{le="0.3"}`)
	default:
		return r.refuse(e, e.Func.Name+"(…) is not a total of counters", counterForms)
	}
	matrix, ok := unwrap(e.Args[0]).(*parser.MatrixSelector)
	if !ok {
		return r.refuse(e.Args[0], describe(e.Args[0]), rangeForm)
	}
	v, ok := matrix.VectorSelector.(*parser.VectorSelector)
	if !ok {
		return r.refuse(e.Args[0], describe(e.Args[0]), rangeForm)
	}
	unit := "rate"
	if e.Func.Name == "increase" {
		unit = "increase [" + matrix.Range.String() + "]"
	}
	return r.selector(v, unit)
}

func (r *addends) binary(e *parser.BinaryExpr) error {
	switch {
	case e.Op == parser.LOR && isZero(e.RHS):
		return r.read(e.LHS)
	case e.Op != parser.ADD:
		return r.refuseAt(r.operator(e), operatorReason(e.Op), operatorHint(e.Op))
	case e.VectorMatching != nil && matchesLabels(e.VectorMatching):
		return r.refuseAt(r.operator(e), "a + that matches labels leaves out the series without a partner", "a plain +")
	}
	if err := r.read(e.LHS); err != nil {
		return err
	}
	return r.read(e.RHS)
}

func (r *addends) selector(v *parser.VectorSelector, unit string) error {
	switch {
	case v.OriginalOffset != 0 || v.OriginalOffsetExpr != nil:
		return r.refuse(v, "an offset would count events of another time", "the selector without offset")
	case v.Timestamp != nil || v.StartOrEnd != 0:
		return r.refuse(v, "@ would count events of another time", "the selector without @")
	case v.Anchored || v.Smoothed:
		return r.refuse(v, "anchored and smoothed ranges are not supported", "the selector without the modifier")
	case !named(v):
		return r.refuse(v, "the selector names no metric", `a metric name, as in requests_total{job="shop"}`)
	case allBuckets(v):
		return r.refuse(v, "without le every event counts once for each bucket that it falls in", `one bucket, as in `+v.Name+`{le="0.3"}, or the _count series`)
	}
	if r.unit != "" && r.unit != unit {
		return r.refuse(v, fmt.Sprintf("%s and %s are added, which differ in unit", r.unit, unit), "the same form for each addend")
	}
	r.unit = unit
	canonical := canonicalSelector(v)
	if slices.Contains(r.selectors, canonical) {
		return r.refuse(v, canonical+" occurs twice in the sum, so its events would count double", "each selector once")
	}
	r.selectors = append(r.selectors, canonical)
	return nil
}

func (r *addends) refuse(e parser.Expr, reason, expected string) error {
	return r.refuseAt(e.PositionRange().Start, reason, expected)
}

func (r *addends) refuseAt(at posrange.Pos, reason, expected string) error {
	return queryErr(r.query, int(at), reason, expected)
}

// operator is the place of e's operator: the first thing after the left
// operand that is neither space nor a closing parenthesis.
func (r *addends) operator(e *parser.BinaryExpr) posrange.Pos {
	end := int(e.LHS.PositionRange().End)
	if end > len(r.query) {
		return e.PositionRange().Start
	}
	at := strings.Index(strings.ToLower(r.query[end:]), strings.ToLower(e.Op.String()))
	if at < 0 {
		return e.PositionRange().Start
	}
	return posrange.Pos(end + at)
}

func queryErr(query string, offset int, reason, expected string) *QueryError {
	offset = min(max(offset, 0), len(query))
	before := query[:offset]
	return &QueryError{
		Offset: offset, Line: strings.Count(before, "\n") + 1, Col: offset - strings.LastIndex(before, "\n"),
		Reason: reason, Expected: expected,
	}
}

func unwrap(e parser.Expr) parser.Expr {
	for {
		p, ok := e.(*parser.ParenExpr)
		if !ok {
			return e
		}
		e = p.Expr
	}
}

// isZero reports whether e is vector(0), the default for "no series yet".
func isZero(e parser.Expr) bool {
	call, ok := unwrap(e).(*parser.Call)
	if !ok || call.Func.Name != "vector" || len(call.Args) != 1 {
		return false
	}
	n, ok := unwrap(call.Args[0]).(*parser.NumberLiteral)
	return ok && n.Val == 0
}

func matchesLabels(m *parser.VectorMatching) bool {
	return m.On || len(m.MatchingLabels) > 0 || len(m.Include) > 0 || m.Card != parser.CardOneToOne ||
		m.FillValues.LHS != nil || m.FillValues.RHS != nil
}

func named(v *parser.VectorSelector) bool {
	return slices.ContainsFunc(v.LabelMatchers, func(m *labels.Matcher) bool {
		return m.Name == model.MetricNameLabel && !m.Matches("") && (m.Type == labels.MatchEqual || m.Type == labels.MatchRegexp)
	})
}

// allBuckets reports whether v takes all buckets of a classic histogram,
// which are cumulative.
func allBuckets(v *parser.VectorSelector) bool {
	return strings.HasSuffix(v.Name, "_bucket") && !slices.ContainsFunc(v.LabelMatchers, func(m *labels.Matcher) bool {
		return m.Name == labels.BucketLabel
	})
}

// canonicalSelector renders v with its matchers sorted and each one once.
func canonicalSelector(v *parser.VectorSelector) string {
	c := parser.VectorSelector{Name: plainName(v), LabelMatchers: slices.Clone(v.LabelMatchers)}
	slices.SortFunc(c.LabelMatchers, func(a, b *labels.Matcher) int {
		return strings.Compare(matcherKey(a), matcherKey(b))
	})
	c.LabelMatchers = slices.CompactFunc(c.LabelMatchers, func(a, b *labels.Matcher) bool {
		return matcherKey(a) == matcherKey(b)
	})
	return c.String()
}

// plainName is the metric name that may stand before the braces; a name that
// has to be quoted stays a matcher.
func plainName(v *parser.VectorSelector) string {
	for _, m := range v.LabelMatchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual && model.LegacyValidation.IsValidMetricName(m.Value) {
			return m.Value
		}
	}
	return ""
}

func matcherKey(m *labels.Matcher) string {
	return m.Name + "\x00" + m.Type.String() + "\x00" + m.Value
}

func describe(e parser.Expr) string {
	switch e.(type) {
	case *parser.NumberLiteral:
		return "a number is not a counter"
	case *parser.StringLiteral:
		return "a string is not a counter"
	case *parser.MatrixSelector:
		return "a range by itself is not a total"
	case *parser.SubqueryExpr:
		return "a subquery cannot be read as raw counters"
	case *parser.UnaryExpr:
		return "a sign before a counter"
	}
	return short(e.String()) + " is not a total of counters"
}

func operatorReason(op parser.ItemType) string {
	switch op {
	case parser.SUB:
		return "a difference of counters cannot be read as raw counters"
	case parser.DIV:
		return "a ratio cannot be weighted by traffic"
	case parser.MUL:
		return "a product is not a total of counters"
	}
	return op.String() + " is not a total of counters"
}

func operatorHint(op parser.ItemType) string {
	switch op {
	case parser.SUB:
		return "bad and total instead of good and total, or label matchers that pick the good series"
	case parser.DIV:
		return "good (or bad) and total as queries of their own; the ratio is made from their counts"
	case parser.LOR:
		return "or vector(0), or a + of both sides"
	}
	return "counters alone; " + counterForms
}

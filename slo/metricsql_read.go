package slo

import (
	"slices"
	"strings"

	"github.com/VictoriaMetrics/metricsql"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"
)

// readMetricsQL adds the selectors of a MetricsQL expression that means a sum
// of raw counters. Beyond what is read of PromQL that is rates and increases
// without a range, "default 0", several sums in one, and the other increases.
func (r *addends) readMetricsQL(e metricsql.Expr) error {
	switch e := e.(type) {
	case *metricsql.MetricExpr:
		return r.metric(e, "raw")
	case *metricsql.AggrFuncExpr:
		return r.metricsSum(e)
	case *metricsql.FuncExpr:
		return r.metricsCall(e)
	case *metricsql.BinaryOpExpr:
		return r.metricsBinary(e)
	}
	return r.refuseAt(0, short(string(e.AppendString(nil)))+" is not a total of counters", counterForms)
}

func (r *addends) metricsSum(e *metricsql.AggrFuncExpr) error {
	switch {
	case e.Name != "sum":
		return r.refuseWord(e.Name, e.Name+"(…) is not a total of counters", "sum(…)")
	case e.Limit > 0:
		return r.refuseWord("limit", "limit leaves series out", "the sum of all")
	}
	for _, arg := range e.Args {
		if err := r.readMetricsQL(arg); err != nil {
			return err
		}
	}
	return nil
}

func (r *addends) metricsCall(e *metricsql.FuncExpr) error {
	name := strings.ToLower(e.Name)
	unit := map[string]string{
		"rate": "rate", "irate": "rate", "rate_prometheus": "rate",
		"increase": "increase", "increase_pure": "increase", "increase_prometheus": "increase",
	}[name]
	if unit == "" || len(e.Args) != 1 {
		return r.refuseWord(e.Name, e.Name+"(…) is not a total of counters", counterForms)
	}
	metric, window, ok := ranged(e.Args[0])
	if !ok {
		return r.refuseWord(e.Name, e.Name+" is of something else than a selector with a range", rangeForm)
	}
	if unit == "increase" {
		unit += " [" + window + "]"
	}
	return r.metric(metric, unit)
}

// ranged is the selector that a rate or an increase is of, and its range,
// which may be left out.
func ranged(e metricsql.Expr) (metric *metricsql.MetricExpr, window string, ok bool) {
	over, rolls := e.(*metricsql.RollupExpr)
	if !rolls {
		metric, ok = e.(*metricsql.MetricExpr)
		return metric, "", ok
	}
	if over.Window != nil {
		window = string(over.Window.AppendString(nil))
	}
	metric, ok = over.Expr.(*metricsql.MetricExpr)
	return metric, window, ok && over.Offset == nil && over.At == nil && !over.ForSubquery()
}

func (r *addends) metricsBinary(e *metricsql.BinaryOpExpr) error {
	zero, number := e.Right.(*metricsql.NumberExpr)
	plain := e.GroupModifier.Op == "" && e.JoinModifier.Op == "" && e.FillLeft == nil && e.FillRight == nil
	switch op := strings.ToLower(e.Op); {
	case plain && number && zero.N == 0 && (op == "default" || op == "or"):
		return r.readMetricsQL(e.Left)
	case op != "+":
		return r.refuseWord(e.Op, e.Op+" of counters is not a total of them", "counters alone; "+counterForms+", or default 0")
	case !plain:
		return r.refuseWord("+", "a + that matches labels leaves out the series without a partner", "a plain +")
	}
	if err := r.readMetricsQL(e.Left); err != nil {
		return err
	}
	return r.readMetricsQL(e.Right)
}

// metric adds a selector of MetricsQL.
func (r *addends) metric(e *metricsql.MetricExpr, unit string) error {
	if len(e.LabelFilterss) != 1 {
		return r.refuseWord(" or ", "or in a selector: its series cannot be told from those of others", "a + of selectors that have no series in common")
	}
	v, err := vectorOf(e.LabelFilterss[0])
	if err != nil {
		return r.refuseAt(0, err.Error(), "")
	}
	return r.selector(v, unit)
}

// vectorOf is a selector of MetricsQL in the terms of Prometheus.
func vectorOf(filters []metricsql.LabelFilter) (*parser.VectorSelector, error) {
	v := &parser.VectorSelector{}
	for _, f := range filters {
		m, err := matcherOf(f)
		if err != nil {
			return nil, err
		}
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			v.Name = m.Value
		}
		v.LabelMatchers = append(v.LabelMatchers, m)
	}
	return v, nil
}

// refuseWord refuses what a word of the query does; the parser says nothing of
// places.
func (r *addends) refuseWord(word, reason, expected string) error {
	return r.refuseAt(posrange.Pos(max(strings.Index(strings.ToLower(r.query), strings.ToLower(word)), 0)), reason, expected)
}

// metricsSamples is Samples of MetricsQL.
func metricsSamples(query string, expr metricsql.Expr) (selector string, err error) {
	if m, is := expr.(*metricsql.MetricExpr); is && len(m.LabelFilterss) == 1 {
		if v, err := vectorOf(m.LabelFilterss[0]); err == nil {
			return canonicalSelector(v), nil
		}
	}
	return "", checkMetricsSamples(query, expr)
}

// checkMetricsSamples refuses a MetricsQL expression whose samples cannot be
// judged: one without series, or one whose value at an instant depends on
// which other instants are asked for.
func checkMetricsSamples(query string, expr metricsql.Expr) error {
	r := addends{query: query}
	switch e := expr.(type) {
	case *metricsql.NumberExpr, *metricsql.StringExpr, *metricsql.DurationExpr:
		return r.refuseAt(0, "a number measures nothing", sampleForm)
	case *metricsql.RollupExpr:
		if _, samples := e.Expr.(*metricsql.MetricExpr); samples && e.Window != nil {
			return r.refuseWord("[", "a range by itself has no value at an instant", sampleForm)
		}
	}
	var wrong error
	metricsql.VisitAll(expr, func(e metricsql.Expr) {
		if err := r.steady(e); err != nil && wrong == nil {
			wrong = err
		}
	})
	return wrong
}

// steady refuses what depends on the question.
func (r *addends) steady(e metricsql.Expr) error {
	switch e := e.(type) {
	case *metricsql.AggrFuncExpr:
		if dependsOnRange(e.Name) {
			return r.refuseWord(e.Name, e.Name+"(…) depends on which instants are asked for", "an expression whose value at an instant is always the same")
		}
	case *metricsql.FuncExpr:
		name := strings.ToLower(e.Name)
		at := metricsql.GetRollupArgIdx(e)
		switch {
		case dependsOnRange(name):
			return r.refuseWord(e.Name, e.Name+"(…) depends on which instants are asked for", "an expression whose value at an instant is always the same")
		case at >= 0 && at < len(e.Args) && name != "timestamp" && !hasRange(e.Args[at]):
			return r.refuseWord(e.Name, e.Name+" without a range depends on how often it is evaluated", "a range, as in "+e.Name+"(…[5m])")
		}
	case *metricsql.RollupExpr:
		if !fixedRange(e) {
			return r.refuseWord("[", "a range in steps, or over an expression without steps of its own, depends on how often it is evaluated", "lengths of time, as in (…)[1h:1m]")
		}
	}
	return nil
}

func hasRange(e metricsql.Expr) bool {
	over, rolls := e.(*metricsql.RollupExpr)
	return rolls && over.Window != nil
}

// dependsOnRange reports whether a function looks at the instants that are
// asked for, not at those before an instant alone.
func dependsOnRange(function string) bool {
	for _, prefix := range []string{"range_", "running_", "topk_", "bottomk_", "outliers", "keep_", "rand"} {
		if strings.HasPrefix(function, prefix) {
			return true
		}
	}
	return slices.Contains([]string{"start", "end", "step", "now", "interpolate", "smooth_exponential", "remove_resets", "limit_offset"}, function)
}

// fixedRange reports whether a range, where there is one, is written in units
// of time, and what it is over is samples, has a step, or is always the same.
func fixedRange(e *metricsql.RollupExpr) bool {
	if e.Window == nil {
		return true
	}
	if inSteps(e.Window) || e.Step != nil {
		return !inSteps(e.Window) && !inSteps(e.Step)
	}
	switch over := e.Expr.(type) {
	case *metricsql.MetricExpr:
		return !e.ForSubquery()
	case *metricsql.FuncExpr:
		return over.Name == "vector"
	}
	return false
}

func inSteps(d *metricsql.DurationExpr) bool {
	return strings.HasSuffix(string(d.AppendString(nil)), "i")
}

// outer is the function that a MetricsQL expression applies last, besides
// those that leave a value as it is, or make it larger; empty for none.
func outer(expr metricsql.Expr) string {
	switch e := expr.(type) {
	case *metricsql.FuncExpr:
		return strings.ToLower(e.Name)
	case *metricsql.AggrFuncExpr:
		if len(e.Args) == 1 && slices.Contains([]string{"sum", "avg", "max", "min"}, e.Name) {
			return outer(e.Args[0])
		}
		return e.Name
	case *metricsql.BinaryOpExpr:
		if strings.EqualFold(e.Op, "default") {
			return outer(e.Left)
		}
	}
	return ""
}

// checkOuter refuses an expression whose outermost function returns an amount.
func checkOuter(query string, expr metricsql.Expr, reason, expected string) error {
	name := outer(expr)
	if !isAmount(name) {
		return nil
	}
	r := addends{query: query}
	return r.refuseWord(name, name+"(…) "+reason, expected)
}

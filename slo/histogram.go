package slo

import (
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// Buckets selects all buckets of the classic histogram of which the indicator
// counts one, or which it would count if it were native; it is empty where the
// indicator counts anything else.
func (i Indicator) Buckets() string {
	query := i.Good + i.Bad
	if i.Kind == Native {
		query = i.Query
	}
	expr, err := parseQuery(query)
	v, ok := expr.(*parser.VectorSelector)
	switch {
	case err != nil || !ok:
		return ""
	case i.Kind == Native:
		return renamed(v, plainName(v)+"_bucket")
	case i.Bucket.Sign() == 0:
		return ""
	}
	return renamed(v, v.Name)
}

// bucket selects the bucket of a classic histogram whose bound is limit, however
// the bound is written.
func bucket(v *parser.VectorSelector, limit Decimal) string {
	return renamed(v, v.Name+"_bucket", labels.MustNewMatcher(labels.MatchRegexp, labels.BucketLabel, spellings(limit)))
}

// renamed is the selector v of another metric, without le but with more
// matchers.
func renamed(v *parser.VectorSelector, name string, more ...*labels.Matcher) string {
	out := &parser.VectorSelector{LabelMatchers: append(more, labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, name))}
	for _, m := range v.LabelMatchers {
		if m.Name != model.MetricNameLabel && m.Name != labels.BucketLabel {
			out.LabelMatchers = append(out.LabelMatchers, m)
		}
	}
	return canonicalSelector(out)
}

// spellings is a regular expression of all ways to write a number above 0:
// 1, 1.0 and 1e+00. Prometheus 3 writes bounds as floating point numbers, before
// it they were kept as the application wrote them.
func spellings(d Decimal) string {
	whole, fraction, _ := strings.Cut(d.String(), ".")
	fraction = strings.TrimRight(fraction, "0")
	plain := "0*" + strings.TrimLeft(whole, "0") + decimals(fraction)
	all := whole + fraction
	digits := strings.TrimLeft(all, "0")
	power := len(whole) - 1 - (len(all) - len(digits))
	digits = strings.TrimRight(digits, "0")
	scientific := digits[:1] + decimals(digits[1:]) + "[eE]"
	switch n := NewDecimal(int64(max(power, -power)), 0).String(); {
	case power < 0:
		scientific += "-0*" + n
	case power > 0:
		scientific += "[+]?0*" + n
	default:
		scientific += "[+-]?0+"
	}
	return plain + "|" + scientific
}

func decimals(digits string) string {
	if digits == "" {
		return "([.]0*)?"
	}
	return "[.]" + digits + "0*"
}

const histogramForm = `a selector of the histogram by the name of its metric, as in request_seconds{job="shop"}`

// readHistogram reads a query that has to be the selector of a histogram. The
// error is a *QueryError.
func readHistogram(query string) (*parser.VectorSelector, error) {
	expr, err := parseQuery(query)
	if err != nil {
		return nil, err
	}
	at := int(expr.PositionRange().Start)
	v, ok := unwrap(expr).(*parser.VectorSelector)
	if !ok || !isBare(v) || plainName(v) == "" {
		return nil, queryErr(query, at, "the observations of a histogram are read from its series as they are", histogramForm)
	}
	v.Name = plainName(v)
	for _, end := range []string{"_bucket", "_count", "_sum"} {
		if name, is := strings.CutSuffix(v.Name, end); is {
			return nil, queryErr(query, at, v.Name+" is a part of a histogram", name+", which is all of it")
		}
	}
	for _, m := range v.LabelMatchers {
		if m.Name == labels.BucketLabel {
			return nil, queryErr(query, at, "le is chosen by the value of each objective", "the selector without le")
		}
	}
	return v, nil
}

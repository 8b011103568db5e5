package slo

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/VictoriaMetrics/metricsql"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// MetricsQL is what VictoriaMetrics reads beyond PromQL. A query is read as
// PromQL wherever it is valid as such; what only metricsql.Parse takes is read
// here, for data sources of that type.

// The bounds of a MetricsQL query, whose parser takes the square of its length.
const (
	deepest  = 64  // brackets that are open at once
	mostSaid = 400 // words and signs
)

// regexpMark stands before the text of a regular expression that the parser
// must not compile: it keeps all that it ever compiled.
const regexpMark = "\x01"

// unfolded is what is expected in the place of templates.
const unfolded = "the expression that the template stands for"

// parseMetricsQL reads a query that is not PromQL. The error is a *QueryError.
func parseMetricsQL(query string) (metricsql.Expr, error) {
	if len(query) > maxQuery {
		return nil, queryErr(query, 0, fmt.Sprintf("the query is longer than %d bytes", maxQuery), "")
	}
	s := metricsScan{query: query}
	if err := s.scan(); err != nil {
		return nil, err
	}
	expr, err := metricsql.Parse(s.out.String())
	if err != nil {
		message, _, _ := strings.Cut(err.Error(), "; unparsed data")
		return nil, queryErr(query, 0, "not valid MetricsQL: "+strings.ReplaceAll(message, regexpMark, ""), "")
	}
	if _, err := metricsql.Parse(string(expr.AppendString(nil))); err != nil { // as 0 @ +0 @ a
		return nil, queryErr(query, 0, "MetricsQL that cannot be read any more once it is written out", "parentheses around what stands after an @")
	}
	if err := s.markRegexps(expr); err != nil {
		return nil, err
	}
	return expr, nil
}

// readQuery reads a query as PromQL or, where it is none, as MetricsQL. The
// error is a *QueryError.
func readQuery(query string) (expr parser.Expr, metrics metricsql.Expr, err error) {
	if expr, err = parseQuery(query); err == nil {
		return expr, nil, nil
	}
	metrics, wrong := parseMetricsQL(query)
	var template *QueryError
	switch {
	case wrong == nil:
		return nil, metrics, nil
	case errors.As(wrong, &template) && template.Expected == unfolded:
		return nil, nil, wrong
	}
	return nil, nil, err
}

// IsMetricsQL reports whether a query of a Set is MetricsQL and no PromQL, so
// that VictoriaMetrics alone can answer it as it stands.
func IsMetricsQL(query string) bool {
	_, metrics, _ := readQuery(query)
	return metrics != nil
}

// A metricsScan goes through the text of a query before it is parsed: it
// refuses what would take much memory or time, and marks regular expressions.
type metricsScan struct {
	query string
	at    int
	open  int // brackets
	said  int // words and signs
	out   strings.Builder
}

func (s *metricsScan) scan() error {
	if at := strings.Index(s.query, regexpMark); at >= 0 || !utf8.ValidString(s.query) {
		return queryErr(s.query, at, "a character that no query has", "")
	}
	for s.at < len(s.query) {
		rest := s.query[s.at:]
		r, size := utf8.DecodeRuneInString(rest)
		var err error
		switch {
		case r == '#':
			s.skip(strings.IndexByte(rest+"\n", '\n'))
		case strings.HasPrefix(rest, "=~"), strings.HasPrefix(rest, "!~"):
			err = s.regexp(rest[:2])
		case strings.ContainsRune("\"'`", r):
			err = s.text("")
		case r == '\\':
			_, next := utf8.DecodeRuneInString(rest[1:])
			s.keep(1 + next)
		case r == '_' || unicode.IsLetter(r):
			err = s.word()
		default:
			err = s.bracket(r)
			s.keep(size)
		}
		if err != nil {
			return err
		}
		if s.said > mostSaid {
			return s.refuse(fmt.Sprintf("more than %d words and signs", mostSaid), "")
		}
	}
	return nil
}

func (s *metricsScan) keep(n int) {
	n = min(n, len(s.query)-s.at)
	s.out.WriteString(s.query[s.at : s.at+n])
	s.at += n
}

func (s *metricsScan) skip(n int) { s.at += min(n, len(s.query)-s.at) }

func (s *metricsScan) bracket(r rune) error {
	switch {
	case strings.ContainsRune("([{", r):
		s.open++
	case strings.ContainsRune(")]}", r):
		s.open--
	case strings.ContainsRune("+-*/%^<>=!", r):
		s.said++
	}
	if s.open > deepest {
		return s.refuse(fmt.Sprintf("more than %d brackets in each other", deepest), "")
	}
	return nil
}

// word refuses templates: what they stand for may be as large as it likes.
func (s *metricsScan) word() error {
	end := strings.IndexFunc(s.query[s.at:]+" ", func(r rune) bool {
		return r != '_' && r != ':' && r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	name := strings.ToLower(s.query[s.at : s.at+end])
	called := strings.HasPrefix(strings.TrimLeft(s.query[s.at+end:], " \t\r\n"), "(")
	switch {
	case called && name == "with":
		return s.refuse("WITH templates are not read", unfolded)
	case called && (name == "ru" || name == "ttf"):
		return s.refuse(name+"(…) is a template, which is not read", unfolded)
	}
	s.said++
	s.keep(end)
	return nil
}

// text keeps a string, with a mark before its first character.
func (s *metricsScan) text(mark string) error {
	quote := s.query[s.at]
	for i := s.at + 1; i < len(s.query); i++ {
		switch s.query[i] {
		case '\\':
			i++
		case quote:
			s.keep(1)
			s.out.WriteString(mark)
			s.keep(i + 1 - s.at)
			return nil
		}
	}
	return s.refuse("the text has no end", "")
}

// regexp writes that a label is the text which it has to match; markRegexps
// says again that it has to match.
func (s *metricsScan) regexp(op string) error {
	s.out.WriteString(map[string]string{"=~": "=", "!~": "!="}[op])
	s.skip(len(op))
	s.keep(len(s.query[s.at:]) - len(strings.TrimLeft(s.query[s.at:], " \t\r\n")))
	if s.at == len(s.query) || !strings.Contains("\"'`", s.query[s.at:s.at+1]) {
		return s.refuse("a regular expression that is not a text", "")
	}
	return s.text(regexpMark)
}

func (s *metricsScan) refuse(reason, expected string) error {
	return queryErr(s.query, s.at, reason, expected)
}

// markRegexps puts the regular expressions in an expression right.
func (s *metricsScan) markRegexps(expr metricsql.Expr) (err error) {
	metricsql.VisitAll(expr, func(e metricsql.Expr) {
		m, is := e.(*metricsql.MetricExpr)
		for i := 0; is && i < len(m.LabelFilterss); i++ {
			for n := range m.LabelFilterss[i] {
				f := &m.LabelFilterss[i][n]
				f.Value, f.IsRegexp = strings.CutPrefix(f.Value, regexpMark)
				_, wrong := syntax.Parse(f.Value, syntax.Perl)
				if !f.IsRegexp {
					wrong = nil
				}
				if f.Label == "" {
					wrong = errors.New("a label without a name")
				}
				if wrong != nil && err == nil {
					err = queryErr(s.query, 0, "not valid MetricsQL: "+wrong.Error(), "")
				}
			}
		}
	})
	return err
}

// matcherOf is a filter of MetricsQL in the terms of Prometheus.
func matcherOf(f metricsql.LabelFilter) (*labels.Matcher, error) {
	kind := labels.MatchEqual
	switch {
	case f.IsRegexp && f.IsNegative:
		kind = labels.MatchNotRegexp
	case f.IsRegexp:
		kind = labels.MatchRegexp
	case f.IsNegative:
		kind = labels.MatchNotEqual
	}
	return labels.NewMatcher(kind, f.Label, f.Value)
}

// filterOf is a matcher of Prometheus in the terms of MetricsQL.
func filterOf(m *labels.Matcher) metricsql.LabelFilter {
	return metricsql.LabelFilter{
		Label: m.Name, Value: m.Value,
		IsNegative: m.Type == labels.MatchNotEqual || m.Type == labels.MatchNotRegexp,
		IsRegexp:   m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp,
	}
}

// narrowed is an expression with more matchers in each of its selectors.
func narrowed(expr metricsql.Expr, more []*labels.Matcher) string {
	eachMetric(expr, func(m *metricsql.MetricExpr) {
		for i := range m.LabelFilterss {
			for _, matcher := range more {
				m.LabelFilterss[i] = append(m.LabelFilterss[i], filterOf(matcher))
			}
		}
	})
	return string(expr.AppendString(nil))
}

func eachMetric(expr metricsql.Expr, do func(*metricsql.MetricExpr)) {
	metricsql.VisitAll(expr, func(e metricsql.Expr) {
		if m, is := e.(*metricsql.MetricExpr); is {
			do(m)
		}
	})
}

package slo

import (
	"fmt"
	"slices"
	"strings"

	"github.com/VictoriaMetrics/metricsql"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// A Grouping makes one objective for each value of some labels of another.
// Which values there are only the backend knows; Set.WithGroups makes the
// objectives of those that were found.
type Grouping struct {
	Objective string             `json:"objective"` // all groups together
	By        []string           `json:"by"`        // labels of the series of its indicator
	Limit     int                `json:"limit"`     // most groups that are kept
	Weights   map[string]Decimal `json:"weights,omitempty"`
	NoData    NoData             `json:"whenNoData,omitempty"` // what becomes of slices in which a group was not observed, where a composite is made of them
	Each      Objective          `json:"each"`                 // what the objective of a group is like
}

// A Group is the values of the labels of a Grouping, in their order. An empty
// value stands for series without the label.
type Group []string

// Key is the group in one text: its values, escaped, with commas between.
func (g Group) Key() string {
	parts := make([]string, len(g))
	for i, v := range g {
		parts[i] = escapeValue(v)
	}
	return strings.Join(parts, ",")
}

// Name is the name of the objective of a group: checkout/region=eu,tier=gold.
// Characters of values that are no letters, digits, dots, dashes or
// underscores are written as %XX, each of their bytes.
func (g Grouping) Name(of Group) string {
	parts := make([]string, len(g.By))
	for i, label := range g.By {
		parts[i] = label + "=" + escapeValue(of[i])
	}
	return g.Objective + "/" + strings.Join(parts, ",")
}

func escapeValue(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// maxGroupName is the longest name of the objective of a group, in bytes.
const maxGroupName = 250

// Fits reports whether a group can have an objective: it has as many values as
// there are labels, and its name is not too long.
func (g Grouping) Fits(of Group) bool { return len(of) == len(g.By) && len(g.Name(of)) <= maxGroupName }

// objective is the objective of a group: that of all, counted over the series
// that have the group's values.
func (g Grouping) objective(of Group) Objective {
	o := g.Each
	o.Name, o.Of, o.Group = g.Name(of), g.Objective, map[string]string{}
	var said []string
	for i, label := range g.By {
		o.Group[label] = of[i]
		said = append(said, label+" "+of[i])
	}
	title := o.Title
	if title == "" {
		title = g.Objective
	}
	o.Title = title + ": " + strings.Join(said, ", ")
	in := &o.Indicator
	for _, query := range []*string{&in.Good, &in.Bad, &in.Total, &in.Query, &in.Started} {
		*query = g.only(*query, of)
	}
	return o
}

// only is a query over the series of one group.
func (g Grouping) only(query string, of Group) string {
	if query == "" {
		return ""
	}
	var more []*labels.Matcher
	for i, label := range g.By {
		more = append(more, labels.MustNewMatcher(labels.MatchEqual, label, of[i]))
	}
	return narrow(query, more)
}

// narrow is a query with more matchers in each of its selectors.
func narrow(query string, more []*labels.Matcher) string {
	expr, metrics, err := readQuery(query)
	switch {
	case err != nil:
		return query // the queries of a Set were read before
	case metrics != nil:
		return narrowed(metrics, more)
	}
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		if v, ok := n.(*parser.VectorSelector); ok {
			v.LabelMatchers = append(v.LabelMatchers, more...)
		}
		return nil
	})
	return expr.String()
}

// SeriesOf are the selectors in a query of an indicator, each once; those of
// PromQL in canonical form.
func SeriesOf(query string) (selectors []string) {
	expr, metrics, err := readQuery(query)
	if err != nil {
		return nil
	}
	eachMetric(metrics, func(m *metricsql.MetricExpr) { selectors = append(selectors, string(m.AppendString(nil))) })
	if expr == nil {
		slices.Sort(selectors)
		return slices.Compact(selectors)
	}
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		if v, ok := n.(*parser.VectorSelector); ok {
			selectors = append(selectors, canonicalSelector(v))
		}
		return nil
	})
	slices.Sort(selectors)
	return slices.Compact(selectors)
}

// WithGroups is the set with the objectives of the groups that were found,
// by the name of the objective that is grouped. Groups that do not fit, and
// those beyond the limit, are left out: those that come first are kept. s is
// not changed.
//
// Alerts are those of the groups, once there are any: what is true of one
// region is not told twice.
func (s *Set) WithGroups(found map[string][]Group) *Set {
	if len(s.Groupings) == 0 {
		return s
	}
	out := *s
	out.Objectives = slices.Clone(s.Objectives)
	for _, g := range s.Groupings {
		var children []Objective
		for _, of := range found[g.Objective] {
			if g.Fits(of) && len(children) < g.Limit {
				children = append(children, g.objective(of))
			}
		}
		sortBy(children, func(o Objective) string { return o.Name })
		children = slices.CompactFunc(children, func(a, b Objective) bool { return a.Name == b.Name })
		at := slices.IndexFunc(out.Objectives, func(o Objective) bool { return o.Name == g.Objective })
		out.Objectives[at] = g.all(out.Objectives[at], children)
		out.Objectives = append(out.Objectives, children...)
	}
	sortBy(out.Objectives, func(o Objective) string { return o.Name })
	return &out
}

// all is the objective of all groups together.
func (g Grouping) all(o Objective, children []Objective) Objective {
	if len(children) == 0 {
		return o
	}
	o.Alerts = nil
	if o.Composite == nil {
		return o
	}
	c := &Composite{Aggregate: o.Composite.Aggregate}
	for _, child := range children {
		c.Components = append(c.Components, Component{Objective: child.Name, Weight: g.weight(child), NoData: g.NoData})
	}
	o.Composite = c
	return o
}

func (g Grouping) weight(child Objective) Decimal {
	var of Group
	for _, label := range g.By {
		of = append(of, child.Group[label])
	}
	if w, ok := g.Weights[of.Key()]; ok {
		return w
	}
	return NewDecimal(1, 0)
}

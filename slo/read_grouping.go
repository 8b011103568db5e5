package slo

import (
	"fmt"
	"slices"
	"strings"

	"github.com/VictoriaMetrics/metricsql"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// GroupByNote is the annotation that groups the objectives of an SLO.
const GroupByNote = "setpoint.dev/groupBy"

// What is said of the groups beside it.
const (
	groupAggregate   = "setpoint.dev/groupAggregate"
	groupLimitNote   = "setpoint.dev/groupLimit"
	groupWeightsNote = "setpoint.dev/groupWeights"
)

// weighted is the aggregate of all groups by their events, or by weights.
const weighted = "weighted"

const defaultGroups, mostGroups = 100, 10_000

func groupNotes() []field {
	return []field{
		{key: GroupByNote, is: shapeWord, doc: "Labels of the series that are counted, with commas between: an objective is kept for each of their values too. See [Groups](#groups)."},
		{key: groupAggregate, is: shapeChoice, words: []string{weighted, string(AnyDown), string(AllDown)}, instead: weighted, doc: "What the objective of all groups is: `weighted`, all of their events together, or their average by `setpoint.dev/groupWeights`; `anyDown`, in each slice as bad as the worst group; `allDown`, as bad as the best."},
		{key: groupWeightsNote, is: shapeWord, instead: "the groups' events", doc: "Weights of groups, as in `eu=3, us=1`, by the values of the labels as they stand in the names of groups; 1 for others."},
		{key: groupLimitNote, is: shapeWhole, instead: "100", doc: "Most groups that are kept, at most 10000. Those that come later are left out, which is told as a problem."},
	}
}

// grouped reads how the objectives of an SLO are grouped; By is empty where
// they are not.
func grouped(notes value) (g Grouping, how string) {
	by := notes.get(GroupByNote)
	if !by.given() {
		for _, key := range []string{groupAggregate, groupWeightsNote, groupLimitNote} {
			if v := notes.get(key); v.given() {
				v.refuse("there are no groups", "the annotation "+GroupByNote+" beside it, or none", "")
			}
		}
		return Grouping{}, ""
	}
	g.Limit, how = defaultGroups, weighted
	for label := range strings.SplitSeq(by.text(), ",") {
		g.By = append(g.By, strings.TrimSpace(label))
	}
	checkLabelNames(by, g.By)
	if limit := notes.get(groupLimitNote); limit.given() {
		g.Limit = int(limit.whole(defaultGroups))
		if g.Limit < 1 || g.Limit > mostGroups {
			limit.refuse(limit.text()+" is out of range", fmt.Sprintf("1 to %d", mostGroups), "")
		}
	}
	if word := notes.get(groupAggregate).text(); word != "" {
		how = word
	}
	if weights := notes.get(groupWeightsNote); weights.given() && how != weighted {
		weights.refuse("plays no part in "+how, "no weights, or the aggregate weighted", "")
	} else if weights.given() {
		g.Weights = groupWeights(weights)
	}
	g.NoData = ruleOf(notes.get(componentNoDataNote))
	return g, how
}

func checkLabelNames(v value, names []string) {
	for i, name := range names {
		switch {
		case !model.LegacyValidation.IsValidLabelName(name) || name == model.MetricNameLabel:
			v.refuse(fmt.Sprintf("%q is no label of a series", short(name)), "label names with commas between, as in region, tenant", "")
		case slices.Contains(names[:i], name):
			v.refuse("the label "+name+" is there twice", "each label once", "")
		}
	}
}

func groupWeights(v value) map[string]Decimal {
	out := map[string]Decimal{}
	for part := range strings.SplitSeq(v.text(), ",") {
		key, text, found := strings.Cut(part, "=")
		key = strings.TrimSpace(key)
		d, err := ParseDecimal(strings.TrimSpace(text))
		_, den := d.Fraction()
		_, twice := out[key]
		switch {
		case !found || key == "" || err != nil:
			v.refuse(fmt.Sprintf("%q is no group with a weight", short(part)), "as in eu=3, us=1", "")
			return nil
		case d.Sign() <= 0 || d.Cmp(NewDecimal(maxWeight, 0)) > 0 || den > maxWeightDecimals:
			v.refuse(d.String()+" is out of range for a weight", "above 0, at most 1000000, with at most 6 decimals", "")
			return nil
		case twice:
			v.refuse("the group "+key+" is there twice", "each group once", "")
			return nil
		}
		out[key] = d
	}
	return out
}

// group makes of an objective that of all its groups, and notes what that of
// each is like.
func (l *loader) group(o *Objective, notes value) {
	if !notes.given() {
		return
	}
	g, how := grouped(notes)
	made := len(g.By) > 0 && (how != weighted || g.Weights != nil)
	if rule := notes.get(componentNoDataNote); rule.given() && !made {
		rule.warn("plays no part: this is no composite of components or groups", "no such annotation", "")
	}
	if len(g.By) == 0 {
		return
	}
	by := notes.get(GroupByNote)
	for _, q := range []struct{ what, text string }{{"good", o.Indicator.Good}, {"bad", o.Indicator.Bad}, {"total", o.Indicator.Total}, {"measurement", o.Indicator.Query}} {
		for _, label := range g.By {
			if why := withoutLabel(q.text, label); why != "" && by.good() {
				by.warn("the query of "+q.what+" "+why, "a query whose series differ in "+label, "")
			}
		}
	}
	g.Objective, g.Each = o.Name, *o
	if made {
		o.Composite = &Composite{Aggregate: map[string]Aggregate{string(AnyDown): AnyDown, string(AllDown): AllDown, weighted: Average}[how]}
		o.Slice, o.Indicator = o.Step(), Indicator{}
		o.Method, o.TimeSlice = RatioTimeslices, TimeSlice{Length: o.Slice}
		o.MinEvents, o.NoData = 0, NoDataHold // these are about each group
	}
	l.set.Groupings = append(l.set.Groupings, g)
}

// withoutLabel says why a query cannot be told apart by a label; empty when it
// can, as far as the query tells.
func withoutLabel(query, label string) (why string) {
	if query == "" {
		return ""
	}
	expr, metrics, err := readQuery(query)
	if err != nil {
		return ""
	}
	if metrics != nil {
		return metricsWithoutLabel(metrics, label)
	}
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		switch e := n.(type) {
		case *parser.VectorSelector:
			for _, m := range e.LabelMatchers {
				if m.Name == label && m.Type == labels.MatchEqual {
					why = fmt.Sprintf("selects %s: there can be one group only", m)
				}
			}
		case *parser.AggregateExpr:
			word := "by"
			if e.Without {
				word = "without"
			}
			if why == "" {
				why = aggregatedAway(label, e.Op.String(), word, e.Grouping)
			}
		}
		return nil
	})
	return why
}

// aggregatedAway says that an aggregation leaves a label out of its result;
// empty where it does not.
func aggregatedAway(label, op, word string, grouping []string) string {
	if len(grouping) == 0 || (word == "without") != slices.Contains(grouping, label) {
		return ""
	}
	return fmt.Sprintf("is without the label %s in its result (%s %s (%s)); it is told apart by the series below that", label, op, word, strings.Join(grouping, ", "))
}

// metricsWithoutLabel is withoutLabel of MetricsQL.
func metricsWithoutLabel(expr metricsql.Expr, label string) (why string) {
	metricsql.VisitAll(expr, func(e metricsql.Expr) {
		switch e := e.(type) {
		case *metricsql.MetricExpr:
			for _, f := range slices.Concat(e.LabelFilterss...) {
				if f.Label == label && !f.IsNegative && !f.IsRegexp && len(e.LabelFilterss) == 1 {
					why = fmt.Sprintf("selects %s: there can be one group only", f.AppendString(nil))
				}
			}
		case *metricsql.AggrFuncExpr:
			if why == "" {
				why = aggregatedAway(label, e.Name, strings.ToLower(e.Modifier.Op), e.Modifier.Args)
			}
		}
	})
	return why
}

package rules

import (
	"fmt"
	"maps"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"time"

	"setpoint.dev/setpoint/slo"
)

// What is recorded of each component of a composite in each of its slices:
// the share that is bad, and whether anything was seen of it.
const (
	componentBad  = "setpoint:component:bad_ratio"
	componentSeen = "setpoint:component:observed"
)

// mixture records the slices of a composite, under a name: what is known of its
// components, and what its aggregate makes of that.
func (s subject) mixture(name string) (rules []rule) {
	var seen, bad []rule
	for i, p := range s.parts {
		component := ""
		if s.members == nil {
			component = s.Composite.Components[i].Objective
		}
		seen = append(seen, s.ofComponent(componentSeen, component, p, aligned(p.seenBy(s.Slice), s.Slice, s.behind())))
		bad = append(bad, s.ofComponent(componentBad, component, p, aligned(p.shareIn(s.Slice), s.Slice, s.behind())))
		bad[i].Expr += s.assumed(s.rule(i), component)
	}
	rules = append(append(rules, seen...), bad...)
	rules = append(rules, s.record(name, fmt.Sprintf("(%s)%s", s.aggregate(), s.held())))
	if name == slice {
		rules = append(rules, s.record(sliceSeen, fmt.Sprintf("group(%s%s)%s", componentSeen, s.own(), s.held())))
	}
	return rules
}

// behind is how much later than they end the slices of a composite are known:
// those of its components are recorded in their own time.
func (s subject) behind() (longest time.Duration) {
	for _, p := range s.parts {
		longest = max(longest, p.late())
	}
	return longest
}

// ofComponent records an expression of a component, or of each group.
func (s subject) ofComponent(name, component string, p subject, expr string) rule {
	labels := maps.Clone(s.labels)
	if s.members != nil {
		return rule{Record: name, Expr: p.named(expr, "component"), Labels: labels}
	}
	labels["component"] = component
	return rule{Record: name, Expr: fmt.Sprintf("max(%s)", expr), Labels: labels}
}

// rule is what becomes of slices in which a component was not seen.
func (s subject) rule(i int) slo.NoData {
	if s.members != nil {
		return s.members.NoData
	}
	return s.Composite.Components[i].NoData
}

// assumed is what a component counts as where it was not seen, and had been
// within the window.
func (s subject) assumed(rule slo.NoData, component string) string {
	share, known := map[slo.NoData]string{slo.NoDataGood: "0", slo.NoDataBad: "1"}[rule]
	if !known {
		return ""
	}
	only := s.component("", component)
	return fmt.Sprintf(" or (%s * (last_over_time(%s%s[%s]) unless %[2]s%[3]s))", share, componentSeen, only, slo.Span(s.Window.Length))
}

// component selects what is recorded of one component; empty is all of them.
func (s subject) component(op, name string) string {
	if name == "" {
		return s.own()
	}
	if op == "" {
		op = "="
	}
	return fmt.Sprintf("{slo=%q,component%s%q}", s.Name, op, name)
}

// held is the condition for a slice of a composite to be known: all of its
// components that hold it were seen, or any where none holds it. Of groups
// those count that were seen within the window.
func (s subject) held() string {
	any := fmt.Sprintf("count(%s%s)", componentSeen, s.own())
	if s.members != nil {
		if s.members.NoData != slo.NoDataHold {
			return fmt.Sprintf(" and on() (%s > 0)", any)
		}
		return fmt.Sprintf(" unless on() (last_over_time(%s%s[%s]) unless %[1]s%[2]s)", componentSeen, s.own(), slo.Span(s.Window.Length))
	}
	var holding []string
	for _, c := range s.Composite.Components {
		if c.NoData == slo.NoDataHold {
			holding = append(holding, c.Objective)
		}
	}
	if len(holding) == 0 {
		return fmt.Sprintf(" and on() (%s > 0)", any)
	}
	return fmt.Sprintf(" and on() (count(%s%s) == %d)", componentSeen, s.component("=~", strings.Join(holding, "|")), len(holding))
}

// aggregate is how bad a composite is, of what was recorded of its
// components. One without events is left out.
func (s subject) aggregate() string {
	switch s.Composite.Aggregate {
	case slo.AnyDown:
		return fmt.Sprintf("max(%s%s)", componentBad, s.own())
	case slo.AllDown:
		return fmt.Sprintf("min(%s%s)", componentBad, s.own())
	}
	var shares, weights []string
	for _, w := range s.weights() {
		shares = append(shares, fmt.Sprintf("%s * %s%s", w.weight, componentBad, w.of))
		weights = append(weights, fmt.Sprintf("%s * (%s%s >= bool 0)", w.weight, componentBad, w.of))
	}
	all := fmt.Sprintf("sum(%s)", strings.Join(shares, " or "))
	if s.Composite.Aggregate != slo.Average {
		return fmt.Sprintf("clamp_max(%s, 1)", all)
	}
	return fmt.Sprintf("%s / sum(%s)", all, strings.Join(weights, " or "))
}

// A weighing is a weight and what it is the weight of.
type weighing struct{ weight, of string }

func (s subject) weights() (all []weighing) {
	if s.members != nil {
		return s.groupWeights()
	}
	for i, c := range s.Composite.Components {
		w := big.NewRat(c.Weight.Fraction())
		if s.Composite.Aggregate == slo.SumOfBurn {
			w.Mul(w, big.NewRat(s.Budget().Fraction())).Quo(w, big.NewRat(s.parts[i].Budget().Fraction()))
		}
		all = append(all, weighing{plain(w), s.component("=", c.Objective)})
	}
	return all
}

// groupWeights are the weights that are declared, and 1 for other groups.
func (s subject) groupWeights() (all []weighing) {
	var others []string
	for _, key := range slices.Sorted(maps.Keys(s.members.Weights)) {
		value, err := url.PathUnescape(key)
		if err != nil {
			value = key
		}
		name := s.Name + "/" + s.members.By[0] + "=" + value // of several labels no weight can be said
		others = append(others, name)
		all = append(all, weighing{s.members.Weights[key].String(), s.component("=", name)})
	}
	return append(all, weighing{"1", fmt.Sprintf("{slo=%q%s}", s.Name, unlike(others))})
}

func unlike(names []string) (matchers string) {
	for _, name := range names {
		matchers += fmt.Sprintf(",component!=%q", name)
	}
	return matchers
}

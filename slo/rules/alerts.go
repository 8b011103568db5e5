package rules

import (
	"cmp"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"

	"setpoint.dev/setpoint/slo"
)

// alert is a tier as a rule; all are those that there are beside it.
func (s subject) alert(t Tier, all []Tier) rule {
	own := s.labelled(t.Labels)
	own["severity"], own["policy"], own["condition"] = t.Severity, t.Policy, t.Condition
	windows := s.lookBack(t)
	if len(windows) > 0 {
		own["long"], own["short"] = slo.Span(windows[0].Length), slo.Span(windows[min(1, len(windows)-1)].Length)
	}
	summary, text := s.said(t)
	a := rule{Alert: t.Name, Labels: own, Expr: s.expression(t) + s.unless(t, all), Annotations: map[string]string{"summary": summary, "description": text}}
	maps.Copy(a.Annotations, t.Annotations)
	if t.For > 0 {
		a.For = slo.Span(t.For)
	}
	if t.Keep > 0 {
		a.Keep = slo.Span(t.Keep)
	}
	return a
}

// expression is what has to be so for a tier to fire.
func (s subject) expression(t Tier) string {
	var parts []string
	reached := ">="
	if s.Budget().Sign() == 0 { // every rate is 0 times its threshold while nothing is bad
		reached = ">"
	}
	for _, w := range s.lookBack(t) {
		parts = append(parts, fmt.Sprintf("%s%s %s %s", recorded(w.Length), s.own(), reached, s.threshold(w.Burn)))
	}
	for _, c := range t.Conditions {
		if c.Spent.Sign() > 0 {
			parts = append(parts, fmt.Sprintf("%s%s <= %s", remaining, s.own(), plain(new(big.Rat).Sub(big.NewRat(1, 1), big.NewRat(c.Spent.Fraction())))))
		}
		if c.MinBad > 0 {
			parts = append(parts, fmt.Sprintf("%s %s >= %d", s.on(), s.bad(c.Window), c.MinBad))
		}
		if s.MinEvents > 0 && c.Spent.Sign() == 0 {
			parts = append(parts, s.on()+" "+s.enough(c.Window))
			if c.Short > 0 {
				parts = append(parts, s.on()+" "+s.enough(max(c.Short, minRange)))
			}
		}
	}
	return strings.Join(parts, " and ")
}

// unless keeps a tier quiet while a faster one of its policy fires, unless it
// did before.
func (s subject) unless(t Tier, all []Tier) string {
	var faster []string
	for _, other := range all {
		if t.Inhibits && other.Policy == t.Policy && other.burn().Cmp(t.burn()) > 0 {
			faster = append(faster, other.Condition)
		}
	}
	if len(faster) == 0 {
		return ""
	}
	firing := func(match, conditions string) string {
		return fmt.Sprintf(`ALERTS{%s,policy=%q,condition%s%q,alertstate="firing"}`, strings.Trim(s.own(), "{}"), t.Policy, match, conditions)
	}
	return fmt.Sprintf(" unless on(slo) (%s unless on(slo) %s)", firing("=~", strings.Join(faster, "|")), firing("=", t.Condition))
}

// said is what people are told: in short, and at length.
func (s subject) said(t Tier) (summary, text string) {
	first, windows := t.Conditions[0], s.lookBack(t)
	name, over := s.called(), ""
	if len(windows) == 0 {
		return name + " has used up its error budget, or nearly so",
			fmt.Sprintf("At least %s of the error budget of %s over %s is used up.", first.Spent, s.Service, slo.Span(s.Window.Length))
	}
	for i, w := range windows {
		over += []string{"Over ", " and over "}[min(i, 1)] + slo.Span(w.Length)
	}
	what := s.Indicator.Kind.Noun()
	if s.sliced() {
		what = "time slices"
	}
	if s.Budget().Sign() == 0 {
		return name + " has bad " + what + ", of which it allows none",
			fmt.Sprintf("%s some of the %s of %s were bad; none may be over %s.", over, what, s.Service, slo.Span(s.Window.Length))
	}
	return fmt.Sprintf("%s burns its error budget %s times as fast as it may", name, windows[0].Burn),
		fmt.Sprintf("%s at least %s of the %s of %s were bad; %s may be over %s.",
			over, s.threshold(windows[0].Burn), what, s.Service, s.Budget(), slo.Span(s.Window.Length))
}

// called is the name of what an alert is about, which Prometheus fills in
// where it is one of several groups.
func (s subject) called() string {
	if len(s.by) > 0 {
		return "{{ $labels.slo }}"
	}
	return s.Name
}

// absences tell that what is counted or judged is missing.
func (s subject) absences() (rules []rule) {
	for _, p := range s.Alerts {
		if !p.NoData.On {
			continue
		}
		own := s.labelled(p.Labels)
		own["severity"], own["policy"], own["condition"] = p.NoData.Severity, p.Name, "no-data"
		a := rule{Alert: cmp.Or(p.NoData.Name, p.Title, p.Name), Expr: s.gone(), Labels: own, Annotations: map[string]string{
			"summary": s.called() + " cannot be seen: its metrics are missing",
		}}
		maps.Copy(a.Annotations, p.Notes)
		if p.NoData.After > 0 {
			a.For = slo.Span(p.NoData.After)
		}
		rules = append(rules, a)
	}
	return rules
}

// goneSince is how far back a group counts as one that should be there.
const goneSince = 24 * time.Hour

// gone has a value where nothing is seen of what is counted: of a composite
// for five of its slices, of a group where it was seen within a day.
func (s subject) gone() string {
	if s.Composite != nil {
		return fmt.Sprintf("absent_over_time(%s%s[%s])", slice, s.own(), slo.Span(5*s.Step()))
	}
	var gone, now, before []string
	for _, sel := range s.selectors() {
		gone = append(gone, fmt.Sprintf("absent(%s)", sel))
		now = append(now, s.all("group", sel))
		if len(s.by) > 0 {
			before = append(before, s.all("group", fmt.Sprintf("last_over_time(%s[%s])", sel, slo.Span(min(s.Window.Length, goneSince)))))
		}
	}
	if len(s.by) > 0 {
		return s.named(fmt.Sprintf("((%s) unless (%s))", strings.Join(before, " or "), strings.Join(now, " or ")), "slo")
	}
	return strings.Join(gone, " and on() ")
}

// selectors are the series without which nothing is seen.
func (s subject) selectors() []string {
	switch s.Indicator.Kind {
	case slo.Counters:
		selectors, _ := slo.Selectors(s.Indicator.Total) // the query of a Set was read before
		return selectors
	case slo.Deadline:
		return []string{s.Indicator.Started}
	}
	return []string{vector(s.Indicator.Query)}
}

// labelled are the labels of a subject with those of an alert that rules do
// not have for themselves, and Prometheus can have.
func (s subject) labelled(more map[string]string) map[string]string {
	own := maps.Clone(s.labels)
	for _, name := range slices.Sorted(maps.Keys(more)) {
		if !reserved(name) || name == "severity" {
			own[name] = more[name]
		}
	}
	return own
}

// threshold is burn × (1 − target), exactly.
func (s subject) threshold(burn slo.Decimal) string { return plain(s.limit(burn)) }

// plain is a number with all its digits; both factors of a threshold have at
// most 18.
func plain(r *big.Rat) string {
	return strings.TrimSuffix(strings.TrimRight(r.FloatString(36), "0"), ".")
}

func (s subject) limit(burn slo.Decimal) *big.Rat {
	b, budget := big.NewRat(burn.Fraction()), big.NewRat(s.Budget().Fraction())
	return b.Mul(b, budget)
}

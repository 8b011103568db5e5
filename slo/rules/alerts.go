package rules

import (
	"cmp"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"setpoint.dev/setpoint/slo"
)

// alert is a tier as a rule.
func alert(o slo.Objective, t Tier, labels map[string]string) rule {
	own := labelled(labels, t.Labels)
	own["severity"] = t.Severity
	windows := t.Windows()
	if len(windows) > 0 {
		own["long"], own["short"] = slo.Span(windows[0].Length), slo.Span(windows[min(1, len(windows)-1)].Length)
	}
	summary, text := words(o, t)
	a := rule{Alert: t.Name, Labels: own, Expr: expression(o, t), Annotations: map[string]string{"summary": summary, "description": text}}
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
func expression(o slo.Objective, t Tier) string {
	var parts []string
	reached := ">="
	if o.Budget().Sign() == 0 { // every rate is 0 times its threshold while nothing is bad
		reached = ">"
	}
	for _, w := range t.Windows() {
		parts = append(parts, fmt.Sprintf("%s{slo=%q} %s %s", record(w.Length), o.Name, reached, threshold(o, w.Burn)))
	}
	for _, c := range t.Conditions {
		if c.Spent.Sign() > 0 {
			parts = append(parts, fmt.Sprintf("%s{slo=%q} <= %s", remaining, o.Name, plain(new(big.Rat).Sub(big.NewRat(1, 1), big.NewRat(c.Spent.Fraction())))))
		}
		if c.MinBad > 0 {
			parts = append(parts, fmt.Sprintf("on() %s >= %d", bad(o, c.Window), c.MinBad))
		}
	}
	return strings.Join(parts, " and ")
}

// words are what people are told: in short, and at length.
func words(o slo.Objective, t Tier) (summary, text string) {
	first, windows := t.Conditions[0], t.Windows()
	if len(windows) == 0 {
		return o.Name + " has used up its error budget, or nearly so",
			fmt.Sprintf("At least %s of the error budget of %s over %s is used up.", first.Spent, o.Service, slo.Span(o.Window.Length))
	}
	var over []string
	for _, w := range windows {
		over = append(over, "over "+slo.Span(w.Length))
	}
	if o.Budget().Sign() == 0 {
		return o.Name + " has bad events, of which it allows none",
			fmt.Sprintf("%s some of the events of %s were bad; none may be over %s.", "O"+strings.Join(over, " and ")[1:], o.Service, slo.Span(o.Window.Length))
	}
	return fmt.Sprintf("%s burns its error budget %s times as fast as it may", o.Name, windows[0].Burn),
		fmt.Sprintf("%s at least %s of the %s of %s were bad; %s may be over %s.",
			"O"+strings.Join(over, " and ")[1:], threshold(o, windows[0].Burn), o.Indicator.Kind.Noun(), o.Service, o.Budget(), slo.Span(o.Window.Length))
}

// absences tell that what is counted or judged is missing.
func absences(o slo.Objective, labels map[string]string) (rules []rule) {
	for _, p := range o.Alerts {
		if !p.NoData.On {
			continue
		}
		own := labelled(labels, p.Labels)
		own["severity"] = p.NoData.Severity
		var gone []string
		selectors, _ := slo.Selectors(o.Indicator.Total) // the query of a Set was read before
		if o.Indicator.Kind != slo.Counters {
			selectors = []string{vector(o.Indicator.Query)}
		}
		for _, s := range selectors {
			gone = append(gone, fmt.Sprintf("absent(%s)", s))
		}
		a := rule{Alert: cmp.Or(p.NoData.Name, p.Title, p.Name), Expr: strings.Join(gone, " and on() "), Labels: own, Annotations: map[string]string{
			"summary": o.Name + " cannot be seen: its metrics are missing",
		}}
		maps.Copy(a.Annotations, p.Notes)
		if p.NoData.After > 0 {
			a.For = slo.Span(p.NoData.After)
		}
		rules = append(rules, a)
	}
	return rules
}

// labelled are labels with those of an alert that Prometheus can have.
func labelled(labels, more map[string]string) map[string]string {
	own := maps.Clone(labels)
	for _, name := range slices.Sorted(maps.Keys(more)) {
		if model.LegacyValidation.IsValidLabelName(name) && !strings.HasPrefix(name, "__") && !slices.Contains([]string{"slo", "service", "long", "short"}, name) {
			own[name] = more[name]
		}
	}
	return own
}

// bad is the number of bad events over w.
func bad(o slo.Objective, w time.Duration) string {
	in := o.Indicator
	switch in.Kind {
	case slo.Counters:
	case slo.Native:
		return fmt.Sprintf("(%s) * on() histogram_count(sum(increase(%s[%s])))", nativeRatio(in, w), in.Query, slo.Span(w))
	default:
		return fmt.Sprintf("(sum(sum_over_time(%[1]s{slo=%[3]q}[%[4]s])) - sum(sum_over_time(%[2]s{slo=%[3]q}[%[4]s])))", allSamples, goodSamples, o.Name, slo.Span(w))
	}
	if in.Bad != "" {
		return fmt.Sprintf("(%s) * %d", sum(in.Bad, w), int64(w.Seconds()))
	}
	return fmt.Sprintf("(%s - (%s)) * %d", sum(in.Total, w), sum(in.Good, w), int64(w.Seconds()))
}

// threshold is burn × (1 − target), exactly.
func threshold(o slo.Objective, burn slo.Decimal) string { return plain(limit(o, burn)) }

// plain is a number with all its digits; both factors of a threshold have at
// most 18.
func plain(r *big.Rat) string {
	return strings.TrimSuffix(strings.TrimRight(r.FloatString(36), "0"), ".")
}

func limit(o slo.Objective, burn slo.Decimal) *big.Rat {
	b, budget := big.NewRat(burn.Fraction()), big.NewRat(o.Budget().Fraction())
	return b.Mul(b, budget)
}

package rules

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"time"

	"setpoint.dev/setpoint/slo"
)

// A Tier is one alert: it fires once all of its conditions have held for as
// long as For, and Keep longer.
type Tier struct {
	Name        string // of the alert
	Severity    string
	For, Keep   time.Duration
	Labels      map[string]string
	Annotations map[string]string
	Conditions  []slo.AlertCondition // of the same objective; one, unless they hold together
}

// A Window is a length of time over which a burn rate is reached.
type Window struct {
	Length time.Duration
	Burn   slo.Decimal
}

// Tiers are the alerts of an objective: those of its alert policies, or the
// standard ones where it has none.
func Tiers(o slo.Objective) (tiers []Tier) {
	if len(o.Alerts) == 0 {
		for _, c := range slo.StandardTiers(o.Window.Length) {
			tiers = append(tiers, Tier{Name: "ErrorBudgetBurn", Severity: c.Severity, Conditions: []slo.AlertCondition{c}})
		}
	}
	for _, p := range o.Alerts {
		tiers = append(tiers, policyTiers(p)...)
	}
	return tiers
}

func policyTiers(p slo.AlertPolicy) (tiers []Tier) {
	if !p.Breaching {
		return nil
	}
	var on []slo.AlertCondition
	for _, c := range p.Conditions {
		if !c.Off {
			on = append(on, c)
		}
	}
	together := [][]slo.AlertCondition{on}
	if !p.All {
		together = slices.Collect(slices.Chunk(on, 1))
	}
	for _, conditions := range together {
		if len(conditions) == 0 {
			continue
		}
		t := Tier{
			Name: cmp.Or(p.Title, p.Name), Severity: conditions[0].Severity, Keep: p.Keep,
			Labels: p.Labels, Annotations: p.Notes, Conditions: conditions,
		}
		for _, c := range conditions {
			t.For = max(t.For, c.After)
		}
		tiers = append(tiers, t)
	}
	return tiers
}

// Windows are those over which ratios are compared. Short ones that are
// shorter than rates can be taken over are made longer, which ends an alert
// later.
func (t Tier) Windows() (out []Window) {
	for _, c := range t.Conditions {
		if c.Spent.Sign() > 0 {
			continue // the budget that remains is compared
		}
		out = append(out, Window{c.Window, c.Burn})
		if c.Short > 0 {
			out = append(out, Window{max(c.Short, minRange), c.Burn})
		}
	}
	return out
}

// possible are the tiers that can fire.
func possible(o slo.Objective, tiers []Tier) (fit []Tier, problems slo.Problems) {
	for _, t := range tiers {
		why := ""
		for _, c := range t.Conditions {
			switch {
			case limit(o, c.Burn).Cmp(big.NewRat(1, 1)) >= 0:
				why = fmt.Sprintf("the tier of %s times burn is left out: %s of the events of %s cannot be bad", c.Burn, threshold(o, c.Burn), o.Name)
			case c.Window <= max(c.Short, minRange) && c.Short > 0 && c.Window != c.Short, c.Window < minRange:
				why = fmt.Sprintf("the tier of %s times burn is left out: its window of %s is too short for %s", c.Burn, slo.Span(c.Window), o.Name)
			}
		}
		if why != "" {
			problems = append(problems, left(o, why))
			continue
		}
		fit = append(fit, t)
	}
	return fit, problems
}

// inexpressible lists what rules have no words for.
func inexpressible(o slo.Objective) (problems slo.Problems) {
	for _, p := range o.Alerts {
		if p.Inhibit && len(p.Conditions) > 1 {
			problems = append(problems, left(o, fmt.Sprintf("that faster alerts of %s keep slower ones of %s quiet is left out: Alertmanager has inhibit_rules for it", p.Name, o.Name)))
		}
		if !p.Breaching && !p.NoData.On {
			problems = append(problems, left(o, fmt.Sprintf("the alerts of %s for %s are left out: it tells nobody", p.Name, o.Name)))
		}
	}
	return problems
}

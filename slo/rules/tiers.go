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
	Policy      string
	Condition   string // "all" where several hold together
	Severity    string
	For, Keep   time.Duration
	Labels      map[string]string
	Annotations map[string]string
	Conditions  []slo.AlertCondition // of the same objective; one, unless they hold together
	Inhibits    bool                 // it keeps those of its policy quiet that have lower burn rates
}

// A window is a length of time over which a burn rate is reached.
type window struct {
	Length time.Duration
	Burn   slo.Decimal
}

// Tiers are the alerts of an objective, the fastest of each policy first:
// those of its alert policies, or the standard ones where nothing is said.
func Tiers(o slo.Objective) (tiers []Tier) {
	if len(o.Alerts) == 0 && !o.Silent {
		for _, c := range slo.StandardTiers(o.Window.Length) {
			tiers = append(tiers, Tier{
				Name: "ErrorBudgetBurn", Policy: slo.StandardAlert, Condition: c.Name, Severity: c.Severity, Conditions: []slo.AlertCondition{c}, Inhibits: true,
			})
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
			Name: cmp.Or(p.Title, p.Name), Policy: p.Name, Condition: conditions[0].Name, Severity: conditions[0].Severity, Keep: p.Keep,
			Labels: p.Labels, Annotations: p.Notes, Conditions: conditions, Inhibits: p.Inhibit,
		}
		if p.All {
			t.Condition = "all"
		}
		for _, c := range conditions {
			t.For = max(t.For, c.After)
		}
		tiers = append(tiers, t)
	}
	if p.Inhibit { // rules are evaluated one after the other
		slices.SortStableFunc(tiers, func(a, b Tier) int { return b.burn().Cmp(a.burn()) })
	}
	return tiers
}

// burn is the rate by which a tier is faster than others.
func (t Tier) burn() slo.Decimal { return t.Conditions[0].Burn }

// lookBack are the windows over which shares are compared. Those that are
// shorter than rates can be taken over, or than a time slice, are made longer,
// which ends an alert later.
func (s subject) lookBack(t Tier) (out []window) {
	least, step := minRange, time.Duration(0)
	if s.sliced() {
		least, step = s.Step(), s.Step()
	}
	for _, c := range t.Conditions {
		if c.Spent.Sign() > 0 {
			continue // the budget that remains is compared
		}
		out = append(out, window{max(c.Window, step), c.Burn})
		if c.Short > 0 {
			out = append(out, window{max(c.Short, least), c.Burn})
		}
	}
	return out
}

// possible are the tiers that can fire.
func (s subject) possible(tiers []Tier) (fit []Tier, problems slo.Problems) {
	for _, t := range tiers {
		why := ""
		for _, c := range t.Conditions {
			switch {
			case s.limit(c.Burn).Cmp(big.NewRat(1, 1)) >= 0:
				why = fmt.Sprintf("the tier of %s times burn is left out: %s of the events of %s cannot be bad", c.Burn, s.threshold(c.Burn), s.Name)
			case s.sliced(): // its windows are time slices at least
			case c.Window <= max(c.Short, minRange) && c.Short > 0 && c.Window != c.Short, c.Window < minRange:
				why = fmt.Sprintf("the tier of %s times burn is left out: its window of %s is too short for %s", c.Burn, slo.Span(c.Window), s.Name)
			}
		}
		if why != "" {
			problems = append(problems, left(s.Position, why))
			continue
		}
		fit = append(fit, t)
	}
	return fit, problems
}

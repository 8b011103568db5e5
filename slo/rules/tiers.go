package rules

import (
	"fmt"
	"math/big"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// A Tier is one alert: it fires once both windows have burned at least at rate
// Burn for as long as For.
type Tier struct {
	Severity string
	Burn     slo.Decimal
	Long     time.Duration
	Short    time.Duration
	For      time.Duration
}

// Standard are the tiers of package budget. Over 30 days they are those of
// Sloth: 14.4 and 6 page, 3 and 1 are tickets.
func Standard(o slo.Objective) (tiers []Tier) {
	for i, t := range budget.Tiers(o.Target, o.Window.Length) {
		severity := "page"
		if i >= 2 {
			severity = "ticket"
		}
		tiers = append(tiers, Tier{Severity: severity, Burn: t.Burn, Long: t.Long, Short: t.Short})
	}
	return tiers
}

// Pyrra are the tiers that Pyrra writes: those of 28 days, in proportion to
// the window, in whole minutes.
func Pyrra(o slo.Objective) []Tier {
	day := 24 * time.Hour
	scaled := func(d time.Duration) time.Duration {
		n := new(big.Int).Mul(big.NewInt(int64(d)), big.NewInt(int64(o.Window.Length)))
		return time.Duration(n.Quo(n, big.NewInt(int64(28*day))).Int64()).Round(time.Minute)
	}
	tier := func(severity string, burn int64, long, short, wait time.Duration) Tier {
		return Tier{Severity: severity, Burn: slo.NewDecimal(burn, 0), Long: scaled(long), Short: scaled(short), For: scaled(wait)}
	}
	return []Tier{
		tier("critical", 14, time.Hour, 5*time.Minute, 2*time.Minute),
		tier("critical", 7, 6*time.Hour, 30*time.Minute, 15*time.Minute),
		tier("warning", 2, day, 2*time.Hour, time.Hour),
		tier("warning", 1, 4*day, 6*time.Hour, 3*time.Hour),
	}
}

// possible are the tiers that can fire. Short windows that are shorter than
// rates can be taken over are made longer, which ends an alert later.
func possible(o slo.Objective, tiers []Tier) (fit []Tier, problems slo.Problems) {
	for _, t := range tiers {
		t.Short = max(t.Short, minRange)
		switch {
		case limit(o, t).Cmp(big.NewRat(1, 1)) >= 0:
			problems = append(problems, left(o, fmt.Sprintf("the tier of %s times burn is left out: %s of the events of %s cannot be bad", t.Burn, threshold(o, t), o.Name)))
		case t.Long <= t.Short:
			problems = append(problems, left(o, fmt.Sprintf("the tier of %s times burn is left out: its window of %s is too short for %s", t.Burn, slo.Span(t.Long), o.Name)))
		default:
			fit = append(fit, t)
		}
	}
	return fit, problems
}

package slo

import (
	"math/big"
	"time"
)

// StandardAlert is the name of the policy of the standard tiers.
const StandardAlert = "standard"

// StandardTiers are the four tiers of multi-window, multi-burn-rate alerting
// for a budget over window, the fastest first (SRE Workbook, chapter 5): 2 %
// of the budget in 1/720 of the window and 5 % in 1/120 page, 10 % in 1/30
// and 10 % in 1/10 are tickets. Over 30 days that is 14.4 × over 1 h, 6 × over
// 6 h, 3 × over 1 d and 1 × over 3 d. Short windows are 1/12 of the long ones.
func StandardTiers(window time.Duration) []AlertCondition {
	tier := func(name, severity string, percent int64, part time.Duration) AlertCondition {
		c := AlertCondition{Name: name, Severity: severity, Share: NewDecimal(percent, 2), Window: window / part, Short: window / part / 12}
		c.Burn = decimalOf(new(big.Rat).Mul(c.Share.rat(), big.NewRat(int64(part), 1)))
		return c
	}
	return []AlertCondition{
		tier("page-fast", "page", 2, 720), tier("page-slow", "page", 5, 120),
		tier("ticket-fast", "ticket", 10, 30), tier("ticket-slow", "ticket", 10, 10),
	}
}

// standardPolicy tells of the standard tiers, a slower one only while no
// faster one fires.
func standardPolicy(o Objective, targets []NotificationTarget) AlertPolicy {
	return AlertPolicy{
		Name: StandardAlert, Title: "ErrorBudgetBurn", Breaching: true, Resolved: true, Inhibit: true,
		NoData:     NoDataAlert{On: true, Name: "ErrorBudgetUnseen", Severity: "ticket", After: 10 * time.Minute},
		Conditions: StandardTiers(o.Window.Length), Targets: targets, Position: o.Position,
	}
}

// fitted is the condition as it is for an objective.
func (c AlertCondition) fitted(o Objective) AlertCondition {
	if c.Spent.Sign() > 0 {
		c.Burn, c.Window = c.Spent, o.Window.Length
		return c
	}
	step := o.Step()
	c.Window = max(c.Window, step)
	if c.Short > 0 {
		c.Short = min(max(c.Short, step), c.Window)
	}
	if c.Share.Sign() > 0 && c.Window > 0 {
		c.Burn = BurnOf(c.Share, o.Window.Length, c.Window)
	}
	return c
}

// BurnOf is the burn rate at which a share of the budget over window burns in
// the time long: share × window / long.
func BurnOf(share Decimal, window, long time.Duration) Decimal {
	return decimalOf(new(big.Rat).Mul(share.rat(), big.NewRat(int64(window), int64(long))))
}

// decimalOf is r, rounded to nine digits behind the point.
func decimalOf(r *big.Rat) Decimal {
	const digits = 9
	scaled := new(big.Rat).Mul(r, big.NewRat(pow10(digits), 1))
	half := big.NewRat(1, 2)
	n := scaled.Add(scaled, half)
	return NewDecimal(new(big.Int).Quo(n.Num(), n.Denom()).Int64(), digits)
}

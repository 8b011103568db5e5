package loop

import (
	"slices"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// excused is a pull that is not blind where the loop says that an absence of
// events is no reason to hold.
func excused(m slo.Missing, p Pull) Pull {
	if p.Blind == ReasonNoTraffic && m.NoTraffic == slo.RelaxAbsent || p.Blind == ReasonTooFew && m.TooFew == slo.RelaxAbsent {
		p.Blind = ""
	}
	return p
}

// expired reports whether a tightened setting has outlived its TTL: some rule
// cannot judge, none asks for as much, and no evidence has renewed it for so
// long.
func expired(in Input, pulls []Pull) bool {
	a, blind := in.Actuator, Reason("")
	for _, p := range pulls {
		if !a.Tighter(in.Current, p.Wanted) && p.Blind == "" {
			return false // a rule that sees asks for it
		}
		if p.Blind != "" && blind != ReasonNoData {
			blind = p.Blind
		}
	}
	return blind != "" && in.Loop.TTL > 0 && a.Tighter(in.Current, in.Loop.Safe) && in.At.Sub(renewed(in)) > in.Loop.TTL
}

// ending is where a setting goes whose TTL has ended: to its safe value, or as
// tight as a rule asks that sees.
func ending(in Input, pulls []Pull) float64 {
	to := in.Loop.Safe
	for _, p := range pulls {
		if in.Actuator.Tighter(p.Wanted, to) {
			to = p.Wanted
		}
	}
	return to
}

// renewed is when evidence was last there: when slices were last observed of
// what is out of sight, else when every rule could judge; or when the setting
// was made.
func renewed(in Input) time.Time {
	seen := in.Sighted
	for _, s := range in.Evidence {
		if s.Status == budget.NoData && !s.Newest.IsZero() && s.Newest.Before(seen) {
			seen = s.Newest
		}
	}
	return latest(seen, in.Conditions.LastMove)
}

// sighted is when every rule could judge last, while one cannot. An instance
// that has only begun knows no earlier time than its beginning.
func (c *control) sighted(in Input) time.Time {
	blind := slices.ContainsFunc(pulls(in), func(p Pull) bool { return p.Blind != "" })
	if !blind || c.sight.IsZero() {
		c.sight = in.At
	}
	if !blind {
		return time.Time{}
	}
	return c.sight
}

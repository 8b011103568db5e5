package loop

import (
	"fmt"
	"slices"
	"strings"

	"setpoint.dev/setpoint/slo"
)

// override lets a release go that people let go, as many as the policy asks
// for. What they override stays among the reasons.
func (a GateAnswer) override(p slo.ReleasePolicy, orders []Order) GateAnswer {
	if a.Verdict == slo.Allow {
		return a
	}
	var by []string
	var last Order
	for _, o := range orders {
		if o.Kind != OrderOverride || o.Target != a.Service || lapsed(o, a.At) || o.Release != "" && o.Release != a.Release {
			continue
		}
		if !slices.ContainsFunc(by, func(name string) bool { return strings.EqualFold(name, o.By) }) {
			by = append(by, o.By)
		}
		last = o
	}
	switch {
	case len(by) == 0:
		return a
	case p.SecondPerson && len(by) < 2:
		a.Reasons = append(a.Reasons, GateReason{Code: GateOverrideWaits, Verdict: a.Verdict, Value: 1, Limit: 2, Message: fmt.Sprintf("the override by %s waits for a second person", by[0])})
		return a
	}
	why := last.Why
	if last.Ticket != "" {
		why += " (" + last.Ticket + ")"
	}
	a.MayChangeAt = last.Until
	if words := last.GlassWords(); words != "" {
		why += ", " + words
	}
	a = a.pass(GateOverridden, fmt.Sprintf("overridden by %s until %s: %s; without that the answer would be %s", strings.Join(by, " and "), clock(last.Until), why, a.Verdict))
	if g := last.Glass; g != nil {
		a.Reasons[0].Value, a.Reasons[0].Limit = float64(g.Nth), float64(g.Most)
	}
	return a
}

// dryRun lets everything go under a policy that only looks on.
func (a GateAnswer) dryRun(p slo.ReleasePolicy) GateAnswer {
	if a.Verdict == slo.Allow || !p.DryRun {
		return a
	}
	return a.pass(GateDryRun, fmt.Sprintf("dry run; enforced, the answer would be %s", a.Verdict))
}

// pass makes a an allowance for one more reason, which comes first.
func (a GateAnswer) pass(code, message string) GateAnswer {
	a.Reasons = append([]GateReason{{Code: code, Verdict: slo.Allow, Message: message}}, a.Reasons...)
	a.Verdict, a.Allowed = slo.Allow, true
	a.Words = a.sentence()
	return a
}

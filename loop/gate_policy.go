package loop

import (
	"slices"
	"time"

	"setpoint.dev/setpoint/slo"
)

// policiesFor returns the policies that a release is judged by, whole, or the
// default one for a service that has objectives or a freeze and no policy
// about such a release: deny while frozen or out of budget.
func policiesFor(set *slo.Set, q GateQuestion) (out []slo.ReleasePolicy, known bool) {
	for _, p := range set.PoliciesFor(q.Service, slo.Change{Environment: q.Environment, Region: q.Region, Class: q.Change}) {
		out = append(out, withDefaults(p, set))
	}
	if len(out) > 0 {
		return out, true
	}
	p := withDefaults(slo.ReleasePolicy{Name: "default", Service: q.Service, HasMin: true}, set)
	return []slo.ReleasePolicy{p}, len(p.Objectives) > 0 || len(p.Freezes) > 0
}

func withDefaults(p slo.ReleasePolicy, set *slo.Set) slo.ReleasePolicy {
	if len(p.Objectives) == 0 {
		for _, o := range set.Objectives {
			if o.Service == p.Service && o.Of == "" { // of groups, all of them together
				p.Objectives = append(p.Objectives, o.Name)
			}
		}
	}
	if len(p.Freezes) == 0 {
		for _, a := range set.Actuators {
			if a.Kind == slo.Freeze && a.Service == p.Service {
				p.Freezes = append(p.Freezes, a.Name)
			}
		}
	}
	if p.OnNoData == "" {
		p.OnNoData = slo.Hold
	}
	if p.StaleAfter == 0 {
		p.StaleAfter = 5 * time.Minute
	}
	if p.AlwaysAllowed == nil {
		p.AlwaysAllowed = []string{"rollback", "security", "fix"}
	}
	return p
}

// Bound is until when the gate stands by an answer, by the policy that gave
// it; zero where it does not. An override has an end of its own, and people may
// revoke it.
func Bound(set *slo.Set, a GateAnswer) time.Time {
	i := slices.IndexFunc(set.Policies, func(p slo.ReleasePolicy) bool { return p.Service == a.Service && p.Name == a.Policy })
	if i < 0 || a.Release == "" || a.Verdict != slo.Allow || set.Policies[i].BindFor == 0 || a.overridden() {
		return time.Time{}
	}
	return a.At.Add(set.Policies[i].BindFor)
}

// mayChange is the earliest time at which the verdict of some reasons may
// change, as far as they say: all of the strictest would have to end.
func mayChange(verdict slo.Verdict, reasons []GateReason) (at time.Time) {
	for _, r := range reasons {
		if r.Verdict == verdict && r.Until.After(at) {
			at = r.Until
		}
	}
	return at
}

package loop

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"setpoint.dev/setpoint/slo"
)

// loopPolicy names the policy of the alerts that are about loops, which
// everybody is told of who is declared to be told of anything.
const loopPolicy = "control-loops"

// demotions are the alerts of loops that demoted themselves, and of those that
// somebody has promoted since; before are those of the tick before.
func demotions(set *slo.Set, orders []Order, before []Alert, now time.Time) (out []Alert) {
	for _, c := range set.Loops {
		key := "loop/" + c.Name + "/demoted"
		old := slices.IndexFunc(before, func(a Alert) bool { return a.Key == key })
		a, known := Alert{}, old >= 0
		if known {
			a = before[old]
		}
		i := slices.IndexFunc(orders, func(o Order) bool { return o.Kind == OrderDemote && o.Target == c.Actuator && o.By == System })
		switch {
		case i >= 0:
			a.Phase, a.Since, a.Fired, a.Ended, a.Told = AlertFiring, orders[i].At, orders[i].At, time.Time{}, true
			a.Why = fmt.Sprintf("loop %s has to ask before it moves %s: %s", c.Name, c.Actuator, orders[i].Why)
		case !known:
			continue
		case a.Phase == AlertFiring:
			a.Phase, a.Ended, a.Why = AlertResolved, now, fmt.Sprintf("somebody promoted loop %s", c.Name)
		case now.Sub(a.Ended) >= keptResolved:
			continue
		}
		out = append(out, about(a, c, set))
	}
	return out
}

// about fills in what an alert of a loop is about.
func about(a Alert, c slo.ControlLoop, set *slo.Set) Alert {
	a.Key, a.Policy, a.Condition, a.Name, a.Severity = "loop/"+c.Name+"/demoted", loopPolicy, "demoted", "LoopDemoted", "page"
	a.Rule = slo.AlertPolicy{Name: loopPolicy, Breaching: true, Resolved: true, Targets: set.NotificationTargets}
	for _, o := range set.Objectives {
		if len(c.Rules) > 0 && o.Name == c.Rules[0].Objective {
			a.Objective, a.Service = o.Name, o.Service
		}
	}
	return a
}

// apartFrom takes the alerts of loops out of those of objectives.
func apartFrom(all []Alert) (loops, objectives []Alert) {
	for _, a := range all {
		if a.Policy == loopPolicy && strings.HasPrefix(a.Key, "loop/") {
			loops = append(loops, a)
		} else {
			objectives = append(objectives, a)
		}
	}
	return loops, objectives
}

package slo

import (
	"fmt"
	"slices"
)

// finishTargets gives the targets that have no address the only one that
// their way has, or that of the environment; a target that has none then is
// shown only.
func (l *loader) finishTargets() {
	all := l.set.NotificationTargets
	for i := range all {
		l.giveAddress(&all[i])
	}
}

// giveAddress looks for the address of an Alertmanager that is named without
// one.
func (l *loader) giveAddress(t *NotificationTarget) {
	if t.Target != Alertmanager || t.URL != "" {
		return
	}
	var there []NotificationTarget
	for _, other := range l.set.NotificationTargets {
		if other.Target == Alertmanager && other.URL != "" {
			there = append(there, other)
		}
	}
	switch {
	case len(there) == 1:
		t.URL = there[0].URL
	case len(there) == 0 && l.env == nil:
		t.URL = "${ALERTMANAGER_URL}"
	case len(there) == 0:
		if full, set := l.env("ALERTMANAGER_URL"); set && httpAddress(full) {
			t.URL = Secret(full)
		}
	}
	if t.URL == "" && !l.homeless {
		l.homeless = true
		why := "ALERTMANAGER_URL is not set, or no http address"
		if len(there) > 1 {
			why = "several are declared"
		}
		l.warnAt(t.Position, "alerts are shown, and sent to no Alertmanager: this one has no address, and "+why, "the annotation setpoint.dev/url, or ALERTMANAGER_URL")
	}
}

// warnAt lists a warning at a position that was kept without its file.
func (l *loader) warnAt(at Position, message, expected string) {
	for _, f := range l.files {
		if f.name == at.File {
			f.add(Problem{Position: at, Message: message, Expected: expected, Severity: SeverityWarning, Width: 1})
			return
		}
	}
}

// finishAlerts puts conditions and targets into the policies that name them.
func (l *loader) finishAlerts() {
	l.finishTargets()
	for _, d := range l.alerts {
		l.set.AlertPolicies = append(l.set.AlertPolicies, l.finishAlert(*d))
	}
}

func (l *loader) finishAlert(d draftAlert) AlertPolicy {
	p := d.is
	p.Conditions, p.Targets = nil, nil
	for _, c := range d.conditions {
		p.Conditions = append(p.Conditions, found(c, l.set.AlertConditions, func(c AlertCondition) string { return c.Name })...)
	}
	for _, t := range d.targets {
		p.Targets = append(p.Targets, found(t, l.set.NotificationTargets, func(t NotificationTarget) string { return t.Name })...)
	}
	for i := range p.Targets {
		l.giveAddress(&p.Targets[i])
	}
	if p.NoData.On && p.NoData.Severity == "" && len(p.Conditions) > 0 {
		p.NoData.Severity = p.Conditions[0].Severity
	}
	return p
}

// found is the definition of n: none if there is none, which was refused.
func found[T any](n mention[T], all []T, name func(T) string) []T {
	if n.here != nil {
		return []T{*n.here}
	}
	for _, x := range all {
		if name(x) == n.ref {
			return []T{x}
		}
	}
	return nil
}

// giveAlerts gives an objective its alert policies as they are for it, and
// warns of conditions that can never hold for it.
func (l *loader) giveAlerts(o *Objective, uses []alertUse, standard place, want string) {
	for _, u := range uses {
		var policies []AlertPolicy
		at := func(int) place { return u.at }
		if here := u.policy.here; here != nil {
			policies = []AlertPolicy{l.finishAlert(*here)}
			at = func(i int) place { return here.conditions[i].at }
		} else {
			policies = found(mention[AlertPolicy]{ref: u.policy.ref}, l.set.AlertPolicies, func(p AlertPolicy) string { return p.Name })
		}
		for _, p := range policies {
			l.distinct(p, o.Alerts, u.at)
			o.Alerts = append(o.Alerts, p.fitted(*o, at))
		}
	}
	if want == "" && len(uses) == 0 {
		want = l.serviceAlerts[o.Service]
	}
	if want == StandardAlert && o.Window.Length > 0 {
		o.Alerts = append(o.Alerts, standardFor(*o, l.deliverable(*o), standard))
	}
	o.Silent = want == "none"
	for i := range o.Alerts {
		o.Alerts[i].Conditions = l.shared(o.Alerts[i].Conditions)
	}
}

// shared is conditions, for all objectives that have them fitted alike: of
// thousands they are mostly the same.
func (l *loader) shared(all []AlertCondition) []AlertCondition {
	if len(all) == 0 || !slices.Equal(all, l.lastConditions) {
		l.lastConditions = all
	}
	return l.lastConditions
}

// distinct refuses a policy whose alerts could not be told from others of an
// objective.
func (l *loader) distinct(p AlertPolicy, others []AlertPolicy, at place) {
	if p.Name != "" && slices.ContainsFunc(others, func(o AlertPolicy) bool { return o.Name == p.Name }) {
		l.refuseOnce(at, "a second alert policy of the name "+p.Name, "a name that is unique in the SLO")
	}
	names := map[string]bool{"no-data": p.NoData.On, "all": p.All}
	for _, c := range p.Conditions {
		if c.Name != "" && names[c.Name] {
			l.refuseOnce(at, fmt.Sprintf("a second condition of the name %s in the alert policy %s", c.Name, p.Name), "a name that is unique in the policy, and neither no-data nor all")
		}
		names[c.Name] = true
	}
}

// refuseOnce refuses what several objectives of an SLO have in common.
func (l *loader) refuseOnce(at place, message, expected string) {
	p := at.problem(SeverityError, message, expected, "")
	if !slices.ContainsFunc(at.file.problems, func(q Problem) bool { return q.String() == p.String() }) {
		at.file.add(p)
	}
}

// deliverable are the targets of the standard alerts: all that are declared,
// else the Alertmanager of the environment.
func (l *loader) deliverable(o Objective) (out []NotificationTarget) {
	for _, t := range l.set.NotificationTargets {
		if t.Delivers() {
			out = append(out, t)
		}
	}
	if len(l.set.NotificationTargets) == 0 {
		t := NotificationTarget{Name: Alertmanager, Target: Alertmanager, Position: o.Position}
		l.giveAddress(&t)
		out = append(out, t)
	}
	return out
}

// fitted is the policy as it is for an objective. It warns of conditions that
// can never hold, at the place of each.
func (p AlertPolicy) fitted(o Objective, at func(condition int) place) AlertPolicy {
	p.Conditions = slices.Clone(p.Conditions)
	for i, said := range p.Conditions {
		c := said.fitted(o)
		p.Conditions[i] = c
		if c.Off || o.Target.Sign() < 0 || o.Window.Length <= 0 || c.Burn.Sign() <= 0 || c.Window <= 0 {
			continue
		}
		if !warnOfReach(c, o, at(i)) {
			warnOfWindows(said, c, o, at(i))
		}
	}
	return p
}

// standardFor is the policy of the standard tiers for an objective, without
// those that it can never reach.
func standardFor(o Objective, targets []NotificationTarget, at place) AlertPolicy {
	p := standardPolicy(o, targets)
	p.Conditions = slices.DeleteFunc(p.Conditions, func(c AlertCondition) bool {
		return o.Target.Sign() >= 0 && warnOfReach(c.fitted(o), o, at)
	})
	for i, c := range p.Conditions {
		p.Conditions[i] = c.fitted(o)
	}
	return p
}

// warnOfReach warns of a condition that can never hold for an objective, and
// reports whether it did: the most that can burn is all events.
func warnOfReach(c AlertCondition, o Objective, at place) bool {
	if reach(c.Burn, o) < 0 {
		return false
	}
	most, asked, unit := 1/o.Budget().Float(), c.Burn.String(), ""
	words := "the burn rate is at most %s, and %s is asked for"
	if c.Share.Sign() > 0 {
		most *= 100 * c.Window.Seconds() / o.Window.Length.Seconds()
		asked, unit = fmt.Sprintf("%.4g %%", 100*c.Share.Float()), " %"
		words = "at most %s of the budget can burn in " + Span(c.Window) + ", and %s is asked for"
	}
	limit := fmt.Sprintf("%.4g%s", most, unit)
	message := fmt.Sprintf("the condition %s can never hold for %s: with a target of %s ", c.Name, o.Name, o.Target) + fmt.Sprintf(words, limit, asked)
	at.file.add(at.problem(SeverityWarning, message, "less than "+limit, ""))
	return true
}

// warnOfWindows warns of windows that are not judged as they are written.
func warnOfWindows(said, c AlertCondition, o Objective, at place) {
	warn := func(message, expected string) { at.file.add(at.problem(SeverityWarning, message, expected, "")) }
	switch {
	case c.Window > o.Window.Length:
		warn(fmt.Sprintf("the condition %s looks back %s, further than the window of %s", c.Name, Span(c.Window), o.Name), "at most "+Span(o.Window.Length))
	case c.Spent.Sign() == 0 && c.Window > said.Window:
		warn(fmt.Sprintf("the condition %s looks back %s, less than a slice of %s; it is judged over a slice", c.Name, Span(said.Window), o.Name), "at least "+Span(o.Step()))
	case c.Short > said.Short:
		warn(fmt.Sprintf("the short window of the condition %s is %s, less than a slice of %s; it is judged over a slice", c.Name, Span(said.Short), o.Name), "at least "+Span(o.Step()))
	}
}

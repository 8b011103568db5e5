package slo

import (
	"fmt"
	"time"
)

// A draftAlert is an alert policy whose conditions and targets may be
// elsewhere.
type draftAlert struct {
	is         AlertPolicy
	conditions []mention[AlertCondition]
	targets    []mention[NotificationTarget]
}

// A mention is a definition that stands here, or the name of one.
type mention[T any] struct {
	here *T
	ref  string
}

// An alertUse is an alert policy as an SLO has it.
type alertUse struct {
	policy mention[draftAlert]
	at     place
}

// alertPolicy reads a policy, wherever it stands.
func (l *loader) alertPolicy(doc value) *draftAlert {
	meta, spec := doc.get("metadata"), doc.get("spec")
	d := &draftAlert{is: AlertPolicy{
		Name: meta.get("name").text(), Title: meta.get("displayName").text(), Description: spec.get("description").text(),
		Breaching: spec.get("alertWhenBreaching").truth(), Resolved: spec.get("alertWhenResolved").truth(), NoData: spec.get("alertWhenNoData").truth(),
		Position: doc.place().Position,
	}}
	for _, v := range spec.get("conditions").items() {
		d.conditions = append(d.conditions, readNamed(l, v, "conditionRef", alertConditionName, readCondition))
	}
	targets := spec.get("notificationTargets")
	for _, v := range targets.items() {
		d.targets = append(d.targets, readNamed(l, v, "targetRef", alertTargetName, readTarget))
	}
	if targets.good() {
		targets.warn("Setpoint sends no notifications yet; it shows which conditions hold", "", "")
	}
	return d
}

// readNamed reads a definition that stands at v, or notes the name that does.
func readNamed[T any](l *loader, v value, key, kind string, read func(value) T) (n mention[T]) {
	ref, spec := v.get(key), v.get("spec")
	switch {
	case ref.given() && spec.given():
		spec.refuse(key+" and spec are both there", "one of them", "")
	case ref.good():
		l.refer(kind, ref)
		n.ref = ref.text()
	case v.lacks(key, "spec"):
		ref.refuse("neither "+key+" nor spec is there", "one of them", "")
	case spec.good():
		if v.lacks("metadata") {
			v.get("metadata").refuse("missing", "a mapping with name", "")
		}
		here := read(v)
		n.here = &here
	}
	return n
}

func readCondition(doc value) AlertCondition {
	meta, spec := doc.get("metadata"), doc.get("spec")
	is := spec.get("condition")
	c := AlertCondition{
		Name: meta.get("name").text(), Title: meta.get("displayName").text(), Description: spec.get("description").text(),
		Severity: spec.get("severity").text(), After: shorthand(is.get("alertAfter")), Window: shorthand(is.get("lookbackWindow")),
		Position: doc.place().Position,
	}
	threshold, op := is.get("threshold"), is.get("op")
	c.Burn, _ = threshold.decimal()
	if threshold.good() && c.Burn.Sign() <= 0 {
		threshold.refuse(threshold.text()+" is no burn rate", "above 0", "")
	}
	if op.text() == "lte" || op.text() == "lt" {
		op.warn("would alert while the budget is safe; it is read as gte, as in OpenSLO's own examples", "gte", "gte")
	}
	return c
}

func readTarget(doc value) NotificationTarget {
	meta, spec := doc.get("metadata"), doc.get("spec")
	return NotificationTarget{
		Name: meta.get("name").text(), Title: meta.get("displayName").text(), Description: spec.get("description").text(),
		Target: spec.get("target").text(), Position: doc.place().Position,
	}
}

// shorthand is a duration-shorthand of at most two years, or 0.
func shorthand(v value) time.Duration {
	d, assumed, err := parseShorthand(v.text())
	if err == nil && assumed != "" {
		v.warn(fmt.Sprintf("%s has no fixed length; it is taken as %s", v.text(), assumed), "", assumed)
	}
	if err == nil && d > maxWindow {
		v.refuse(v.text()+" is longer than two years", "at most 104w", "")
		return 0
	}
	return d
}

// alertsOf reads the alert policies of an SLO.
func (l *loader) alertsOf(list value) (uses []alertUse) {
	for _, v := range list.items() {
		read := func(v value) draftAlert { return *l.alertPolicy(v) }
		uses = append(uses, alertUse{readNamed(l, v, "alertPolicyRef", alertPolicyName, read), v.place()})
	}
	return uses
}

// finishAlerts puts conditions and targets into the policies that name them.
func (l *loader) finishAlerts() {
	for _, d := range l.alerts {
		p := l.finishAlert(*d)
		l.set.AlertPolicies = append(l.set.AlertPolicies, p)
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

// giveAlerts gives an objective its alert policies, and warns of conditions
// that can never hold for it.
func (l *loader) giveAlerts(o *Objective, uses []alertUse) {
	for _, u := range uses {
		var policies []AlertPolicy
		if here := u.policy.here; here != nil {
			policies = []AlertPolicy{l.finishAlert(*here)}
		} else {
			policies = found(mention[AlertPolicy]{ref: u.policy.ref}, l.set.AlertPolicies, func(p AlertPolicy) string { return p.Name })
		}
		for _, p := range policies {
			for _, c := range p.Conditions {
				warnOfCondition(c, *o, u.at)
			}
		}
		o.Alerts = append(o.Alerts, policies...)
	}
}

func warnOfCondition(c AlertCondition, o Objective, at place) {
	warn := func(message, expected string) { at.file.add(at.problem(SeverityWarning, message, expected, "")) }
	switch {
	case o.Target.Sign() > 0 && reach(c.Burn, o) >= 0:
		warn(fmt.Sprintf("the condition %s can never hold for %s: with a target of %s the burn rate is at most %.4g, and %s is asked for", c.Name, o.Name, o.Target, 1/o.Budget().Float(), c.Burn), fmt.Sprintf("less than %.4g", 1/o.Budget().Float()))
	case c.Window > o.Window.Length && o.Window.Length > 0:
		warn(fmt.Sprintf("the condition %s looks back %s, further than the window of %s", c.Name, Span(c.Window), o.Name), "at most "+Span(o.Window.Length))
	case c.Window > 0 && c.Window < o.Step():
		warn(fmt.Sprintf("the condition %s looks back %s, less than a slice of %s", c.Name, Span(c.Window), o.Name), "at least "+Span(o.Step()))
	}
}

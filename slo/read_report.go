package slo

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// teamLabel is the label that says whose a service, or an objective, is.
const teamLabel = "team"

// A draftReport is a report whose targets may be elsewhere.
type draftReport struct {
	is      Report
	spec    value
	targets []mention[NotificationTarget]
}

func (l *loader) report(doc value) {
	meta, spec := doc.get("metadata"), doc.get("spec")
	r := Report{
		Name: meta.get("name").text(), Title: meta.get("displayName").text(), Description: spec.get("description").text(),
		Period: spec.get("period").text(), Team: spec.get("team").text(), At: reportAt, Within: reportWithin,
		File: spec.get("file").truth(), Position: doc.place().Position,
	}
	if at, ok := clockTime(spec.get("at")); ok {
		r.At = at
	}
	if v := spec.get("timeZone"); v.good() {
		r.Zone.is, _ = location(v)
	}
	if v := spec.get("within"); v.good() {
		r.Within = within(v, time.Hour, 14*day)
	}
	if v := spec.get("within"); r.Period == Week && r.Within >= 7*day {
		v.refuse(Span(r.Within)+" is no less than a week, after which the next one is due", "less than 7d", "")
	}
	d := draftReport{is: r, spec: spec}
	for _, v := range spec.get("notificationTargets").items() {
		d.targets = append(d.targets, readNamed(l, v, "targetRef", alertTargetName, l.notificationTarget))
	}
	l.reports = append(l.reports, d)
}

// finishReports gives reports their targets, and looks for their teams.
func (l *loader) finishReports() {
	for _, d := range l.reports {
		r := d.is
		for _, t := range d.targets {
			r.Targets = append(r.Targets, l.postbox(t, r.Targets)...)
		}
		l.checkTeam(d.spec.get("team"))
		l.set.Reports = append(l.set.Reports, r)
	}
}

// postbox is the target that a report names; only a webhook takes one.
func (l *loader) postbox(m mention[NotificationTarget], others []NotificationTarget) []NotificationTarget {
	is := found(m, l.set.NotificationTargets, func(t NotificationTarget) string { return t.Name })
	for _, t := range is {
		twice := slices.ContainsFunc(others, func(o NotificationTarget) bool { return o.Name == t.Name })
		switch {
		case t.Target != Webhook:
			l.refuse(m.at, fmt.Sprintf("a report cannot be sent to %s: its target is %s", t.Name, short(t.Target)), "a target of the way webhook", "")
		case twice:
			l.refuse(m.at, "the target "+t.Name+" is there twice", "each target once", "")
		}
	}
	return is
}

// checkTeam warns of a team that nothing belongs to.
func (l *loader) checkTeam(v value) {
	if !v.good() || l.part {
		return
	}
	teams := map[string]bool{}
	for _, s := range l.set.Services {
		teams[s.Labels[teamLabel]] = true
	}
	for _, o := range l.set.Objectives {
		teams[o.Labels[teamLabel]] = true
	}
	delete(teams, "")
	if names := slices.Sorted(maps.Keys(teams)); !teams[v.text()] {
		v.warn("no objective belongs to the team "+short(v.text()), choices(names), nearest(v.text(), names))
	}
}

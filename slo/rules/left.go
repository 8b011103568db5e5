package rules

import (
	"fmt"
	"slices"

	"setpoint.dev/setpoint/slo"
)

func left(at slo.Position, message string) slo.Problem {
	return slo.Problem{Position: at, Message: message, Severity: slo.SeverityWarning}
}

// policies lists what rules have no words for in the alert policies of a
// subject, and in what it says of missing data.
func (s subject) policies() (problems slo.Problems) {
	for _, p := range s.Alerts {
		if !p.Tells() {
			problems = append(problems, left(s.Position, fmt.Sprintf("the alerts of %s for %s are left out: it tells nobody", p.Name, s.Name)))
		}
	}
	if s.NoData != slo.NoDataHold {
		problems = append(problems, left(s.Position, fmt.Sprintf("that time which was not observed counts as %q is left out of %s: rules judge what was observed", s.NoData, s.Name)))
	}
	if slo.IsMetricsQL(s.Indicator.Query) {
		problems = append(problems, left(s.Position, fmt.Sprintf("the rules of %s are MetricsQL, as its query is: vmalert reads them, and Prometheus refuses the file that they are in", s.Name)))
	}
	if s.Window.Calendar() && len(s.by) == 0 {
		problems = append(problems, left(s.Position, fmt.Sprintf("the window of %s, %s, is left out: ranges of rules roll, so that the budget is kept over the last %s", s.Name, s.Window, slo.Span(s.Window.Length))))
	}
	return problems
}

// unsaid lists the definitions that rules have no words for.
func unsaid(set *slo.Set) (problems slo.Problems) {
	add := func(at slo.Position, kind, name, why string) {
		problems = append(problems, left(at, fmt.Sprintf("the %s %s is left out: %s", kind, name, why)))
	}
	for _, c := range set.Calendars {
		add(c.Position, "Calendar", c.Name, "rules count all times alike")
	}
	for _, a := range set.Adjustments {
		add(a.Position, "Adjustment", a.Name, "rules count what was measured")
	}
	for _, a := range set.SLAs {
		add(a.Position, "SLA", a.Name, "rules know one target, and no credits")
	}
	for _, r := range set.Reports {
		add(r.Position, "Report", r.Name, "rules send nothing when a period has ended")
	}
	const acts = "rules record and tell, and do not act"
	for _, a := range set.Actuators {
		add(a.Position, "Actuator", a.Name, acts)
	}
	for _, l := range set.Loops {
		add(l.Position, "ControlLoop", l.Name, acts)
	}
	for _, p := range set.Policies {
		add(p.Position, "ReleasePolicy", p.Name, "rules answer no releases")
	}
	return slices.Concat(problems, unsaidOfGroups(set), unsaidOfTargets(set), unsaidOfSources(set))
}

func unsaidOfGroups(set *slo.Set) (problems slo.Problems) {
	for _, g := range set.Groupings {
		problems = append(problems, left(g.Each.Position, fmt.Sprintf("that at most %d groups of %s are kept is left out: rules record all of them", g.Limit, g.Objective)))
	}
	return problems
}

// unsaidOfTargets says once of each policy who would have been told.
func unsaidOfTargets(set *slo.Set) (problems slo.Problems) {
	told := map[slo.Position]bool{}
	for _, o := range set.Objectives {
		for _, p := range o.Alerts {
			if len(p.Targets) == 0 || told[p.Position] {
				continue
			}
			told[p.Position] = true
			problems = append(problems, left(p.Position, fmt.Sprintf("whom %s tells, and whether it tells the end, is left out: that is said by the routes and receivers of Alertmanager, which may go by the labels policy and severity", p.Name)))
		}
	}
	return problems
}

// unsaidOfSources says that rules do not choose whom they ask.
func unsaidOfSources(set *slo.Set) (problems slo.Problems) {
	asked := map[string]bool{}
	for _, o := range set.Objectives {
		if o.Indicator.Source != "" {
			asked[o.Indicator.Source] = true
		}
	}
	for _, src := range set.Sources {
		if asked[src.Name] && len(asked) > 1 {
			problems = append(problems, left(src.Position, fmt.Sprintf("that %s is asked is left out: rules ask the backend that evaluates them, so that the objectives of each data source need rules of their own", src.Name)))
		}
	}
	return problems
}

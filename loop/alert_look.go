package loop

import (
	"cmp"
	"fmt"
	"maps"
	"strings"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// noDataCondition is the name of the condition that nothing can be seen.
const noDataCondition = "no-data"

// watches are the alerts that a policy may make of an objective.
func watches(o slo.Objective, p slo.AlertPolicy) []watch {
	var out []watch
	on := make([]slo.AlertCondition, 0, len(p.Conditions))
	for _, c := range p.Conditions {
		if !c.Off {
			on = append(on, c)
		}
	}
	switch {
	case p.All && len(on) > 0:
		w := watchOf(o, p, "all", on[0].Severity, on[0].Burn)
		for _, c := range on {
			w.after = max(w.after, c.After)
		}
		w.look = func(s budget.State) glance { return lookAll(on, s) }
		out = append(out, w)
	default:
		for _, c := range on {
			w := watchOf(o, p, c.Name, c.Severity, c.Burn)
			w.after, w.look = c.After, func(s budget.State) glance { return look(c, s) }
			out = append(out, w)
		}
	}
	if p.NoData.On {
		w := watchOf(o, p, noDataCondition, p.NoData.Severity, slo.Decimal{})
		w.alert.Name = cmp.Or(p.NoData.Name, w.alert.Name)
		w.after, w.look = p.NoData.After, lookForData
		out = append(out, w)
	}
	return out
}

func watchOf(o slo.Objective, p slo.AlertPolicy, condition, severity string, burn slo.Decimal) watch {
	return watch{alert: Alert{
		Key: o.Name + "/" + p.Name + "/" + condition, Objective: o.Name, Service: o.Service, Policy: p.Name, Condition: condition,
		Name: cmp.Or(p.Title, p.Name), Severity: severity, Burn: burn, Labels: merged(o.Labels, p.Labels), Rule: p,
	}}
}

// merged is labels with others before them.
func merged(labels, first map[string]string) map[string]string {
	if len(first) == 0 {
		return labels
	}
	out := maps.Clone(first)
	for name, value := range labels {
		if _, there := out[name]; !there {
			out[name] = value
		}
	}
	return out
}

// look judges a condition: it holds when both windows burn at its rate, and
// is over when one of them is seen not to. Where there were no events the
// burn rate is not known; a window that was seen and holds no bad event any
// more is over all the same.
func look(c slo.AlertCondition, s budget.State) glance {
	j := sightOf(&c, &s)
	why := fmt.Sprintf("%s burns at %s, %s is the limit", s.Objective, ratesOf(c, *j.long, *j.short), c.Burn)
	if c.Spent.Sign() > 0 {
		why = fmt.Sprintf("%s has used up %.3g %% of its budget, %.3g %% is the limit", s.Objective, 100*(1-s.Remaining), 100*c.Spent.Float())
	}
	switch j.sight {
	case over:
		return glance{over: true, why: why}
	case quiet:
		return glance{over: true, why: fmt.Sprintf("%s had no bad events over %s", s.Objective, slo.Span(j.long.Length))}
	case longBlind:
		return glance{why: blindWords(s, *j.long)}
	case shortBlind:
		return glance{why: blindWords(s, *j.short)}
	case few:
		return glance{over: true, why: fmt.Sprintf("%s; %d bad events are fewer than %d", why, j.long.Bad/s.One(), c.MinBad)}
	}
	return glance{holds: true, why: why}
}

// A sight is what is to be seen of a condition.
type sight int

const (
	held       sight = iota
	over             // one of the windows burns slower
	quiet            // nothing bad in the long window
	longBlind        // the long window is not known
	shortBlind       //
	few              // bad events
)

// A viewed condition is a sight with the windows that were looked at.
type viewed struct {
	sight       sight
	long, short *budget.Window
}

// sightOf looks at a condition without saying a word.
func sightOf(c *slo.AlertCondition, s *budget.State) (j viewed) {
	var known bool
	j.long, known = windowFor(c, s)
	j.short = j.long
	shortKnown := known
	if c.Short > 0 {
		j.short, shortKnown = windowAt(s, c.Short)
	}
	switch {
	case known && !j.long.AtLeast(s.Target, c.Burn), shortKnown && !j.short.AtLeast(s.Target, c.Burn):
		j.sight = over
	case quietNow(s, j.long):
		j.sight = quiet
	case !known:
		j.sight = longBlind
	case !shortKnown:
		j.sight = shortBlind
	case int64(j.long.Bad/s.One()) < c.MinBad:
		j.sight = few
	}
	return j
}

// windowFor is the long window of a condition; that of one about the budget
// that is used up is the budget's own.
func windowFor(c *slo.AlertCondition, s *budget.State) (w *budget.Window, known bool) {
	if c.Spent.Sign() > 0 {
		return &s.Budget, s.Status == budget.OK || s.Status == budget.Burning || s.Status == budget.Exhausted
	}
	return windowAt(s, c.Window)
}

// windowAt is the window of a length; an empty one where there is none.
func windowAt(s *budget.State, length time.Duration) (w *budget.Window, known bool) {
	w, there := s.WindowAt(length)
	if w == nil {
		return &budget.Window{}, false
	}
	return w, there && w.Known
}

// quietNow reports whether a window was seen, and nothing bad in it.
func quietNow(s *budget.State, w *budget.Window) bool {
	return s.Status != budget.NoData && w.Bad == 0 && w.Covered >= w.Length-w.Covered && w.Length > 0
}

func ratesOf(c slo.AlertCondition, long, short budget.Window) string {
	if c.Short == 0 {
		return fmt.Sprintf("%.1f over %s", long.Burn, slo.Span(long.Length))
	}
	return rates(long, short)
}

// lookAll judges conditions that have to hold together.
func lookAll(all []slo.AlertCondition, s budget.State) glance {
	out := glance{holds: true}
	var why []string
	for _, c := range all {
		g := look(c, s)
		out.over = out.over || g.over
		out.holds = out.holds && g.holds
		why = append(why, g.why)
	}
	out.why = strings.Join(why, "; ")
	return out
}

// lookForData holds while nothing can be seen.
func lookForData(s budget.State) glance {
	if outOfSight(&s) {
		return glance{holds: true, why: fmt.Sprintf("%s is not in sight (%s)", s.Objective, sinceWords(s))}
	}
	return glance{over: true, why: s.Objective + " is in sight again, since " + s.Newest.UTC().Format(time.TimeOnly)}
}

func outOfSight(s *budget.State) bool { return s.Status == budget.NoData || s.Blind }

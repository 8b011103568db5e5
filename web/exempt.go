package web

import (
	"fmt"
	"slices"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/slo"
)

// touched reports whether calendars or adjustments touch the objective of a
// state, so that there are raw figures besides.
func touched(st budget.State) bool { return st.Raw != nil }

// wireExempt adds what calendars and adjustments do to an objective.
func wireExempt(out *client.Objective, l look, o slo.Objective, st budget.State) {
	out.SLAs, out.BadSince = wireSLAs(l.set, st), st.BadSince
	for _, a := range adjustmentsOf(l.set, o, st) {
		out.Adjustments = append(out.Adjustments, client.Adjustment{
			Name: a.Name, Effect: string(a.Effect), From: a.From, To: a.To, Author: a.Author, Reason: a.Reason, Category: a.Category, Revoked: a.Revoked,
		})
	}
	if !touched(st) {
		return
	}
	out.Raw = &client.Raw{Status: string(st.Raw.Status), Remaining: finite(st.Raw.Remaining), Bound: finite(st.Raw.Bound), Budget: wireWindow(st, st.Raw.Budget)}
	out.Unexpected = st.Unexpected
	for _, f := range st.InForce {
		out.InForce = append(out.InForce, client.InForce{Name: f.Name, Effect: string(f.Effect), Since: f.Since, Until: f.Until})
	}
}

// adjustmentsOf are those that are about a part of the budget's window, the
// newest first.
func adjustmentsOf(set *slo.Set, o slo.Objective, st budget.State) (out []slo.Adjustment) {
	for _, a := range set.Adjustments {
		if a.AppliesTo.Has(o) && a.To.After(st.At.Add(-st.Budget.Length)) {
			out = append(out, a)
		}
	}
	slices.SortStableFunc(out, func(a, b slo.Adjustment) int { return b.From.Compare(a.From) })
	return out
}

// An adjustmentRow is an adjustment on the page.
type adjustmentRow struct {
	Name, Stretch, Words, Reason, By string
	Revoked                          bool
}

func adjustmentRows(l look, o slo.Objective, st budget.State) (out []adjustmentRow) {
	for _, a := range adjustmentsOf(l.set, o, st) {
		out = append(out, adjustmentRow{
			Name: a.Name, Stretch: clock(a.From, l.now) + " to " + clock(a.To, l.now), Words: effectWords(a.Effect),
			Reason: a.Reason, By: a.Author + ", " + a.Category, Revoked: a.Revoked,
		})
	}
	return out
}

// An exemptView is what the page says of calendars and adjustments.
type exemptView struct {
	Raw        string   // share of the budget left as measured
	RawBad     string   // bad events as measured
	Unexpected string   // how much was worse than expected; empty = nothing
	InForce    []string // what covers the newest slice, in words
}

func exemptOf(st budget.State, now time.Time) *exemptView {
	if !touched(st) {
		return nil
	}
	v := &exemptView{Raw: percent(st.Raw.Remaining), RawBad: count(st.Events(st.Raw.Budget.Bad))}
	if !st.Raw.Status.Judged() {
		v.Raw = "not known"
	}
	if st.Unexpected > 0 {
		v.Unexpected = unexpectedWords(st)
	}
	for _, f := range st.InForce {
		v.InForce = append(v.InForce, fmt.Sprintf("covered by %s from %s to %s: %s", f.Name, clock(f.Since, now), clock(f.Until, now), effectWords(f.Effect)))
	}
	return v
}

func unexpectedWords(st budget.State) string {
	return "worse than a calendar expects in " + plural(int(st.Unexpected), "slice", "slices") + " of its window, which are not excused"
}

// exemptWords says beside the standing that something is not as a calendar
// expects, or that one excuses it now.
func exemptWords(st budget.State) string {
	switch {
	case st.Unexpected > 0:
		return "; " + unexpectedWords(st)
	case len(st.InForce) > 0 && st.InForce[0].Effect != slo.Annotate:
		return "; now in " + st.InForce[0].Name + ": " + effectWords(st.InForce[0].Effect)
	}
	return ""
}

func effectWords(e slo.Effect) string {
	switch e {
	case slo.Exclude:
		return "nothing is counted"
	case slo.CountAsGood:
		return "all events count as good"
	case slo.Correct:
		return "a person gave the counts"
	}
	return "noted, counted as always"
}

// exempt leaves out what nothing touches.
func (g gauges) exempt(s budget.State, by []string) {
	if !touched(s) {
		return
	}
	if s.Raw.Status.Judged() {
		g.put(s.Raw.Remaining, "setpoint_budget_raw_remaining_ratio", by...)
	}
	g.put(s.Events(s.Raw.Budget.Good), "setpoint_budget_raw_window_events", append(by[:4:4], "kind", "good")...)
	g.put(s.Events(s.Raw.Budget.Bad), "setpoint_budget_raw_window_events", append(by[:4:4], "kind", "bad")...)
	g.put(float64(s.Unexpected), "setpoint_unexpected_slices", by...)
	for _, f := range s.InForce {
		g.put(1, "setpoint_calendar_in_force", append(by[:4:4], "name", f.Name, "effect", string(f.Effect))...)
	}
}

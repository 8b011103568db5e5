package loop

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// The reasons of this file look beyond the budget of now: what else was
// changed of late, how large the change is, what the service depends on, what
// is on fire, the calendar, and what releases usually burn. Each that ends at
// a known time says so (GateReason.Until).

// releaseReasons are those that a policy asks for.
func releaseReasons(p slo.ReleasePolicy, v GateView, q GateQuestion, a *GateAnswer) []GateReason {
	return slices.Concat(
		calendarReasons(p, q.At),
		incidentReasons(p, v.Report.Alerts, q.At),
		dependencyReasons(p, v.Report.States, a),
		pastReasons(p, v, q, a),
		sizeReasons(p, v.Report.States, q),
		riskReasons(p, v.Risks),
	)
}

// pastReasons judge a release by those that went before.
func pastReasons(p slo.ReleasePolicy, v GateView, q GateQuestion, a *GateAnswer) []GateReason {
	if p.MinInterval == 0 && p.Pace.Releases == 0 {
		return nil
	}
	var out []GateReason
	age := q.At.Sub(v.PastAt)
	if v.PastAt.IsZero() || v.Report.LedgerErr == nil && age > p.StaleAfter {
		a.degrade(GateNoData)
		out = append(out, GateReason{Code: GateNoData, Verdict: p.OnNoData, Value: -1, Message: "which releases went before is not known"})
	}
	past := others(v.Past, q)
	return append(append(out, intervalReasons(p, past, q.At)...), paceReasons(p, past, v.Report.States, q.At)...)
}

// others are the releases besides the one that asks, into the same
// environment and region as far as both are said, the newest first: of each
// the first deploy.
func others(past []Deploy, q GateQuestion) (out []Deploy) {
	apart := func(a, b string) bool { return a != "" && b != "" && a != b }
	for _, d := range slices.Backward(past) { // the oldest first
		same := func(o Deploy) bool {
			return o.Release == d.Release && o.Environment == d.Environment && o.Region == d.Region
		}
		if apart(d.Environment, q.Environment) || apart(d.Region, q.Region) || d.Release == q.Release || d.At.After(q.At) || slices.ContainsFunc(out, same) {
			continue
		}
		out = append(out, d)
	}
	slices.Reverse(out)
	return out
}

func intervalReasons(p slo.ReleasePolicy, past []Deploy, now time.Time) []GateReason {
	if p.MinInterval == 0 || len(past) == 0 || now.Sub(past[0].At) >= p.MinInterval {
		return nil
	}
	age := now.Sub(past[0].At)
	return []GateReason{{Code: GateTooSoon, Verdict: slo.Hold, Value: age.Seconds(), Limit: p.MinInterval.Seconds(), Until: past[0].At.Add(p.MinInterval),
		Message: fmt.Sprintf("%s went %s ago, the policy asks for %s between releases", past[0].Release, slo.Span(age.Truncate(time.Second)), slo.Span(p.MinInterval))}}
}

// paceReasons hold while the releases that the budget earned are used up.
// Those that always pass spend nothing.
func paceReasons(p slo.ReleasePolicy, past []Deploy, states []budget.State, now time.Time) []GateReason {
	if p.Pace.Releases == 0 {
		return nil
	}
	var spent []time.Time // the newest first
	for _, d := range past {
		if d.At.After(now.Add(-p.Pace.Per)) && !slices.Contains(p.AlwaysAllowed, d.Change) {
			spent = append(spent, d.At)
		}
	}
	left, _ := leastLeft(p, states)
	earned := max(float64(p.Pace.Releases)*min(max(left, 0), 1), float64(p.Pace.Least))
	r := GateReason{Code: GatePace, Verdict: slo.Allow, Window: slo.Span(p.Pace.Per), Value: float64(len(spent)), Limit: earned,
		Message: fmt.Sprintf("%d of the %.3g releases in %s that a budget of %s earns went", len(spent), earned, slo.Span(p.Pace.Per), budget.Percent(left))}
	if float64(len(spent)+1) > earned {
		r.Verdict = slo.Hold
		if room := int(earned) - 1; room >= 0 && room < len(spent) { // one more fits when only so many are left of them
			r.Until = spent[room].Add(p.Pace.Per)
		}
	}
	return []GateReason{r}
}

// leastLeft is the smallest share of budget that is left of the objectives of
// a policy; known is false where none of them is in sight.
func leastLeft(p slo.ReleasePolicy, states []budget.State) (left float64, known bool) {
	for _, s := range states {
		if slices.Contains(p.Objectives, s.Objective) && s.Status != budget.NoData && (!known || s.Remaining < left) {
			left, known = s.Remaining, true
		}
	}
	return left, known
}

// sizeReasons deny what is too large for what is left of the budget. Where
// none of it is in sight, all of the limits hold.
func sizeReasons(p slo.ReleasePolicy, states []budget.State, q GateQuestion) []GateReason {
	if len(p.MaxSize) == 0 {
		return nil
	}
	left, known := leastLeft(p, states)
	limit := int64(-1)
	for _, m := range p.MaxSize {
		if (m.Always || !known || left < m.Below.Float()) && (limit < 0 || m.Size < limit) {
			limit = m.Size
		}
	}
	switch {
	case limit < 0:
		return nil
	case q.Size == nil:
		return []GateReason{{Code: GateSize, Verdict: p.OnNoData, Value: -1, Limit: float64(limit), Message: fmt.Sprintf("the question does not say how large the change is (size), the policy allows %d", limit)}}
	case *q.Size > limit:
		with := "while the budget is not in sight"
		if known {
			with = fmt.Sprintf("with %s of the budget left", budget.Percent(left))
		}
		return []GateReason{{Code: GateSize, Verdict: slo.Deny, Value: float64(*q.Size), Limit: float64(limit), Message: fmt.Sprintf("the change is of size %d, the policy allows %d %s", *q.Size, limit, with)}}
	}
	return nil
}

// dependencyReasons look at what the service cannot do without.
func dependencyReasons(p slo.ReleasePolicy, states []budget.State, a *GateAnswer) []GateReason {
	var out []GateReason
	for _, d := range p.DependsOn {
		for _, name := range d.Objectives {
			i := slices.IndexFunc(states, func(s budget.State) bool { return s.Objective == name })
			if i < 0 || states[i].Status == budget.NoData {
				a.degrade(GateNoData)
				out = append(out, GateReason{Code: GateNoData, Verdict: p.OnNoData, Objective: name, Message: fmt.Sprintf("%s of %s, which %s depends on, is not in sight", name, d.Service, p.Service)})
				continue
			}
			out = append(out, dependencyReason(p, d, states[i])...)
		}
	}
	return out
}

func dependencyReason(p slo.ReleasePolicy, d slo.Dependency, s budget.State) (out []GateReason) {
	least := d.MinRemaining.Float()
	if s.Status != budget.TooFew && (s.Status == budget.Exhausted || s.Remaining < least) {
		out = append(out, GateReason{Code: GateDependency, Verdict: d.Verdict, Objective: s.Objective, Window: s.Over(), Value: s.Remaining, Limit: least,
			Message: fmt.Sprintf("%s depends on %s, where %s has %s of its budget left", p.Service, d.Service, s.Objective, budget.Percent(s.Remaining))})
	}
	for _, r := range burnReasons(slo.ReleasePolicy{MaxBurn: d.MaxBurn}, s) {
		r.Code, r.Verdict, r.Message = GateDependency, d.Verdict, fmt.Sprintf("%s depends on %s: %s", p.Service, d.Service, r.Message)
		out = append(out, r)
	}
	return out
}

// incidentReasons speak while an alert fires.
func incidentReasons(p slo.ReleasePolicy, alerts []Alert, now time.Time) []GateReason {
	if p.Incidents == nil {
		return nil
	}
	var out []GateReason
	for _, i := range alerts {
		ours := i.Service == p.Service || slices.Contains(p.Objectives, i.Objective)
		counts := len(p.Incidents.Severities) == 0 || slices.ContainsFunc(p.Incidents.Severities, func(s string) bool { return strings.EqualFold(s, i.Severity) })
		if i.Phase != AlertFiring || !ours || !counts {
			continue
		}
		since := cmp.Or(i.Fired, i.Since)
		out = append(out, GateReason{Code: GateIncident, Verdict: p.Incidents.Verdict, Objective: i.Objective, Value: now.Sub(since).Seconds(),
			Message: fmt.Sprintf("alert %s of %s (%s) fires since %s", i.Name, i.Objective, cmp.Or(i.Severity, "no severity"), clock(since))})
	}
	return out
}

// aheadOf is how far calendars are looked at for their end.
const aheadOf = 60 * 24 * time.Hour

// calendarReasons deny by the calendar: where one that denies covers the time,
// one that allows does not help.
func calendarReasons(p slo.ReleasePolicy, now time.Time) []GateReason {
	var out []GateReason
	for _, c := range p.DenyDuring {
		if s, covers := coveredBy(c, now); covers {
			out = append(out, GateReason{Code: GateCalendar, Verdict: slo.Deny, Value: 1, Until: s.To, Message: fmt.Sprintf("no releases during %s, which ends %s", cmp.Or(c.Title, c.Name), dated(s.To))})
		}
	}
	if len(p.AllowDuring) > 0 {
		out = append(out, outsideReasons(p, now)...)
	}
	return out
}

// outsideReasons deny outside of the calendars that allow.
func outsideReasons(p slo.ReleasePolicy, now time.Time) []GateReason {
	var next time.Time
	var names []string
	for _, c := range p.AllowDuring {
		if _, covers := coveredBy(c, now); covers {
			return nil
		}
		names = append(names, cmp.Or(c.Title, c.Name))
		if all := c.Stretches(now, now.Add(aheadOf)); len(all) > 0 && (next.IsZero() || all[0].From.Before(next)) {
			next = all[0].From
		}
	}
	r := GateReason{Code: GateCalendar, Verdict: slo.Deny, Until: next, Message: "releases go during " + strings.Join(names, " and ") + " only"}
	if !next.IsZero() {
		r.Message += ", next " + dated(next)
	}
	return []GateReason{r}
}

// coveredBy is the stretch of a calendar that an instant is in, as far as it
// is looked ahead.
func coveredBy(c slo.Calendar, now time.Time) (slo.Stretch, bool) {
	if !c.Covers(now, now.Add(1)) {
		return slo.Stretch{}, false
	}
	return c.Stretches(now, now.Add(aheadOf))[0], true
}

func dated(t time.Time) string { return t.UTC().Format("2006-01-02 15:04Z") }

// riskReasons set what releases burn against what is left.
func riskReasons(p slo.ReleasePolicy, risks []Risk) []GateReason {
	if p.Risk == nil {
		return nil
	}
	var out []GateReason
	for _, r := range risks {
		if !r.Known || !slices.Contains(p.Objectives, r.Objective) {
			continue
		}
		for _, part := range []struct {
			limit slo.Decimal
			burns float64
			who   string
		}{{p.Risk.Usual, r.Usual, "a release usually burns"}, {p.Risk.Worst, r.Worst, "the worst release burned"}} {
			most := part.limit.Float() * max(r.Remaining, 0)
			if part.limit.Sign() == 0 || part.burns <= most {
				continue
			}
			out = append(out, GateReason{Code: GateRisk, Verdict: p.Risk.Verdict, Objective: r.Objective, Value: part.burns, Limit: most,
				Message: fmt.Sprintf("%s %s of the budget of %s, and %s is left, of which the policy lets it risk %s", part.who, budget.Percent(part.burns), r.Objective, budget.Percent(r.Remaining), budget.Percent(part.limit.Float()))})
		}
	}
	return out
}

// dependencyWindows are those that policies of other services look at.
func dependencyWindows(p slo.ReleasePolicy, o slo.Objective) (out []time.Duration) {
	for _, d := range p.DependsOn {
		for _, b := range d.MaxBurn {
			if slices.Contains(d.Objectives, o.Name) {
				out = append(out, b.Window)
			}
		}
	}
	return out
}

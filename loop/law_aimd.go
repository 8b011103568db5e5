package loop

import (
	"fmt"
	"slices"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// aimd tightens by a share of what is left to tight and relaxes by steps.
//
// Where it names the demand, it relaxes only while the setting turned something
// away (the app-limited guard of concurrency limiters): a limit that nobody
// reaches says nothing about whether more would be safe, and one that grows
// meanwhile is far too wide for the next burst.
func aimd(in Input, r slo.Rule, s budget.State) Pull {
	a, law := in.Actuator, *r.AIMD
	p := Pull{Rule: r.Name, Objective: s.Objective, Wanted: a.Rest}
	w, _ := s.Window(law.Window)
	if !w.Known {
		p.Blind, p.Why = blindness(s, w), blindWords(s, w)
		return p
	}
	p.Why = fmt.Sprintf("%s burns at %.2f over %s (marks %s and %s)", s.Objective, w.Burn, slo.Span(w.Length), law.Tighten, law.Relax)
	switch {
	case budget.AtLeast(w, s.Target, law.Tighten):
		left := float64((in.Current - a.Tight) * law.Keep.Float()) // converted: a fused multiply-add is another number
		p.Wanted, p.Tier = a.Tight+left, "tighten"
	case above(w, s.Target, law.Relax):
		p.Wanted = in.Current
	case law.Demand != "" && !asked(in, law):
		p.Wanted, p.Why = in.Current, fmt.Sprintf("%s; %s shows nothing that the setting turned away over %s, so no more room is given", p.Why, law.Demand, slo.Span(law.Window))
	default:
		p.Wanted = stepTowards(a, in.Current, a.Rest, law.Step)
	}
	return p
}

// asked reports whether the setting turned something away of late.
func asked(in Input, law slo.AIMD) bool {
	i := slices.IndexFunc(in.Evidence, func(s budget.State) bool { return s.Objective == law.Demand })
	if i < 0 {
		return false
	}
	w, found := in.Evidence[i].Window(law.Window)
	return found && w.Bad > 0
}

// schedule asks for a setting while its calendar covers the time.
func schedule(r slo.Rule, a slo.Actuator, at time.Time) Pull {
	p := Pull{Rule: r.Name, Wanted: a.Rest}
	calendar := r.Schedule.Calendar
	if calendar.Covers(at, at.Add(1)) {
		p.Wanted, p.Tier, p.Why = r.Schedule.Setting, calendar.Name, fmt.Sprintf("calendar %s asks for %s", calendar.Name, a.Show(r.Schedule.Setting))
		return p
	}
	p.Why = fmt.Sprintf("calendar %s does not cover this time", calendar.Name)
	return p
}

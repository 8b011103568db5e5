package loop

import (
	"fmt"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// facts are what conditions look at, of one objective.
func facts(s budget.State, at time.Time) slo.Facts {
	return slo.Facts{
		Objective: s.Objective, Service: s.Service, At: at, State: string(s.Status),
		Remaining: s.Remaining, Coverage: coverage(s), InSight: s.Status != budget.NoData,
		Burn: func(window time.Duration) (float64, bool) {
			w, found := s.Window(window)
			return w.Burn, found && w.Known
		},
	}
}

// coverage is the share of the objective's window that was observed, or of
// what is known of it where that is less.
func coverage(s budget.State) float64 {
	life := min(s.Budget.Length, s.At.Sub(s.Since))
	if s.Since.IsZero() || life <= 0 {
		return 0
	}
	return min(1, s.Budget.Covered.Seconds()/life.Seconds())
}

// silent reports whether a rule does not speak, because its condition does
// not hold or cannot be judged, and what it says then: it asks for nothing,
// and is blind in the latter case and where its objective is out of sight, so
// that nothing is relaxed for want of data.
func silent(in Input, r slo.Rule, s budget.State) (Pull, bool) {
	if r.When == nil {
		return Pull{}, false
	}
	p := Pull{Rule: r.Name, Objective: r.Objective, Wanted: in.Actuator.Rest}
	holds, err := r.When.Holds(facts(s, in.At))
	switch {
	case err != nil:
		p.Blind, p.Why = ReasonNoData, err.Error()
	case !holds && s.Status == budget.NoData:
		p.Blind, p.Why = ReasonNoData, fmt.Sprintf("%s is not in sight (%s)", s.Objective, sinceWords(s))
	case !holds:
		p.Why = fmt.Sprintf("%s asks for nothing while not %s", r.Name, r.When.Text)
	default:
		return Pull{}, false
	}
	return p, true
}

// ruleReasons are the verdicts of a policy's own rules about one objective.
// One whose condition cannot be judged never lets a release pass.
func ruleReasons(p slo.ReleasePolicy, s budget.State, q GateQuestion, a *GateAnswer) (out []GateReason) {
	if len(p.Rules) == 0 {
		return nil
	}
	f := facts(s, q.At)
	f.Change, f.Environment, f.Region = q.Change, q.Environment, q.Region
	for _, rule := range p.Rules {
		when, judged := rule.When[s.Objective]
		if !judged {
			continue
		}
		holds, err := when.Holds(f)
		switch {
		case err != nil:
			a.degrade(GateNoData)
			out = append(out, GateReason{Code: GateNoData, Verdict: stricter(p.OnNoData, slo.Hold), Objective: s.Objective, Message: fmt.Sprintf("rule %s cannot be judged: %v", rule.Name, err)})
		case holds:
			out = append(out, GateReason{Code: GateRule, Verdict: rule.Verdict, Objective: s.Objective, Value: s.Remaining, Message: ruleWords(rule, s, when)})
		}
	}
	return out
}

func ruleWords(rule slo.ReleaseRule, s budget.State, when slo.Condition) string {
	if rule.Message != "" {
		return rule.Message + " (" + s.Objective + ", rule " + rule.Name + ")"
	}
	return fmt.Sprintf("rule %s holds for %s: %s", rule.Name, s.Objective, when.Text)
}

func stricter(a, b slo.Verdict) slo.Verdict {
	if strictness(a) > strictness(b) {
		return a
	}
	return b
}

package loop

import (
	"fmt"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// tiers is the multi-window, multi-burn-rate law (SRE Workbook, chapter 5):
// the tightest tier in force decides.
//
// A tier is entered when the burn rate over its long and its short window is
// at least Burn. It stays in force while the setting is at least as tight as
// its own and the burn rate over Hold is at least Leave: the setting that is
// read back is the only memory, so a restart forgets nothing.
func tiers(r slo.Rule, a slo.Actuator, s budget.State, current float64) Pull {
	p := Pull{Rule: r.Name, Objective: s.Objective, Wanted: a.Rest}
	for _, t := range r.Tiers {
		v := judge(t, a, s, current)
		if v.blind != "" && p.Blind != ReasonNoData {
			p.Blind = v.blind
		}
		if v.inForce && (p.Tier == "" || a.Tighter(t.Setting, p.Wanted)) {
			p.Tier, p.Wanted, p.Why = t.Name, t.Setting, v.why
		}
		if p.Tier == "" && (p.Why == "" || v.blind != "") {
			p.Why = v.why
		}
	}
	return p
}

type verdict struct {
	inForce bool
	blind   Reason
	why     string
}

func judge(t slo.Tier, a slo.Actuator, s budget.State, current float64) verdict {
	long, _ := s.Window(t.Long)
	short, _ := s.Window(t.Short)
	if !long.Known || !short.Known {
		return verdict{blind: blindness(s, short), why: blindWords(s, short)}
	}
	if entered(t, s, long, short) {
		return verdict{inForce: true, why: fmt.Sprintf("%s burns at %s%s, tier %s asks for %s", s.Objective, rates(long, short), leftWords(t, s), t.Name, a.Show(t.Setting))}
	}
	if a.Tighter(t.Setting, current) {
		return verdict{why: fmt.Sprintf("%s burns at %s", s.Objective, rates(long, short))}
	}
	return stays(t, a, s)
}

func entered(t slo.Tier, s budget.State, long, short budget.Window) bool {
	if t.Exhausted && s.Status == budget.Exhausted || t.Remaining != nil && funded(s) && s.Remaining < t.Remaining.Float() {
		return true
	}
	return budget.AtLeast(long, s.Target, t.Burn) && budget.AtLeast(short, s.Target, t.Burn) && int64(long.Bad/s.One()) >= t.MinBad
}

// funded reports whether what is left of the budget can be judged.
func funded(s budget.State) bool { return s.Status != budget.NoData && s.Status != budget.TooFew }

// leftWords says what is left of the budget to a tier that looks at it.
func leftWords(t slo.Tier, s budget.State) string {
	if t.Remaining == nil {
		return ""
	}
	return " with " + percent(s.Remaining) + " of its budget left"
}

// stays judges a tier that is not entered anew while the setting is as tight
// as it asks.
func stays(t slo.Tier, a slo.Actuator, s budget.State) verdict {
	hold, _ := s.Window(t.Hold)
	span := slo.Span(t.Hold)
	switch {
	case !hold.Known:
		return verdict{blind: blindness(s, hold), why: blindWords(s, hold)}
	case budget.AtLeast(hold, s.Target, t.Leave):
		return verdict{inForce: true, why: fmt.Sprintf("%s still burns at %.2f over %s, tier %s is left below %s", s.Objective, hold.Burn, span, t.Name, t.Leave)}
	case t.Regain != nil && funded(s) && s.Remaining < t.Regain.Float():
		return verdict{inForce: true, why: fmt.Sprintf("%s has %s of its budget left, tier %s is left at %s", s.Objective, percent(s.Remaining), t.Name, percent(t.Regain.Float()))}
	}
	return verdict{why: fmt.Sprintf("%s burns at %.2f over %s, below the %s at which tier %s is left", s.Objective, hold.Burn, span, t.Leave, t.Name)}
}

// blindness tells silence of the users, or whispers, from silence of the
// instruments.
func blindness(s budget.State, w budget.Window) Reason {
	if w.Few {
		return ReasonTooFew
	}
	if s.Status != budget.NoData && w.Covered > 0 && w.Total() == 0 {
		return ReasonNoTraffic
	}
	return ReasonNoData
}

func blindWords(s budget.State, w budget.Window) string {
	switch blindness(s, w) {
	case ReasonTooFew:
		return fmt.Sprintf("%s had %.4g %s over %s, fewer than the %d that it takes to judge", s.Objective, s.Events(w.Total()), s.Noun(), slo.Span(w.Length), s.MinEvents)
	case ReasonNoTraffic:
		return fmt.Sprintf("%s had no %s over %s", s.Objective, s.Noun(), slo.Span(w.Length))
	}
	return fmt.Sprintf("%s is not in sight (%s)", s.Objective, sinceWords(s))
}

func rates(long, short budget.Window) string {
	return fmt.Sprintf("%.1f over %s and %.1f over %s", long.Burn, slo.Span(long.Length), short.Burn, slo.Span(short.Length))
}

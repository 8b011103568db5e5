package loop

import (
	"fmt"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// watermark is the two-mark law: past one mark the setting goes one step
// tighter, past the other one step back, and between the marks it stays, so
// that a signal that trembles around a mark moves nothing to and fro.
func watermark(r slo.Rule, a slo.Actuator, s budget.State, current float64) Pull {
	p := Pull{Rule: r.Name, Objective: s.Objective, Wanted: a.Rest}
	w, known := signalWindow(r.Watermark, s)
	if !known {
		p.Blind, p.Why = blindness(s, w), blindWords(s, w)
		return p
	}
	tight, rest, why := marks(r.Watermark, s, w)
	p.Why = why
	switch {
	case tight:
		p.Wanted, p.Tier = stepTowards(a, current, a.Tight, r.Watermark.Step), "tighten"
	case rest:
		p.Wanted = stepTowards(a, current, a.Rest, r.Watermark.Step)
	default:
		p.Wanted = current
	}
	return p
}

// signalWindow is the window whose sight the signal needs.
func signalWindow(m slo.Watermark, s budget.State) (w budget.Window, known bool) {
	if m.Signal == slo.SignalRemaining {
		return s.Budget, s.Budget.Known
	}
	w, _ = s.Window(m.Window)
	return w, w.Known
}

// marks compares the signal with both marks.
func marks(m slo.Watermark, s budget.State, w budget.Window) (tighten, relax bool, why string) {
	if m.Signal == slo.SignalRemaining {
		left := s.Remaining
		return left <= m.Tighten.Float(), left >= m.Relax.Float(),
			fmt.Sprintf("%s has %s of its budget left (marks %s and %s)", s.Objective, percent(left), percent(m.Tighten.Float()), percent(m.Relax.Float()))
	}
	return budget.AtLeast(w, s.Target, m.Tighten), !above(w, s.Target, m.Relax),
		fmt.Sprintf("%s burns at %.2f over %s (marks %s and %s)", s.Objective, w.Burn, slo.Span(w.Length), m.Tighten, m.Relax)
}

// above reports whether the burn rate is more than a mark.
func above(w budget.Window, target, mark slo.Decimal) bool {
	return budget.AtLeast(w, target, mark) && w.Burn > mark.Float()
}

// stepTowards goes one step from current to goal, and not beyond.
func stepTowards(a slo.Actuator, current, goal, step float64) float64 {
	if current < goal {
		return min(current+step, goal)
	}
	return max(current-step, goal)
}

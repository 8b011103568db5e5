package web

import (
	"fmt"
	"time"

	"setpoint.dev/setpoint/budget"
)

// outIn is when a budget runs out if it goes on burning at a rate, with the
// traffic it has had. left is the share of the budget that is left, observed
// how much of the window is filled. ok is false when it does not run out.
//
// While the window fills, traffic adds budget, so only what burns beyond
// rate 1 counts: left·observed/(burn−1). Once it is full, what was spent
// before leaves at its far end, at the rate 1−left at which it was spent.
func outIn(left, burn float64, observed, window time.Duration) (d time.Duration, ok bool) {
	if left <= 0 {
		return 0, true
	}
	if burn <= 1 || observed <= 0 || window <= 0 {
		return 0, false
	}
	observed = min(observed, window)
	filling := window - observed
	if t := left * observed.Seconds() / (burn - 1); t <= filling.Seconds() {
		return seconds(t), true
	}
	spent := (1-left)*observed.Seconds() + burn*filling.Seconds()
	return filling + seconds((window.Seconds()-spent)/(burn-(1-left))), true
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// forecastWords says where the budget is going at the present rate: the burn
// over the shortest window that is known.
func forecastWords(s budget.State) string {
	w, known := shortest(s)
	if !known {
		return "too little seen of late to say where it is going"
	}
	d, runsOut := outIn(s.Remaining, w.Burn, s.Budget.Covered, s.Budget.Length)
	if !s.PeriodEnd.IsZero() { // nothing leaves it before it ends
		d, runsOut = outIn(s.Remaining, w.Burn, s.Budget.Covered, s.PeriodEnd.Sub(s.PeriodStart))
		runsOut = runsOut && d <= s.PeriodEnd.Sub(s.At)
	}
	switch {
	case w.Bad == 0:
		return "nothing bad in the last " + window(w.Length)
	case !runsOut:
		return fmt.Sprintf("lasts at this rate (%s over %s)", times(w.Burn), window(w.Length))
	}
	return fmt.Sprintf("will be out of budget in about %s at this rate (%s over %s)", about(d), times(w.Burn), window(w.Length))
}

// shortest is the shortest window that is known.
func shortest(s budget.State) (budget.Window, bool) {
	for _, w := range s.Windows {
		if w.Known {
			return w, true
		}
	}
	return budget.Window{}, false
}

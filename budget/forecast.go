package budget

import (
	"math"
	"math/big"
	"time"
)

// Never is the forecast of a budget that will not be used up.
const Never = time.Duration(math.MaxInt64)

// Forecast returns how long the budget lasts when it goes on burning as it
// did over the window of that length: Remaining × Budget.Length / Burn,
// rounded down to 1 ns. It supposes steady traffic and that nothing of what
// is spent leaves the budget's window before; so it is the earliest time. It
// is 0 when the budget is used up, and Never when nothing burns or when it
// takes longer than the budget's window, for by then all that is spent now
// has left.
//
// In a period of the calendar nothing leaves, and what is allowed grows with
// the traffic: after t at w's rates, bad + bad_w×t/w = (1 − target) × (total +
// total_w×t/w). It is Never when that is not before the period's end.
//
// It is not known when one of the two windows is not.
func (s State) Forecast(window time.Duration) (left time.Duration, known bool) {
	w, ok := s.Window(window)
	if !ok || !w.Known || !s.Budget.Known {
		return 0, false
	}
	if Spent(s.Budget, s.Target) {
		return 0, true
	}
	if w.Bad == 0 {
		return Never, true
	}
	left, end := s.lasts(w), s.Budget.Length
	if !s.PeriodEnd.IsZero() {
		left, end = s.lastsInPeriod(w), s.PeriodEnd.Sub(s.At)
	}
	if left > end {
		return Never, true
	}
	return left, true
}

// lasts is Length × (1 − bad/allowed) ÷ (bad_w/allowed_w), that is Length ×
// (allowed − bad) × allowed_w ÷ (allowed × bad_w).
func (s State) lasts(w Window) time.Duration {
	a, aw := allow(&s.Budget, s.Target), allow(&w, s.Target)
	if a.none() { // bad events that are no part of the budget's window
		return Never
	}
	n := new(big.Int).Mul(s.left(a), aw.num.big())
	d := scale(scale(a.num.big(), int64(w.Bad)), int64(aw.den))
	return whole(scale(n, int64(s.Budget.Length)), d)
}

// lastsInPeriod is w × (allowed − bad) ÷ (bad_w − total_w×budget): what is
// still to come is judged by the present target.
func (s State) lastsInPeriod(w Window) time.Duration {
	now := w.today(s.Target)
	a, aw := allow(&s.Budget, s.Target), allow(&now, s.Target)
	d := multiply(uint64(w.Bad), aw.den).big()
	d.Sub(d, aw.num.big())
	if d.Sign() <= 0 {
		return Never
	}
	n := scale(s.left(a), int64(aw.den))
	return whole(scale(n, int64(w.Length)), scale(d, int64(a.den)))
}

// left is allowed − bad, in parts of a.den.
func (s State) left(a allowance) *big.Int {
	return a.num.minus(multiply(uint64(s.Budget.Bad), a.den)).big()
}

// whole is n/d, rounded down.
func whole(n, d *big.Int) time.Duration {
	n.Quo(n, d)
	if n.Cmp(big.NewInt(int64(Never))) > 0 {
		return Never
	}
	return time.Duration(n.Int64())
}

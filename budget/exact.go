package budget

import (
	"cmp"
	"math/big"
	"math/bits"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// AtLeast reports whether w burned at least at rate burn, compared exactly:
// bad ≥ burn × (1 − target) × total, each stretch of w by the target that was
// in force. Without events the burn rate is 0. It
// does not look at w.Known.
func AtLeast(w Window, target, burn slo.Decimal) bool {
	return compareBurn(&w, target, burn) >= 0
}

// AtLeast is AtLeast of w.
func (w *Window) AtLeast(target, burn slo.Decimal) bool {
	return compareBurn(w, target, burn) >= 0
}

// Spent reports whether the budget of a window is used up, compared exactly:
// bad ≥ (1 − target) × total, and bad > 0.
func Spent(w Window, target slo.Decimal) bool {
	return w.Bad > 0 && AtLeast(w, target, slo.NewDecimal(1, 0))
}

// compareBurn compares the burn rate of w with burn: −1, 0 or 1.
func compareBurn(w *Window, target, burn slo.Decimal) int {
	if w.Total() == 0 || burn.Sign() <= 0 {
		return cmp.Compare(min(w.Bad, 1), sli.Count(burn.Sign()))
	}
	burnNum, burnDen := burn.Fraction()
	num, den := target.Complement().Fraction()
	if num == 0 && len(w.Earlier) == 0 { // a target of 100 %
		return strict(w.Bad)
	}
	left, right := multiply(uint64(den), uint64(burnDen)), multiply(uint64(num), uint64(burnNum))
	if left.hi == 0 && right.hi == 0 && len(w.Earlier) == 0 { // the usual case, quickly
		return multiply(uint64(w.Bad), left.lo).compare(multiply(uint64(w.Total()), right.lo))
	}
	a := allow(w, target)
	if a.none() {
		return strict(w.Bad)
	}
	bad := scale(multiply(uint64(w.Bad), a.den).big(), burnDen)
	return bad.Cmp(scale(a.num.big(), burnNum))
}

// An allowance is how many bad counts are allowed: num/den.
type allowance struct {
	num wide
	den uint64
}

// allow is what the events of w allow, where target is in force now:
//
//	(1 − target) × (total − Σ totalₖ) + Σ (1 − targetₖ) × totalₖ
//
// over the stretches k of w that are judged by another target. Denominators
// are powers of ten, so the largest is common to all.
func allow(w *Window, target slo.Decimal) allowance {
	num, den := target.Complement().Fraction()
	if len(w.Earlier) == 0 {
		return allowance{multiply(uint64(w.Total()), uint64(num)), uint64(den)}
	}
	now, common := w.Total(), den
	for _, e := range w.Earlier {
		_, d := e.Target.Fraction()
		now, common = now-e.Total, max(common, d)
	}
	sum := multiply(uint64(now), uint64(num)*uint64(common/den))
	for _, e := range w.Earlier {
		num, den := e.Target.Complement().Fraction()
		sum = sum.plus(multiply(uint64(e.Total), uint64(num)*uint64(common/den)))
	}
	return allowance{sum, uint64(common)}
}

// Boundless stands for the burn rate where a target of 100 % allows nothing and
// something was bad: it has no bound, and figures in JSON need one.
const Boundless = 1e9

// none reports whether not the least part of an event may be bad, as with a
// target of 100 %.
func (a allowance) none() bool { return a.num == wide{} }

// strict compares the burn rate of bad counts, none of which is allowed, with
// any rate: nothing burns, or more than any rate does.
func strict(bad sli.Count) int {
	if bad == 0 {
		return -1
	}
	return 1
}

// burn is the burn rate of bad counts, bad/(num/den), as the float64 nearest
// to it: one division of exact integers, so every machine gets the same bits.
// It is Boundless where none is allowed.
func (a allowance) burn(bad sli.Count) float64 {
	switch {
	case bad == 0:
		return 0
	case a.none():
		return Boundless
	}
	return quotient(multiply(uint64(bad), a.den), a.num)
}

// remaining is 1 − bad/(num/den) as the float64 nearest to it; 1 without bad
// events. Where none is allowed nothing is left after the first.
func (a allowance) remaining(bad sli.Count) float64 {
	switch {
	case bad == 0:
		return 1
	case a.none():
		return 0
	}
	spent := multiply(uint64(bad), a.den)
	if spent.compare(a.num) > 0 {
		return -quotient(spent.minus(a.num), a.num)
	}
	return quotient(a.num.minus(spent), a.num)
}

// compare compares the burn rate of events, of which bad were bad, with 1.
func (a allowance) compare(bad sli.Count) int {
	if a.none() {
		return strict(bad)
	}
	return multiply(uint64(bad), a.den).compare(a.num)
}

// A wide is an unsigned integer of 128 bits.
type wide struct{ hi, lo uint64 }

func multiply(a, b uint64) wide {
	hi, lo := bits.Mul64(a, b)
	return wide{hi, lo}
}

func (w wide) plus(v wide) wide {
	lo, carry := bits.Add64(w.lo, v.lo, 0)
	hi, _ := bits.Add64(w.hi, v.hi, carry)
	return wide{hi, lo}
}

func (w wide) minus(v wide) wide {
	lo, borrow := bits.Sub64(w.lo, v.lo, 0)
	hi, _ := bits.Sub64(w.hi, v.hi, borrow)
	return wide{hi, lo}
}

func (w wide) compare(v wide) int {
	switch {
	case w == v:
		return 0
	case w.hi < v.hi || w.hi == v.hi && w.lo < v.lo:
		return -1
	}
	return 1
}

func (w wide) big() *big.Int {
	b := new(big.Int).SetUint64(w.hi)
	return b.Or(b.Lsh(b, 64), new(big.Int).SetUint64(w.lo))
}

// quotient is the float64 nearest to n/d. Integers up to 2^53 are float64s,
// and dividing two float64s rounds once.
func quotient(n, d wide) float64 {
	if n.hi == 0 && d.hi == 0 && n.lo <= 1<<53 && d.lo <= 1<<53 {
		return float64(n.lo) / float64(d.lo)
	}
	f, _ := new(big.Rat).SetFrac(n.big(), d.big()).Float64()
	return f
}

func scale(b *big.Int, by int64) *big.Int { return b.Mul(b, big.NewInt(by)) }

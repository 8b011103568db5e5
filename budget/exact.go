package budget

import (
	"cmp"
	"math/big"
	"math/bits"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// AtLeast reports whether w burned at least at rate burn, compared exactly:
// bad ≥ burn × (1 − target) × total. Without events the burn rate is 0. It
// does not look at w.Known.
func AtLeast(w Window, target, burn slo.Decimal) bool {
	return compareBurn(w.Counts, target, burn) >= 0
}

// Spent reports whether the budget of a window is used up, compared exactly:
// bad ≥ (1 − target) × total, and bad > 0.
func Spent(w Window, target slo.Decimal) bool {
	return w.Bad > 0 && AtLeast(w, target, slo.NewDecimal(1, 0))
}

// compareBurn compares the burn rate of c with burn: −1, 0 or 1.
func compareBurn(c sli.Counts, target, burn slo.Decimal) int {
	if c.Total() == 0 || burn.Sign() <= 0 {
		return cmp.Compare(min(c.Bad, 1), sli.Count(burn.Sign()))
	}
	burnNum, burnDen := burn.Fraction()
	num, den := target.Complement().Fraction()
	left, right := multiply(uint64(den), uint64(burnDen)), multiply(uint64(num), uint64(burnNum))
	if left.hi == 0 && right.hi == 0 {
		return multiply(uint64(c.Bad), left.lo).compare(multiply(uint64(c.Total()), right.lo))
	}
	return scale(left.big(), int64(c.Bad)).Cmp(scale(right.big(), int64(c.Total())))
}

// A share is a budget as a fraction: 1 − target = num/den.
type share struct{ num, den uint64 }

// burn is the burn rate of c, bad/total/budget, as the float64 nearest to
// it: one division of exact integers, so every machine gets the same bits.
func (b share) burn(c sli.Counts) float64 {
	if c.Bad == 0 {
		return 0
	}
	return quotient(multiply(uint64(c.Bad), b.den), multiply(uint64(c.Total()), b.num))
}

// remaining is 1 − bad/(total × budget) as the float64 nearest to it; 1
// without events.
func (b share) remaining(c sli.Counts) float64 {
	if c.Bad == 0 {
		return 1
	}
	bad, most := multiply(uint64(c.Bad), b.den), multiply(uint64(c.Total()), b.num)
	if bad.compare(most) > 0 {
		return -quotient(bad.minus(most), most)
	}
	return quotient(most.minus(bad), most)
}

// compare compares the burn rate of c, which has events, with 1.
func (b share) compare(c sli.Counts) int {
	return multiply(uint64(c.Bad), b.den).compare(multiply(uint64(c.Total()), b.num))
}

// A wide is an unsigned integer of 128 bits.
type wide struct{ hi, lo uint64 }

func multiply(a, b uint64) wide {
	hi, lo := bits.Mul64(a, b)
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

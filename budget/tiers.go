package budget

import (
	"math/big"
	"time"

	"setpoint.dev/setpoint/slo"
)

// A Tier is one step of multi-window, multi-burn-rate alerting (SRE Workbook,
// chapter 5, "Multiwindow, Multi-Burn-Rate Alerts"): it fires while both
// windows burn at least at rate Burn.
type Tier struct {
	Share     slo.Decimal   // of the budget, that burning at rate Burn for Long uses up
	Burn      slo.Decimal   // burn rate
	Long      time.Duration // window that keeps one blip from firing it
	Short     time.Duration // window that ends it soon after the cause has ended: Long/12
	Reachable bool          // burn rate of a total outage, 1/(1 − target), is above Burn
}

// Tiers returns the standard tiers for a budget over window, the fastest
// first: 2 % of the budget in 1/720 of the window, 5 % in 1/120, 10 % in
// 1/30, 10 % in 1/10. Over 30 days that is 14.4 × over 1 h, 6 × over 6 h,
// 3 × over 1 d and 1 × over 3 d. Long grows with the window and Burn, which
// is Share × window / Long, is the same for all windows: with Long fixed
// instead, a week's slow tiers would fire below rate 1, and a year's fast
// ones only in outages that are almost total.
func Tiers(target slo.Decimal, window time.Duration) []Tier {
	var tiers []Tier
	for _, c := range slo.StandardTiers(window) {
		tiers = append(tiers, Tier{Share: c.Share, Burn: c.Burn, Long: c.Window, Short: c.Short})
	}
	for i := range tiers {
		t := &tiers[i]
		t.Short = t.Long / 12
		t.Reachable = rat(t.Burn).Mul(rat(t.Burn), rat(target.Complement())).Cmp(big.NewRat(1, 1)) < 0
	}
	return tiers
}

// Detection returns how long a constant ratio of bad events, after none and
// in steady traffic, goes on before window long burns at rate burn:
// burn × (1 − target) / ratio × long. It is false when it never does. Slices
// add at most one slice.
func Detection(target, burn slo.Decimal, long time.Duration, ratio slo.Decimal) (time.Duration, bool) {
	part, ok := filling(target, burn, ratio)
	if !ok {
		return 0, false
	}
	return roundUp(part.Mul(part, rat(slo.NewDecimal(int64(long), 0)))), true
}

// Reset returns how long after the end of such a stretch window short burns
// below rate burn again: short × (1 − burn × (1 − target) / ratio). It is
// false when it never burned at that rate. Slices add at most one slice.
func Reset(target, burn slo.Decimal, short time.Duration, ratio slo.Decimal) (time.Duration, bool) {
	part, ok := filling(target, burn, ratio)
	if !ok {
		return 0, false
	}
	rest := part.Sub(big.NewRat(1, 1), part)
	return roundUp(rest.Mul(rest, rat(slo.NewDecimal(int64(short), 0)))), true
}

// filling is the part of a window that must have a bad ratio of ratio for the
// whole to burn at rate burn; false when all of it is not enough.
func filling(target, burn, ratio slo.Decimal) (*big.Rat, bool) {
	if ratio.Sign() <= 0 || burn.Sign() < 0 {
		return nil, false
	}
	part := rat(burn)
	part.Mul(part, rat(target.Complement())).Quo(part, rat(ratio))
	return part, part.Cmp(big.NewRat(1, 1)) <= 0
}

func rat(d slo.Decimal) *big.Rat { return big.NewRat(d.Fraction()) }

// roundUp is r in whole nanoseconds.
func roundUp(r *big.Rat) time.Duration {
	n := new(big.Int).Add(r.Num(), new(big.Int).Sub(r.Denom(), big.NewInt(1)))
	return time.Duration(n.Quo(n, r.Denom()).Int64())
}

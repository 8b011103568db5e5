package loop

import (
	"fmt"
	"math"
	"math/big"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// pi is a proportional–integral controller in its velocity form:
//
//	move = range × ( Kp × (burn over short − burn over window)  +  Ki × (burn over window − target) × Δt / window )
//
// The setting, as read back, is the integral: what a guard, a person or the end
// of the range holds back is not saved up, so nothing winds up. Δt is the time
// since the last move, at most the window; before a slice has passed there is
// no other, however often it is asked. It calculates with fractions, so
// that it comes to the same on every machine.
func pi(in Input, r slo.Rule, s budget.State) Pull {
	a, law := in.Actuator, *r.PI
	p := Pull{Rule: r.Name, Objective: s.Objective, Wanted: a.Rest}
	long, _ := s.Window(law.Window)
	short, _ := s.Window(law.Short)
	if !long.Known || !short.Known {
		p.Blind, p.Why = blindness(s, short), blindWords(s, short)
		return p
	}
	share := big.NewRat(0, 1)
	if dt := sinceMove(in, s, law); dt > 0 {
		share = velocity(law, micro(long.Burn), micro(short.Burn), dt)
	}
	moved, _ := share.Float64()
	p.Wanted = a.Clamp(in.Current + float64((a.Tight-a.Rest)*moved))
	if a.Tighter(p.Wanted, a.Rest) {
		p.Tier = "held"
	}
	p.Why = fmt.Sprintf("%s burns at %s, held at %s: %+.2f %% of the range", s.Objective, rates(long, short), law.Target, 100*moved)
	return p
}

// velocity is the share of the range to move, towards tight where positive.
// Burn rates are in millionths.
func velocity(law slo.PI, long, short int64, dt time.Duration) *big.Rat {
	p := times(law.Proportional, big.NewRat(short-long, 1e6))
	num, den := law.Target.Fraction()
	above := big.NewRat(long, 1e6)
	i := times(law.Integral, above.Sub(above, big.NewRat(num, den)))
	i.Mul(i, big.NewRat(int64(dt), int64(law.Window)))
	return p.Add(p, i)
}

func times(d slo.Decimal, x *big.Rat) *big.Rat {
	num, den := d.Fraction()
	return x.Mul(x, big.NewRat(num, den))
}

// micro is a burn rate in millionths, at most a billion.
func micro(burn float64) int64 { return int64(math.Round(min(burn, 1e9) * 1e6)) }

// sinceMove is the time of evidence since the last move; 0 while there may be
// none.
func sinceMove(in Input, s budget.State, law slo.PI) time.Duration {
	slice := max(s.Slice, 1)
	since := in.At.Sub(in.Conditions.LastMove)
	switch {
	case in.Conditions.LastMove.IsZero():
		return slice
	case since < slice:
		return 0
	}
	return min(since, law.Window)
}

package budget

import (
	"math"
	"math/big"
	"time"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// show is a window as others see it, with what the objective's rule for
// missing data makes of the time that was not observed.
func (b *Book) show(w *window) Window {
	start := b.start(w)
	shown := Window{Length: b.span(b.end - start), Counts: w.sum, Assumed: b.assume(w), Earlier: b.judged(w)}
	if a := shown.Assumed; a != nil {
		shown.Good, shown.Bad = shown.Good+a.Good, shown.Bad+a.Bad
	}
	shown.Burn = allow(&shown, b.targets.all[0]).burn(shown.Bad)
	settled := w.tail == start
	seen := b.inSight() && b.covered(w)
	if b.noData != slo.NoDataHold {
		seen = b.begun()
	}
	total := shown.Total()
	shown.Few = settled && seen && total > 0 && total < b.least
	shown.Known = settled && seen && total > 0 && !shown.Few
	return shown
}

// begun reports whether anything was ever observed.
func (b *Book) begun() bool { return b.first <= b.filled }

// life is how much of a window lies after the oldest slice known.
func (b *Book) life(w *window) time.Duration { return b.span(b.end - max(b.start(w), b.since())) }

// assume is what the time of a window that was not observed counts as.
func (b *Book) assume(w *window) *sli.Counts {
	missing := b.life(w) - w.sum.Covered
	if missing <= 0 || b.noData == slo.NoDataHold {
		return nil
	}
	assumed := &sli.Counts{Covered: missing}
	switch b.noData {
	case slo.NoDataGood:
		assumed.Good = b.unseen(w.sum, missing)
	case slo.NoDataBad:
		assumed.Bad = b.unseen(w.sum, missing)
	}
	return assumed
}

// unseen is how many events are taken to lie in a time that was not observed:
// as many as in the rest of the window in so much time, and of time slices as
// many as it is long. Where nothing of the window was observed they are as many
// as it takes to judge.
func (b *Book) unseen(sum sli.Counts, missing time.Duration) sli.Count {
	switch {
	case b.method != slo.Occurrences:
		return proportion(one(b.method), missing, b.slice)
	case sum.Covered == 0:
		return max(b.least, b.one())
	}
	return proportion(sum.Total(), missing, sum.Covered)
}

// proportion is n × part ÷ whole, rounded to the nearest; an eighth of what can
// be counted at most.
func proportion(n sli.Count, part, whole time.Duration) sli.Count {
	p := new(big.Int).Mul(big.NewInt(int64(n)), big.NewInt(int64(part)))
	p.Lsh(p, 1).Add(p, big.NewInt(int64(whole)))
	if p.Quo(p, new(big.Int).Lsh(big.NewInt(int64(whole)), 1)); p.Cmp(big.NewInt(math.MaxInt64/8)) > 0 {
		return math.MaxInt64 / 8
	}
	return sli.Count(p.Int64())
}

// one is how many counts make one of what is counted.
func (b *Book) one() sli.Count { return State{Method: b.method, Counted: b.counted}.One() }

package budget

import (
	"math"
	"time"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// bound is how far what is left of a budget may be from what it would be with
// the events that no sample holds: those of processes between their last scrape
// and their end (sli.Counts.Unseen). With E such events expected at most, there
// may be E + 3√E + 3: chance has more in one case of a thousand. The bad among
// them, at least by the window's share, count as bad at one end, and as good,
// with all others, at the other end.
//
// Where processes began anew in a gap, what they did in it until then is not
// known at all: in the window's time without observation there may have been
// as much as in the rest of it, and as much of it bad, or as much as of what
// else was not seen, whichever is more. The same goes for slices in which
// processes began anew again and again.
//
// Not in the bound are samples that are still to come (State.Provisional says
// from where on), whether what a gap slice holds happened before the window
// began (State.Flaws), time after the newest observation (State.Newest) and
// processes that no scrape ever saw.
func (b *Book) bound(w *Window, remaining float64) float64 {
	unseen, bad := float64(w.Unseen), float64(w.UnseenBad)
	if missing := b.missing(w); missing > 0 {
		share := max(float64(w.Bad)/max(float64(w.Total()), 1), bad/max(unseen, 1))
		unseen, bad = unseen+missing, bad+float64(missing*share)
	}
	if unseen <= 0 || w.Total() == 0 {
		return 0
	}
	if b.method == slo.Occurrences {
		bad = max(bad, unseen*(float64(w.Bad)/float64(w.Total())))
	}
	worst, best := *w, *w
	worst.Bad += b.atMost(bad)
	best.Good += b.atMost(unseen)
	target := b.targets.all[0]
	low, high := allow(&worst, target).remaining(worst.Bad), allow(&best, target).remaining(best.Bad)
	return max(remaining-low, high-remaining, 0)
}

// missing is how much a window holds of the time in which nobody knows what
// processes did that began anew, at the pace of the rest of it.
func (b *Book) missing(w *Window) float64 {
	restless := time.Duration(b.flaws.of(sli.FlawRestarts)) * b.slice
	known := max(w.Covered-restless, w.Covered/2)
	if b.method != slo.Occurrences || known <= 0 {
		return 0
	}
	if b.flaws.of(sli.FlawLost) > 0 {
		restless += b.life(&b.windows[b.own]) - w.Covered
	}
	return float64(float64(restless) / float64(known) * float64(w.Total()))
}

// atMost is how many counts there may be, where so many are expected.
func (b *Book) atMost(expected float64) sli.Count {
	one := float64(b.one())
	most := expected
	if b.method == slo.Occurrences {
		most += float64((float64(3*math.Sqrt(expected/one)) + 3) * one)
	}
	return sli.Count(min(math.Ceil(most), math.MaxInt64/8))
}

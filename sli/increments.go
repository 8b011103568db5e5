package sli

import (
	"slices"
	"time"
)

// Increments counts the events of an indicator in each slice of the cut:
// those of the part, good or bad, and of the total. The package documentation
// states the rules.
//
// The series hold their samples in (From−Before, To], and what Missing asks
// for as a sample at From−Lookback. Samples before that are welcome, samples
// after To are ignored.
func (c Cut) Increments(part, total []Series) []Slice {
	return new(Desk).Increments(nil, c, part, total)
}

// counting is one cut at work.
type counting struct {
	Cut
	from, to, step int64 // ms
	seen           instants
	paces          []pace  // of each slice
	horizons       []int64 // of each slice
	totals         []track // of all events
	flaws          []Flaw  // of each slice
}

// measure finds when the indicator was observed, and how often.
func (k *counting) measure(tracks []track) {
	if k.Scrape <= 0 {
		tracks = slices.Clone(tracks)
		slices.SortStableFunc(tracks, byID)
	}
	k.seen = k.seen.of(tracks)
	k.paces, k.horizons, k.flaws = k.paces[:0], k.horizons[:0], k.flaws[:0]
	for start := k.from; start < k.to; start += k.step {
		k.paces, k.flaws = append(k.paces, k.pace(tracks, start, start+k.step)), append(k.flaws, "")
		k.horizons = append(k.horizons, k.horizon(start))
	}
}

// sum adds up the increments of all tracks in each slice, in the room of sums.
func (k *counting) sum(sums []Count, tracks []track) []Count {
	sums = append(sums[:0], make([]Count, len(k.paces))...)
	for _, t := range tracks {
		for i := t.after(k.from); i < len(t.points) && t.points[i].at <= k.to; i++ {
			n := k.index(t.points[i].at)
			increment, flaw := k.increment(t, i, n)
			sums[n] += increment
			k.flaws[n] = worse(k.flaws[n], flaw)
		}
	}
	return sums
}

// increment is what track t grew by up to its i-th point, which lies in the
// n-th slice.
func (k *counting) increment(t track, i, n int) (Count, Flaw) {
	now, pace := t.points[i], k.paces[n]
	horizon := k.horizons[n]
	if i == 0 || t.points[i-1].at <= horizon {
		return k.born(t, i, pace, horizon)
	}
	s, apart := t.step(i), pace.apart(t, i)
	switch {
	case s.reset && apart: // a process began in between, and may have counted lately only
		return k.born(t, i, pace, horizon)
	case s.reset && s.outsized:
		return 0, FlawInvalid
	case s.reset:
		return now.value, ""
	case s.grown > 0 && apart:
		return s.grown, FlawGap
	}
	return s.grown, ""
}

func (k *counting) born(t track, i int, p pace, horizon int64) (Count, Flaw) {
	now := t.points[i]
	counts, gap := k.seen.birth(now.at, p, horizon)
	switch {
	case !counts:
		return 0, ""
	case t.steps != nil && t.steps[i].outsized:
		return 0, FlawInvalid
	case gap && now.value > 0:
		return now.value, FlawGap
	}
	return now.value, ""
}

// index is the slice that an instant belongs to.
func (k *counting) index(at int64) int { return int((at - k.from - 1) / k.step) }

// mark gives a flaw to the slices of some instants.
func (k *counting) mark(at []int64, flaw Flaw) {
	for _, at := range at {
		if at > k.from && at <= k.to {
			n := k.index(at)
			k.flaws[n] = worse(k.flaws[n], flaw)
		}
	}
}

// slices puts the slices together.
func (k *counting) slices(part, total []Count) []Slice {
	none := make([]Count, len(k.paces))
	return k.appendSlices(make([]Slice, 0, len(k.paces)), part, total, none, none)
}

// appendSlices appends the slices; of the part and the total, as counted and as
// may have been besides.
func (k *counting) appendSlices(made []Slice, part, total, unseenPart, unseen []Count) []Slice {
	for n := range k.paces {
		start := k.from + int64(n)*k.step
		if part[n] > total[n] {
			total[n], k.flaws[n] = part[n], worse(k.flaws[n], FlawExcess)
		}
		counts := Counts{Good: total[n] - part[n], Bad: part[n]}
		if k.Good {
			counts.Good, counts.Bad = counts.Bad, counts.Good
		}
		if counts.Unseen = max(unseen[n], unseenPart[n]); counts.Unseen > 0 {
			counts.UnseenBad = k.bad(counts, unseenPart[n])
		}
		counts.Covered = time.Duration(k.seen.covered(start, start+k.step, k.paces[n])) * time.Millisecond
		made = append(made, Slice{Start: time.UnixMilli(start).UTC(), Counts: counts, Flaw: k.flaws[n]})
	}
	return made
}

// worse is the more serious of two flaws.
func worse(a, b Flaw) Flaw {
	if a == b {
		return a
	}
	order := []Flaw{"", FlawGap, FlawRestarts, FlawLost, FlawExcess, FlawInvalid}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}

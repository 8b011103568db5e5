package sli

// What a process counted between its last scrape and its end no sample holds.
// How much that may be is told from how much it counted before, in a scrape
// interval:
//
//	it began anew between two scrapes   as much as in the interval before, or since it began anew, if that was more
//	it is gone                          as much as in its last interval
//	it began anew in a gap              what it has counted since it began anew; the slice is marked FlawLost
//	a gap ends with nothing but births  the same
//	it was not sampled for a gap limit  what it had counted before, if that was at most ten: it may have
//	while others of the indicator were  begun anew and be as far again
//
// Something is gone when it was not sampled for a gap limit while others of
// the indicator were. Of what had been sampled once, all that it counted stands
// for the interval before, but no more than any other counted in one.

// unseen adds to sums, of each slice, how much tracks may have counted besides.
func (k *counting) unseen(sums []Count, tracks []track) []Count {
	sums = append(sums[:0], make([]Count, len(k.paces))...)
	if len(k.paces) == 0 {
		return sums
	}
	k.restless(tracks)
	least, longest := k.paces[0].limit, k.paces[0].longest
	for _, p := range k.paces {
		least, longest = min(least, p.limit), max(longest, p.longest)
	}
	for _, t := range tracks {
		for i := t.after(k.from - longest); i < len(t.points) && t.points[i].at <= k.to; i++ {
			if at := t.points[i].at; at > k.from {
				n := k.index(at)
				sums[n] = plus(sums[n], k.restarted(t, i, n))
			}
			if i+1 < len(t.points) && t.points[i+1].at-t.points[i].at <= least {
				continue
			}
			for n := k.index(max(t.points[i].at, k.from+1)); n < len(k.paces) && k.from+int64(n)*k.step < t.points[i].at+longest; n++ {
				if k.gone(t, i, n) {
					sums[n] = plus(sums[n], k.before(tracks, t, i, n))
				}
			}
		}
	}
	return sums
}

// restarted is what a track may have counted unseen before its i-th point,
// which lies in the n-th slice; 0 when it did not begin anew there.
func (k *counting) restarted(t track, i, n int) Count {
	pace, horizon := k.paces[n], k.horizons[n]
	switch {
	case i == 0 || t.points[i-1].at <= horizon:
		return k.bornAnew(t.points[i], n, horizon)
	case !t.step(i).reset:
		return k.unnoticed(t, i, n, horizon)
	case pace.apart(t, i):
		if _, gap := k.seen.birth(t.points[i].at, pace, horizon); gap {
			k.flaws[n] = worse(k.flaws[n], FlawLost)
		}
		return max(1, t.points[i].value)
	}
	return max(1, t.points[i].value, t.last(i-1, pace))
}

// unnoticed is what a track had counted before its i-th point, if it may have
// begun anew without that showing.
func (k *counting) unnoticed(t track, i, n int, horizon int64) Count {
	before := t.points[i-1]
	if before.value > 10*Event || !k.paces[n].apart(t, i) {
		return 0
	}
	if _, gap := k.seen.birth(t.points[i].at, k.paces[n], horizon); gap {
		return 0
	}
	return before.value
}

// bornAnew is what a series stands for that was born in a gap over which none
// goes on: 0 for any other birth.
func (k *counting) bornAnew(now point, n int, horizon int64) Count {
	counts, gap := k.seen.birth(now.at, k.paces[n], horizon)
	if !counts || !gap || now.value == 0 || k.goesOn(n, horizon) {
		return 0
	}
	k.flaws[n] = worse(k.flaws[n], FlawLost)
	return now.value
}

// goesOn reports whether any series of the n-th slice goes on after a gap.
func (k *counting) goesOn(n int, horizon int64) bool {
	for _, t := range k.totals {
		for i := max(1, t.after(k.from+int64(n)*k.step)); i < len(t.points) && k.index(t.points[i].at) <= n; i++ {
			before := t.points[i-1].at
			if before > horizon && t.points[i].at-before > k.paces[n].limit && !t.step(i).reset {
				return true
			}
		}
	}
	return false
}

// gone reports whether it shows in the n-th slice that no point follows the i-th
// one of a track, though others are sampled.
func (k *counting) gone(t track, i, n int) bool {
	at, p, start := t.points[i].at, k.paces[n].own(t, i), k.from+int64(n)*k.step
	shows := at + p.limit
	if shows <= start || shows > start+k.step || i+1 < len(t.points) && t.points[i+1].at <= shows {
		return false
	}
	next := k.seen.after(at + p.interval*5/4)
	return next < len(k.seen) && k.seen[next] <= shows
}

// before is what a track counted in the scrape interval before its i-th point.
func (k *counting) before(tracks []track, t track, i, n int) Count {
	if last := t.last(i, k.paces[n]); last >= 0 {
		return last
	}
	return max(1, min(t.points[i].value, k.most(tracks, t.points[i].at, k.paces[n])))
}

// last is what a track counted in a scrape interval up to its i-th point;
// below 0 when it had not been sampled for a gap limit before.
func (t track) last(i int, p pace) Count {
	if i == 0 || p.apart(t, i) {
		return -1
	}
	p = p.own(t, i)
	grown := t.step(i).grown
	if t.step(i).reset {
		grown = t.points[i].value
	}
	apart := max(t.points[i].at-t.points[i-1].at, 1)
	return max(1, Count(min(float64(grown)*float64(p.interval)/float64(apart), largest)))
}

// most is the most that any track counted in a scrape interval around an
// instant, and no bound where none is known to have counted.
func (k *counting) most(tracks []track, at int64, p pace) Count {
	most := Count(0)
	for _, t := range tracks {
		for i := t.after(at-p.limit) + 1; i < len(t.points) && t.points[i].at <= at+p.limit; i++ {
			most = max(most, t.last(i, p))
		}
	}
	if most <= 1 { // last says 1 for nothing
		return Count(largest)
	}
	return most
}

// bad is how much of what was not seen in the n-th slice may be bad: by the
// counters of the part, or by the share of the slice, whichever is more.
func (k *counting) bad(c Counts, part Count) Count {
	bad := part
	if k.Good {
		bad = max(0, c.Unseen-part)
	}
	if total := c.Total(); total > 0 {
		bad = max(bad, Count(float64(c.Unseen)*(float64(c.Bad)/float64(total))))
	}
	return min(bad, c.Unseen)
}

// mostUnseen bounds what may not have been seen in a slice: ten thousand
// million events, so that a year of slices adds up.
const mostUnseen = Count(1e13)

func plus(a, b Count) Count { return min(a+min(b, mostUnseen), mostUnseen) }

package sli

import (
	"cmp"
	"slices"
	"time"

	"setpoint.dev/setpoint/slo"
)

// Before is how long before From samples are to be read: the lookback, and of
// pairs of scrapers half of it more, because what a sample there is worth
// depends on those before it.
func (c Cut) Before() time.Duration {
	if c.Pairs {
		return c.Lookback() + c.Lookback()/2
	}
	return c.Lookback()
}

// A copied point is one that one of several scrapers stored.
type copied struct {
	point
	copy   int
	before Count // the value of its copy before it; -1 = none is known
	since  int64 // when that was
}

// merge makes one track of the copies of each counter, which are those of the
// same ID, so that nothing counts twice. Every copy's samples count: they are
// values of one counter, so what one scraper missed another one knows.
//
// Scrapers' clocks differ, and so does the time that an answer takes: a sample
// may hold an older value than one of another copy that lies just before it,
// and must not be taken for a reset. Such a sample repeats the value before
// it. If there was a reset, the next sample shows it.
func (k *counting) merge(tracks []track) []track {
	if !k.Pairs {
		return tracks
	}
	var merged []track
	for _, copies := range byCopies(tracks) {
		if len(copies) == 1 {
			merged = append(merged, copies[0])
			continue
		}
		all := k.together(copies)
		points := make([]point, len(all))
		for i, p := range all {
			points[i] = p.point
			if k.stale(all[:i], p) && i > 0 {
				points[i].value = points[i-1].value
			}
		}
		merged = append(merged, track{id: copies[0].id, points: points})
	}
	return merged
}

// byCopies puts the tracks of the same ID together, in their order.
func byCopies(tracks []track) (groups [][]track) {
	at := make(map[string]int, len(tracks))
	for _, t := range tracks {
		i, there := at[t.id]
		if !there {
			i = len(groups)
			at[t.id], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], t)
	}
	return groups
}

// together is the points of all copies in order; of those at the same instant
// the highest comes first.
func (k *counting) together(copies []track) (all []copied) {
	for i, t := range copies {
		for j, p := range t.points {
			one := copied{p, i, -1, 0}
			if j > 0 && 2*(p.at-t.points[j-1].at) < 5*k.interval(p.at) {
				one.before, one.since = t.points[j-1].value, t.points[j-1].at
			}
			all = append(all, one)
		}
	}
	slices.SortStableFunc(all, func(a, b copied) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(b.value, a.value), cmp.Compare(a.copy, b.copy))
	})
	return all
}

// interval is the scrape interval around an instant.
func (k *counting) interval(at int64) int64 {
	if at <= k.from {
		return k.paces[0].interval
	}
	return k.paces[min(k.index(at), len(k.paces)-1)].interval
}

// latest is how long a scrape takes at most, by Prometheus's default.
const latest = 10 * time.Second

// stale reports whether a point tells of an earlier time than those of other
// copies before it: it is lower than one less than a scrape interval old, and
// its own copy shows no reset. Of points closer than a scrape may take, or half
// an interval, either may have been read first: then a reset that one of them
// shows is not believed until the next one.
func (k *counting) stale(earlier []copied, p copied) bool {
	interval := k.interval(p.at)
	late := min(latest.Milliseconds(), interval/2)
	for _, b := range slices.Backward(earlier) {
		age := p.at - b.at
		switch {
		case age >= interval:
			return false
		case b.copy == p.copy:
		case b.value > p.value && (age < late || p.value >= p.before && !anew(b, p)):
			return true
		case b.value < min(p.value, b.before) && age < late && p.value >= p.before:
			return true
		}
	}
	return false
}

// anew reports whether a point that is lower than an earlier one of another
// copy, and that its own copy shows no reset for, tells of one all the same: it
// may have been counted since, being at most twice what the counter grew by, in
// so long, between that copy's sample before and the other's. If the scrapers'
// clocks are apart after all, no more than that is counted too much.
func anew(b, p copied) bool {
	if p.before < 0 || b.value <= p.before {
		return false
	}
	times := max(1, float64(p.at-b.at)/float64(max(b.at-p.since, 1)))
	return float64(p.value) <= 2*times*float64(b.value-p.before)
}

// mergeHistograms makes tracks of the copies of each native histogram, as merge
// does: those that are stale are left out. counts are the tracks of each copy.
func (k *counting) mergeHistograms(in slo.Indicator, all []Series, counts []track) (merged, within []track) {
	copies := map[string][]Histogram{}
	for _, s := range all {
		copies[s.ID] = append(copies[s.ID], s.Histograms...)
	}
	for _, group := range byCopies(counts) {
		var kept []int64
		together := k.together(group)
		for i, p := range together {
			if !k.stale(together[:i], p) {
				kept = append(kept, p.at)
			}
		}
		id := group[0].id
		histograms, _ := cleanHistograms(slices.DeleteFunc(copies[id], func(h Histogram) bool {
			_, there := slices.BinarySearch(kept, h.Milli)
			return !there
		}))
		count, part := judgeHistograms(id, histograms, in.Value.Float())
		merged, within = append(merged, count), append(within, part)
	}
	return merged, within
}

// prefer leaves one sample for each scrape of what was sampled by several
// scrapers: those of the first copy, and where it has none those of the next.
// A sample is left out when an earlier copy has one at most a scrape interval
// and a quarter before it.
func (k *counting) prefer(tracks []track) []track {
	if !k.Pairs {
		return tracks
	}
	var kept []track
	for _, copies := range byCopies(tracks) {
		for i, t := range copies {
			kept = append(kept, track{id: t.id, points: slices.DeleteFunc(slices.Clone(t.points), func(p point) bool {
				return slices.ContainsFunc(copies[:i], func(first track) bool {
					n := first.after(p.at)
					return n > 0 && 4*(p.at-first.points[n-1].at) <= 5*k.interval(p.at)
				})
			})})
		}
	}
	return kept
}

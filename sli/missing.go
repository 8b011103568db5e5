package sli

import "slices"

// Missing is what must be known about the time before the lookback.
type Missing struct {
	IDs []string // series that begin after From, as far as seen; they may be older
	All bool     // which series of the whole indicator there were: it was not, or only just, observed before From
}

// None reports whether nothing is missing.
func (m Missing) None() bool { return len(m.IDs) == 0 }

// Missing says what the samples in (From−Lookback, To] leave open. For the
// series in question (with All: for every one of the indicator) the last value
// in (Horizon(From), From−Lookback] must be added as a sample at From−Lookback,
// if there is one; of copies the highest. All slices of the cut need the same
// Horizon.
func (c Cut) Missing(part, total []Series) Missing {
	from, to := c.From.UnixMilli(), c.To.UnixMilli()
	earliest := to
	var m Missing
	for _, some := range [...][]Series{part, total} {
		for _, s := range some {
			first := c.first(s)
			earliest = min(earliest, first)
			if first > from && first <= to {
				m.IDs = append(m.IDs, s.ID)
			}
		}
	}
	if c.Pairs && len(m.IDs) > 0 {
		m.IDs = c.untold(m.IDs, part, total)
	}
	// Half of the lookback is at least a gap limit.
	m.All = len(m.IDs) > 0 && earliest > from-c.Lookback().Milliseconds()/2
	return m
}

// untold is those of some series of which no copy was seen in the lookback.
func (c Cut) untold(ids []string, part, total []Series) []string {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	for _, s := range slices.Concat(part, total) {
		if at, there := slices.BinarySearch(ids, s.ID); there && c.first(s) <= c.From.UnixMilli() {
			ids = slices.Delete(ids, at, at+1)
		}
	}
	return ids
}

// first is the time of the first value of a series in the lookback or later;
// after To when there is none.
func (c Cut) first(s Series) int64 {
	first, begin := c.To.UnixMilli()+1, c.From.Add(-c.Lookback()).UnixMilli()
	for _, p := range s.Samples {
		if p.Milli > begin && (valid(p.Value) || isOutsized(p)) {
			first = min(first, p.Milli)
		}
	}
	for _, h := range s.Histograms {
		if h.Milli > begin && h.valid() {
			first = min(first, h.Milli)
		}
	}
	return first
}

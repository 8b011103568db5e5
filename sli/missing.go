package sli

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
// if there is one. All slices of the cut need the same Horizon.
func (c Cut) Missing(part, total []Series) Missing {
	from, earliest := c.From.UnixMilli(), c.To.UnixMilli()
	var m Missing
	for _, some := range [...][]Series{part, total} {
		for _, s := range some {
			first := c.To.UnixMilli() + 1
			for _, p := range s.Samples {
				if valid(p.Value) {
					first = min(first, p.Milli)
				}
			}
			for _, h := range s.Histograms {
				if h.valid() {
					first = min(first, h.Milli)
				}
			}
			earliest = min(earliest, first)
			if first > from && first <= c.To.UnixMilli() {
				m.IDs = append(m.IDs, s.ID)
			}
		}
	}
	// Half of the lookback is at least a gap limit.
	m.All = len(m.IDs) > 0 && earliest > from-c.Lookback().Milliseconds()/2
	return m
}

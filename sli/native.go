package sli

import "setpoint.dev/setpoint/slo"

// Histograms counts the observations of native histograms in each slice of
// the cut: each observation is an event, judged by the indicator. The package
// documentation states the rules.
//
// The series hold their histograms in (From−Lookback, To], and what Missing
// asks for as one at From−Lookback, as for Increments. Samples that are no
// histograms are left out, and their slices marked.
func (c Cut) Histograms(in slo.Indicator, all []Series) []Slice {
	var counts, within []track
	var invalid []int64
	for _, s := range all {
		for _, other := range s.Samples {
			invalid = append(invalid, other.Milli)
		}
		histograms, left := cleanHistograms(s.Histograms)
		invalid = append(invalid, left...)
		count, part := judgeHistograms(s.ID, histograms, in.Value.Float())
		counts, within = append(counts, count), append(within, part)
	}
	k := counting{Cut: c, from: c.From.UnixMilli(), to: c.To.UnixMilli(), step: c.slice().Milliseconds()}
	k.measure(counts)
	k.mark(invalid, FlawInvalid)
	if c.Pairs {
		counts, within = k.mergeHistograms(in, all, counts)
	}
	k.Good = in.Op == slo.LessOrEqual
	k.totals = counts
	part, total := k.sum(nil, within), k.sum(nil, counts)
	return k.appendSlices(nil, part, total, k.unseen(nil, within), k.unseen(nil, counts))
}

// cleanHistograms is the valid ones in order, one for each instant: that which
// counts most. It lists the instants at which something was left out.
func cleanHistograms(all []Histogram) (kept []Histogram, invalid []int64) {
	for _, h := range inOrderOfTime(all) {
		n := len(kept) - 1
		switch {
		case !h.valid():
			invalid = append(invalid, h.Milli)
		case n >= 0 && kept[n].Milli == h.Milli:
			kept[n] = h
			invalid = append(invalid, h.Milli)
		default:
			kept = append(kept, h)
		}
	}
	return kept, invalid
}

// judgeHistograms makes tracks of a series: of all observations, and of those
// within the limit. What these grew by between two samples is found in the
// buckets of the later one, so that wider buckets take nothing back.
func judgeHistograms(id string, all []Histogram, limit float64) (count, within track) {
	count.id, within.id = id, id
	for i, h := range all {
		whole, part := point{h.Milli, quantise(h.Count)}, point{h.Milli, quantise(h.within(limit))}
		a, b := step{}, step{}
		if i > 0 {
			before, ok := all[i-1].in(h)
			a = step{grown: whole.value - quantise(before.Count), reset: !ok}
			b = step{grown: part.value - quantise(before.within(limit)), reset: !ok}
		}
		count.points, count.steps = append(count.points, whole), append(count.steps, a)
		within.points, within.steps = append(within.points, part), append(within.steps, b)
	}
	return count, within
}

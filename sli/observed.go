package sli

import "slices"

// instants are the times, in ms and in order, at which anything of an
// indicator was observed.
type instants []int64

func observed(tracks []track) instants { return instants(nil).of(tracks) }

// of is the instants of tracks, in the room of o. Most tracks of an indicator
// are of one target, and have the same.
func (o instants) of(tracks []track) instants {
	all, first := o[:0], 0
	for i, t := range tracks {
		if i > 0 && t.sampledAt(all[:first]) {
			continue
		}
		for _, p := range t.points {
			all = append(all, p.at)
		}
		if i == 0 {
			first = len(all)
		}
	}
	if len(all) > first {
		slices.Sort(all)
	}
	return slices.Compact(all)
}

// sampledAt reports whether the points of t are at just these instants.
func (t track) sampledAt(these instants) bool {
	if len(t.points) != len(these) {
		return false
	}
	for i, p := range t.points {
		if p.at != these[i] {
			return false
		}
	}
	return true
}

// after is the index of the first instant after another.
func (o instants) after(at int64) int {
	i, _ := slices.BinarySearch(o, at+1)
	return i
}

// covered is how much of (start, end] was observed, in ms, judged by the
// instants up to end.
func (o instants) covered(start, end int64, p pace) (sum int64) {
	i := o.after(start)
	for ; i < len(o) && o[i] <= end; i++ {
		if i > 0 && o[i]-o[i-1] <= p.limit {
			sum += o[i] - max(o[i-1], start)
		}
	}
	if i == 0 {
		return 0
	}
	return sum + max(0, min(end, o[i-1]+p.tail)-max(o[i-1], start))
}

// birth judges a series whose first sample is at an instant. It counts from
// zero if the indicator was under observation, or had been within the horizon;
// gap says that the birth happened in a time without observation.
func (o instants) birth(at int64, p pace, horizon int64) (counts, gap bool) {
	i, _ := slices.BinarySearch(o, at)
	run := at // since when observation is continuous, as far as it matters
	for i--; i >= 0 && run-o[i] <= p.limit && at-run < p.limit; i-- {
		run = o[i]
	}
	if at-run >= p.limit {
		return true, false
	}
	return i >= 0 && o[i] > horizon, true
}

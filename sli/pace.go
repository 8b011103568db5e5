package sli

import "slices"

// A pace is how often the series around a slice are sampled, in ms.
type pace struct {
	interval int64 // between scrapes
	limit    int64 // samples further apart have a gap between them
	tail     int64 // for so long after a sample no other is due
	slowest  int64 // interval of the track that is sampled least often
	longest  int64 // limit of such tracks
}

// newPace is the pace of a scrape interval, of which no limit may be longer
// than longest.
func newPace(interval, slowest, longest int64) pace {
	limit := min(interval*5/2, longest)
	return pace{interval: interval, limit: limit, tail: min(interval*3/2, limit), slowest: slowest, longest: longest}
}

// pace returns the pace of the slice (start, end]; tracks are in order of ID.
func (c Cut) pace(tracks []track, start, end int64) pace {
	half := c.Lookback().Milliseconds() / 2
	if interval := c.Scrape.Milliseconds(); interval > 0 {
		return newPace(interval, interval, min(interval*5/2, half))
	}
	interval, slowest := learn(tracks, start-c.Lookback().Milliseconds(), end)
	return newPace(interval, slowest, half)
}

// learn returns the median distance of samples in (start, end], and the least
// one of the track in which that is longest. It looks at the first so many
// distances in order of ID: which they are depends on the samples in that time
// and on nothing else.
func learn(tracks []track, start, end int64) (median, slowest int64) {
	distances := make([]int64, 0, learnFrom)
	for _, t := range tracks {
		first, i := len(distances), t.after(start)+1
		for ; i < len(t.points) && t.points[i].at <= end && len(distances) < learnFrom; i++ {
			distances = append(distances, t.points[i].at-t.points[i-1].at)
		}
		if its := distances[first:]; len(its) > 1 { // one may be longer because of scrapes that are missing
			slowest = max(slowest, slices.Min(its))
		}
		if len(distances) == learnFrom {
			break
		}
	}
	if len(distances) == 0 {
		return unlearned.Milliseconds(), 0
	}
	slices.Sort(distances)
	return distances[len(distances)/2], slowest
}

// own is the pace of one track after its i-th point.
func (p pace) own(t track, i int) pace { return p.ownAt(t, i, t.points[i].at) }

// ownAt is the pace of one track up to its i-th point: where most targets of an
// indicator are scraped more often than another, there is no gap between two
// scrapes of that one. It is told from the least distance of points in the half
// of a lookback before an instant, which is seen whatever slices are asked for;
// of a track that has none, from the slowest one. It is no shorter than the
// indicator's.
func (p pace) ownAt(t track, i int, at int64) pace {
	if p.slowest <= p.interval || p.limit >= p.longest {
		return p
	}
	least := p.longest
	for ; i > 0 && at-t.points[i-1].at < p.longest; i-- {
		least = min(least, t.points[i].at-t.points[i-1].at)
	}
	if least == p.longest {
		least = p.slowest
	}
	return newPace(max(p.interval, least), p.slowest, p.longest)
}

// apart reports whether there is a gap before the i-th point of a track. It
// looks no further back from there than half of a lookback: from the point
// before it, it might look beyond what is read when few slices are asked for.
func (p pace) apart(t track, i int) bool {
	distance := t.points[i].at - t.points[i-1].at
	return distance > p.limit && distance > p.ownAt(t, i-1, t.points[i].at).limit
}

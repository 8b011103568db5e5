package sli

import "slices"

// A Desk is room to count increments in, for one indicator after the other, so
// that thousands of them need no memory of their own. The zero Desk is ready;
// one at a time may use it.
type Desk struct {
	counting    counting
	points      []point // of all tracks
	tracks      []track
	invalid     []int64
	part, total []Count
	lost, gone  []Count // of part and total, what may have been besides
}

// Increments appends what Cut.Increments returns to to.
func (d *Desk) Increments(to []Slice, c Cut, part, total []Series) []Slice {
	near := c.Lookback().Milliseconds()
	d.points = slices.Grow(d.points[:0], samplesOf(part)+samplesOf(total))
	d.tracks, d.invalid = d.tracks[:0], d.invalid[:0]
	d.clean(part, near, c.Pairs)
	d.clean(total, near, c.Pairs)
	k := &d.counting
	k.Cut, k.from, k.to, k.step = c, c.From.UnixMilli(), c.To.UnixMilli(), c.slice().Milliseconds()
	k.measure(d.tracks)
	k.mark(d.invalid, FlawInvalid)
	parts := k.merge(d.tracks[:len(part)])
	k.totals = k.merge(d.tracks[len(part):])
	d.part, d.lost = k.sum(d.part, parts), k.unseen(d.lost, parts)
	d.total, d.gone = k.sum(d.total, k.totals), k.unseen(d.gone, k.totals)
	return k.appendSlices(to, d.part, d.total, d.lost, d.gone)
}

// clean makes tracks of series.
func (d *Desk) clean(all []Series, near int64, pairs bool) {
	for _, s := range all {
		var left []int64
		start := len(d.points)
		d.points, left = appendPoints(d.points, inOrder(s.Samples), near)
		t := track{id: s.ID, points: d.points[start:len(d.points):len(d.points)]}
		if len(left) > 0 && !pairs && slices.ContainsFunc(s.Samples, isOutsized) {
			t, left = outsizedTrack(s, near)
		}
		d.tracks = append(d.tracks, t)
		d.invalid = append(d.invalid, left...)
	}
}

func samplesOf(all []Series) (n int) {
	for _, s := range all {
		n += len(s.Samples)
	}
	return n
}

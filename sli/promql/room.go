package promql

import (
	"slices"

	"setpoint.dev/setpoint/sli"
)

// A room is memory for one answer, which another one is read into when what
// was made of it has been counted: answers are long, and come each tick.
type room struct {
	samples [][]sli.Sample // blocks
	used    int            // of the blocks
	kept    []held
	series  []sli.Series
}

const (
	samplesAtOnce = 4096 // of several series share a block
	mostBlocks    = 64   // of a room that is kept: history would fill it once and leave it large
)

// block is room for n samples at least.
func (r *room) block(n int) []sli.Sample {
	if r.used == len(r.samples) {
		r.samples = append(r.samples, nil)
	}
	if cap(r.samples[r.used]) < n {
		r.samples[r.used] = make([]sli.Sample, 0, max(n, samplesAtOnce))
	}
	r.used++
	return r.samples[r.used-1]
}

// clear makes room for another answer.
func (r *room) clear() {
	clear(r.kept)
	clear(r.series)
	r.used, r.kept, r.series = 0, r.kept[:0], r.series[:0]
}

// lease is a room until release.
func (f *fetch) lease() *room {
	r, again := f.source.rooms.Get().(*room)
	if !again {
		r = &room{}
	}
	f.leasing.Lock()
	defer f.leasing.Unlock()
	f.leased = append(f.leased, r)
	return r
}

// release gives rooms back: no series of the answers is looked at any more.
func (f *fetch) release() {
	for _, r := range f.leased {
		if len(r.samples) <= mostBlocks {
			r.clear()
			f.source.rooms.Put(r)
		}
	}
	f.leased = nil
}

// seriesRoom is room for the series of n selectors.
func (r *room) seriesRoom(n int) []sli.Series {
	r.series = slices.Grow(r.series[:0], n)[:n]
	return r.series
}

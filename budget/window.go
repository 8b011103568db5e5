package budget

import (
	"math"
	"time"

	"setpoint.dev/setpoint/sli"
)

// A window is the running sum of the slices [tail, end of the book).
type window struct {
	slices  int64 // length; 0 = it holds what came since its period began
	tail    int64 // oldest slice in sum; start of the window unless it lags
	sum     sli.Counts
	earlier []sli.Count // by number of the target that judges them; nil = the present one judges all
	stash   stash       // slices that leave next, of a window longer than the ring
	broken  bool        // what left is not what came in
}

// holds reports whether sum can contain c.
func (w *window) holds(c sli.Counts) bool {
	return c.Good <= w.sum.Good && c.Bad <= w.sum.Bad && c.Covered <= w.sum.Covered && c.Unseen <= w.sum.Unseen && c.UnseenBad <= w.sum.UnseenBad
}

// fits reports whether c can take the place of was, which w holds, without an
// overflow.
func (w *window) fits(was, c sli.Counts) bool {
	return c.Total() <= math.MaxInt64-(w.sum.Total()-was.Total())
}

// A stash is a packed queue of the cells of slices [from, to).
type stash struct {
	from, to int64
	data     []byte
}

func (s *stash) empty() bool { return s.from >= s.to }

// clear empties s and lets go of its memory.
func (s *stash) clear() { *s = stash{} }

// push appends a cell; its slice is the one after the last.
func (s *stash) push(c cell, slice time.Duration) {
	s.data = appendCell(s.data, c, slice)
	s.to++
}

// first is the oldest cell.
func (s *stash) first(slice time.Duration) cell {
	c, _ := readCell(s.data, slice)
	return c
}

// drop forgets the oldest cell.
func (s *stash) drop() {
	s.data = s.data[cellSize(s.data):]
	s.from++
	if s.empty() {
		s.clear()
	}
}

// cut forgets slice i and all after it.
func (s *stash) cut(i int64) {
	switch {
	case i >= s.to:
		return
	case i <= s.from:
		s.clear()
		return
	}
	size := 0
	for range i - s.from {
		size += cellSize(s.data[size:])
	}
	s.data, s.to = s.data[:size], i
}

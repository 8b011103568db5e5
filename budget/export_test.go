package budget

import "time"

// NewSmallBook is NewBook with a small ring and short reads, so that tests
// reach every path with few slices.
func NewSmallBook(c Config, reach, ahead int64) *Book { return newBook(c, reach, ahead) }

// Repack packs a cell of a slice, skips and unpacks it again.
func Repack(c Cell, slice time.Duration) (back Cell, size, skipped int) {
	packed := appendCell(nil, c, slice)
	back, size = readCell(packed, slice)
	if size != len(packed) {
		panic("a packed cell is not read to its end")
	}
	return back, size, cellSize(packed)
}

// Cell is cell.
type Cell = cell

// NewCell returns a cell.
func NewCell(c Cell, flaw int) Cell { c.flaw = flaw; return c }

// Footprint is the memory that a book holds, in bytes, without its names.
func (b *Book) Footprint() int {
	size := 400 + cap(b.ring.data) + 2*cap(b.ring.starts) + cap(b.windows)*96
	for _, w := range b.windows {
		size += cap(w.stash.data)
	}
	return size
}

// Quotient is a×b / (c×d) as the nearest float64.
func Quotient(a, b, c, d uint64) float64 {
	return quotient(multiply(a, b), multiply(c, d))
}

package budget

import (
	"encoding/binary"
	"time"

	"setpoint.dev/setpoint/sli"
)

// A cell is what a book remembers of one slice.
type cell struct {
	sli.Counts
	flaw int // in Book.flaws; 0 = none
}

// Packed, a cell is one byte of marks, then those of good, bad, coverage and
// flaw that the marks announce, and then what was not seen, as varints. A blank cell is one zero byte, a
// usual one three to five bytes.
const (
	markGood      = 1 << iota // good follows
	markBad                   // bad follows
	markWhole                 // good and bad are in events, not in thousandths
	markFull                  // the whole slice was observed
	markCovered               // coverage follows, in ns
	markFlaw                  // flaw follows
	markUnseen                // what was not seen follows
	markUnseenBad             // what of that may be bad follows
)

// maxPacked is the most bytes that a packed cell takes.
const maxPacked = 1 + 6*binary.MaxVarintLen64

// appendCell appends c, packed, to to.
func appendCell(to []byte, c cell, slice time.Duration) []byte {
	at, unit := len(to), sli.Count(1)
	to = append(to, 0)
	if c.Good%sli.Event == 0 && c.Bad%sli.Event == 0 && c.Good|c.Bad != 0 {
		to[at], unit = markWhole, sli.Event
	}
	put := func(mark byte, value uint64) {
		to[at] |= mark
		to = binary.AppendUvarint(to, value)
	}
	if c.Good != 0 {
		put(markGood, uint64(c.Good/unit))
	}
	if c.Bad != 0 {
		put(markBad, uint64(c.Bad/unit))
	}
	if c.Covered == slice {
		to[at] |= markFull
	} else if c.Covered != 0 {
		put(markCovered, uint64(c.Covered))
	}
	if c.flaw != 0 {
		put(markFlaw, uint64(c.flaw))
	}
	if c.Unseen != 0 {
		put(markUnseen, uint64(c.Unseen))
	}
	if c.UnseenBad != 0 {
		put(markUnseenBad, uint64(c.UnseenBad))
	}
	return to
}

// readCell unpacks the first cell of from and returns its size in bytes.
func readCell(from []byte, slice time.Duration) (c cell, size int) {
	marks, size, unit := from[0], 1, sli.Count(1)
	if marks&markWhole != 0 {
		unit = sli.Event
	}
	if marks&markFull != 0 {
		c.Covered = slice
	}
	take := func(mark byte) (value uint64, marked bool) {
		if marks&mark == 0 {
			return 0, false
		}
		value, n := binary.Uvarint(from[size:])
		size += n
		return value, true
	}
	if v, ok := take(markGood); ok {
		c.Good = sli.Count(v) * unit
	}
	if v, ok := take(markBad); ok {
		c.Bad = sli.Count(v) * unit
	}
	if v, ok := take(markCovered); ok {
		c.Covered = time.Duration(v)
	}
	if v, ok := take(markFlaw); ok {
		c.flaw = int(v)
	}
	if v, ok := take(markUnseen); ok {
		c.Unseen = sli.Count(v)
	}
	if v, ok := take(markUnseenBad); ok {
		c.UnseenBad = sli.Count(v)
	}
	return c, size
}

// cellSize is the size in bytes of the first cell of from.
func cellSize(from []byte) int {
	size := 1
	for marks := from[0] & (markGood | markBad | markCovered | markFlaw | markUnseen | markUnseenBad); marks != 0; marks &= marks - 1 {
		for from[size] >= 0x80 {
			size++
		}
		size++
	}
	return size
}

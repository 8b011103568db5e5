package budget

import (
	"slices"
	"time"
)

// A ring holds the cells of the newest slices, packed. Slice i sits in slot
// i mod size; until it is set, the slot has what is a round older. Each block of slots has its start on record, so that a slot is
// found in a few steps.
type ring struct {
	slice  time.Duration
	size   int64 // slots
	data   []byte
	starts []uint16 // of each block, in data
}

// block is the number of slots in a block.
const block = 8

// The starts of a ring's blocks fit their type.
const _ = uint16(reach * maxPacked)

func newRing(size int64, slice time.Duration) ring {
	r := ring{slice: slice, size: size, data: make([]byte, size), starts: make([]uint16, (size+block-1)/block)}
	for i := range r.starts {
		r.starts[i] = uint16(i * block) // a blank cell is one byte
	}
	return r
}

// at is the cell of slice i.
func (r *ring) at(i int64) cell {
	_, start := r.find(i)
	c, _ := readCell(r.data[start:], r.slice)
	return c
}

// set makes c the cell of slice i.
func (r *ring) set(i int64, c cell) {
	slot, start := r.find(i)
	size := cellSize(r.data[start:])
	packed := appendCell(make([]byte, 0, maxPacked), c, r.slice)
	r.grow(len(packed) - size)
	r.data = slices.Replace(r.data, start, start+size, packed...)
	for k := slot/block + 1; k < len(r.starts) && len(packed) != size; k++ {
		r.starts[k] += uint16(len(packed) - size) // wraps around to subtract
	}
}

// spareRoom is the most room that a ring has in the end for more bytes: rings
// are many, and stay as long as they are.
const spareRoom = 64

// grow makes room for more bytes: plenty, since at a start many follow.
func (r *ring) grow(more int) {
	if need := len(r.data) + more; need > cap(r.data) {
		r.data = append(make([]byte, 0, 2*need), r.data...)
	}
}

// trim lets go of what is much more than the room to spare.
func (r *ring) trim() {
	if cap(r.data) > len(r.data)+2*spareRoom {
		r.data = append(make([]byte, 0, len(r.data)+spareRoom), r.data...)
	}
}

// find returns the slot of slice i and where it starts.
func (r *ring) find(i int64) (slot, start int) {
	if slot = int(i % r.size); slot < 0 {
		slot += int(r.size)
	}
	start = int(r.starts[slot/block])
	for range slot % block {
		start += cellSize(r.data[start:])
	}
	return slot, start
}

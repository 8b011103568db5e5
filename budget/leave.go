package budget

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"setpoint.dev/setpoint/sli"
)

// A Range is the stretch of time [From, To).
type Range struct {
	From, To time.Time
	writes   int // of the book when it asked
	of       int // which of an Account's books asked; 0 = that of what was measured
}

// Leaving returns which stretches of slices the book needs from the store,
// because they have left or will soon leave a window that is longer than the
// ring; mostly none. They are handed to Leave.
func (b *Book) Leaving() []Range {
	var need []Range
	for k := range b.windows {
		from, to := b.needs(&b.windows[k])
		if from >= to {
			continue
		}
		if r := (Range{From: b.time(from), To: b.time(to), writes: b.writes}); !slices.Contains(need, r) {
			need = append(need, r)
		}
	}
	return need
}

// Leave takes the slices that the store has of r, in order; those that are
// not there are blank. A range that is not needed any more, or that slices
// were changed since it was asked for, is passed over: Leaving names it
// again.
func (b *Book) Leave(r Range, left []sli.Slice) error {
	from, err := b.index(r.From)
	to := b.floor(r.To)
	if err == nil {
		err = b.check(left)
	}
	if err == nil && len(left) > 0 && (b.number(left[0]) < from || b.number(left[len(left)-1]) >= to) {
		err = errOrder
	}
	if err != nil {
		return fmt.Errorf("take slices that leave %s: %w", b.objective, err)
	}
	for k := range b.windows {
		w := &b.windows[k]
		next, until := b.needs(w)
		if r.writes == b.writes && next == from && next < until && to <= b.filled {
			b.fill(&w.stash, from, to, left)
		}
	}
	return b.settle(b.end)
}

// fill appends slices [from, to) to a stash.
func (b *Book) fill(s *stash, from, to int64, left []sli.Slice) {
	if s.empty() {
		*s = stash{from: from, to: from}
	}
	for i := from; i < to; i++ {
		c := cell{}
		if len(left) > 0 && b.number(left[0]) == i {
			c, left = b.cell(left[0]), left[1:]
		}
		s.push(c, b.slice)
	}
}

// needs is the stretch that w needs from the store next; empty when it has
// enough in hand, or is not longer than the ring.
func (b *Book) needs(w *window) (from, to int64) {
	if w.slices <= b.ring.size || w.broken {
		return 0, 0
	}
	from = max(w.tail, b.first)
	if !w.stash.empty() {
		from = w.stash.to
	}
	enough := b.end - w.slices + b.ahead
	if from >= enough {
		return 0, 0
	}
	return from, min(from+4*b.ahead, b.nextRead(enough), b.filled)
}

// nextRead is the first slice from i on at which this book reads.
func (b *Book) nextRead(i int64) int64 {
	past := ((i+b.phase)%b.ahead + b.ahead) % b.ahead
	if past == 0 {
		return i
	}
	return i + b.ahead - past
}

// settle takes out of each window what is older than it will be when the
// book ends at end, as far as it is in hand.
func (b *Book) settle(end int64) error {
	var errs error
	for k := range b.windows {
		w := &b.windows[k]
		if w.slices == 0 {
			b.renew(w, b.periodStart(end))
		} else if err := b.settleOne(w, end-w.slices, k == b.own); err != nil {
			errs = errors.Join(errs, fmt.Errorf("settle %s of %s: %w", b.span(w.slices), b.objective, err))
		}
	}
	return errs
}

// renew begins a calendar window anew when its period has ended: all that is
// in it came before the new period's start, so that none of it has to be
// known again.
func (b *Book) renew(w *window, start int64) {
	if start > w.tail {
		w.sum, w.earlier, w.tail = sli.Counts{}, nil, start
		b.flaws.clear()
	}
}

func (b *Book) settleOne(w *window, tail int64, own bool) error {
	for w.tail < tail && !w.broken {
		switch {
		case w.tail < b.first:
			w.tail = min(b.first, tail)
			continue
		case w.tail >= b.filled:
			w.tail = tail
			continue
		case w.slices > b.ring.size && w.stash.empty():
			return nil // lags until the store is heard
		}
		c := b.next(w)
		if !w.holds(c.Counts) {
			w.broken = true
			break
		}
		w.sum = w.sum.Sub(c.Counts)
		b.judge(w, w.tail, c.Counts, sli.Counts{})
		w.tail++
		if own {
			b.flaws.add(c.flaw, -1)
		}
	}
	if w.broken {
		return ErrMismatch
	}
	return nil
}

// next takes the cell that leaves w next out of the stash, or copies it from
// the ring when w is not longer than that.
func (b *Book) next(w *window) cell {
	if w.slices <= b.ring.size {
		return b.ring.at(w.tail)
	}
	c := w.stash.first(b.slice)
	w.stash.drop()
	return c
}

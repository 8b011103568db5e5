package budget

import (
	"fmt"
	"slices"
	"time"

	"setpoint.dev/setpoint/sli"
)

// A Sum is the slices of a stretch of time, added up.
type Sum struct {
	From, To time.Time // [From, To)
	sli.Counts
	Newest time.Time          // end of the newest observed slice; zero = none
	Flaws  map[sli.Flaw]int64 // number of slices with each flaw
}

// Stretches returns the stretches of history that a new book can take as one
// Sum each, in order: they end where a window starts. What comes after the
// last of them, up to the end of the windows, it needs slice by slice.
func (b *Book) Stretches() []Range {
	cuts := []int64{b.ringStart(), b.oldest()}
	cuts = append(cuts, b.targets.until...)
	for _, w := range b.windows {
		cuts = append(cuts, w.tail)
	}
	slices.Sort(cuts)
	var all []Range
	from := max(b.filled, cuts[0])
	for _, to := range cuts {
		if b.first <= b.filled && from < to && to <= b.ringStart() {
			all = append(all, Range{From: b.time(from), To: b.time(to)})
			from = to
		}
	}
	return all
}

// PutSum counts a stretch of history as Put would count its slices. It must
// be one of Stretches, or a part of one, and newer than all that was put
// before.
func (b *Book) PutSum(s Sum) error {
	from, to, err := b.stretch(s)
	for k := range b.windows {
		if w := &b.windows[k]; err == nil && from >= w.tail && !w.fits(sli.Counts{}, s.Counts) {
			err = errOverflow
		}
	}
	if err != nil {
		return fmt.Errorf("put sum from %s of %s: %w", stamp(s.From), b.objective, err)
	}
	for k := range b.windows {
		if w := &b.windows[k]; from >= w.tail {
			w.sum = w.sum.Add(s.Counts)
			b.judge(w, from, sli.Counts{}, s.Counts)
		}
	}
	for f, n := range s.Flaws {
		if from >= b.windows[b.own].tail {
			b.flaws.add(b.flaws.number(f), n)
		}
	}
	if !s.Newest.IsZero() {
		b.newest = max(b.newest, b.floor(s.Newest))
	}
	b.filled = to
	return nil
}

// stretch returns the slices [from, to) that s covers, if it may be put.
func (b *Book) stretch(s Sum) (from, to int64, err error) {
	if from, err = b.index(s.From); err == nil {
		to, err = b.index(s.To)
	}
	most := b.span(to - from)
	switch {
	case err != nil:
	case from >= to || from < b.filled || b.first > b.filled:
		err = errOrder
	case to > b.ringStart() || b.cutInside(from, to):
		err = errStretch
	case s.Good < 0 || s.Bad < 0 || s.Good+s.Bad < 0 || s.Covered < 0 || s.Covered > most || s.Newest.After(s.To), s.UnseenBad < 0 || s.Unseen < s.UnseenBad:
		err = errCounts
	}
	return from, to, err
}

// cutInside reports whether a window starts inside [from, to), or another
// target comes in force.
func (b *Book) cutInside(from, to int64) bool {
	inside := func(cut int64) bool { return from < cut && cut < to }
	return slices.ContainsFunc(b.targets.until, inside) || slices.ContainsFunc(b.windows, func(w window) bool { return inside(w.tail) })
}

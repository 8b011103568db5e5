package budget

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// The errors that a caller can do something about.
var (
	// ErrOutOfReach is returned for a slice that is older than the ring and
	// between slices that are known: use Correct, or Prepend for one that is
	// older than all.
	ErrOutOfReach = errors.New("slice is older than the ones kept in memory")
	// ErrMismatch is returned when slices leave that cannot have come in.
	// The windows concerned stay unknown; make a new Book from the store.
	ErrMismatch = errors.New("slices that leave are not those that came in")
)

var (
	errMisaligned = errors.New("not a multiple of the slice length")
	errFuture     = errors.New("slice is not before the end of the windows")
	errOrder      = errors.New("slices are not in order")
	errCounts     = errors.New("counts are impossible")
	errOverflow   = errors.New("more events than can be counted")
	errPast       = errors.New("the windows end later already: was the clock set back?")
	errStretch    = errors.New("not inside one of the stretches that may be added up")
)

// reach is the size of the ring in slices: corrections this old need no read,
// and windows this long need none either.
const reach = 360

// ahead is how many slices that leave next are kept in hand at least, and by
// how many they are read.
const ahead = 60

// A Config says what a Book is kept of. Only Objective must be given.
type Config struct {
	Objective slo.Objective   // its slices go through Fold first
	Windows   []time.Duration // besides the objective's own; lengths of 0 or less are left out
	Stale     time.Duration   // how old the newest observed slice may be; 0 = 5 slices
	At        time.Time       // where the windows end at first, rounded down to whole slices
	Past      []Past          // other targets, in order; since the last Until, Objective's is in force
	SLAs      []slo.SLA       // beside it; an Account keeps them
	Since     time.Time       // start of the oldest slice on record that is not blank; zero = none is
}

// A Book keeps the windows of one objective over a stream of slices; see the
// package's documentation. It is not safe for concurrent use.
//
// Where the objective's budget is kept in time slices, those are its slices:
// see Fold. Slices are numbered by their start: slice i starts i slice lengths after
// the Unix epoch. The slices known are [first, filled), none when first is
// above filled; those between them that never came are blank.
type Book struct {
	objective, service string
	counted            slo.IndicatorKind
	targets            targets
	slice              time.Duration
	stale              int64 // slices

	end           int64 // the windows end where this slice would start
	first, filled int64
	newest        int64 // the slice after the newest observed one

	ring    ring
	promise slo.Window
	method  slo.Method
	noData  slo.NoData
	least   sli.Count // fewer events than these in a window are too few to judge by
	windows []window  // ascending; one that follows the calendar comes last
	own     int       // the objective's, in windows
	longest int64     // of the windows, in slices
	flaws   tally     // of the slices in the objective's window

	ahead, phase int64
	writes       int // changes of slices that could be on their way to Leave
}

// NewBook returns a Book that knows no slice yet.
func NewBook(c Config) *Book { return newBook(c, reach, ahead) }

func newBook(c Config, reach, ahead int64) *Book {
	o := c.Objective
	b := &Book{
		objective: o.Name, service: o.Service, counted: o.Indicator.Kind, targets: targets{all: []slo.Decimal{o.Target}},
		promise: o.Window, method: o.Method, slice: o.Step(), first: math.MaxInt64, filled: math.MinInt64, newest: math.MinInt64,
		ahead: ahead, phase: phase(o.Name, ahead),
	}
	if b.slice <= 0 {
		b.slice = time.Minute
	}
	b.noData, b.least = o.NoData, b.one()*sli.Count(o.MinEvents)
	if b.stale = int64(c.Stale / b.slice); c.Stale <= 0 {
		b.stale = 5
	}
	b.end = b.floor(c.At)
	for _, p := range c.Past {
		b.targets.add(b.floor(p.Until), p.Target)
	}
	if !c.Since.IsZero() {
		b.first = min(b.floor(c.Since), b.end)
		b.filled = b.first
	}
	b.longest = b.open(c.Windows)
	b.ring = newRing(min(b.longest, reach), b.slice)
	return b
}

// open makes the windows, each a whole number of slices, without doubles, and
// returns the length of the longest.
func (b *Book) open(others []time.Duration) int64 {
	own := b.round(b.promise.Length)
	var lengths []int64
	if !b.promise.Calendar() {
		lengths = append(lengths, own)
	}
	for _, l := range others {
		if l > 0 {
			lengths = append(lengths, b.round(l))
		}
	}
	slices.Sort(lengths)
	for _, n := range slices.Compact(lengths) {
		b.windows = append(b.windows, window{slices: n, tail: b.end - n})
	}
	b.own = slices.IndexFunc(b.windows, func(w window) bool { return w.slices == own })
	if b.promise.Calendar() {
		b.own = len(b.windows)
		b.windows = append(b.windows, window{tail: b.periodStart(b.end)})
	}
	return slices.Max(append(lengths, own))
}

// round is a length in slices, rounded up, at least one.
func (b *Book) round(l time.Duration) int64 {
	return int64((min(max(l, 1), maxTime)-1)/b.slice) + 1
}

// Advance moves the end of all windows to at, the end of the newest slice
// that can be known, and takes out what leaves. Going nowhere is no error,
// going back is.
func (b *Book) Advance(at time.Time) error {
	end, err := b.index(at)
	if err == nil && end < b.end {
		err = errPast
	}
	if err != nil {
		return fmt.Errorf("advance %s to %s: %w", b.objective, stamp(at), err)
	}
	errs := b.settle(end)
	b.end = end
	b.ring.trim()
	return errs
}

// Put counts slices, in ascending order: new ones, which may leave some out,
// and changed ones, which take the place of what was counted before. Each
// must have been kept in the store before. Slices that cannot be are refused
// before any is counted.
func (b *Book) Put(fresh ...sli.Slice) error {
	err := b.check(fresh)
	for _, s := range fresh {
		if i := b.number(s); err == nil && i < b.ringStart() && i < b.filled {
			err = fmt.Errorf("slice %s: %w", stamp(s.Start), ErrOutOfReach)
		}
	}
	for _, s := range fresh {
		if err == nil {
			i := b.number(s)
			err = b.write(i, b.recall(i), b.cell(s))
		}
	}
	if err != nil {
		return fmt.Errorf("put slices of %s: %w", b.objective, err)
	}
	return nil
}

// Reach is the start of the oldest slice that Put takes again; older ones are
// corrected by Correct.
func (b *Book) Reach() time.Time { return b.time(b.ringStart()) }

// Prepend counts older history: slices in ascending order, all before the
// oldest one known. Long histories come in descending chunks. Slices that
// cannot be are refused before any is counted.
func (b *Book) Prepend(older []sli.Slice) error {
	err := b.check(older)
	if err == nil && len(older) > 0 && b.number(older[len(older)-1]) >= b.first {
		err = errOrder
	}
	for _, s := range older {
		if err == nil {
			err = b.write(b.number(s), cell{}, b.cell(s))
		}
	}
	if err != nil {
		return fmt.Errorf("prepend slices to %s: %w", b.objective, err)
	}
	return nil
}

// Correct counts is in place of was, a slice that was counted before and may
// be older than the ring. The caller has read was from its store, blank when
// it was not there, and kept is in its place. In the ring, was is not needed.
func (b *Book) Correct(was, is sli.Slice) error {
	err := b.check([]sli.Slice{is})
	if err == nil && !was.Start.Equal(is.Start) {
		err = errOrder
	}
	if err == nil {
		i, old := b.number(is), b.cell(was)
		if i >= b.ringStart() {
			old = b.recall(i)
		}
		err = b.write(i, old, b.cell(is))
	}
	if err != nil {
		return fmt.Errorf("correct slice of %s: %w", b.objective, err)
	}
	return nil
}

// check refuses slices that cannot be, or are not in order.
func (b *Book) check(all []sli.Slice) error {
	last := int64(math.MinInt64)
	for _, s := range all {
		i, err := b.index(s.Start)
		switch {
		case err != nil:
		case i >= b.end:
			err = errFuture
		case i <= last:
			err = errOrder
		case s.Good < 0 || s.Bad < 0 || s.Good > math.MaxInt64-s.Bad || s.Covered < 0 || s.Covered > b.slice, s.UnseenBad < 0 || s.Unseen < s.UnseenBad:
			err = errCounts
		}
		if err != nil {
			return fmt.Errorf("slice %s: %w", stamp(s.Start), err)
		}
		last = i
	}
	return nil
}

// write counts c as slice i, where was was counted, and remembers it.
func (b *Book) write(i int64, was, c cell) error {
	if was == c {
		return nil
	}
	if err := b.count(i, was.Counts, c.Counts); err != nil {
		return err
	}
	if i >= b.windows[b.own].tail {
		b.flaws.add(was.flaw, -1)
		b.flaws.add(c.flaw, 1)
	}
	if i >= b.ringStart() {
		for blank := max(b.filled, b.ringStart()); blank < i; blank++ { // what was there is a round old
			b.ring.set(blank, cell{})
		}
		b.ring.set(i, c)
	}
	if i < b.filled {
		b.writes++
	}
	b.know(i, c)
	return nil
}

// count swaps was for c in every window that slice i is in, or in none.
func (b *Book) count(i int64, was, c sli.Counts) error {
	for k := range b.windows {
		switch w := &b.windows[k]; {
		case i < w.tail:
		case !w.holds(was):
			return ErrMismatch
		case !w.fits(was, c):
			return errOverflow
		}
	}
	for k := range b.windows {
		w := &b.windows[k]
		if i >= w.tail || w.stash.from > w.tail {
			w.stash.cut(i)
		}
		if i >= w.tail {
			w.sum = w.sum.Sub(was).Add(c)
			b.judge(w, i, was, c)
		}
	}
	return nil
}

// know notes which slices are known, now that slice i is c.
func (b *Book) know(i int64, c cell) {
	if c != (cell{}) {
		b.first, b.filled = min(b.first, i), max(b.filled, i+1)
	}
	switch {
	case c.Covered > 0:
		b.newest = max(b.newest, i+1)
	case b.newest == i+1:
		b.newest = b.observedBefore(i)
	}
}

// observedBefore is the slice after the newest one before i that was
// observed, as far as the ring tells: at most the start of the ring.
func (b *Book) observedBefore(i int64) int64 {
	for ; i > b.first && i > b.ringStart(); i-- {
		if b.ring.at(i-1).Covered > 0 {
			return i
		}
	}
	if i <= b.first {
		return math.MinInt64
	}
	return i
}

// recall is the cell of slice i, as far as the ring tells; blank otherwise.
func (b *Book) recall(i int64) cell {
	if i >= b.filled || i < b.ringStart() {
		return cell{}
	}
	return b.ring.at(i)
}

func (b *Book) cell(s sli.Slice) cell { return cell{s.Counts, b.flaws.number(s.Flaw)} }

func (b *Book) ringStart() int64 { return b.end - b.ring.size }

package loop

import (
	"context"
	"fmt"
	"slices"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// turns is in how many turns a slice is read again while it is provisional,
// at most: a long time of settling must not mean to read all of it each tick.
const turns = 8

// A tail is the newest slices, those that samples may still arrive for. They
// are asked for again together with new ones, in one question; which slices
// then are not as they were is a correction.
type tail struct {
	settle, every time.Duration // how long a slice is provisional; how often it is read meanwhile
	step          time.Duration
	from          time.Time   // the oldest slice that may still change
	asked         time.Time   // end of the newest slice when all of the tail was read
	read          []sli.Slice // of the tail, as read last, without blank ones
	older         []sli.Slice // were read again and are out of the book's reach
	corrected     int64
	correctedAt   time.Time
}

func newTail(o *slo.Objective, settle time.Duration) tail {
	step := o.Step()
	return tail{settle: settle, every: max(step, settle/turns/max(step, 1)*step), step: step}
}

// begin is how it begins when nothing before next was read.
func (t *tail) begin(next time.Time) { t.from, t.read, t.older = next, nil, nil }

// resume continues after a restart with what is on record. What was
// provisional then was perhaps not read again; it is to be read from there.
func (t *tail) resume(next time.Time) (from time.Time) {
	t.begin(next)
	if t.settle > 0 {
		t.from = budget.Floor(next.Add(-t.settle-t.every), t.step)
	}
	return t.from
}

// due says whether it is time to read the tail again. The times are the same
// for all objectives of a source, so that they can share a question.
func (t *tail) due(at time.Time) bool {
	return t.settle > 0 && budget.Floor(at, t.every).After(t.asked)
}

// was is a slice as it was read last; blank when it was not, or was blank.
func (t *tail) was(start time.Time) sli.Slice {
	i, there := slices.BinarySearchFunc(t.read, start, func(s sli.Slice, at time.Time) int { return s.Start.Compare(at) })
	if there {
		return t.read[i]
	}
	return sli.Slice{Start: start}
}

// unchanged is how many slices before next, from the first on, are as they were
// read last: whole time slices, and not all.
func (t *tail) unchanged(fresh []sli.Slice, next time.Time) (n int) {
	read := t.read
	for len(read) > 0 && len(fresh) > 0 && read[0].Start.Before(fresh[0].Start) {
		read = read[1:]
	}
	for n < len(fresh) && n < len(read) && fresh[n].Start.Before(next) && fresh[n].Start.Equal(read[n].Start) && same(fresh[n], read[n]) {
		n++
	}
	n = min(n, len(fresh)-1)
	for n > 0 && !fresh[n].Start.Equal(budget.Floor(fresh[n].Start, t.step)) {
		n--
	}
	return max(n, 0)
}

// same reports whether a slice says what another of the same time does.
func same(a, b sli.Slice) bool { return a.Counts == b.Counts && a.Flaw == b.Flaw }

// sift adds to news what is news of what was read: new slices that say
// something, and those before next that are not as they were. The latter are
// counted.
func (t *tail) sift(news, fresh []sli.Slice, next, at time.Time) []sli.Slice {
	for _, s := range fresh {
		was := t.was(s.Start)
		switch {
		case same(s, was):
			continue
		case s.Start.Before(next):
			t.corrected, t.correctedAt = t.corrected+1, at
		}
		news = append(news, s)
	}
	return news
}

// move notes what was read of [from, to). When that was all of the tail, what
// is old enough is not provisional any more.
func (t *tail) move(fresh []sli.Slice, from, to, at time.Time) {
	if !from.After(t.from) {
		t.asked = at
		t.from = latest(t.from, earliest(to, budget.Floor(at.Add(-t.settle), t.step)))
	}
	if t.settle <= 0 {
		t.from = to
	}
	t.read = slices.DeleteFunc(t.read, func(s sli.Slice) bool { return !s.Start.Before(from) || s.Start.Before(t.from) })
	for _, s := range fresh {
		if !blank(s) && !s.Start.Before(t.from) {
			t.read = append(t.read, s)
		}
	}
}

// tell adds to a state what of it may still change, and what has.
func (t *tail) tell(s *budget.State, next time.Time) {
	if t.from.Before(next) {
		s.Provisional = t.from
	}
	s.Corrected, s.CorrectedAt = t.corrected, t.correctedAt
}

// again is where asking for new slices begins: at those that may have changed
// when it is time to look, as far back as windows reach and the store can be
// told.
func (g *gauge) again(at time.Time) time.Time {
	g.late.from = latest(g.late.from, g.start(at))
	if !g.late.due(at) {
		return g.next
	}
	from := earliest(g.late.from, g.next)
	if len(g.unkept)+len(g.late.older) > 0 { // what the store has is not what was counted
		g.advance(at)
		return earliest(latest(from, g.book.Reach()), g.next)
	}
	return from
}

// take counts new slices and those that were read again.
func (g *gauge) take(fresh []sli.Slice, ask sli.Ask, at time.Time) error {
	n, from := 0, latest(ask.From, earliest(g.book.Reach(), g.next))
	for n < len(fresh) && fresh[n].Start.Before(from) {
		n++
	}
	known := g.late.unchanged(fresh[n:], g.next)
	if known > 0 { // and counted: nothing would come of it
		from = fresh[n+known].Start
	}
	if err := g.book.Put(from, ask.To, fresh[n+known:]); err != nil {
		return err
	}
	if n > 0 {
		g.late.older = fresh[:n]
	}
	g.unkept = g.late.sift(g.unkept, fresh[n+known:], g.next, at)
	g.late.move(fresh[n:], ask.From, ask.To, at)
	g.next, g.oldest = ask.To, earliest(g.oldest, ask.From)
	if len(fresh) > 0 {
		g.pending = fresh[len(fresh)-1].Pending
	}
	g.enough, g.told = len(g.book.Leaving()) == 0, len(g.slas) == 0 // whose periods may be summed yet
	if g.told {
		g.book.Tell(g.place)
	}
	return nil
}

// correct counts slices that are out of the book's reach and are not as they
// are on record.
func (g *gauge) correct(ctx context.Context, store Store) error {
	older := g.late.older
	if len(older) == 0 {
		return nil
	}
	from, to := older[0].Start, older[len(older)-1].Start.Add(g.objective.Slice)
	first, end := g.book.Around(from, to)
	kept, err := slicesOf(ctx, store, Stretch{g.lineage.series, first, end})
	if err != nil {
		return fmt.Errorf("read slices to correct: %w", err)
	}
	record := tail{read: kept}
	if err := g.book.Correct(from, to, kept, older); err != nil {
		return err
	}
	g.unkept = append(record.sift(nil, older, to, g.book.State().At), g.unkept...)
	g.late.older = nil
	g.touched()
	if record.corrected > 0 {
		g.late.corrected, g.late.correctedAt = g.late.corrected+record.corrected, record.correctedAt
	}
	return nil
}

package loop

import (
	"context"
	"errors"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
)

// A component is what a blend is made of: a gauge, or another blend.
type component interface {
	// reach says how far it knows what there is to know.
	reach() known
	// slices returns its slices in [from, to) as its book takes them.
	slices(ctx context.Context, store Records, from, to time.Time) ([]sli.Slice, error)
	// birth is the start of the oldest slice that it ever observed.
	birth(ctx context.Context, store Records) (time.Time, error)
}

// known is the stretch [oldest, next) of a component; empty when nothing is
// known yet.
type known struct {
	oldest, next time.Time
	loose        time.Time // slices from here on may still change
	corrected    int64     // slices that late samples have changed
	recounts     time.Time // where counts begin that are made anew just now; zero = none are
}

func (b *blend) reach() known {
	if b.book == nil || !b.oldest.Before(b.next) {
		return known{corrected: b.corrected}
	}
	return known{b.oldest, b.next, b.loose, b.corrected, b.recounts()}
}

func (b *blend) slices(ctx context.Context, store Records, from, to time.Time) ([]sli.Slice, error) {
	if recent, ok := b.book.Recent(from, to); ok {
		return recent, nil
	}
	all, err := b.make(ctx, store, from, to)
	if err != nil {
		return nil, err
	}
	return b.book.Judged(from, to, all[0]), nil
}

// birth is the oldest of its components' births: before that it observed
// nothing.
func (b *blend) birth(ctx context.Context, store Records) (first time.Time, err error) {
	for _, p := range b.parts {
		at, err := p.birth(ctx, store)
		if err != nil {
			return at, err
		}
		if at.IsZero() {
			continue
		}
		if at = budget.Floor(at, b.objective.Step()); first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first, nil
}

func (g *gauge) reach() known {
	if g.book == nil || !g.oldest.Before(g.next) {
		return known{corrected: g.late.corrected}
	}
	return known{g.oldest, g.next, g.late.from, g.late.corrected, g.recounts()}
}

// slices are those that the book remembers, or else those on record.
func (g *gauge) slices(ctx context.Context, store Records, from, to time.Time) ([]sli.Slice, error) {
	if g.book == nil {
		return nil, errors.New("its own were not read yet")
	}
	if recent, ok := g.book.Recent(from, to); ok {
		return recent, nil
	}
	if len(g.unkept) > 0 {
		return nil, errors.New("some of them wait for the store")
	}
	kept, err := slicesOf(ctx, store, Stretch{g.lineage.series, from, to})
	return g.book.Judged(from, to, kept), err
}

func (g *gauge) birth(ctx context.Context, store Records) (time.Time, error) {
	if g.book == nil {
		return time.Time{}, nil // what it is kept under is not known yet
	}
	extents, err := store.Extents(ctx, g.lineage.series)
	if err != nil {
		return time.Time{}, err
	}
	return extents[0].Oldest, nil
}

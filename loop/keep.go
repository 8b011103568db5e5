package loop

import (
	"context"
	"errors"
	"fmt"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
)

// fewUnkept is how many slices that wait for the store have lasting room: a
// new one, and one that was corrected.
const fewUnkept = 2

// leaveTogether is of how many objectives slices are read at once.
const leaveTogether = 4096

// keep brings the store up to what was asked for, of all objectives together.
func (l *Loop) keep(ctx context.Context) {
	some := make([]*gauge, 0, len(l.gauges))
	for _, g := range l.gauges {
		if g.book == nil {
			continue
		}
		g.err = errors.Join(g.err, g.correct(ctx, l.cfg.Records))
		if len(g.unkept) > 0 {
			some = append(some, g)
		}
	}
	l.write(ctx, some)
	l.leaving(ctx)
}

// write writes what the store does not have yet, of all objectives together.
// What is refused is written again for each by itself, so that one keeps no
// other from it.
func (l *Loop) write(ctx context.Context, full []*gauge) {
	if len(full) == 0 {
		return
	}
	all := make([]Counted, len(full))
	for i, g := range full {
		all[i] = Counted{g.lineage.series, g.unkept}
	}
	err := l.cfg.Records.Keep(ctx, all...)
	if err != nil && !again(err) && len(full) > 1 {
		for _, g := range full {
			l.write(ctx, []*gauge{g})
		}
		return
	}
	for _, g := range full {
		g.kept(err)
	}
}

// kept notes what became of keeping slices.
func (g *gauge) kept(err error) {
	switch {
	case err == nil && cap(g.unkept) <= fewUnkept:
		g.unkept = g.unkept[:0]
		return
	case err == nil:
		g.unkept = nil
		return
	case len(g.unkept) > maxUnkept: // begin again from the record when it is back, and ask the source anew
		g.book, g.unkept = nil, nil
	}
	g.err = errors.Join(g.err, fmt.Errorf("keep slices: %w", err))
}

// leaving hands the books the slices that are about to leave their long windows,
// as they are on record.
func (l *Loop) leaving(ctx context.Context) {
	for waiting := l.gauges; len(waiting) > 0; {
		var some []*gauge
		var needs []budget.Range
		for _, g := range waiting {
			if g.book == nil || g.enough || len(g.unkept) > 0 || g.stuck {
				continue
			}
			if need := g.book.Leaving(); len(need) > 0 {
				some, needs = append(some, g), append(needs, need[0])
			}
		}
		waiting = some
		for len(some) > 0 {
			n := min(len(some), leaveTogether)
			l.leaveSome(ctx, some[:n], needs[:n])
			some, needs = some[n:], needs[n:]
		}
	}
}

func (l *Loop) leaveSome(ctx context.Context, some []*gauge, needs []budget.Range) {
	asks := make([]Stretch, len(some))
	for i, g := range some {
		asks[i] = Stretch{g.lineage.series, needs[i].From, needs[i].To}
	}
	gone, err := l.cfg.Records.Slices(ctx, asks...)
	for i, g := range some {
		var one error
		if err != nil {
			one = fmt.Errorf("read slices that leave: %w", err)
		} else {
			one = g.book.Leave(needs[i], gone[i])
			g.touched()
		}
		g.err, g.stuck = errors.Join(g.err, one), one != nil
	}
}

// slicesOf is the slices of one stretch.
func slicesOf(ctx context.Context, store Store, ask Stretch) ([]sli.Slice, error) {
	found, err := store.Slices(ctx, ask)
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

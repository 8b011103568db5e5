package loop

import (
	"context"
	"errors"
	"fmt"

	"setpoint.dev/setpoint/sli"
)

// keep brings the store up to what was asked for. What there is of all
// objectives is written at once.
func (l *Loop) keep(ctx context.Context) {
	l.eachGauge(func(g *gauge) {
		if g.book != nil {
			g.err = errors.Join(g.err, g.correct(ctx, g.series(l.cfg.Records)))
		}
	})
	var full []*gauge
	for _, g := range l.gauges {
		if g.book != nil && len(g.unkept) > 0 {
			full = append(full, g)
		}
	}
	l.write(ctx, full)
	l.eachGauge(func(g *gauge) {
		if g.book != nil {
			store := g.series(l.cfg.Records)
			g.err = errors.Join(g.err, g.leave(ctx, store), g.settle(ctx, store))
		}
	})
}

// write writes what the store does not have yet. What is refused is written
// again for each objective by itself, so that one keeps no other from it.
func (l *Loop) write(ctx context.Context, full []*gauge) {
	if len(full) == 0 {
		return
	}
	all := make(map[string][]sli.Slice, len(full))
	for _, g := range full {
		all[g.lineage.series] = append(all[g.lineage.series], g.unkept...)
	}
	err := l.cfg.Records.Keep(ctx, all)
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

// kept notes how writing its slices ended.
func (g *gauge) kept(err error) {
	if err == nil {
		g.unkept = nil
		return
	}
	if len(g.unkept) > maxUnkept { // begin again from the record when it is back, and ask the source anew
		g.book, g.unkept = nil, nil
	}
	g.err = errors.Join(g.err, fmt.Errorf("keep slices: %w", err))
}

// series is the part of a store that the gauge's slices are in.
func (g *gauge) series(store Store) Store { return series{store, g.lineage.series} }

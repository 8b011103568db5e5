package loop

import (
	"context"
	"errors"
	"fmt"
	"time"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// reachOf is how far back windows, the periods of SLAs and outages look.
func reachOf(o slo.Objective, windows []time.Duration, slas []slo.SLA) time.Duration {
	longest := o.Window.Longest()
	for _, w := range windows {
		longest = max(longest, w)
	}
	for _, s := range slas {
		longest = max(longest, s.Period.Longest())
	}
	return longest + 2*o.TimeSlice.MinOutage // what the oldest slices count as depends on those before them
}

// settle sums the periods of SLAs that have ended, from the store.
func (g *gauge) settle(ctx context.Context, store Store) (errs error) {
	if g.book == nil {
		return nil
	}
	for _, r := range g.book.Closing() {
		var all []sli.Slice
		var err error
		for from := r.From; from.Before(r.To) && err == nil; from = from.Add(g.span()) {
			var some []sli.Slice
			some, err = slicesOf(ctx, store, Stretch{g.lineage.series, from, earliest(from.Add(g.span()), r.To)})
			all = append(all, some...)
		}
		if err != nil {
			errs = errors.Join(errs, fmt.Errorf("read slices of the last period: %w", err))
			continue
		}
		g.book.Close(r, all)
	}
	return errs
}

// settle makes the periods of SLAs that have ended, of what the components
// have on record.
func (b *blend) settle(ctx context.Context, store Records) (errs error) {
	for _, r := range b.book.Closing() {
		all, err := b.make(ctx, store, r.From, r.To)
		if err != nil {
			errs = errors.Join(errs, fmt.Errorf("make slices of the last period: %w", err))
			continue
		}
		b.book.Close(r, all[0])
	}
	return errs
}

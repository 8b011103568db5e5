package loop

import (
	"context"
	"fmt"
	"time"
)

const (
	// spare is for how long slices are kept after they have left all windows,
	// where nobody says so: for backtests, and for windows that become longer.
	spare = 35 * 24 * time.Hour
	// pruneEvery is how often old slices are looked for.
	pruneEvery = time.Hour
)

// tidy has the store add up days that are over, a part of them in each tick,
// and drop slices that no window looks back on, now and then.
func (l *Loop) tidy(ctx context.Context, now time.Time) {
	if !l.leader || again(l.ledgerErr) {
		return
	}
	settled := now.Add(-time.Hour)
	for _, g := range l.gauges {
		settled = earliest(settled, now.Add(-g.late.settle-time.Hour))
	}
	t := Tidying{Settled: settled}
	if now.Sub(l.pruned) >= pruneEvery {
		t.Oldest, t.Others = l.oldest(now)
		l.pruned = now
	}
	if err := l.cfg.Records.Tidy(ctx, t); err != nil {
		l.ledgerFailed(fmt.Errorf("tidy slices: %w", err))
	}
}

// oldest is since when slices of each objective are kept, and those of
// objectives that are not declared any more: as long as any.
func (l *Loop) oldest(now time.Time) (of map[string]time.Time, others time.Time) {
	longest := time.Duration(0)
	for _, g := range l.gauges {
		longest = max(longest, g.longest)
	}
	for _, b := range l.blends {
		longest = max(longest, b.longest)
	}
	of = map[string]time.Time{}
	for _, g := range l.gauges {
		keep := g.longest
		if len(l.blends) > 0 { // it may be part of one, or of a part of one
			keep = longest
		}
		of[g.lineage.series] = now.Add(-l.cfg.retention(keep))
	}
	return of, now.Add(-l.cfg.retention(longest))
}

// retention is how long slices are kept that windows of a length look at.
func (c Config) retention(window time.Duration) time.Duration {
	return max(c.KeepSlices, window+spare)
}

package loop

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"setpoint.dev/setpoint/budget"
)

// Objectives are read from the record together, so many at once, and so many
// of such groups side by side.
const (
	openTogether = 256
	openAtOnce   = 3
)

// An opening is an objective whose book is being made from the record: sums of
// what lies far back, slices of the rest.
type opening struct {
	*gauge
	book   *budget.Account
	extent Extent // of what is on record
	at     time.Time
	begin  time.Time
	sums   []budget.Range
	fine   time.Time // what is read next by slices
}

// open opens the books that are not, from what is on record.
func (l *Loop) open(ctx context.Context, now time.Time) {
	var closed []*gauge
	for _, g := range l.gauges {
		if g.book == nil {
			g.touched()
			closed = append(closed, g)
		}
	}
	var all errgroup.Group
	all.SetLimit(openAtOnce)
	for len(closed) > 0 {
		some := closed[:min(len(closed), openTogether)]
		closed = closed[len(some):]
		all.Go(func() error {
			if err := openSome(ctx, l.cfg.Records, some, now); err != nil {
				for _, g := range some {
					g.book, g.err = nil, fmt.Errorf("read stored slices: %w", err)
				}
			}
			return nil
		})
	}
	_ = all.Wait() // the errors are in the gauges
}

// openSome opens books. An error is the store's; what is wrong with one
// objective alone is in its gauge.
func openSome(ctx context.Context, store Records, some []*gauge, now time.Time) error {
	names := make([]string, len(some))
	for i, g := range some {
		names[i] = g.objective.Name
	}
	versions, err := store.Versions(ctx, names...)
	if err != nil {
		return fmt.Errorf("read versions: %w", err)
	}
	for i, g := range some {
		var wrong error
		g.lineage, wrong = newLineage(*g.objective, g.exemption.Calendars, versions[i], g.lineage.fresh, g.at(now), now)
		g.fail(wrong)
		names[i] = g.lineage.series
	}
	extents, err := store.Extents(ctx, names...)
	if err != nil {
		return err
	}
	var all []*opening
	for i, g := range some {
		if g.err != nil {
			continue
		}
		if o := g.opening(extents[i], g.at(now)); !extents[i].Oldest.IsZero() {
			all = append(all, o)
		} else {
			g.beginNew(o)
		}
	}
	if err := readSums(ctx, store, all); err != nil {
		return err
	}
	if err := readFine(ctx, store, all); err != nil {
		return err
	}
	return resume(ctx, store, all)
}

// opening prepares to read what is on record.
func (g *gauge) opening(e Extent, at time.Time) *opening {
	config, step := g.config(at), g.objective.Step()
	if !e.Oldest.IsZero() { // the first time slice that is on record as a whole
		config.Since = budget.Floor(e.Oldest.Add(step-g.objective.Slice), step)
	}
	o := &opening{gauge: g, book: budget.NewAccount(config, g.lineage.exemption(g.exemption, g.start(at))), extent: e, at: at}
	o.begin = latest(g.start(at), config.Since)
	o.fine = o.begin
	if o.sums = o.book.Stretches(); len(o.sums) > 0 {
		o.fine = o.sums[len(o.sums)-1].To
	}
	return o
}

// beginNew begins an objective of which nothing is on record.
func (g *gauge) beginNew(o *opening) {
	g.book, g.next = o.book, latest(g.start(o.at), o.at.Add(-g.span()))
	g.oldest = g.next
	g.late.begin(g.next)
}

// readSums counts what is far back, by sums.
func readSums(ctx context.Context, store Store, all []*opening) error {
	var asks []Stretch
	for _, o := range all {
		for _, r := range o.sums {
			asks = append(asks, Stretch{o.lineage.series, r.From, r.To})
		}
	}
	if len(asks) == 0 {
		return nil
	}
	totals, err := store.Sums(ctx, asks...)
	if err != nil {
		return err
	}
	for _, o := range all {
		for _, r := range o.sums {
			sum := budget.Sum{From: r.From, To: r.To, Counts: totals[0].Counts, Flaws: totals[0].Flaws}
			if !totals[0].Newest.IsZero() {
				sum.Newest = totals[0].Newest.Add(o.objective.Slice)
			}
			totals = totals[1:]
			o.fail(o.book.PutSum(sum))
		}
	}
	return nil
}

// readFine counts the rest slice by slice, a chunk of each at a time.
func readFine(ctx context.Context, store Store, all []*opening) error {
	for {
		var asks []Stretch
		var of []*opening
		for _, o := range all {
			if o.fine.Before(o.at) && !o.fine.After(o.extent.Newest) && o.err == nil {
				// a time slice that is not over stays out
				asks, of = append(asks, Stretch{o.lineage.series, o.fine, earliest(o.fine.Add(o.span()), o.at)}), append(of, o)
			}
		}
		if len(asks) == 0 {
			return nil
		}
		found, err := store.Slices(ctx, asks...)
		if err != nil {
			return err
		}
		for i, o := range of {
			o.fail(o.book.Put(asks[i].From, asks[i].To, found[i]))
			o.fine = asks[i].To
		}
	}
}

// resume continues from what is on record.
func resume(ctx context.Context, store Store, all []*opening) error {
	asks := make([]Stretch, len(all))
	for i, o := range all {
		next := earliest(o.at, budget.Floor(o.extent.Newest.Add(o.objective.Slice), o.objective.Step()))
		asks[i] = Stretch{o.lineage.series, o.late.resume(next), next}
	}
	found, err := store.Slices(ctx, asks...)
	if err != nil {
		return err
	}
	for i, o := range all {
		if o.err == nil {
			o.gauge.book, o.next, o.late.read = o.book, asks[i].To, slices.Clone(found[i]) // without the room that it was read in
			o.oldest = earliest(o.begin, o.next)
		}
	}
	return nil
}

func (g *gauge) fail(err error) {
	if err != nil && g.err == nil {
		g.err = fmt.Errorf("read stored slices: %w", err)
	}
}

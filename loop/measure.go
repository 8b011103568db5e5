package loop

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

const (
	chunk     = 720             // slices asked for at once, of the past
	atOnce    = 8               // objectives measured at the same time
	settling  = 5 * time.Second // how long after its end a slice is read, where the source does not say
	maxUnkept = chunk           // slices that wait for the store; older ones can be asked for again
)

// A gauge measures one objective: it asks for the slices that have ended,
// fetches what a restart missed and what lies before the first start, keeps
// slices in the store and the book up to date.
type gauge struct {
	objective slo.Objective // its Slice is asked for and stored; the book has its Step
	delay     time.Duration
	windows   []time.Duration
	longest   time.Duration
	book      *budget.Book // nil until the record was read
	next      time.Time    // start of the first slice that was not asked for yet
	oldest    time.Time    // history before it was not asked for yet
	unkept    []sli.Slice
	err       error // of the newest look
}

func newGauge(o slo.Objective, s slo.Source, windows []time.Duration) *gauge {
	g := &gauge{objective: o, delay: s.Delay, windows: windows, longest: o.Window.Longest()}
	if g.delay == 0 {
		g.delay = settling
	}
	for _, w := range windows {
		g.longest = max(g.longest, w)
	}
	return g
}

// measure brings every objective up to now. One that cannot be measured does
// not keep the others: its state says so.
func (l *Loop) measure(ctx context.Context, now time.Time) []budget.State {
	var all errgroup.Group
	all.SetLimit(atOnce)
	for _, g := range l.gauges {
		all.Go(func() error {
			g.err = g.look(ctx, l.cfg.Source, l.cfg.Records, now)
			return nil
		})
	}
	all.Wait() // the errors are in the gauges
	states := make([]budget.State, 0, len(l.gauges))
	for _, g := range l.gauges {
		if g.err != nil {
			l.fail(fmt.Errorf("measure %s: %w", g.objective.Name, g.err))
		}
		states = append(states, g.state(now))
	}
	return states
}

// at is the end of the newest slice that can be known at now.
func (g *gauge) at(now time.Time) time.Time {
	return budget.Floor(now.Add(-g.delay), g.objective.Step())
}

// begin is where what the book needs begins, when it ends at at.
func (g *gauge) begin(at time.Time) time.Time {
	return budget.Floor(at.Add(-g.longest), g.objective.Step())
}

// span is how much is asked for at once: whole time slices.
func (g *gauge) span() time.Duration {
	step := g.objective.Step()
	return max(step, chunk*g.objective.Slice/step*step)
}

// config is that of the book. Time slices may be long; what is out of sight
// is said after the time that it takes with slices, or after one of them.
func (g *gauge) config(at time.Time) budget.Config {
	c := budget.Config{Objective: g.objective, Windows: g.windows, At: at}
	if g.objective.Method != slo.Occurrences {
		c.Stale = max(5*g.objective.Slice, g.objective.Step())
	}
	return c
}

// look moves the book to now. It goes on after an error as far as it can, so
// that time passes in the book while the backend or the ledger is down.
func (g *gauge) look(ctx context.Context, source Source, store Store, now time.Time) error {
	at := g.at(now)
	if g.book == nil {
		if err := g.open(ctx, store, at); err != nil {
			return fmt.Errorf("read stored slices: %w", err)
		}
	}
	errs := g.book.Advance(at)
	errs = errors.Join(errs, g.fetch(ctx, source, at))
	errs = errors.Join(errs, g.backfill(ctx, source, at))
	errs = errors.Join(errs, g.keep(ctx, store))
	return errors.Join(errs, g.leave(ctx, store))
}

// open reads what is on record and continues from there.
func (g *gauge) open(ctx context.Context, store Store, at time.Time) error {
	oldest, newest, err := store.Extent(ctx, g.objective.Name)
	if err != nil {
		return err
	}
	config, span, begin := g.config(at), g.span(), g.begin(at)
	step := g.objective.Step()
	if !oldest.IsZero() { // the first time slice that is on record as a whole
		config.Since = budget.Floor(oldest.Add(step-g.objective.Slice), step)
	}
	book := budget.NewBook(config)
	if oldest.IsZero() {
		g.book, g.next = book, latest(begin, at.Add(-span))
		g.oldest = g.next
		return nil
	}
	begin = latest(begin, config.Since)
	for from := begin; from.Before(at) && !from.After(newest); from = from.Add(span) {
		kept, err := store.Slices(ctx, g.objective.Name, from, earliest(from.Add(span), at)) // a time slice that is not over stays out
		if err == nil {
			err = book.Put(budget.Fold(g.objective, kept)...)
		}
		if err != nil {
			return err
		}
	}
	g.book, g.next = book, earliest(at, budget.Floor(newest.Add(g.objective.Slice), step))
	g.oldest = earliest(begin, g.next)
	return nil
}

// fetch asks for the slices that have ended since the last time: one in the
// rule, many after an outage, and then at most a chunk a tick.
func (g *gauge) fetch(ctx context.Context, source Source, at time.Time) error {
	if !g.next.Before(at) {
		return nil
	}
	to := earliest(g.next.Add(g.span()), at)
	fresh, err := source.Counts(ctx, g.objective, g.next, to)
	if err != nil {
		return fmt.Errorf("ask %s: %w", g.objective.Indicator.Source, err)
	}
	if err := g.book.Put(budget.Fold(g.objective, fresh)...); err != nil {
		return err
	}
	g.next = to
	g.unkept = append(g.unkept, observed(fresh)...)
	return nil
}

// backfill asks for one more chunk of history, until the longest window is
// full.
func (g *gauge) backfill(ctx context.Context, source Source, at time.Time) error {
	begin := g.begin(at)
	if !g.oldest.After(begin) || g.next.Before(at) {
		return nil
	}
	from := latest(begin, g.oldest.Add(-g.span()))
	older, err := source.Counts(ctx, g.objective, from, g.oldest)
	if err != nil {
		return fmt.Errorf("ask %s for history: %w", g.objective.Indicator.Source, err)
	}
	older = observed(older)
	if err := g.book.Prepend(budget.Fold(g.objective, older)); err != nil {
		return err
	}
	g.oldest = from
	g.unkept = append(g.unkept, older...)
	return nil
}

// keep writes what the store does not have yet.
func (g *gauge) keep(ctx context.Context, store Store) error {
	if len(g.unkept) == 0 {
		return nil
	}
	err := store.Keep(ctx, g.objective.Name, g.unkept)
	if err == nil {
		g.unkept = nil
		return nil
	}
	if len(g.unkept) > maxUnkept { // begin again from the record when it is back, and ask the source anew
		g.book, g.unkept = nil, nil
	}
	return fmt.Errorf("keep slices: %w", err)
}

// leave hands the book the slices that are about to leave its long windows,
// as they are on record.
func (g *gauge) leave(ctx context.Context, store Store) error {
	if g.book == nil || len(g.unkept) > 0 {
		return nil
	}
	for need := g.book.Leaving(); len(need) > 0; need = g.book.Leaving() {
		r := need[0]
		gone, err := store.Slices(ctx, g.objective.Name, r.From, r.To)
		if err != nil {
			return fmt.Errorf("read slices that leave: %w", err)
		}
		if err := g.book.Leave(r, budget.Fold(g.objective, gone)); err != nil {
			return err
		}
	}
	return nil
}

// state is where the budget stands; without a book nothing is known.
func (g *gauge) state(now time.Time) budget.State {
	if g.book != nil {
		return g.book.State()
	}
	return budget.NewBook(g.config(g.at(now))).State()
}

// observed leaves out blank slices: they say nothing and need no row.
func observed(all []sli.Slice) []sli.Slice {
	var out []sli.Slice
	for _, s := range all {
		if s.Covered > 0 || s.Total() > 0 || s.Flaw != "" {
			out = append(out, s)
		}
	}
	return out
}

func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

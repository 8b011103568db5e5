package loop

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A blend measures one composite: it makes its slices of those of its
// components (budget.Compose), after these were measured. It asks no source
// and keeps nothing in the store: what its components have on record is its
// record, so that it is the same live, filled in later and after a restart.
type blend struct {
	objective slo.Objective
	parts     []component
	of        []slo.Objective // what parts measure
	delay     time.Duration
	windows   []time.Duration
	longest   time.Duration
	exemption slo.Exemption
	lineage   lineage
	slas      []slo.SLA
	book      *budget.Account // nil until the record was read
	shares    []*budget.Book  // of what each component does to it
	births    []time.Time     // of the components: start of the oldest slice observed; zero = not known of any
	next      time.Time       // start of the first slice that was not made yet
	oldest    time.Time       // slices before it were not made yet
	opens     int             // how often the books were begun
	inner     int             // the same of the blends among the components, when these books were
	settled   bool            // the history of all components is there, and so are their true births
	loose     time.Time       // slices before it are not provisional in any component
	corrected int64           // slices of components that late samples have changed, as far as that is made
	madeGood  time.Time       // when the newest of these was made good
	made      made
	err       error // of the newest look
}

// made is the stretch of slices that was made last in a tick: several books
// want it.
type made struct {
	from, to time.Time
	all      [][]sli.Slice // for the account, then for each share
}

// blend brings the composites up to now, components first, and returns their
// states.
func (l *Loop) blend(ctx context.Context, now time.Time) []budget.State {
	var states []budget.State
	for _, b := range l.blends {
		if b.err = b.look(ctx, l.cfg.Records, now); b.err != nil {
			l.fail(fmt.Errorf("measure %s: %w", b.objective.Name, b.err))
		}
		states = append(states, b.state(now))
	}
	return states
}

func (b *blend) at(now time.Time) time.Time {
	return budget.Floor(now.Add(-b.delay), b.objective.Step())
}

func (b *blend) start(at time.Time) time.Time {
	return budget.Floor(at.Add(-b.longest), b.objective.Step())
}

func (b *blend) config(at time.Time) budget.Config {
	return budget.Config{Objective: b.objective, Windows: b.windows, SLAs: b.slas, At: at, Past: b.lineage.past, Stale: max(5*b.objective.Slice, b.objective.Step())}
}

// look moves the books to now. Time passes in them whatever cannot be read.
func (b *blend) look(ctx context.Context, store Records, now time.Time) error {
	at := b.at(now)
	b.made = made{}
	errs := b.bear(ctx, store)
	b.again(at)
	if b.book == nil && errs == nil {
		b.lineage, errs = descend(ctx, store, b.objective, b.exemption.Calendars, b.lineage.fresh, at, now)
	}
	if b.book == nil && errs == nil {
		errs = b.open(ctx, store, at)
	}
	if b.book == nil {
		return errs
	}
	errs = errors.Join(errs, b.book.Advance(at))
	for _, share := range b.shares {
		errs = errors.Join(errs, share.Advance(at))
	}
	errs = errors.Join(errs, b.fresh(ctx, store, at), b.older(ctx, store, at))
	return errors.Join(errs, b.leave(ctx, store), b.settle(ctx, store))
}

// bear looks for the births of components that were never seen so far. When
// all of history is there, births that turn out to be earlier than what was
// made was made by begin the books anew.
func (b *blend) bear(ctx context.Context, store Records) error {
	complete := !b.settled && b.book != nil && b.complete(b.book.State().At)
	births := slices.Clone(b.births)
	for len(births) < len(b.parts) {
		births = append(births, time.Time{})
	}
	for i, p := range b.parts {
		if births[i].IsZero() || complete {
			at, err := p.birth(ctx, store)
			if err != nil {
				return fmt.Errorf("look for the oldest slice of %s: %w", b.objective.Composite.Components[i].Objective, err)
			}
			births[i] = at
		}
	}
	b.settled = b.settled || complete
	if complete && !slices.EqualFunc(births, b.births, time.Time.Equal) || b.inner != b.begun() {
		b.book = nil
	}
	b.births = births
	return nil
}

// begun is how often the books of the blends among the components were begun:
// with each time what was made of them may be another.
func (b *blend) begun() (opens int) {
	for _, p := range b.parts {
		if inner, ok := p.(*blend); ok {
			opens += inner.opens
		}
	}
	return opens
}

// complete reports whether all components know all that the books need, when
// these end at at.
func (b *blend) complete(at time.Time) bool {
	for _, p := range b.parts {
		if inner, ok := p.(*blend); ok && !inner.settled {
			return false
		}
	}
	oldest, _ := b.extent()
	return !oldest.IsZero() && !oldest.After(b.start(at))
}

// extent is the stretch that all components know about, in whole slices of
// the composite; both are zero when that is nothing.
func (b *blend) extent() (oldest, next time.Time) {
	step := b.objective.Step()
	for i, p := range b.parts {
		k := p.reach()
		if k.oldest.IsZero() {
			return k.oldest, k.oldest
		}
		first, end := budget.Floor(k.oldest.Add(step-1), step), budget.Floor(k.next, step)
		if i == 0 {
			oldest, next = first, end
			continue
		}
		oldest, next = latest(oldest, first), earliest(next, end)
	}
	return oldest, next
}

// open makes what the components have on record.
func (b *blend) open(ctx context.Context, store Records, at time.Time) error {
	b.book, b.shares = budget.NewAccount(b.config(at), b.lineage.exemption(b.exemption, at.Add(-b.longest))), nil
	for range b.parts {
		c := b.config(at)
		c.Windows, c.SLAs = nil, nil
		c.Objective.MinEvents, c.Objective.NoData = 0, slo.NoDataHold // what nobody saw is nobody's doing
		b.shares = append(b.shares, budget.NewBook(c))
	}
	b.opens, b.inner = b.opens+1, b.begun()
	oldest, next := b.extent()
	b.next = at
	if begin := latest(oldest, b.start(at)); !oldest.IsZero() && begin.Before(next) {
		b.next = earliest(begin, at)
	}
	b.oldest, b.settled = b.next, b.complete(at)
	err := b.fresh(ctx, store, at)
	if err != nil {
		b.book = nil
	}
	return err
}

// fresh makes the slices up to now, as far as all components have theirs.
func (b *blend) fresh(ctx context.Context, store Records, at time.Time) error {
	_, end := b.extent()
	for end = earliest(end, at); b.next.Before(end); {
		to := earliest(end, b.next.Add(b.span()))
		all, err := b.make(ctx, store, b.next, to)
		if err != nil {
			return err
		}
		err = b.book.Put(b.next, to, all[0])
		for i, share := range b.shares {
			err = errors.Join(err, share.Put(all[i+1]...))
		}
		if err != nil {
			return err
		}
		b.next = to
	}
	return nil
}

// again makes ready to make slices again that are not what they were made of:
// of which late samples changed a component, or that one asks for anew.
func (b *blend) again(at time.Time) {
	_, end := b.extent()
	from, n, loose := earliest(b.next, end), int64(0), b.next
	for _, p := range b.parts {
		k := p.reach()
		if n += k.corrected; !k.loose.IsZero() {
			loose = earliest(loose, k.loose)
		}
	}
	if n != b.corrected {
		from, b.madeGood = earliest(from, budget.Floor(b.loose, b.objective.Step())), at
	}
	b.corrected, b.loose = n, loose
	switch {
	case b.book == nil || end.IsZero() || !from.Before(b.next):
	case from.Before(b.book.Reach()): // further back than books take slices again
		b.book = nil
	default:
		b.next = latest(from, b.oldest)
	}
}

// older makes one more chunk of history that all components have.
func (b *blend) older(ctx context.Context, store Records, at time.Time) error {
	oldest, next := b.extent()
	from := latest(latest(oldest, b.start(at)), b.oldest.Add(-b.span()))
	if oldest.IsZero() || !from.Before(b.oldest) || next.Before(b.oldest) {
		return nil
	}
	all, err := b.make(ctx, store, from, b.oldest)
	if err != nil {
		return err
	}
	err = b.book.Prepend(from, b.oldest, observed(all[0]))
	for i, share := range b.shares {
		err = errors.Join(err, share.Prepend(observed(all[i+1])))
	}
	if err == nil {
		b.oldest = from
	}
	return err
}

// leave hands the books the slices that are about to leave long windows.
func (b *blend) leave(ctx context.Context, store Records) error {
	err := b.hand(ctx, store, 0, b.book)
	for i, share := range b.shares {
		err = errors.Join(err, b.hand(ctx, store, i+1, share))
	}
	return err
}

// A leaver is a book from whose windows slices leave.
type leaver interface {
	Leaving() []budget.Range
	Leave(budget.Range, []sli.Slice) error
}

func (b *blend) hand(ctx context.Context, store Records, which int, book leaver) error {
	for need := book.Leaving(); len(need) > 0; need = book.Leaving() {
		all, err := b.make(ctx, store, need[0].From, need[0].To)
		if err == nil {
			err = book.Leave(need[0], observed(all[which]))
		}
		if err != nil {
			return fmt.Errorf("make slices that leave: %w", err)
		}
	}
	return nil
}

func (b *blend) span() time.Duration { return chunk * b.objective.Step() }

// make makes the slices [from, to), for each book.
func (b *blend) make(ctx context.Context, store Records, from, to time.Time) ([][]sli.Slice, error) {
	if b.made.from.Equal(from) && b.made.to.Equal(to) {
		return b.made.all, nil
	}
	parts := make([]budget.Part, len(b.parts))
	for i, p := range b.parts {
		name := b.objective.Composite.Components[i].Objective
		got, err := p.slices(ctx, store, from, to)
		if err != nil {
			return nil, fmt.Errorf("read slices of %s: %w", name, err)
		}
		parts[i] = budget.Part{Objective: b.of[i], Slices: got, Since: b.births[i]}
	}
	whole, shares := budget.Compose(b.objective, b.lineage.exemption(b.exemption, time.Time{}), parts, from, to)
	b.made = made{from, to, append([][]sli.Slice{whole}, shares...)}
	return b.made.all, nil
}

// state is where the budget stands; without books nothing is known.
func (b *blend) state(now time.Time) budget.State {
	if b.book == nil {
		return budget.NewAccount(b.config(b.at(now)), b.exemption).State()
	}
	s := b.book.State()
	s.Components = budget.Contributions(*b.objective.Composite, b.shares)
	s.Corrected, s.CorrectedAt = b.corrected, b.madeGood
	if b.loose.Before(b.next) {
		s.Provisional = budget.Floor(b.loose, b.objective.Step())
	}
	recounted(&s, b.recounts())
	heedSetBack(&s, now)
	return s
}

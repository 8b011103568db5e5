package loop

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

const (
	chunk     = 720             // slices asked for at once, of the past
	settling  = 5 * time.Second // how long after its end a slice is read, where the source does not say
	mostNamed = 3               // objectives in one error
	maxUnkept = chunk           // slices that wait for the store; older ones can be asked for again
)

// A gauge measures one objective: it asks for the slices that have ended,
// fetches what a restart missed and what lies before the first start, keeps
// slices in the store and the book up to date.
type gauge struct {
	objective *slo.Objective // its Slice is asked for and stored; the book has its Step
	delay     time.Duration
	windows   []time.Duration
	longest   time.Duration
	exemption slo.Exemption
	lineage   lineage
	slas      []slo.SLA
	book      *budget.Account // nil until the record was read
	moved     time.Time       // where it was moved to last
	next      time.Time       // start of the first slice that was not asked for yet
	oldest    time.Time       // history before it was not asked for yet
	unkept    []sli.Slice
	pending   int   // runs that are under way, by the newest slice
	late      tail  // slices that may still change
	stuck     bool  // what leaves could not be read in this tick
	err       error // of the newest look

	// As seen while the book was at hand: of many objectives it is far away
	// again soon. See touched.
	place  *budget.State // where its state of this tick goes
	told   bool          // it is there
	enough bool          // the book has in hand what leaves it next
}

func newGauge(set *slo.Set, o *slo.Objective) *gauge {
	s := sourceOf(set, *o)
	g := &gauge{objective: o, delay: s.Delay, windows: windowsOf(set, *o), exemption: set.Exemption(*o), slas: set.SLAsOf(*o), late: newTail(o, sli.Settling(s))}
	if g.delay == 0 {
		g.delay = settling
	}
	g.longest = reachOf(*o, g.windows, g.slas)
	return g
}

// measure brings every objective up to now. One that cannot be measured does
// not keep the others: its state says so.
func (l *Loop) measure(ctx context.Context, now time.Time, patience time.Duration) []budget.State {
	states := make([]budget.State, len(l.gauges), len(l.gauges)+len(l.blends))
	for i, g := range l.gauges {
		g.err, g.stuck, g.place, g.told = nil, false, &states[i], false
	}
	l.open(ctx, now)
	l.ask(ctx, now, patience)
	for _, g := range l.gauges { // those without an answer: time passes in them all the same
		g.advance(g.at(now))
	}
	l.keep(ctx)
	for _, g := range l.gauges {
		g.err = errors.Join(g.err, g.settle(ctx, l.cfg.Records))
		g.state(now)
		g.place = nil
	}
	l.tellErrors()
	return append(states, l.blend(ctx, now)...)
}

// tellErrors tells why objectives could not be measured, each reason once:
// that of a source is the same for all of its objectives.
func (l *Loop) tellErrors() {
	var reasons []error
	names := map[string][]string{}
	for _, g := range l.gauges {
		if g.err == nil {
			continue
		}
		text := g.err.Error()
		if names[text] == nil {
			reasons = append(reasons, g.err)
		}
		names[text] = append(names[text], g.objective.Name)
	}
	for _, err := range reasons {
		who := names[err.Error()]
		switch n := len(who) - mostNamed; {
		case n > 0:
			l.fail(fmt.Errorf("measure %s and %d more: %w", strings.Join(who[:mostNamed], ", "), n, err))
		default:
			l.fail(fmt.Errorf("measure %s: %w", strings.Join(who, ", "), err))
		}
	}
}

// touched notes that the book was changed after it was looked at.
func (g *gauge) touched() { g.told, g.enough = false, false }

// advance moves the book to at. It is moved right before slices are counted,
// while it is at hand.
func (g *gauge) advance(at time.Time) {
	if g.book == nil || g.moved.Equal(at) {
		return
	}
	err := g.book.Advance(at)
	if g.err = errors.Join(g.err, err); err == nil {
		g.moved = at
	}
	g.touched()
}

// at is the end of the newest slice that can be known at now.
func (g *gauge) at(now time.Time) time.Time {
	return budget.Floor(now.Add(-g.delay), g.late.step)
}

// start is where what the book needs begins, when it ends at at.
func (g *gauge) start(at time.Time) time.Time {
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
	c := budget.Config{Objective: *g.objective, Windows: g.windows, SLAs: g.slas, At: at, Past: g.lineage.past}
	if g.objective.Method != slo.Occurrences {
		c.Stale = max(5*g.objective.Slice, g.objective.Step())
	}
	return c
}

// fresh is the slices that have ended since the last time: one in the rule,
// many after an outage, and then at most a chunk a tick. Those before them
// that may have changed are asked for with them.
func (g *gauge) fresh(at time.Time) (w wish, wanted bool) {
	if !g.next.Before(at) {
		return wish{}, false
	}
	return wish{g, g.book, sli.Ask{Objective: g.objective, From: g.again(at), To: earliest(g.next.Add(g.span()), at)}, at}, true
}

// older is one more chunk of history, until the longest window is full.
func (g *gauge) older(at time.Time) (w wish, wanted bool) {
	begin := g.start(at)
	if !g.oldest.After(begin) || g.next.Before(at) {
		return wish{}, false
	}
	return wish{g, g.book, sli.Ask{Objective: g.objective, From: latest(begin, g.oldest.Add(-g.span())), To: g.oldest}, at}, true
}

// takeOlder counts history.
func (g *gauge) takeOlder(older []sli.Slice, ask sli.Ask) error {
	if !ask.From.Before(g.oldest) { // counted meanwhile, with late samples
		return nil
	}
	older = observed(older[:min(len(older), int(g.oldest.Sub(ask.From)/g.objective.Slice))])
	if err := g.book.Prepend(ask.From, g.oldest, older); err != nil {
		return err
	}
	g.oldest = ask.From
	g.unkept = append(g.unkept, older...)
	g.touched()
	return nil
}

// state tells where the budget stands; without a book nothing is known.
func (g *gauge) state(now time.Time) {
	s := g.place
	if g.book == nil {
		*s = budget.NewAccount(g.config(g.at(now)), g.exemption).State()
		return
	}
	if !g.told {
		g.book.Tell(s)
	}
	g.late.tell(s, g.next)
	s.Pending = g.pending
	if g.oldest.After(g.start(s.At)) {
		s.ReadBack = g.oldest
	}
	recounted(s, g.recounts())
	heedSetBack(s, now)
}

// observed leaves out blank slices: they say nothing and need no row.
func observed(all []sli.Slice) []sli.Slice {
	var out []sli.Slice
	for _, s := range all {
		if !blank(s) {
			out = append(out, s)
		}
	}
	return out
}

func blank(s sli.Slice) bool { return s.Counts == sli.Counts{} && s.Flaw == "" }

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

// sourceOf is the declared source of an objective's indicator.
func sourceOf(set *slo.Set, o slo.Objective) slo.Source {
	for _, s := range set.Sources {
		if s.Name == o.Indicator.Source {
			return s
		}
	}
	return slo.Source{}
}

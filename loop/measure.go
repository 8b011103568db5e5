package loop

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

const (
	chunk     = 720             // slices asked for at once, of the past
	atOnce    = 8               // objectives read and kept at the same time
	settling  = 5 * time.Second // how long after its end a slice is read, where the source does not say
	mostNamed = 3               // objectives in one error
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
	exemption slo.Exemption
	lineage   lineage
	slas      []slo.SLA
	book      *budget.Account // nil until the record was read
	next      time.Time       // start of the first slice that was not asked for yet
	oldest    time.Time       // history before it was not asked for yet
	unkept    []sli.Slice
	pending   int   // runs that are under way, by the newest slice
	late      tail  // slices that may still change
	err       error // of the newest look
}

func newGauge(set *slo.Set, o slo.Objective) *gauge {
	s := sourceOf(set, o)
	g := &gauge{objective: o, delay: s.Delay, windows: windowsOf(set, o), exemption: set.Exemption(o), slas: set.SLAsOf(o), late: newTail(o, sli.Settling(s))}
	if g.delay == 0 {
		g.delay = settling
	}
	g.longest = reachOf(o, g.windows, g.slas)
	return g
}

// measure brings every objective up to now. One that cannot be measured does
// not keep the others: its state says so.
func (l *Loop) measure(ctx context.Context, now time.Time, patience time.Duration) []budget.State {
	l.eachGauge(func(g *gauge) { g.err = g.begin(ctx, l.cfg.Records, now) })
	l.ask(ctx, now, patience)
	l.keep(ctx)
	states := make([]budget.State, 0, len(l.gauges))
	for _, g := range l.gauges {
		states = append(states, g.state(now))
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

// eachGauge does something with every gauge, several at a time.
func (l *Loop) eachGauge(do func(*gauge)) {
	var all errgroup.Group
	all.SetLimit(atOnce)
	for _, g := range l.gauges {
		all.Go(func() error {
			do(g)
			return nil
		})
	}
	_ = all.Wait() // the errors are in the gauges
}

// at is the end of the newest slice that can be known at now.
func (g *gauge) at(now time.Time) time.Time {
	return budget.Floor(now.Add(-g.delay), g.objective.Step())
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
	c := budget.Config{Objective: g.objective, Windows: g.windows, SLAs: g.slas, At: at, Past: g.lineage.past}
	if g.objective.Method != slo.Occurrences {
		c.Stale = max(5*g.objective.Slice, g.objective.Step())
	}
	return c
}

// begin opens the book, if it is not, and moves it to now, so that time passes
// in it whether the backend and the ledger answer or not.
func (g *gauge) begin(ctx context.Context, records Records, now time.Time) error {
	at := g.at(now)
	if g.book == nil {
		var err error
		if g.lineage, err = descend(ctx, records, g.objective, g.lineage.fresh, at, now); err != nil {
			return err
		}
		if err := g.open(ctx, series{records, g.lineage.series}, at); err != nil {
			return fmt.Errorf("read stored slices: %w", err)
		}
	}
	return g.book.Advance(at)
}

// open reads what is on record and continues from there.
func (g *gauge) open(ctx context.Context, store Store, at time.Time) error {
	oldest, newest, err := store.Extent(ctx, g.objective.Name)
	if err != nil {
		return err
	}
	config, span, begin := g.config(at), g.span(), g.start(at)
	step := g.objective.Step()
	if !oldest.IsZero() { // the first time slice that is on record as a whole
		config.Since = budget.Floor(oldest.Add(step-g.objective.Slice), step)
	}
	book := budget.NewAccount(config, g.exemption)
	if oldest.IsZero() {
		g.book, g.next = book, latest(begin, at.Add(-span))
		g.oldest = g.next
		g.late.begin(g.next)
		return nil
	}
	begin = latest(begin, config.Since)
	for from := begin; from.Before(at) && !from.After(newest); from = from.Add(span) {
		to := earliest(from.Add(span), at) // a time slice that is not over stays out
		kept, err := store.Slices(ctx, g.objective.Name, from, to)
		if err == nil {
			err = book.Put(from, to, kept)
		}
		if err != nil {
			return err
		}
	}
	g.book, g.next = book, earliest(at, budget.Floor(newest.Add(g.objective.Slice), step))
	g.oldest = earliest(begin, g.next)
	return g.late.resume(ctx, store, g.objective, g.next)
}

// fresh is the slices that have ended since the last time: one in the rule,
// many after an outage, and then at most a chunk a tick. Those before them
// that may have changed are asked for with them.
func (g *gauge) fresh(at time.Time) *wish {
	if !g.next.Before(at) {
		return nil
	}
	ask := sli.Ask{Objective: g.objective, From: g.again(at), To: earliest(g.next.Add(g.span()), at)}
	return &wish{g, g.book, ask, "ask " + g.objective.Indicator.Source, func(fresh []sli.Slice) error {
		return g.take(fresh, ask, at)
	}}
}

// older is one more chunk of history, until the longest window is full.
func (g *gauge) older(at time.Time) *wish {
	begin := g.start(at)
	if !g.oldest.After(begin) || g.next.Before(at) {
		return nil
	}
	ask := sli.Ask{Objective: g.objective, From: latest(begin, g.oldest.Add(-g.span())), To: g.oldest}
	return &wish{g, g.book, ask, "ask " + g.objective.Indicator.Source + " for history", func(older []sli.Slice) error {
		if !ask.From.Before(g.oldest) { // counted meanwhile, with late samples
			return nil
		}
		older = observed(older[:min(len(older), int(g.oldest.Sub(ask.From)/g.objective.Slice))])
		if err := g.book.Prepend(ask.From, g.oldest, older); err != nil {
			return err
		}
		g.oldest = ask.From
		g.unkept = append(g.unkept, older...)
		return nil
	}}
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
		if err := g.book.Leave(r, gone); err != nil {
			return err
		}
	}
	return nil
}

// state is where the budget stands; without a book nothing is known.
func (g *gauge) state(now time.Time) budget.State {
	if g.book != nil {
		s := g.late.tell(g.book.State(), g.next)
		s.Pending = g.pending
		return recounted(s, g.recounts())
	}
	return budget.NewAccount(g.config(g.at(now)), g.exemption).State()
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

package loop

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A BacktestConfig says what to run over which history.
type BacktestConfig struct {
	Set     *slo.Set
	History *History  // what happened; several backtests may share one
	Records Records   // an empty ledger of its own
	Mode    slo.Mode  // what every loop is taken to run in; "" = act
	From    time.Time // ticks fall in [From, To)
	To      time.Time
	Every   time.Duration // between two ticks; 0 = as Run has it
}

// A Backtest runs the loops of a set over history: Tick itself, at past
// instants, with a ledger in memory and an actuator in memory for each that
// is declared, which begins at rest.
//
// History does not react to what a backtest does. It tells what the loops
// would have done had they seen what was seen, not what would have become of
// the budget: the burn after a move is the burn that there was without it.
type Backtest struct {
	loop   *Loop
	scorer *Scorer
	next   time.Time
	to     time.Time
	every  time.Duration
}

// NewBacktest prepares a backtest; nothing is asked of the history yet.
func NewBacktest(cfg BacktestConfig) (*Backtest, error) {
	if !cfg.From.Before(cfg.To) {
		return nil, fmt.Errorf("prepare backtest: it ends at %s, before it begins", cfg.To.UTC().Format(time.RFC3339))
	}
	set := inMode(cfg.Set, cfg.Mode)
	acts := map[string]Actuator{}
	for _, a := range set.Actuators {
		acts[a.Name] = &dial{value: a.Rest}
	}
	p := &past{Records: cfg.Records, history: cfg.History, gauges: map[string]*gauge{}}
	l, err := New(Config{Set: set, Source: cfg.History, Records: p, Actuators: acts, Every: cfg.Every})
	if err != nil {
		return nil, err
	}
	every, first := l.Every(), l.Next(cfg.From.Add(-1))
	p.first = first
	for _, g := range l.gauges {
		p.gauges[g.objective.Name] = g
		cfg.History.remember(g.longest + g.objective.Step())
	}
	return &Backtest{loop: l, scorer: NewScorer(set, every), next: first, to: cfg.To, every: every}, nil
}

// RunBacktests runs backtests side by side, the one that is furthest behind
// first, so that those with a common history ask for it once. It returns at
// the first error, or when ctx ends; their trials are good up to there.
// onTick, which may be nil, gets each report with the index of its backtest.
func RunBacktests(ctx context.Context, onTick func(int, Report), all ...*Backtest) error {
	for {
		behind := -1
		for i, b := range all {
			if b.next.Before(b.to) && (behind < 0 || b.next.Before(all[behind].next)) {
				behind = i
			}
		}
		if behind < 0 {
			return nil
		}
		r, err := all[behind].step(ctx)
		if err != nil {
			return err
		}
		if onTick != nil {
			onTick(behind, r)
		}
	}
}

// Next is when the next tick is due. At To or later the backtest is over.
func (b *Backtest) Next() time.Time { return b.next }

// Every is the time between two ticks.
func (b *Backtest) Every() time.Duration { return b.every }

// Trial is how the loops did up to the last tick.
func (b *Backtest) Trial() Trial { return b.scorer.Trial() }

// step ticks once. In a live loop an error is weather; here, with everything
// in memory, it means that history could not be read, and a result that
// passed over it would be a lie.
func (b *Backtest) step(ctx context.Context) (Report, error) {
	r := b.loop.Tick(ctx, b.next)
	if err := errors.Join(ctx.Err(), errors.Join(r.Errs...)); err != nil {
		return r, fmt.Errorf("backtest at %s: %w", b.next.UTC().Format(time.RFC3339), err)
	}
	b.scorer.Take(r)
	b.next = b.next.Add(b.every)
	return r, nil
}

// Every is the time between two ticks of Run.
func (l *Loop) Every() time.Duration { return l.cfg.every() }

// Next is the first instant after another at which Run ticks.
func (l *Loop) Next(after time.Time) time.Time {
	every := l.Every()
	shift := l.settling() % every
	return after.Add(-shift).Truncate(every).Add(every + shift)
}

// inMode is a copy of the set with every loop in one mode, as if it were
// trusted to be in it.
func inMode(set *slo.Set, mode slo.Mode) *slo.Set {
	if mode == "" {
		mode = slo.Act
	}
	out := *set
	out.Loops, out.SLAs = slices.Clone(set.Loops), nil // no loop looks at SLAs
	for i := range out.Loops {
		out.Loops[i].Mode = mode
		if out.Loops[i].Promotion.Declared() {
			out.Loops[i].Promotion = slo.Promotion{}
		}
	}
	return &out
}

// past is a ledger in which the slices before the first tick are on record,
// as after a restart; it has them from the history and keeps none itself.
type past struct {
	Records
	history *History
	gauges  map[string]*gauge // :: objective → what measures it
	first   time.Time         // tick
}

// Keep does nothing: the history has all slices.
func (p *past) Keep(context.Context, ...Counted) error { return nil }

// Tidy does nothing either.
func (p *past) Tidy(context.Context, Tidying) error { return nil }

// Slices returns what was observed in each stretch.
func (p *past) Slices(ctx context.Context, asks ...Stretch) ([][]sli.Slice, error) {
	out := make([][]sli.Slice, len(asks))
	for i, a := range asks {
		g, known := p.gauges[a.Objective]
		if !known {
			return nil, fmt.Errorf("read slices: there is no objective %q", a.Objective)
		}
		all, err := p.history.Counts(ctx, *g.objective, a.From, a.To)
		if err != nil {
			return nil, err
		}
		out[i] = observed(all)
	}
	return out, nil
}

// Sums adds up what was observed, a chunk at a time.
func (p *past) Sums(ctx context.Context, asks ...Stretch) ([]Total, error) {
	out := make([]Total, len(asks))
	for i, a := range asks {
		for at := a.From; at.Before(a.To); {
			end := earliest(at.Add(24*time.Hour), a.To)
			some, err := slicesOf(ctx, p, Stretch{a.Objective, at, end})
			if err != nil {
				return nil, err
			}
			for _, s := range some {
				out[i].Add(s)
			}
			at = end
		}
	}
	return out, nil
}

// Extents is the stretch that the longest window looks back over from the
// first tick, as far as something was observed in it; the first tick measures
// the last of its slices.
func (p *past) Extents(ctx context.Context, objectives ...string) ([]Extent, error) {
	out := make([]Extent, len(objectives))
	for i, name := range objectives {
		g, known := p.gauges[name]
		if !known {
			return nil, fmt.Errorf("read extent: there is no objective %q", name)
		}
		end := g.at(p.first)
		for from := g.start(end); from.Before(end) && out[i].Oldest.IsZero(); from = from.Add(g.span()) {
			seen, err := slicesOf(ctx, p, Stretch{name, from, earliest(from.Add(g.span()), end)})
			if err != nil {
				return nil, err
			}
			if len(seen) > 0 {
				out[i] = Extent{seen[0].Start, end.Add(-g.objective.Step() - g.objective.Slice)}
			}
		}
	}
	return out, nil
}

// A dial is an actuator in memory.
type dial struct {
	value float64
	epoch int64
}

// Read returns the setting.
func (d *dial) Read(context.Context) (float64, error) { return d.value, nil }

// Apply sets it, unless a newer leader has.
func (d *dial) Apply(_ context.Context, m Move) error {
	if m.Epoch < d.epoch {
		return ErrDeposed
	}
	d.value, d.epoch = m.Setting, m.Epoch
	return nil
}

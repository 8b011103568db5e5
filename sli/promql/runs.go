package promql

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A measurement is a query whose samples are read: raw ones, where it is a
// selector, or those of an expression on a grid.
type measurement struct {
	query    string
	selector string // canonical; empty: it is an expression
}

// readRuns reads an indicator of the runs of jobs: when they started, and when
// they succeeded.
func readRuns(i slo.Indicator) (*indicator, error) {
	q := &indicator{kind: i.Kind, judged: &i}
	for _, query := range []string{i.Started, i.Query} {
		selector, err := slo.Samples(query)
		if err != nil {
			return nil, fmt.Errorf("read indicator %s: %w", i.Name, err)
		}
		q.runs = append(q.runs, measurement{query, selector})
	}
	return q, nil
}

// evaluated reports whether any sample of the indicator is one on a grid.
func (q *indicator) evaluated() bool {
	for _, m := range q.runs {
		if m.selector == "" {
			return true
		}
	}
	return q.query != ""
}

// runsOf finds the timestamps of members, each by itself: what is looked back
// at differs.
func (s *source) runsOf(ctx context.Context, c sli.Cut, members []*member) []*counting {
	all := make([]*counting, len(members))
	var group errgroup.Group
	group.SetLimit(cap(s.slots))
	for i, m := range members {
		all[i] = &counting{member: m}
		group.Go(func() error {
			all[i].part, all[i].total, all[i].err = s.timestamps(ctx, c, m.indicator)
			return nil
		})
	}
	_ = group.Wait() // the errors are with the members
	return all
}

// timestamps asks for those of a chunk and, where a job was not seen right
// before it, for those back to the horizon.
func (s *source) timestamps(ctx context.Context, c sli.Cut, q *indicator) (starts, successes []sli.Series, err error) {
	span := window{from: c.From.Add(-c.Before() - c.Lookback()), to: c.To}
	starts, successes, err = s.both(ctx, c, q, span)
	if err != nil || !c.RunsBefore(starts, successes) {
		return starts, successes, err
	}
	from, piece := c.Horizon(c.From).Add(-c.Lookback()), history
	if q.evaluated() {
		piece = min(history, mostInstants*s.grid(c.Slice))
	}
	for to := span.from; to.After(from); to = to.Add(-piece) {
		older := window{from: to.Add(-piece), to: to}
		if older.from.Before(from) {
			older.from = from
		}
		a, b, err := s.both(ctx, c, q, older)
		if err != nil {
			return nil, nil, err
		}
		starts, successes = join(a, starts, c.Pairs), join(b, successes, c.Pairs)
	}
	return starts, successes, nil
}

// History is asked for in pieces: so long, and of so many instants at most.
// Prometheus refuses range queries of more than 11,000.
const (
	history      = 12 * time.Hour
	mostInstants = 10_000
)

// both asks for the samples of both measurements in a window.
func (s *source) both(ctx context.Context, c sli.Cut, q *indicator, span window) (starts, successes []sli.Series, err error) {
	starts, was := s.samples(ctx, c, q.runs[0], span)
	if was.err == nil {
		successes, was = s.samples(ctx, c, q.runs[1], span)
	}
	return starts, successes, was.err
}

// samples asks for the samples of a measurement in a window.
func (s *source) samples(ctx context.Context, c sli.Cut, m measurement, span window) ([]sli.Series, size) {
	ask, g := s.about(c, m, span)
	r := &reading{}
	err := s.ask(ctx, ask, g, span.to, func(body io.Reader) error {
		r = &reading{kind: matrix, window: span, roster: newRoster(index{}, s.pairs)}
		return r.read(body, s.cfg.AllowPartial)
	})
	s.pairs.inOrder(r.kept)
	return seriesOf(r.kept), size{r.seen, r.bytes, err}
}

// about is the question for the samples of a measurement in a window.
func (s *source) about(c sli.Cut, m measurement, span window) (question, grid) {
	if m.selector == "" {
		return evaluated(m.query), gridIn(span, s.grid(c.Slice))
	}
	return span.allOf(m.selector), grid{}
}

// tellRuns plans the questions about runs, and asks each.
func (s *source) tellRuns(ctx context.Context, c sli.Cut, members []*member) (all []Query) {
	span := window{from: c.From.Add(-c.Before() - c.Lookback()), to: c.To}
	for _, k := range members {
		for _, m := range k.runs {
			_, was := s.samples(ctx, c, m, span)
			ask, g := s.about(c, m, span)
			mode := ModeRaw
			if m.selector == "" {
				mode = ModeGrid
			}
			all = append(all, s.tell(mode, ask(s.fresh(c.To)), g, c, was, []string{k.ask.Objective.Name}))
		}
	}
	return all
}

// join puts older samples before those of the same series; with pairs of
// scrapers they are one more copy.
func join(older, all []sli.Series, pairs bool) []sli.Series {
	if pairs {
		return slices.Concat(older, all)
	}
	at := make(map[string]int, len(all))
	for i, s := range all {
		at[s.ID] = i
	}
	for _, s := range older {
		if i, ok := at[s.ID]; ok {
			all[i].Samples = append(s.Samples, all[i].Samples...)
			continue
		}
		all = append(all, s)
	}
	return all
}

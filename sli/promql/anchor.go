package promql

import (
	"cmp"
	"context"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"setpoint.dev/setpoint/sli"
)

// few series of an indicator in question are asked about by their labels; for
// more it is cheaper to ask about the whole indicator.
const few = 20

// anchor adds to the series, as samples at the beginning of the lookback, what
// those in question were at before it.
func (s *source) anchor(ctx context.Context, c sli.Cut, all []*counting) {
	span := window{from: c.Horizon(c.From), to: c.From.Add(-c.Lookback())}
	if span.to.Sub(span.from) < 2*time.Millisecond {
		return
	}
	var named, whole []*counting
	for _, k := range all {
		switch {
		case k.err != nil || k.missing.None():
		case k.missing.All || len(k.missing.IDs) > few || slices.ContainsFunc(k.missing.IDs, quoted):
			whole = append(whole, k)
		default:
			named = append(named, k)
		}
	}
	if len(named) > 0 {
		s.anchorNamed(ctx, span, named)
	}
	if len(whole) > 0 {
		s.anchorWhole(ctx, span, whole)
	}
}

// anchorWhole asks about all series of some indicators.
func (s *source) anchorWhole(ctx context.Context, span window, all []*counting) {
	var indicators []*indicator
	for _, k := range all {
		indicators = append(indicators, k.indicator)
	}
	p := newPlan(indicators, s.pairs, limit{text: longestQuery, bytes: math.MaxInt64})
	f := fetch{source: s, plan: p, kind: vector, window: span}
	got := f.all(ctx)
	for i, k := range all {
		part, total, err := p.seriesOf(got, i)
		k.part, k.total, k.err = before(k.part, part, true), before(k.total, total, true), err
	}
}

// before puts found samples before those of the same series; with others it
// adds series that were not there.
func before(all, found []sli.Series, others bool) []sli.Series {
	earlier := highest(found)
	all = slices.Clone(all) // other indicators have the same
	there := make(map[string]bool, len(all))
	for i, s := range all {
		there[s.ID] = true
		if b, ok := earlier[s.ID]; ok {
			all[i].Samples = slices.Concat(b.Samples, s.Samples)
			all[i].Histograms = slices.Concat(b.Histograms, s.Histograms)
		}
	}
	for _, s := range found {
		if others && !there[s.ID] {
			all = append(all, s)
		}
	}
	return all
}

// anchorNamed asks about single series of many indicators.
func (s *source) anchorNamed(ctx context.Context, span window, all []*counting) {
	var ids []string
	for _, k := range all {
		ids = append(ids, k.missing.IDs...)
	}
	found := s.lookUp(ctx, span, ids)
	var again []*counting
	for _, k := range all {
		var some []sli.Series
		for _, id := range k.missing.IDs {
			got := found[id]
			if k.err = cmp.Or(k.err, got.err); got.series.ID != "" {
				some = append(some, got.series)
			}
		}
		if k.err == nil && k.respelt(some) {
			again = append(again, k)
		}
		k.part, k.total = before(k.part, some, false), before(k.total, some, false)
	}
	if len(again) > 0 {
		s.anchorWhole(ctx, span, again)
	}
}

// lookedUp is what became of looking for a series.
type lookedUp struct {
	series sli.Series
	err    error
}

// lookUp asks what series were at last, many in one question.
func (s *source) lookUp(ctx context.Context, span window, ids []string) map[string]lookedUp {
	var mu sync.Mutex
	found := map[string]lookedUp{}
	spare := spareQuestions
	var ask func(ids []string)
	ask = func(ids []string) {
		kept, err := s.last(ctx, span, ids)
		mu.Lock()
		if err != nil && len(ids) > 1 && divisible(err) && spare > 0 {
			spare -= 2
			mu.Unlock()
			ask(ids[:len(ids)/2])
			ask(ids[len(ids)/2:])
			return
		}
		defer mu.Unlock()
		for _, id := range ids {
			found[id] = lookedUp{err: err}
		}
		for id, one := range highest(seriesOf(kept)) {
			found[id] = lookedUp{series: one}
		}
	}
	var group errgroup.Group
	group.SetLimit(cap(s.slots))
	for _, some := range byName(ids) {
		group.Go(func() error { ask(some); return nil })
	}
	_ = group.Wait() // the errors are with the series
	return found
}

// last asks for the last sample in a window of each series.
func (s *source) last(ctx context.Context, span window, ids []string) (kept []held, err error) {
	err = s.ask(ctx, span.lastOf(ids), grid{}, span.to, func(body io.Reader) error {
		r := &reading{kind: vector, window: span, roster: newRoster(index{}, s.pairs), histograms: true}
		err := r.read(body, s.cfg.AllowPartial)
		kept = r.kept
		return err
	})
	return kept, err
}

// byName lists the series that are asked about in one question: of one metric
// name, because "or" takes series of equal labels but unequal names for the
// same, and as many as a query has room for.
func byName(ids []string) (questions [][]string) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	last, room := "", 0
	for i, id := range slices.Compact(ids) {
		name, _, _ := strings.Cut(id, "{")
		length := len(id) + len("last_over_time([172800000ms]) or ") + len(`,setpoint_slice!="1767225660"`)
		if room -= length; i == 0 || name != last || room < 0 {
			questions, room = append(questions, nil), longestQuery-length
		}
		last = name
		questions[len(questions)-1] = append(questions[len(questions)-1], id)
	}
	return questions
}

package promql

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"golang.org/x/sync/errgroup"

	"setpoint.dev/setpoint/sli"
)

// answers are the series that each selector found.
type answers map[string][]sli.Series

// of returns the series of some selectors.
func (a answers) of(selectors []string) (all []sli.Series) {
	for _, s := range selectors {
		all = append(all, a[s]...)
	}
	return all
}

// fetch asks for the raw samples of a chunk and its lookback.
func (s *source) fetch(ctx context.Context, q indicator, c sli.Cut) (answers, error) {
	span := window{from: c.From.Add(-c.Lookback()), to: c.To}
	return s.each(ctx, slices.Concat(q.part, q.total), func(ctx context.Context, selector string) (found []sli.Series, err error) {
		err = s.ask(ctx, selector+span.brackets(), span.to, func(v model.Value) error {
			found, err = readMatrix(v, span)
			return err
		})
		return found, err
	})
}

// each asks about all selectors, each once, side by side.
func (s *source) each(ctx context.Context, selectors []string, ask func(context.Context, string) ([]sli.Series, error)) (answers, error) {
	slices.Sort(selectors)
	selectors = slices.Compact(selectors)
	found := make([][]sli.Series, len(selectors))
	group, ctx := errgroup.WithContext(ctx)
	for i, selector := range selectors {
		group.Go(func() (err error) {
			found[i], err = ask(ctx, selector)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	all := answers{}
	for i, selector := range selectors {
		all[selector] = found[i]
	}
	return all, nil
}

// few series in question are asked about one by one; for more it is cheaper
// to ask about the whole indicator.
const few = 20

// anchor adds to got, as samples at the beginning of the lookback, what the
// series in question were at before it.
func (s *source) anchor(ctx context.Context, got answers, c sli.Cut, m sli.Missing) error {
	span := window{from: c.Horizon(c.From), to: c.From.Add(-c.Lookback())}
	if span.to.Sub(span.from) < 2*time.Millisecond {
		return nil
	}
	about := anchorQueries(got, m, span)
	found, err := s.each(ctx, slices.Collect(maps.Keys(about)), func(ctx context.Context, query string) (found []sli.Series, err error) {
		err = s.ask(ctx, query, span.to, func(v model.Value) error {
			found, err = readVector(v, span.to)
			return err
		})
		return found, err
	})
	if err != nil {
		return err
	}
	for query, selector := range about {
		got.prepend(found[query], selector)
	}
	return nil
}

// anchorQueries returns queries, each with the selector whose series it is
// about, or with "" when it is about certain series.
func anchorQueries(got answers, m sli.Missing, span window) map[string]string {
	about := map[string]string{}
	if narrow, ok := narrowed(m.IDs, span); ok && !m.All {
		for _, query := range narrow {
			about[query] = ""
		}
		return about
	}
	for selector := range got {
		about[span.lastOf(selector)] = selector
	}
	return about
}

// narrowed returns queries about a few series by ID: one for each metric name,
// because "or" ignores names. It is not ok for many series, nor for names that
// only newer backends can be asked about.
func narrowed(ids []string, span window) (queries []string, ok bool) {
	if len(ids) > few {
		return nil, false
	}
	byName := map[string][]string{}
	for _, id := range ids {
		if quoted(id) {
			return nil, false
		}
		name, _, _ := strings.Cut(id, "{")
		byName[name] = append(byName[name], span.lastOf(id))
	}
	for _, last := range byName {
		slices.Sort(last)
		queries = append(queries, strings.Join(slices.Compact(last), " or "))
	}
	return queries, true
}

// prepend puts samples before those of the same series. What a selector found
// earlier and no more is added to its series; with "" for the selector, all
// series of that ID get the sample.
func (a answers) prepend(anchors []sli.Series, about string) {
	byID := map[string][]sli.Sample{}
	for _, s := range anchors {
		byID[s.ID] = s.Samples
	}
	for selector, all := range a {
		if about != "" && about != selector {
			continue
		}
		known := map[string]bool{}
		for i, s := range all {
			known[s.ID] = true
			if before, ok := byID[s.ID]; ok {
				all[i].Samples = slices.Concat(before, s.Samples)
			}
		}
		for _, s := range anchors {
			if about != "" && !known[s.ID] {
				a[selector] = append(a[selector], s)
			}
		}
	}
}

// A window is the time (from, to].
type window struct{ from, to time.Time }

// brackets is the window as the range of a selector, evaluated at to.
func (w window) brackets() string { return fmt.Sprintf("[%dms]", w.to.Sub(w.from).Milliseconds()) }

// lastOf is a query for the last values in the window, evaluated at to. Its
// times cannot be checked, so the range begins 1 ms late: closed, it is just
// the window; left-open, it lacks its first ms (and not the round instant
// before, at which samples are likelier).
func (w window) lastOf(selector string) string {
	w.from = w.from.Add(time.Millisecond)
	return "last_over_time(" + selector + w.brackets() + ")"
}

package promql

import (
	"context"
	"fmt"
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

// fetch asks for the raw samples of a chunk and its lookback, once for each
// selector.
func (s *source) fetch(ctx context.Context, q indicator, c sli.Cut) (answers, error) {
	span := window{from: c.From.Add(-c.Lookback()), to: c.To}
	selectors := slices.Concat(q.part, q.total)
	slices.Sort(selectors)
	selectors = slices.Compact(selectors)
	found, err := each(ctx, selectors, func(ctx context.Context, selector string) (found []sli.Series, err error) {
		err = s.ask(ctx, span.allOf(selector), grid{}, span.to, func(v model.Value) error {
			found, err = readMatrix(v, span)
			return err
		})
		return found, err
	})
	got := answers{}
	for i := range found {
		got[selectors[i]] = found[i]
	}
	return got, err
}

// each asks about all items side by side and returns what was found about
// each.
func each[T any](ctx context.Context, items []T, ask func(context.Context, T) ([]sli.Series, error)) ([][]sli.Series, error) {
	found := make([][]sli.Series, len(items))
	group, ctx := errgroup.WithContext(ctx)
	for i, item := range items {
		group.Go(func() (err error) {
			found[i], err = ask(ctx, item)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return found, nil
}

// A window is the time (from, to].
type window struct{ from, to time.Time }

// allOf asks for all samples in the window, evaluated at to.
func (w window) allOf(selector string) question {
	return func(matcher string) string { return matching(selector, matcher) + w.brackets() }
}

// lastOf asks for the last value in the window of each series of some
// selectors, evaluated at to. Times of these values are not known, so the range
// begins 1 ms late: closed, it is just the window; left-open, it lacks the
// window's first ms (but not the round instant before it, at which samples are
// likelier, and which is outside).
func (w window) lastOf(selectors []string) question {
	w.from = w.from.Add(time.Millisecond)
	return func(matcher string) string {
		var calls []string
		for _, selector := range selectors {
			calls = append(calls, "last_over_time("+matching(selector, matcher)+w.brackets()+")")
		}
		return strings.Join(calls, " or ")
	}
}

// brackets is the window as the range of a selector.
func (w window) brackets() string { return fmt.Sprintf("[%dms]", w.to.Sub(w.from).Milliseconds()) }

// matching is a canonical selector with one more matcher, if there is one.
func matching(selector, matcher string) string {
	rest, braced := strings.CutSuffix(selector, "}")
	switch {
	case matcher == "":
		return selector
	case !braced:
		return selector + "{" + matcher + "}"
	case strings.HasSuffix(rest, "{"):
		return rest + matcher + "}"
	}
	return rest + "," + matcher + "}"
}

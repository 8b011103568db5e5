package promql

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"setpoint.dev/setpoint/sli"
)

// few series in question are asked about one by one; for more it is cheaper
// to ask about the whole indicator.
const few = 20

// A lookup asks what series were at before the lookback.
type lookup struct {
	selectors []string // asked about in one query
	whole     bool     // they are one selector of the indicator, so that series found are among its series
}

// anchor adds to got, as samples at the beginning of the lookback, what the
// series in question were at before it.
func (s *source) anchor(ctx context.Context, got answers, c sli.Cut, m sli.Missing) error {
	span := window{from: c.Horizon(c.From), to: c.From.Add(-c.Lookback())}
	if span.to.Sub(span.from) < 2*time.Millisecond {
		return nil
	}
	lookups := lookupsFor(got, m)
	found, err := each(ctx, lookups, func(ctx context.Context, l lookup) (found []sli.Series, err error) {
		err = s.ask(ctx, span.lastOf(l.selectors), grid{}, span.to, func(v model.Value) error {
			found, err = readVector(v, span.to)
			return err
		})
		return found, err
	})
	for i, found := range found {
		got.prepend(lookups[i], found)
	}
	return err
}

// lookupsFor picks what to ask: about a few series each by its labels, or about
// the whole indicator.
func lookupsFor(got answers, m sli.Missing) (lookups []lookup) {
	if !m.All && len(m.IDs) <= few && !slices.ContainsFunc(m.IDs, quoted) {
		return byName(m.IDs)
	}
	for selector := range got {
		lookups = append(lookups, lookup{selectors: []string{selector}, whole: true})
	}
	return lookups
}

// byName makes one lookup for each metric name: a query joins its selectors by
// "or", which takes series of equal labels but unequal names for the same.
func byName(ids []string) (lookups []lookup) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	last := ""
	for i, id := range slices.Compact(ids) {
		name, _, _ := strings.Cut(id, "{")
		if i == 0 || name != last {
			lookups = append(lookups, lookup{})
		}
		last = name
		l := &lookups[len(lookups)-1]
		l.selectors = append(l.selectors, id)
	}
	return lookups
}

// prepend puts found samples before those of the same series. Series that only
// the lookup found are added where it was about a whole selector.
func (a answers) prepend(l lookup, found []sli.Series) {
	before := make(map[string][]sli.Sample, len(found))
	for _, s := range found {
		before[s.ID] = s.Samples
	}
	for selector, all := range a {
		if l.whole && selector != l.selectors[0] {
			continue
		}
		known := make(map[string]bool, len(all))
		for i, s := range all {
			known[s.ID] = true
			if b, ok := before[s.ID]; ok {
				all[i].Samples = slices.Concat(b, s.Samples)
			}
		}
		for _, s := range found {
			if l.whole && !known[s.ID] {
				a[selector] = append(a[selector], s)
			}
		}
	}
}

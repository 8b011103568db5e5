package loop

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"setpoint.dev/setpoint/slo"
)

// A Finder finds groups. Groups returns those that the series of a grouping's
// indicator are in at an instant.
type Finder interface {
	Groups(ctx context.Context, g slo.Grouping, at time.Time) ([]slo.Group, error)
}

// A Census knows which groups there are: those that were seen within the
// window of their objective. A group that is gone has no data from then on,
// and leaves when nothing of it is in the window any more. It keeps nothing: a
// new one looks back over the window. It is not safe for concurrent use.
type Census struct {
	known map[string]*register // :: objective
}

// mostResidents bounds the groups that are known of one objective, kept or not.
const mostResidents = 20_000

// A register is the groups of one objective.
type register struct {
	grouping slo.Grouping
	looked   bool // back over the window
	groups   map[string]*resident
	err      error
}

type resident struct {
	group       slo.Group
	first, last time.Time // seen
}

// Look brings the census up to now: it asks which groups there are, and of
// groupings that are new or another than before also which there were. What
// cannot be found out is told by Problems; what was known stays known.
func (c *Census) Look(ctx context.Context, find Finder, set *slo.Set, now time.Time) {
	known := map[string]*register{}
	for _, g := range set.Groupings {
		r := c.known[g.Objective]
		if r == nil || !alikeGroups(r.grouping, g) {
			r = &register{groups: map[string]*resident{}}
		}
		r.grouping = g
		r.look(ctx, find, settledAt(set, g, now))
		known[g.Objective] = r
	}
	c.known = known
}

// alikeGroups reports whether two groupings have the same groups.
func alikeGroups(a, b slo.Grouping) bool {
	x, y := a.Each.Indicator, b.Each.Indicator
	x.Name, y.Name, x.Position, y.Position = "", "", slo.Position{}, slo.Position{}
	return slices.Equal(a.By, b.By) && reflect.DeepEqual(x, y) && a.Each.Window.Length == b.Each.Window.Length
}

// settledAt is the newest instant that a backend can be asked about.
func settledAt(set *slo.Set, g slo.Grouping, now time.Time) time.Time {
	delay := sourceOf(set, g.Each).Delay
	if delay == 0 {
		delay = settling
	}
	return now.Add(-delay).Truncate(time.Second)
}

// look asks about the past once, the newest first, and then about the present.
func (r *register) look(ctx context.Context, find Finder, at time.Time) {
	r.err = r.ask(ctx, find, at)
	if r.looked || r.err != nil {
		return
	}
	for _, ago := range lookBack(r.grouping.Each.Window.Longest()) {
		if err := r.ask(ctx, find, at.Add(-ago)); err != nil && ctx.Err() != nil {
			r.err = err
			return
		} // a past that cannot be asked about, or had no such label, has no groups
	}
	r.looked = true
}

// lookBack are the distances at which a window is looked back over: some forty,
// so that what was there for a thirtieth of it is seen, and of late what was
// there for an hour.
func lookBack(window time.Duration) (ago []time.Duration) {
	for d := time.Hour; d < window; {
		ago = append(ago, d)
		if d < 6*time.Hour {
			d += time.Hour
		} else {
			d += max(window/30, 6*time.Hour)
		}
	}
	return ago
}

func (r *register) ask(ctx context.Context, find Finder, at time.Time) error {
	groups, err := find.Groups(ctx, r.grouping, at)
	for _, g := range groups {
		if err != nil || !r.grouping.Fits(g) {
			continue
		}
		seen := r.groups[g.Key()]
		if seen == nil && len(r.groups) >= mostResidents {
			continue
		}
		if seen == nil {
			seen = &resident{group: g, first: at, last: at}
			r.groups[g.Key()] = seen
		}
		if at.Before(seen.first) {
			seen.first = at
		}
		if at.After(seen.last) {
			seen.last = at
		}
	}
	if err != nil {
		return fmt.Errorf("find groups of %s: %w", r.grouping.Objective, err)
	}
	return nil
}

// Groups are those of each objective that belong to a window that ends now,
// the oldest first: those are kept where there are too many.
func (c *Census) Groups(now time.Time) map[string][]slo.Group {
	out := map[string][]slo.Group{}
	for name, r := range c.known {
		for _, seen := range r.present(now) {
			out[name] = append(out[name], seen.group)
		}
	}
	return out
}

func (r *register) present(now time.Time) (out []*resident) {
	for key, seen := range r.groups {
		if now.Sub(seen.last) > r.grouping.Each.Window.Longest()+time.Hour {
			delete(r.groups, key)
			continue
		}
		out = append(out, seen)
	}
	slices.SortFunc(out, func(a, b *resident) int {
		if n := a.first.Compare(b.first); n != 0 {
			return n
		}
		return slices.Compare(a.group, b.group)
	})
	return out
}

// Err is why some groups could not be asked for; nil when all could.
func (c *Census) Err() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c.known)) {
		errs = append(errs, c.known[name].err)
	}
	return errors.Join(errs...)
}

// Problems are what people should know about the groups: what could not be
// asked, and objectives that have more groups than they keep.
func (c *Census) Problems() (errs []error) {
	for _, name := range slices.Sorted(maps.Keys(c.known)) {
		r := c.known[name]
		if r.err != nil {
			errs = append(errs, r.err)
		}
		if n, g := len(r.groups), r.grouping; n > g.Limit {
			errs = append(errs, fmt.Errorf("%s has %d groups and keeps %d of them: %d are not watched", g.Objective, n, g.Limit, n-g.Limit))
		}
	}
	return errs
}

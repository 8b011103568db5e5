package loop

import (
	"context"
	"time"

	"setpoint.dev/setpoint/sli"
)

// A Store remembers slices, so that a restart continues where it stopped. What
// is asked for together is answered together, in the same order.
type Store interface {
	// Keep writes slices of some objectives, all or none; a slice that is
	// there already is replaced, by the last one of several. It does not hold
	// on to them.
	Keep(ctx context.Context, all ...Counted) error
	// Slices returns the slices that start in each stretch, in order.
	Slices(ctx context.Context, asks ...Stretch) ([][]sli.Slice, error)
	// Sums returns the sums of what Slices returns, and reads less for it.
	Sums(ctx context.Context, asks ...Stretch) ([]Total, error)
}

// An Archive looks after what a Store has become over time.
type Archive interface {
	// Extents returns which slices of some objectives there are.
	Extents(ctx context.Context, objectives ...string) ([]Extent, error)
	// Tidy adds up what can be added up and drops what nobody needs any more. It
	// does so much at a time; what is left waits for the next call.
	Tidy(ctx context.Context, t Tidying) error
}

// Counted is slices of an objective, as counted.
type Counted struct {
	Objective string
	Slices    []sli.Slice
}

// A Stretch is the time [From, To) of an objective.
type Stretch struct {
	Objective string
	From, To  time.Time
}

// An Extent is the starts of the oldest and of the newest slice; both are zero
// when there is none.
type Extent struct{ Oldest, Newest time.Time }

// A Total is slices added up.
type Total struct {
	sli.Counts
	Newest time.Time          // start of the newest slice that was observed; zero = none was
	Flaws  map[sli.Flaw]int64 // slices with each flaw; nil = none
}

// Add adds a slice that is newer than those before it.
func (t *Total) Add(s sli.Slice) {
	t.Counts = t.Counts.Add(s.Counts)
	if s.Covered > 0 {
		t.Newest = s.Start
	}
	if s.Flaw != "" {
		t.Flaw(s.Flaw, 1)
	}
}

// Join adds another total.
func (t *Total) Join(u Total) {
	t.Counts = t.Counts.Add(u.Counts)
	if u.Newest.After(t.Newest) {
		t.Newest = u.Newest
	}
	for f, n := range u.Flaws {
		t.Flaw(f, n)
	}
}

// Flaw counts slices with a flaw.
func (t *Total) Flaw(f sli.Flaw, n int64) {
	if t.Flaws == nil {
		t.Flaws = map[sli.Flaw]int64{}
	}
	t.Flaws[f] += n
}

// A Tidying says what of a store is old.
type Tidying struct {
	Settled time.Time            // slices before are not expected to change; if they do, their sums are made anew
	Oldest  map[string]time.Time // :: objective → its slices of the days (UTC) before this one are dropped
	Others  time.Time            // the same for objectives that are not in Oldest; zero = nothing is dropped
}

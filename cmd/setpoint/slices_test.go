//go:build linux

package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/client"
)

// A slice is one that a ledger keeps.
type slice struct {
	Start     time.Time
	Good, Bad int64
	Covered   int64
	Flaw      string
}

func (v *server) slices() []slice {
	v.t.Helper()
	return rows[slice](v, `select start at time zone 'UTC', good, bad, covered, flaw from setpoint.slices order by start`)
}

// sameSlices compares what two ledgers keep. One may be a slice ahead.
func sameSlices(t *testing.T, a, b *server) {
	t.Helper()
	one, other := a.slices(), b.slices()
	n := min(len(one), len(other))
	if d := len(one) - len(other); d < -1 || d > 1 || n < 4 {
		t.Errorf("%d and %d slices are kept, want about the same and at least 4", len(one), len(other))
	}
	if diff := cmp.Diff(one[:n], other[:n]); diff != "" {
		t.Errorf("slices (-interrupted +uninterrupted):\n%s", diff)
	}
	complete(t, one)
}

// complete checks that slices follow each other and were observed whole, but
// for the first, in which the shop opened.
func complete(t *testing.T, all []slice) {
	t.Helper()
	for i, s := range all[1:] {
		if s.Start.Sub(all[i].Start) != 5*time.Second || s.Covered != 5000 || s.Flaw != "" {
			t.Errorf("slice %+v after %s, want the next one, observed for 5 s and without flaw", s, all[i].Start)
		}
	}
}

// sameBudgets compares the budgets that two servers state for one instant.
func sameBudgets(t *testing.T, a, b *server) {
	t.Helper()
	var one, other client.Objective
	within(t, 30*time.Second, "both servers have counted as far", func() bool {
		one, other = a.status().Objectives[0], b.status().Objectives[0]
		return one.At.Equal(other.At) && one.Newest.Equal(other.Newest)
	})
	if diff := cmp.Diff(one.Budget, other.Budget); diff != "" {
		t.Errorf("budgets (-interrupted +uninterrupted):\n%s", diff)
	}
	if one.Budget.Bad == 0 || one.Budget.Good == 0 {
		t.Errorf("the budget has %+v, want good and bad events", one.Budget)
	}
}

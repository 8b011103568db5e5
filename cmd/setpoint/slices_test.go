//go:build linux

package main

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
)

// slices are those that a ledger keeps, of all objectives.
func (v *server) slices() (all []sli.Slice) {
	v.t.Helper()
	l, err := ledger.Open(ledger.Config{DSN: v.address(v.t.Context()), Holder: "test"})
	must(v.t, err)
	defer l.Close()
	var asks []loop.Stretch
	for _, name := range rows[struct{ Name string }](v, `select name from setpoint.objectives order by id`) {
		asks = append(asks, loop.Stretch{Objective: name.Name, From: time.Now().Add(-72 * time.Hour), To: time.Now().Add(24 * time.Hour)})
	}
	lists, err := l.Slices(v.t.Context(), asks...)
	must(v.t, err)
	return slices.Concat(lists...)
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
func complete(t *testing.T, all []sli.Slice) {
	t.Helper()
	for i, s := range all[1:] {
		if s.Start.Sub(all[i].Start) != 5*time.Second || s.Covered != 5*time.Second || s.Flaw != "" {
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

package loop_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// A process that is gone in the middle of reading history leaves what it has
// read on record; the next one says how far that is, goes on from there, and
// ends where one that was not cut off does.
func TestHistoryIsReadOnAfterACrash(t *testing.T) {
	set, o := settleObjective(slo.Occurrences)
	set.Objectives[0].Window.Length = 4 * 24 * time.Hour
	k := &trickle{late: []lateness{{}}}
	records := ledger.NewMemory()
	begin := func(records *ledger.Memory) func(time.Time) budget.State {
		l, err := loop.New(loop.Config{Set: set, Source: loop.SourceFunc(k.count), Records: records})
		if err != nil {
			t.Fatal(err)
		}
		return func(now time.Time) budget.State {
			k.now = now
			r := l.Tick(context.Background(), now)
			if len(r.Errs) > 0 {
				t.Fatal(r.Errs)
			}
			return r.States[0]
		}
	}
	noon := time.Date(2026, 3, 9, 12, 0, 5, 0, time.UTC)
	var states []budget.State
	for i, tick := 0, begin(records); i < 9; i++ {
		if i == 3 {
			k.asked, tick = 0, begin(records) // nobody said good-bye to the one before
		}
		states = append(states, tick(noon.Add(time.Duration(i)*time.Minute)))
	}
	const chunk = 12 * time.Hour
	for i, back := range []time.Duration{2 * chunk, 3 * chunk, 4 * chunk, 5 * chunk, 6 * chunk, 7 * chunk, 0, 0, 0} {
		want := time.Time{}
		if back > 0 {
			want = noon.Truncate(time.Minute).Add(-back)
		}
		if got := states[i].ReadBack; !got.Equal(want) {
			t.Errorf("tick %d: history was read back to %s, want %s", i, got, want)
		}
	}
	if most := int(4*chunk/o.Slice) + 6*4; k.asked > most {
		t.Errorf("%d slices were asked for after the crash, want at most %d: what was missing, and the newest ones again", k.asked, most)
	}
	whole, want := begin(ledger.NewMemory()), budget.State{}
	for i := range 9 {
		want = whole(noon.Add(time.Duration(i) * time.Minute))
	}
	if diff := cmp.Diff(want, states[8], cmpopts.EquateComparable(slo.Decimal{}), cmpopts.IgnoreFields(budget.State{}, "Provisional")); diff != "" || states[8].Budget.Covered != 4*24*time.Hour {
		t.Errorf("(-whole +cut off)\n%s", diff)
	}
}

package loop_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A lateness says how much of a slice is late, and how late.
type lateness struct {
	all   bool
	after time.Duration
}

// A trickle is a backend whose samples arrive late: of each slice a part is
// there at once and a part after a while.
type trickle struct {
	now   time.Time
	down  bool
	late  []lateness // of the slices, in turn
	until time.Time  // from here on all is on time; zero = never
	asked int        // slices
}

func (k *trickle) count(_ context.Context, o slo.Objective, from, to time.Time) ([]sli.Slice, error) {
	if k.down {
		return nil, errors.New("down")
	}
	var out []sli.Slice
	for at := from; at.Before(to); at = at.Add(o.Slice) {
		k.asked++
		out = append(out, k.slice(at, o.Slice))
	}
	return out, nil
}

func (k *trickle) slice(at time.Time, length time.Duration) sli.Slice {
	s, late := sli.Slice{Start: at}, k.late[int(at.Unix()/60)%len(k.late)]
	if !k.until.IsZero() && !at.Before(k.until) {
		late = lateness{}
	}
	if !late.all {
		s.Counts = sli.Counts{Good: 100 * sli.Event, Bad: sli.Event, Covered: length / 2}
	}
	if !k.now.Before(at.Add(length + late.after)) {
		s.Counts = sli.Counts{Good: 150 * sli.Event, Bad: sli.Count(at.Unix()/60%7) * sli.Event, Covered: length}
	}
	return s
}

func settleObjective(method slo.Method) (*slo.Set, slo.Objective) {
	o := slo.Objective{
		Name: "late", Target: slo.NewDecimal(99, 2), Window: slo.Window{Length: 2 * time.Hour}, Slice: time.Minute,
		Method: method, Indicator: slo.Indicator{Source: "metrics"},
	}
	if method != slo.Occurrences {
		o.TimeSlice = slo.TimeSlice{Length: 5 * time.Minute, Target: slo.NewDecimal(99, 2)}
	}
	return &slo.Set{Objectives: []slo.Objective{o}}, o
}

// Whatever is late, whoever is down and whoever restarts meanwhile: once all
// slices are settled, the budget and the record are those of a loop that
// began when all had arrived.
func TestLateIsAsBackfilled(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		settle := time.Duration(rapid.IntRange(1, 30).Draw(t, "settle")) * time.Minute
		method := rapid.SampledFrom([]slo.Method{slo.Occurrences, slo.Timeslices}).Draw(t, "method")
		set, o := settleObjective(method)
		set.Sources = []slo.Source{{Name: "metrics", Settle: settle}}
		k := &trickle{}
		for range 11 {
			k.late = append(k.late, lateness{rapid.Bool().Draw(t, "all"), time.Duration(rapid.Int64Range(0, int64(settle)).Draw(t, "late"))})
		}
		records := &switched{Memory: ledger.NewMemory()}
		l := newLoop(t, set, k, records)
		now := start
		step := func(n int) (r loop.Report) {
			for range n {
				now = now.Add(time.Minute)
				k.now = now
				r = l.Tick(context.Background(), now.Add(5*time.Second))
			}
			return r
		}
		for range rapid.IntRange(1, 6).Draw(t, "turns") {
			step(rapid.IntRange(1, 40).Draw(t, "ticks"))
			switch rapid.SampledFrom([]string{"restart", "source", "ledger", "both", "gone"}).Draw(t, "what") {
			case "restart":
				l = newLoop(t, set, k, records)
			case "gone":
				now = now.Add(time.Duration(rapid.IntRange(1, 100).Draw(t, "gone")) * time.Minute)
				l = newLoop(t, set, k, records)
			case "source":
				k.down = true
			case "ledger":
				records.down = true
			case "both":
				k.down, records.down = true, true
			}
			step(rapid.IntRange(0, 30).Draw(t, "down"))
			k.down, records.down = false, false
		}
		k.until = now
		got := step(2*int(settle/time.Minute) + 20)
		if len(got.Errs) > 0 {
			t.Fatal(got.Errs)
		}
		fresh := &switched{Memory: ledger.NewMemory()}
		want := newLoop(t, set, k, fresh).Tick(context.Background(), now.Add(5*time.Second))
		if diff := cmp.Diff(settled(want.States[0]), settled(got.States[0]), cmp.AllowUnexported(slo.Decimal{})); diff != "" {
			t.Fatalf("state (-backfilled +live):\n%s", diff)
		}
		from, end := now.Add(-110*time.Minute), now.Add(-settle-10*time.Minute)
		if diff := cmp.Diff(kept(t, fresh, o, from, end), kept(t, records, o, from, end)); diff != "" {
			t.Fatalf("record (-backfilled +live):\n%s", diff)
		}
	})
}

// settled is a state without what only says how it came about.
func settled(s budget.State) budget.State {
	s.Provisional, s.Corrected, s.CorrectedAt, s.Since = time.Time{}, 0, time.Time{}, time.Time{}
	return s
}

func newLoop(t rapid.TB, set *slo.Set, k *trickle, records loop.Records) *loop.Loop {
	t.Helper()
	l, err := loop.New(loop.Config{Set: set, Source: loop.SourceFunc(k.count), Records: records})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func kept(t rapid.TB, s loop.Store, o slo.Objective, from, to time.Time) []sli.Slice {
	t.Helper()
	all, err := s.Slices(context.Background(), loop.Stretch{Objective: o.Name, From: from, To: to})
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

// A tick tells which slices may still change, and how many have.
func TestProvisional(t *testing.T) {
	set, _ := settleObjective(slo.Occurrences)
	k := &trickle{late: []lateness{{after: 90 * time.Second}}}
	l := newLoop(t, set, k, ledger.NewMemory())
	var got []budget.State
	for i := range 5 {
		k.now = start.Add(time.Duration(i) * time.Minute)
		got = append(got, l.Tick(t.Context(), k.now.Add(5*time.Second)).States[0])
	}
	for i, s := range got {
		if want := s.At.Add(-2 * time.Minute); !s.Provisional.Equal(want) {
			t.Errorf("tick %d at %s: provisional from %s, want %s", i, s.At, s.Provisional, want)
		}
		if want := int64(i); s.Corrected != want { // one slice a tick was not complete when it was read first
			t.Errorf("tick %d: %d corrections, want %d", i, s.Corrected, want)
		}
		if i > 0 && !s.CorrectedAt.Equal(s.At) {
			t.Errorf("tick %d: corrected at %s, want %s", i, s.CorrectedAt, s.At)
		}
	}
}

// Slices that are later than the book keeps at hand are corrected by what is
// on record, and a long time of settling costs few readings.
func TestVeryLate(t *testing.T) {
	set, o := settleObjective(slo.Occurrences)
	set.Objectives[0].Window.Length = 48 * time.Hour
	set.Sources = []slo.Source{{Name: "metrics", Settle: 20 * time.Hour}}
	k := &trickle{late: []lateness{{after: 19 * time.Hour}, {all: true, after: 15 * time.Hour}}}
	records := ledger.NewMemory()
	l := newLoop(t, set, k, records)
	var got loop.Report
	now := start
	tick := func(n int) {
		for range n {
			k.now = now
			if got = l.Tick(t.Context(), now.Add(5*time.Second)); len(got.Errs) > 0 {
				t.Fatal(got.Errs)
			}
			now = now.Add(time.Minute)
		}
	}
	tick(120)
	k.asked = 0
	tick(1200)
	if most := 1200 * (turns + 2); k.asked > most {
		t.Errorf("%d slices were asked for in 1200 ticks, want at most %d", k.asked, most)
	}
	k.until = now
	tick(26 * 60)
	want := newLoop(t, set, k, ledger.NewMemory())
	for range 10 { // fills the window
		want.Tick(t.Context(), now.Add(-55*time.Second))
	}
	state := want.Tick(t.Context(), now.Add(-55*time.Second)).States[0]
	if diff := cmp.Diff(settled(state), settled(got.States[0]), cmp.AllowUnexported(slo.Decimal{})); diff != "" {
		t.Errorf("state (-backfilled +live):\n%s", diff)
	}
	if got.States[0].Corrected < 1200 {
		t.Errorf("%d corrections, want one a slice", got.States[0].Corrected)
	}
	for _, s := range kept(t, records, o, now.Add(-40*time.Hour), now.Add(-21*time.Hour)) {
		if s.Good != 150*sli.Event {
			t.Fatalf("on record is %v, want what came late", s)
		}
	}
}

const turns = 8 // readings of a slice while it is provisional

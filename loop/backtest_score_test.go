package loop_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// TestTrialOfAStory scores a story whose rows are known from its scenario.
func TestTrialOfAStory(t *testing.T) {
	p, _ := readPast(t, "testdata/heals.txt")
	_, b := p.backtest(t, start, time.Hour, nil)
	trial := b.Trial()
	l := trial.Loops[0]
	var told []string
	for _, n := range append(l.First, l.Last...) {
		told = append(told, fmt.Sprintf("%s %g -> %g", n.Verb, n.From, n.To))
		if n.Words == "" || n.Decision == "" {
			t.Errorf("the note %v has no words or no decision", n)
		}
	}
	want := []string{"tighten 30 -> 8", "tighten 8 -> 2", "relax 2 -> 14", "relax 14 -> 26", "relax 26 -> 30"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("moves (-want +got):\n%s", diff)
	}
	got := fmt.Sprintln(l.Moves, l.Tightened, l.Reversals, l.OffRest, l.AtTight, l.Shown, l.Policy != "")
	if want := "5 2 0 1m5s 0s 30 s true\n"; got != want {
		t.Errorf("moves, tightened, reversals, off rest, at tight, final: got %s, want %s", got, want)
	}
	if l.Settling != 30*time.Second || l.Ticks != trial.Ticks || trial.Every != 5*time.Second {
		t.Errorf("settling %s, %d of %d ticks, every %s; want 30s, all, 5s", l.Settling, l.Ticks, trial.Ticks, trial.Every)
	}
}

// TestTrialOfABudget: 30 s of the story fail two thirds of 300 events a slice.
func TestTrialOfABudget(t *testing.T) {
	p, _ := readPast(t, "testdata/heals.txt")
	_, b := p.backtest(t, start, time.Hour, nil)
	o := b.Trial().Objectives[0]
	if o.Status != budget.Exhausted || o.Remaining >= 0 || o.Worst >= o.Remaining {
		t.Errorf("%s, %.2f left, at worst %.2f; want it exhausted and at worst less than at the end", o.Status, o.Remaining, o.Worst)
	}
	if want := start.Add(90 * time.Second); !o.WorstAt.Equal(want) {
		t.Errorf("worst at %s, want the end of the surge at %s", o.WorstAt, want)
	}
	if o.Unseen != 5*time.Second || o.Exhausted < 2*time.Minute {
		t.Errorf("unseen %s, exhausted %s; want the first tick, and more than two minutes", o.Unseen, o.Exhausted)
	}
}

// TestReversals: a move is a reversal when it goes the other way within three
// cooldowns of the one before.
func TestReversals(t *testing.T) {
	const T, R = loop.Tighten, loop.Relax
	set := &slo.Set{Loops: []slo.ControlLoop{{Name: "l", Actuator: "a", Cooldown: 10 * time.Second}}}
	for _, c := range []struct {
		name  string
		moves map[int]loop.Verb // :: second → verb
		want  int
	}{
		{"none", nil, 0},
		{"one move", map[int]loop.Verb{0: T}, 0},
		{"same way", map[int]loop.Verb{0: T, 5: T, 10: T}, 0},
		{"back in time", map[int]loop.Verb{0: T, 31: R}, 0},
		{"back too early", map[int]loop.Verb{0: T, 30: R}, 1},
		{"to and fro", map[int]loop.Verb{0: T, 10: R, 20: T, 30: R}, 3},
		{"counted from the last move", map[int]loop.Verb{0: T, 25: T, 40: R}, 1},
	} {
		s := loop.NewScorer(set, time.Second)
		for i := range 60 {
			at := start.Add(time.Duration(i) * time.Second)
			d := loop.Decision{Loop: "l", Verb: loop.Hold, Input: loop.Input{At: at}}
			if v, ok := c.moves[i]; ok {
				d.Verb = v
			}
			s.Take(loop.Report{At: at, Decisions: []loop.Decision{d}})
		}
		if l := s.Trial().Loops[0]; l.Reversals != c.want || l.Moves != len(c.moves) {
			t.Errorf("%s: %d reversals of %d moves, want %d of %d", c.name, l.Reversals, l.Moves, c.want, len(c.moves))
		}
	}
}

// TestReleases: of an hour, the freeze is tight for ten minutes and again for
// five, and for three the objective is out of sight.
func TestReleases(t *testing.T) {
	set := &slo.Set{
		Objectives: []slo.Objective{{Name: "o", Service: "shop"}},
		Actuators:  []slo.Actuator{{Name: "f", Service: "shop", Kind: slo.Freeze, Tight: 1}},
		Policies:   []slo.ReleasePolicy{{Name: "p", Service: "shop"}},
	}
	s := loop.NewScorer(set, time.Minute)
	for i := range 60 {
		frozen := 0.0
		if i >= 10 && i < 20 || i >= 40 && i < 45 {
			frozen = 1
		}
		status := budget.OK
		if i >= 50 && i < 53 {
			status = budget.NoData
		}
		s.Take(loop.Report{
			At:       start.Add(time.Duration(i) * time.Minute),
			States:   []budget.State{{Objective: "o", Service: "shop", Status: status, Remaining: 1}},
			Settings: []loop.Setting{{Actuator: "f", Value: frozen, Tight: 1}},
		})
	}
	r := s.Trial().Releases
	if len(r) != 1 {
		t.Fatalf("%d services are scored, want one", len(r))
	}
	got := fmt.Sprintln(r[0].Service, r[0].Policy, r[0].Denied, r[0].Held, r[0].Stretches, r[0].Longest, r[0].FirstAt.Sub(start), r[0].LastAt.Sub(start))
	if want := "shop p 15m0s 3m0s 3 10m0s 10m0s 50m0s\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if r[0].First == "" || r[0].Last == "" {
		t.Errorf("first %q, last %q; want both in words", r[0].First, r[0].Last)
	}
}

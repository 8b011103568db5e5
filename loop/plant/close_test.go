package plant_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop/plant"
	"setpoint.dev/setpoint/slo"
)

func definitions(t *testing.T) *slo.Set {
	t.Helper()
	text, err := os.ReadFile("testdata/shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set, problems := slo.Load([]slo.File{{Name: "shop.yaml", Data: text}}, nil)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return set
}

func closed(t *testing.T, cfg plant.Config) plant.Response {
	t.Helper()
	one, err := plant.Single(definitions(t), "")
	if err != nil {
		t.Fatal(err)
	}
	r, err := plant.Close(t.Context(), plant.Closed{Set: one, Records: ledger.NewMemory(), Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestTheLoopCloses: what it does changes what it sees, in every scenario.
// It reacts after a slice and the delay of its source, so it is not as safe as
// watermarks that are always tight; far safer than none, and more is done than
// under the safe timeout.
func TestTheLoopCloses(t *testing.T) {
	each(t, func(t *testing.T, cfg plant.Config) {
		off, safe, r := plant.Static(cfg, 0), plant.Static(cfg, 2*time.Second), closed(t, cfg)
		l := r.Trial.Loops[0]
		if r.Truth.BadShare() > off.BadShare()/5 || r.Truth.BadSeconds() > off.BadSeconds()/4 {
			t.Errorf("%.1f %% and %d s bad, off %.1f %% and %d s; want at most a fifth and a quarter", 100*r.Truth.BadShare(), r.Truth.BadSeconds(), 100*off.BadShare(), off.BadSeconds())
		}
		if r.Truth.UsefulSeconds < 1.1*safe.UsefulSeconds {
			t.Errorf("%.0f s of useful work, static 2 s gives %.0f; want 1.1 times as much", r.Truth.UsefulSeconds, safe.UsefulSeconds)
		}
		if l.Tightened == 0 || l.Moves == l.Tightened || l.Reversals > 0 || l.Final != 30 {
			t.Errorf("%d moves, %d of them tighten, %d reversals, %s at the end; want there and back to 30 s, no reversal", l.Moves, l.Tightened, l.Reversals, l.Shown)
		}
		if got := r.Truth.Recovered(90 * time.Second); got > 0 {
			t.Errorf("bad until %s after the fault", got)
		}
	})
}

// TestTheLoopBeatsTheOtherScenariosBest: in the hard one the best timeout of
// the easy one lets more customers down, in the easy one that of the hard one
// gets less done.
func TestTheLoopBeatsTheOtherScenariosBest(t *testing.T) {
	ladder := []time.Duration{10 * time.Second, 7 * time.Second, 5 * time.Second, 4 * time.Second, 3 * time.Second, 2 * time.Second, time.Second}
	easy, hard := surge(1), surge(6)
	loop, other := closed(t, hard).Truth, plant.Static(hard, plant.BestStatic(easy, ladder))
	if loop.BadShare() >= other.BadShare() || loop.UsefulSeconds <= other.UsefulSeconds {
		t.Errorf("in the hard one: loop %.1f %% bad, %.0f s useful; the easy one's best %.1f %%, %.0f s", 100*loop.BadShare(), loop.UsefulSeconds, 100*other.BadShare(), other.UsefulSeconds)
	}
	loop, other = closed(t, easy).Truth, plant.Static(easy, plant.BestStatic(hard, ladder))
	if loop.UsefulSeconds <= 1.1*other.UsefulSeconds {
		t.Errorf("in the easy one: loop %.0f s useful, the hard one's best %.0f s", loop.UsefulSeconds, other.UsefulSeconds)
	}
}

// TestAQuietHour: without a fault nothing moves.
func TestAQuietHour(t *testing.T) {
	r := closed(t, plant.Config{Seed: 1, Length: time.Hour})
	if l := r.Trial.Loops[0]; l.Moves != 0 || l.Ticks != 720 {
		t.Errorf("%d moves in %d looks, want none in 720: %+v", l.Moves, l.Ticks, l.First)
	}
}

// TestBlindnessRelaxesNothing: the instruments fail in the middle of the
// fault, and come back half a minute after it.
func TestBlindnessRelaxesNothing(t *testing.T) {
	cfg := surge(1)
	cfg.Length = 5 * time.Minute
	cfg.Faults = append(cfg.Faults, plant.Fault{Kind: plant.Blind, From: 70 * time.Second, For: 50 * time.Second})
	relaxed := false
	for _, s := range closed(t, cfg).Steps {
		if blind := s.At > 70*time.Second && s.At < 120*time.Second; blind && s.Setting != 1 {
			t.Errorf("setting %g s at %s, in the dark", s.Setting, s.At)
		}
		relaxed = relaxed || s.At > 3*time.Minute && s.Setting == 30
	}
	if !relaxed {
		t.Error("it was not relaxed after the light came back")
	}
}

func TestTheSameAgain(t *testing.T) {
	cfg := surge(3)
	one, again := closed(t, cfg), closed(t, cfg)
	if diff := cmp.Diff(one, again, cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("one seed, two answers (-first +second):\n%s", diff)
	}
	if cmp.Equal(one.Truth, closed(t, surge(4)).Truth) {
		t.Error("two seeds, one answer")
	}
}

func TestSingle(t *testing.T) {
	set := definitions(t)
	one, err := plant.Single(set, "protect-checkout")
	if err != nil || len(one.Loops) != 1 || len(one.Actuators) != 1 || len(one.Objectives) != 1 || one.Loops[0].Mode != slo.Act {
		t.Fatalf("got %+v, %v; want the one loop in mode act, with what it needs", one, err)
	}
	if set.Loops[0].Mode != slo.Observe || set.Loops[1].Mode != slo.Observe {
		t.Error("the definitions were changed")
	}
	for _, name := range []string{"freeze-releases", "nosuch"} {
		if _, err := plant.Single(set, name); err == nil || !strings.Contains(err.Error(), "protect-checkout") {
			t.Errorf("loop %s: %v; want an error that names those that fit", name, err)
		}
	}
	set.Loops = append(set.Loops, set.Loops[1])
	if _, err := plant.Single(set, ""); err == nil {
		t.Error("of two loops that fit one was chosen")
	}
}

// TestEnforced: shares of workers are whole workers, as the actuator has it.
func TestEnforced(t *testing.T) {
	a := slo.Actuator{Query: slo.QueryTimeout{Workers: 100, High: 0.29, Low: 0.21, Every: time.Second, CancelsPerTick: 3, CancelsPerMin: 9}}
	want := plant.Limits{Reaper: plant.Reaper{High: 29, Low: 21, Floor: 1800 * time.Millisecond, Every: time.Second, PerTick: 3, PerMinute: 9}}
	if got := plant.Enforced(a, 1.8); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	a.Query.RoleDefault, want.Timeout = true, 1800*time.Millisecond
	if got := plant.Enforced(a, 1.8); got != want {
		t.Errorf("with a role default: got %+v, want %+v", got, want)
	}
}

// TestARoleDefaultKillsByAge: a statement_timeout beside the watermarks takes
// what they spare.
func TestARoleDefaultKillsByAge(t *testing.T) {
	a := definitions(t).Actuators[1]
	each(t, func(t *testing.T, cfg plant.Config) {
		need, static := with(cfg, plant.Enforced(a, a.Tight)), plant.Static(cfg, time.Second)
		a := a
		a.Query.RoleDefault = true
		age := with(cfg, plant.Enforced(a, a.Tight))
		if need.UsefulSeconds < 2*age.UsefulSeconds || age.UsefulSeconds > static.UsefulSeconds {
			t.Errorf("%.0f s of useful work by need, %.0f with the role default, %.0f under the static timeout", need.UsefulSeconds, age.UsefulSeconds, static.UsefulSeconds)
		}
	})
}

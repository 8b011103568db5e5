package plant_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"setpoint.dev/setpoint/loop/plant"
	"setpoint.dev/setpoint/sli"
)

// surge is the laboratory's scenario: 45 s of runaway reports in 150 s. Seeds
// make different ones of it.
func surge(seed uint64) plant.Config {
	return plant.Config{Seed: seed, Length: 150 * time.Second, Faults: []plant.Fault{{Kind: plant.Runaways, From: 45 * time.Second, For: 45 * time.Second}}}
}

const seeds = 6

// each runs a test with every scenario.
func each(t *testing.T, test func(t *testing.T, cfg plant.Config)) {
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint("seed", seed+1), func(t *testing.T) { test(t, surge(seed+1)) })
	}
}

func with(cfg plant.Config, l plant.Limits) plant.Truth {
	cfg.Limits = l
	return plant.NewWorkers(cfg).Finish()
}

// watermarks is the laboratory's best reaper: at most 5 of 8 workers, down to
// 4, nothing under a second.
func watermarks(every time.Duration) plant.Limits {
	return plant.Limits{Reaper: plant.Reaper{High: 5, Low: 4, Floor: time.Second, Every: every}}
}

func TestCalmIsGood(t *testing.T) {
	each(t, func(t *testing.T, cfg plant.Config) {
		cfg.Faults = nil
		if got := plant.Static(cfg, 0); got.BadShare() > 0.001 || got.Good < 8000 || got.NoWorker > 0 || got.Late > 0 {
			t.Errorf("without a fault: %+v", got)
		}
	})
}

// TestTighterStaticIsSafer: the shorter the timeout the fewer customers are
// served badly; without one more than a quarter, with 2 s next to none.
func TestTighterStaticIsSafer(t *testing.T) {
	each(t, func(t *testing.T, cfg plant.Config) {
		last := plant.Static(cfg, 0)
		if last.BadShare() < 0.25 {
			t.Errorf("off: %.1f %% bad, want at least 25", 100*last.BadShare())
		}
		for _, s := range []time.Duration{10, 7, 5, 4, 3, 2} {
			got := plant.Static(cfg, s*time.Second)
			if got.BadShare() > last.BadShare() {
				t.Errorf("static %d s: %.2f %% bad, longer ones only %.2f", s, 100*got.BadShare(), 100*last.BadShare())
			}
			last = got
		}
		if last.BadShare() > 0.005 {
			t.Errorf("static 2 s: %.2f %% bad, want at most 0.5", 100*last.BadShare())
		}
	})
}

// TestStaticDoesNotTravel: the best timeout of one scenario fails in another
// one, and that of the harder one wastes work in the easier one.
func TestStaticDoesNotTravel(t *testing.T) {
	ladder := []time.Duration{10 * time.Second, 7 * time.Second, 5 * time.Second, 4 * time.Second, 3 * time.Second, 2 * time.Second, time.Second}
	easy, hard := surge(1), surge(6)
	forEasy, forHard := plant.BestStatic(easy, ladder), plant.BestStatic(hard, ladder)
	if got := plant.Static(easy, forEasy); got.BadShare() > 0.01 {
		t.Errorf("best static %s of the easy one: %.1f %% bad in it, want at most 1", forEasy, 100*got.BadShare())
	}
	if got := plant.Static(hard, forEasy); got.BadShare() < 0.03 {
		t.Errorf("best static %s of the easy one: %.1f %% bad in the hard one, want at least 3", forEasy, 100*got.BadShare())
	}
	if own, other := plant.Static(easy, forEasy), plant.Static(easy, forHard); other.UsefulSeconds > 0.9*own.UsefulSeconds {
		t.Errorf("best static %s of the hard one: %.0f s of useful work in the easy one, its own gives %.0f", forHard, other.UsefulSeconds, own.UsefulSeconds)
	}
}

// TestRetriesUndoATimeout: cancelled reports that are asked for again at once
// make of the safe timeout one that protects nobody.
func TestRetriesUndoATimeout(t *testing.T) {
	each(t, func(t *testing.T, cfg plant.Config) {
		once := plant.Static(cfg, 2*time.Second)
		cfg.Retries = 3
		again := plant.Static(cfg, 2*time.Second)
		if again.BadShare() < 0.25 || again.WastedSeconds < 3*once.WastedSeconds {
			t.Errorf("with retries %.1f %% bad and %.0f s wasted, without %.2f %% and %.0f s", 100*again.BadShare(), again.WastedSeconds, 100*once.BadShare(), once.WastedSeconds)
		}
	})
}

// TestWatermarksKillByNeed: as safe as the safe timeout, and more is done.
func TestWatermarksKillByNeed(t *testing.T) {
	each(t, func(t *testing.T, cfg plant.Config) {
		static, reaper := plant.Static(cfg, 2*time.Second), with(cfg, watermarks(500*time.Millisecond))
		if reaper.BadShare() > 0.001 || reaper.UsefulSeconds < 1.2*static.UsefulSeconds {
			t.Errorf("reaper: %.2f %% bad, %.0f s useful; static 2 s: %.2f %%, %.0f s; want as safe, and 1.2 times as much", 100*reaper.BadShare(), reaper.UsefulSeconds, 100*static.BadShare(), static.UsefulSeconds)
		}
	})
}

// TestASlowReaperIsTooLate: enforcement must be local and fast.
func TestASlowReaperIsTooLate(t *testing.T) {
	each(t, func(t *testing.T, cfg plant.Config) {
		fast, slow := with(cfg, watermarks(500*time.Millisecond)), with(cfg, watermarks(10*time.Second))
		if slow.BadShare() < fast.BadShare()+0.1 {
			t.Errorf("every 10 s: %.1f %% bad, every 0.5 s: %.1f %%; want at least 10 points between", 100*slow.BadShare(), 100*fast.BadShare())
		}
	})
}

// TestBoundsOfTheReaper: it cancels no more than it may in a look and in a
// minute, and nothing young.
func TestBoundsOfTheReaper(t *testing.T) {
	cfg := surge(6)
	free := with(cfg, watermarks(500*time.Millisecond))
	tight := watermarks(500 * time.Millisecond)
	tight.Reaper.PerMinute = 5
	if got := with(cfg, tight); got.Cancelled > 3*5 || got.Cancelled == 0 || free.Cancelled <= 15 {
		t.Errorf("%d cancelled in 150 s at 5 a minute, %d without a limit", got.Cancelled, free.Cancelled)
	}
	one := watermarks(10 * time.Second)
	one.Reaper.PerTick = 1
	if got := with(cfg, one); got.Cancelled > 15 || got.Cancelled == 0 {
		t.Errorf("%d cancelled in 15 looks, one each", got.Cancelled)
	}
	old := watermarks(500 * time.Millisecond)
	old.Reaper.Floor = time.Hour
	if got := with(cfg, old); got.Cancelled != 0 {
		t.Errorf("%d cancelled that were younger than an hour", got.Cancelled)
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		fault string
		check func(calm, got plant.Truth) bool
	}{
		{"runaways@1m+45s", func(calm, got plant.Truth) bool { return got.BadShare() > 0.2 && got.Recovered(105*time.Second) > 0 }},
		{"customers@1m+45s", func(calm, got plant.Truth) bool { return got.Good > calm.Good*3/2 }},
		{"slow@1m+45s", func(calm, got plant.Truth) bool { return got.Good+got.Bad == calm.Good+calm.Bad }},
		{"blind@1m+45s", func(calm, got plant.Truth) bool { return cmp.Equal(calm, got) }},
	} {
		f, err := plant.ParseFault(c.fault)
		if err != nil || f.String() != c.fault {
			t.Fatalf("%s was read as %s, %v", c.fault, f, err)
		}
		cfg := plant.Config{Seed: 1, Length: 150 * time.Second}
		calm := plant.Static(cfg, 0)
		cfg.Faults = []plant.Fault{f}
		if got := plant.Static(cfg, 0); !c.check(calm, got) {
			t.Errorf("%s: %+v, calm %+v", c.fault, got, calm)
		}
	}
}

// draw is any configuration.
func draw(r *rapid.T) plant.Config {
	second := func(name string, most int) time.Duration {
		return time.Duration(rapid.IntRange(0, most*10).Draw(r, name)) * 100 * time.Millisecond
	}
	cfg := plant.Config{
		Seed: rapid.Uint64().Draw(r, "seed"), Length: time.Second + second("length", 40), Workers: rapid.IntRange(1, 12).Draw(r, "workers"),
		Retries: rapid.IntRange(0, 3).Draw(r, "retries"),
		Limits: plant.Limits{Timeout: second("timeout", 20), Reaper: plant.Reaper{
			High: rapid.IntRange(0, 8).Draw(r, "high"), Low: rapid.IntRange(0, 8).Draw(r, "low"), Floor: second("floor", 5), Every: second("every", 5), PerTick: rapid.IntRange(0, 3).Draw(r, "tick"),
		}},
	}
	for range rapid.IntRange(0, 3).Draw(r, "faults") {
		kind := rapid.SampledFrom([]plant.FaultKind{plant.Runaways, plant.Customers, plant.Slow}).Draw(r, "fault")
		cfg.Faults = append(cfg.Faults, plant.Fault{Kind: kind, From: second("from", 60), For: second("for", 60)})
	}
	return cfg
}

// TestNothingIsLost: every report ends in one way, every customer gets one
// answer, and the counts are those of the truth.
func TestNothingIsLost(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		cfg := draw(r)
		w := plant.NewWorkers(cfg)
		got := w.Finish()
		ended := got.Useful + got.Late + got.NoWorker + got.Cancelled
		if cfg.Retries == 0 && ended != got.Reports || ended < got.Reports {
			r.Errorf("%d reports, %d useful, %d late, %d without a worker, %d cancelled", got.Reports, got.Useful, got.Late, got.NoWorker, got.Cancelled)
		}
		if c := w.Counts(0, cfg.Length+time.Hour); c != (sli.Counts{}) {
			r.Errorf("the future counts %+v", c)
		}
		w.Advance(cfg.Length + time.Hour)
		c := w.Counts(0, cfg.Length+time.Hour)
		if want := (sli.Counts{Good: sli.Count(got.Good) * sli.Event, Bad: sli.Count(got.Bad) * sli.Event, Covered: cfg.Length + time.Hour}); c != want {
			r.Errorf("counts %+v, want %+v", c, want)
		}
	})
}

// TestStepsDoNotMatter: a model that is looked at all the time does the same,
// and the counts of parts add up.
func TestStepsDoNotMatter(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		cfg := draw(r)
		w, sum, at := plant.NewWorkers(cfg), sli.Counts{}, time.Duration(0)
		for at < cfg.Length {
			next := at + time.Duration(rapid.IntRange(1, 20_000).Draw(r, "step"))*time.Millisecond
			w.Advance(next)
			sum, at = sum.Add(w.Counts(at, next)), next
		}
		if whole := w.Counts(0, at); whole != sum {
			r.Errorf("parts add up to %+v, the whole is %+v", sum, whole)
		}
		if diff := cmp.Diff(plant.NewWorkers(cfg).Finish(), w.Finish()); diff != "" {
			r.Errorf("truth (-at once +in steps):\n%s", diff)
		}
	})
}

func TestParseFaultRefuses(t *testing.T) {
	for _, s := range []string{"", "runaways", "runaways@60s", "runaways+60s", "floods@60s+45s", "runaways@-1s+45s", "runaways@1s+soon", "@1s+1s"} {
		if f, err := plant.ParseFault(s); err == nil {
			t.Errorf("%q was read as %v", s, f)
		}
	}
}

func FuzzParseFault(f *testing.F) {
	f.Add("runaways@60s+45s")
	f.Add("blind@0s+1h30m")
	f.Fuzz(func(t *testing.T, s string) {
		read, err := plant.ParseFault(s)
		if err != nil {
			return
		}
		if again, err := plant.ParseFault(read.String()); err != nil || again.Kind != read.Kind || again.From/time.Millisecond != read.From/time.Millisecond {
			t.Errorf("%q was read as %v, and that as %v, %v", s, read, again, err)
		}
	})
}

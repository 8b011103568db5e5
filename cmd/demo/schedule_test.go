package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestSameSeedAsksTheSame(t *testing.T) {
	got := storySchedule(7, 2*time.Minute, 2*time.Minute).arrivals()
	want := storySchedule(7, 2*time.Minute, 2*time.Minute).arrivals()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("two loads of one seed differ (-first +second):\n%s", diff)
	}
	other := storySchedule(8, 2*time.Minute, 2*time.Minute).arrivals()
	if cmp.Equal(want, other) {
		t.Error("loads of seeds 7 and 8 are equal")
	}
}

// What comes after the story must not change the story: the page stays up as long as one likes.
func TestLongerLoadBeginsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		story := time.Duration(rapid.IntRange(2, 60).Draw(t, "story")) * time.Second
		more := time.Duration(rapid.IntRange(1, 60).Draw(t, "more")) * time.Second
		seed := rapid.Uint64().Draw(t, "seed")
		short := storySchedule(seed, story, story).arrivals()
		long := storySchedule(seed, story, story+more).arrivals()
		if len(long) < len(short) {
			t.Fatalf("longer load has %d arrivals, shorter %d", len(long), len(short))
		}
		if diff := cmp.Diff(short, long[:len(short)]); diff != "" {
			t.Errorf("longer load begins differently (-short +long):\n%s", diff)
		}
	})
}

func TestArrivalsAreInOrderAndInBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := schedule{
			Seed:       rapid.Uint64().Draw(t, "seed"),
			Duration:   time.Duration(rapid.IntRange(0, 90).Draw(t, "duration")) * time.Second,
			SurgeAfter: time.Duration(rapid.IntRange(0, 120).Draw(t, "surge after")) * time.Second,
			SurgeFor:   time.Duration(rapid.IntRange(0, 120).Draw(t, "surge for")) * time.Second,
		}
		last := time.Duration(0)
		for _, a := range s.arrivals() {
			if a.At < last || a.At >= s.Duration {
				t.Fatalf("arrival at %s after %s, in a load of %s", a.At, last, s.Duration)
			}
			last = a.At
			checkArrival(t, s, a)
		}
	})
}

func checkArrival(t *rapid.T, s schedule, a arrival) {
	surging := a.At >= s.SurgeAfter && a.At < s.SurgeAfter+s.SurgeFor
	switch {
	case !a.Report && (a.Item < 1 || a.Item > shopItems):
		t.Fatalf("checkout of item %d", a.Item)
	case a.Report && (a.Seconds < reportMin || a.Seconds > runawayMax):
		t.Fatalf("report of %g s", a.Seconds)
	case a.Report && !surging && a.Seconds > runawayMin:
		t.Fatalf("runaway of %g s outside the surge, at %s", a.Seconds, a.At)
	}
}

// The rates over a long time are those the plant was measured with.
func TestRates(t *testing.T) {
	s := schedule{Seed: 1, Duration: 3 * time.Hour, SurgeAfter: time.Hour, SurgeFor: time.Hour}
	var checkouts, calm, surge, runaways float64
	for _, a := range s.arrivals() {
		surging := a.At >= time.Hour && a.At < 2*time.Hour
		switch {
		case !a.Report:
			checkouts++
		case !surging:
			calm++
		default:
			surge++
			if a.Seconds > runawayMin {
				runaways++
			}
		}
	}
	near(t, "checkouts a second", checkouts/10800, checkoutRate)
	near(t, "calm reports a second", calm/7200, reportRate)
	near(t, "surge reports a second", surge/3600, surgeReportRate)
	near(t, "share of runaways", runaways/surge, runawayShare)
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if got < 0.95*want || got > 1.05*want {
		t.Errorf("%s: got %.3f, want %.3f within 5 %%", what, got, want)
	}
}

func TestStoryScalesWithItsDuration(t *testing.T) {
	got := storySchedule(1, 2*time.Minute, 30*time.Minute)
	want := schedule{Seed: 1, Duration: 30 * time.Minute, SurgeAfter: 20 * time.Second, SurgeFor: 50 * time.Second}
	if got != want {
		t.Errorf("storySchedule(2m of 30m) = %+v, want %+v", got, want)
	}
}

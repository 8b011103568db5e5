package main

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSummaryAddsUp(t *testing.T) {
	seen := newTruth("acting", 7)
	for range 60 {
		seen.checkout(300*time.Millisecond, true)
	}
	seen.checkout(2*time.Second, true)
	seen.checkout(2999*time.Millisecond, false)
	seen.report(2500*time.Millisecond, reportAnswer{Outcome: reportFinished, RanSeconds: 1.5})
	seen.report(2700*time.Millisecond, reportAnswer{Outcome: reportCancelled, RanSeconds: 4})
	seen.report(3*time.Second, reportAnswer{Outcome: reportLate, RanSeconds: 12})
	got := seen.summary(time.Minute)
	want := summary{
		Arm: "acting", Seed: 7, Seconds: 4,
		GoodCheckouts: 61, BadCheckouts: 1, BadPercent: 100.0 / 62, BadSeconds: 1,
		Reports:       map[string]int{reportFinished: 1, reportCancelled: 1, reportLate: 1},
		ReportSeconds: map[string]float64{reportFinished: 1.5, reportCancelled: 4, reportLate: 12},
		UsefulSeconds: 1.5, WastedSeconds: 4,
		PerSecond: []second{
			{Good: 60}, {},
			{Good: 1, Bad: 1, Reports: map[string]int{reportFinished: 1, reportCancelled: 1},
				ReportSeconds: map[string]float64{reportFinished: 1.5, reportCancelled: 4}},
			{Reports: map[string]int{reportLate: 1}, ReportSeconds: map[string]float64{reportLate: 12}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
}

func TestSummaryWithinStopsThere(t *testing.T) {
	seen := newTruth("acting", 1)
	seen.checkout(0, true)
	seen.checkout(1500*time.Millisecond, true)
	seen.checkout(2*time.Second, false)
	got := seen.summary(2 * time.Second)
	if got.GoodCheckouts != 2 || got.BadCheckouts != 0 || got.Seconds != 2 {
		t.Errorf("summary of the first 2 s = %d good, %d bad in %d s; want 2, 0 in 2 s", got.GoodCheckouts, got.BadCheckouts, got.Seconds)
	}
}

func TestBadSecond(t *testing.T) {
	tests := []struct {
		name string
		in   second
		want bool
	}{
		{"nothing asked", second{}, false},
		{"all good", second{Good: 60}, false},
		{"one in ten", second{Good: 54, Bad: 6}, false},
		{"more than one in ten", second{Good: 53, Bad: 7}, true},
		{"all bad", second{Bad: 3}, true},
	}
	for _, tt := range tests {
		if got := tt.in.bad(); got != tt.want {
			t.Errorf("%s: bad() = %t, want %t", tt.name, got, tt.want)
		}
	}
}

func TestSummaryIsJSON(t *testing.T) {
	seen := newTruth("observing", 1)
	seen.report(0, reportAnswer{Outcome: reportFinished, RanSeconds: 0.25})
	want := seen.summary(time.Minute)
	var got summary
	if err := json.Unmarshal(want.json(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("summary through JSON (-want +got):\n%s", diff)
	}
}

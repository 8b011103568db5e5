package slo_test

import (
	"testing"
	"time"

	"setpoint.dev/setpoint/slo"
)

func TestParseDuration(t *testing.T) {
	const day = 24 * time.Hour
	tests := []struct {
		in   string
		want time.Duration
	}{
		{"0s", 0}, {"5s", 5 * time.Second}, {"500ms", 500 * time.Millisecond}, {"1.5s", 1500 * time.Millisecond},
		{"1h30m", 90 * time.Minute}, {"30d", 30 * day}, {"2w", 14 * day}, {"1y", 365 * day}, {"1d12h", 36 * time.Hour},
		{"0.5d", 12 * time.Hour}, {"100y", 36500 * day},
	}
	for _, tt := range tests {
		got, err := slo.ParseDuration(tt.in)
		if err != nil || got != tt.want {
			t.Errorf("ParseDuration(%q) = %v, %v; want %v", tt.in, got, err, tt.want)
		}
	}
	for _, in := range []string{"", "5", "s", "-5s", "5 s", "5S", "5M", "1m1h", "1m1m", "1e3s", "1us", "0.0000001ms", "101y", "99999999999999999d", "1h30", "٣s"} {
		if got, err := slo.ParseDuration(in); err == nil {
			t.Errorf("ParseDuration(%q) = %v, want an error", in, got)
		}
	}
}

func FuzzDuration(f *testing.F) {
	for _, seed := range []string{"1h30m", "500ms", "1.5s", "100y", "1d12h"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := slo.ParseDuration(s)
		if err == nil && (d < 0 || d > 100*365*24*time.Hour) {
			t.Fatalf("ParseDuration(%q) = %v", s, d)
		}
		std, stdErr := time.ParseDuration(s)
		if err == nil && stdErr == nil && d != std {
			t.Fatalf("ParseDuration(%q) = %v, the standard library says %v", s, d, std)
		}
	})
}

package sli_test

import (
	"slices"
	"testing"
	"time"

	"setpoint.dev/setpoint/sli"
)

// What processes may have counted between their last scrape and their end is
// told from what they counted before.
func TestUnseen(t *testing.T) {
	alive := "-90:0 -60:0 -30:0 0:0 30:0 60:0 90:0 120:0 150:0 180:0 210:0 240:0 270:0 300:0"
	tests := []struct {
		name, total, bad  string
		unseen, unseenBad float64
		flaw              sli.Flaw
	}{
		{"nothing ends", "-60:0 -30:10 0:20 30:30 60:40 90:50 120:60 150:70 180:80 210:90 240:100 270:110 300:120", "", 0, 0, ""},
		{"as much as before", "-60:0 -30:10 0:20 30:30 60:4 90:14 120:24 150:34 180:44 210:54 240:64 270:74 300:84", "", 10, 0, ""},
		{"more since it began anew", "-60:0 -30:10 0:20 30:30 60:24 90:50 120:60 150:70 180:80 210:90 240:100 270:110 300:120", "", 24, 0, ""},
		{"gone, others are not", "-60:0 -30:10 0:20 30:37", "", 17, 0, ""},
		{"gone after one scrape", "60:12", "", 12, 0, ""},
		{"bad ones by their own counter", "-60:0 -30:10 0:20 30:37", "-60:0 -30:0 0:0 30:6", 17, 6, ""},
		{"bad ones by the share of the slice, 12, and one that is gone, 10", "-60:0 -30:10 0:20 30:40 60:30 90:40 120:40 150:40 180:40 210:40 240:40 270:40 300:40", "30:10 60:20", 40, 22, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := sli.Cut{From: time.UnixMilli(0), To: time.UnixMilli(300_000), Scrape: 30 * time.Second}
			var part []sli.Series
			if tt.bad != "" {
				part = append(part, counter("bad", tt.bad))
			}
			sum, flaw := sli.Counts{}, sli.Flaw("")
			for _, s := range c.Increments(part, []sli.Series{counter("alive", alive), counter("total", tt.total)}) {
				sum, flaw = sum.Add(s.Counts), max(flaw, s.Flaw)
			}
			if got := sum.Unseen.Float(); got < tt.unseen || got > tt.unseen+0.01 {
				t.Errorf("got %v unseen, want %v", got, tt.unseen)
			}
			if got := sum.UnseenBad.Float(); got < tt.unseenBad-0.01 || got > tt.unseenBad+0.01 {
				t.Errorf("got %v bad unseen, want %v", got, tt.unseenBad)
			}
			if flaw != tt.flaw {
				t.Errorf("got flaw %q, want %q", flaw, tt.flaw)
			}
		})
	}
}

// What began anew in a gap says so; what goes on over it lost nothing.
func TestLostInAGap(t *testing.T) {
	tests := []struct {
		name, a, b string
		unseen     float64
		flaw       sli.Flaw
	}{
		{"goes on", "-60:0 -30:10 0:20 240:90 270:100 300:110", "", 0, sli.FlawGap},
		{"began anew", "-60:0 -30:10 0:20 240:7 270:17 300:27", "", 7, sli.FlawLost},
		{"another one came", "-60:0 -30:10 0:20", "240:7 270:17 300:27", 7, sli.FlawLost},
		{"another one came too", "-60:0 -30:10 0:20 240:90 270:100 300:110", "240:7 270:17 300:27", 0, sli.FlawGap},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := sli.Cut{From: time.UnixMilli(0), To: time.UnixMilli(300_000), Scrape: 30 * time.Second}
			all := []sli.Series{counter("a", tt.a)}
			if tt.b != "" {
				all = append(all, counter("b", tt.b))
			}
			s := c.Increments(nil, all)[3]
			if s.Unseen.Float() != tt.unseen || s.Flaw != tt.flaw {
				t.Errorf("got %v unseen, flaw %q; want %v, %q", s.Unseen.Float(), s.Flaw, tt.unseen, tt.flaw)
			}
		})
	}
}

// A process that begins anew again and again says so, in each slice in which it
// does; one that does now and then does not.
func TestRestless(t *testing.T) {
	tests := []struct {
		name, total string
		want        []sli.Flaw
	}{
		{"never", "-90:0 -60:10 -30:20 0:30 30:40 60:50 90:60 120:70 150:80 180:90", []sli.Flaw{"", "", ""}},
		{"once", "-90:0 -60:10 -30:20 0:30 30:3 60:13 90:23 120:33 150:43 180:53", []sli.Flaw{"", "", ""}},
		{"twice in ten scrapes", "-150:0 -120:0 -90:0 -60:10 -30:3 0:13 30:23 60:33 90:3 120:13 150:23 180:33", []sli.Flaw{"", "", ""}},
		{"from the second slice on", "-90:0 -60:10 -30:20 0:30 30:40 60:5 90:4 120:9 150:3 180:1", []sli.Flaw{"", sli.FlawRestarts, sli.FlawRestarts}},
		{"every other one shows", "-90:9 -60:3 -30:9 0:4 30:8 60:2 90:6 120:1 150:8 180:2", []sli.Flaw{sli.FlawRestarts, sli.FlawRestarts, sli.FlawRestarts}},
		{"not any more", "-90:9 -60:3 -30:2 0:10 30:11 60:12 90:13 120:14 150:15 180:16", []sli.Flaw{sli.FlawRestarts, "", ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := sli.Cut{From: time.UnixMilli(0), To: time.UnixMilli(180_000), Scrape: 30 * time.Second}
			var got []sli.Flaw
			for _, s := range c.Increments(nil, []sli.Series{counter("total", tt.total)}) {
				got = append(got, s.Flaw)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got flaws %q, want %q", got, tt.want)
			}
		})
	}
}

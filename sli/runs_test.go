package sli_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

func TestRuns(t *testing.T) {
	const watched = "-90:-1000 -60:-1000 -30:-1000 0:-1000 30:-1000 60:-1000 90:-1000 120:-1000" // finished long ago
	for _, test := range []struct {
		name          string
		every         time.Duration
		starts, dones []string
		want          string // two slices of a minute, scraped every 30 s, limit 40 s; runs that succeeded and failed
		pending       [2]int
	}{
		{"in time", 0, []string{"-30:-50 0:-50 30:25 60:25 90:25 120:25"}, []string{"-30:-45 0:-45 30:-45 60:50 90:50 120:50"}, "1/0 60s, 0/0 60s", [2]int{}},
		{"at the last moment", 0, []string{"-30:-50 0:-50 30:25 60:25 90:25 120:25"}, []string{"-30:-45 0:-45 30:-45 60:-45 90:65 120:65"}, "0/0 60s, 1/0 60s", [2]int{1, 0}},
		{"as soon as the limit has passed", 0, []string{"-30:-50 0:-50 30:25 60:25 90:25 120:25"}, []string{"-30:-45 0:-45 30:-45 60:-45 90:-45 120:-45"}, "0/0 60s, 0/1 60s", [2]int{1, 0}},
		{"too late is bad once", 0, []string{"-30:-50 0:-50 30:5 60:5 90:5 120:5"}, []string{"-30:-45 0:-45 30:-45 60:-45 90:88 120:88"}, "0/1 60s, 0/0 60s", [2]int{}},
		{"given up for another", 0, []string{"-30:-50 0:-50 30:25 60:55 90:55 120:55"}, []string{"-30:-45 0:-45 30:-45 60:-45 90:80 120:80"}, "0/1 60s, 1/0 60s", [2]int{1, 0}},
		{"ended before the next began", 0, []string{"-30:-50 0:-50 30:25 60:55 90:55 120:55"}, []string{"-30:-45 0:-45 30:-45 60:40 90:80 120:80"}, "1/0 60s, 1/0 60s", [2]int{1, 0}},
		{"ended together with the next: not known", 0, []string{"-30:-50 0:-50 30:25 60:55 90:55 120:55"}, []string{"-30:-45 0:-45 30:-45 60:58 90:58 120:58"}, "1/0 60s, 0/0 60s", [2]int{}},
		{"successes are looked at later than starts", 0, []string{"-24:-50 6:-50 36:25 66:25 96:25"}, []string{"-15:-45 15:-45 45:-45 75:64 105:64"}, "0/0 60s, 1/0 60s", [2]int{1, 0}},
		{"never succeeded", 0, []string{"-30:-50 0:-50 30:25 60:25 90:25 120:25"}, nil, "0/0 60s, 0/1 60s", [2]int{1, 0}},
		{"no run at all", 0, []string{"-30:0 0:0 30:0 60:0 90:0 120:0"}, nil, "0/0 60s, 0/0 60s", [2]int{}},
		{"the first that is seen may be an old one", 0, []string{"30:25 60:25 90:25 120:25"}, []string{"30:28 60:28 90:28 120:28"}, "0/0 30s, 0/0 60s", [2]int{}},
		{"the first while others are watched is new", 0, []string{watched, "30:25 60:25 90:25 120:25"}, []string{watched, "30:28 60:28 90:28 120:28"}, "1/0 60s, 0/0 60s", [2]int{}},
		{"two jobs", 0, []string{"-30:-50 0:-50 30:25 60:25 90:25 120:25", "-30:-50 0:-50 30:25 60:25 90:25 120:25"}, []string{"-30:-45 0:-45 30:28 60:28 90:28 120:28", "-30:-45 0:-45 30:-45 60:-45 90:-45 120:-45"}, "1/0 60s, 0/1 60s", [2]int{1, 0}},
		{"a run that did not begin", 60 * time.Second, []string{"-30:-50 0:-50 30:-50 60:-50 90:-50 120:-50"}, []string{"-30:-45 0:-45 30:-45 60:-45 90:-45 120:-45"}, "0/1 60s, 0/1 60s", [2]int{}},
		{"a run that began late is judged by itself", 60 * time.Second, []string{"-30:-50 0:-50 30:-50 60:45 90:45 120:45"}, []string{"-30:-45 0:-45 30:-45 60:50 90:50 120:50"}, "1/0 60s, 0/0 60s", [2]int{}},
		{"over a gap", 0, []string{"-30:-50 0:-50 120:25"}, []string{"-30:-45 0:-45 120:60"}, "0/0 45s, 1/0 0s gap", [2]int{}},
		{"a restart that forgets", 0, []string{"-30:-5 0:-5 30:0 60:-5 90:-5 120:-5"}, []string{"-30:-45 0:-45 30:0 60:12 90:12 120:12"}, "1/0 60s, 0/0 60s", [2]int{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := slo.Indicator{Kind: slo.Deadline, Limit: 40 * time.Second, Every: test.every}
			got := seconds(0, 120).Runs(in, jobs(t, "start", test.starts), jobs(t, "done", test.dones))
			if show(got) != test.want || got[0].Pending != test.pending[0] || got[1].Pending != test.pending[1] {
				t.Errorf("got %s, %d and %d pending; want %s, %v pending", show(got), got[0].Pending, got[1].Pending, test.want, test.pending)
			}
		})
	}
}

func jobs(t testing.TB, name string, texts []string) (all []sli.Series) {
	for i, text := range texts {
		all = append(all, stamps(t, fmt.Sprintf(`%s{job="%d"}`, name, i), text))
	}
	return all
}

// A job runs again and again, each time for longer than a scrape interval.
// Each run is counted once, as what it was.
func TestEveryRunIsCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const every = 30
		limit := rapid.IntRange(every, 10*every).Draw(t, "limit")
		starts, dones := sli.Series{ID: `start{job="a"}`}, sli.Series{ID: `done{job="a"}`}
		var want sli.Counts
		start, done, at := -1000, -990, -10*every // of a run that is over
		sample := func() {
			starts.Samples = append(starts.Samples, sli.Sample{Milli: base.UnixMilli() + int64(at)*1000, Value: float64(base.Unix() + int64(start))})
			dones.Samples = append(dones.Samples, sli.Sample{Milli: base.UnixMilli() + int64(at)*1000, Value: float64(base.Unix() + int64(done))})
			at += every
		}
		for at <= 0 {
			sample()
		}
		for range rapid.IntRange(0, 10).Draw(t, "runs") {
			start = at - rapid.IntRange(0, every-1).Draw(t, "began")
			lasts, fails := rapid.IntRange(every, 15*every).Draw(t, "lasts"), rapid.IntRange(0, 3).Draw(t, "fails") == 0
			for end := start + lasts; at < end+every; sample() {
				if at >= end && !fails {
					done = end
				}
			}
			for range rapid.IntRange(0, 12).Draw(t, "rests") {
				sample()
			}
			if !fails && lasts <= limit {
				want.Good += sli.Event
			} else {
				want.Bad += sli.Event
			}
		}
		for range 12 { // until the last one has failed, if it has
			sample()
		}
		c, got := seconds(0, (at/60+1)*60), sli.Counts{}
		start = at // and another one, that ends the one before
		sample()
		in := slo.Indicator{Kind: slo.Deadline, Limit: time.Duration(limit) * time.Second}
		slices := c.Runs(in, []sli.Series{starts}, []sli.Series{dones})
		for _, s := range slices {
			got = got.Add(s.Counts)
		}
		if got.Good != want.Good || got.Bad != want.Bad {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

func TestSplittingRunsChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const minutes = 30
		c, starts, dones := drawCut(t, minutes), drawStamps(t, "start", minutes), drawStamps(t, "done", minutes)
		in := slo.Indicator{Kind: slo.Deadline, Limit: time.Duration(rapid.IntRange(1, 600).Draw(t, "limit")) * time.Second}
		in.Every = in.Limit * time.Duration(rapid.IntRange(0, 2).Draw(t, "every"))
		var got []sli.Slice
		for from := c.From; from.Before(c.To); {
			one := c
			one.From, one.To = from, from.Add(time.Duration(rapid.IntRange(1, 8).Draw(t, "slices"))*c.Slice)
			if one.To.After(c.To) {
				one.To = c.To
			}
			for one.Horizon(one.To.Add(-c.Slice)) != one.Horizon(one.From) {
				one.To = one.To.Add(-c.Slice)
			}
			got, from = append(got, seeRuns(one, in, starts, dones)...), one.To
		}
		if diff := cmp.Diff(c.Runs(in, starts, dones), got); diff != "" {
			t.Fatalf("(-whole +split)\n%s", diff)
		}
	})
}

// seeRuns gives a cut what a backend shows of it.
func seeRuns(c sli.Cut, in slo.Indicator, starts, dones []sli.Series) []sli.Slice {
	since := func(from time.Time) (a, b []sli.Series) {
		view := func(all []sli.Series) (out []sli.Series) {
			for _, s := range all {
				out = append(out, sli.Series{ID: s.ID, Samples: between(s.Samples, from.UnixMilli(), c.To.UnixMilli())})
			}
			return out
		}
		return view(starts), view(dones)
	}
	a, b := since(c.From.Add(-2 * c.Lookback()))
	if c.RunsBefore(a, b) {
		a, b = since(c.Horizon(c.From).Add(-c.Lookback()))
	}
	return c.Runs(in, a, b)
}

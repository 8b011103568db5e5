package sli_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"setpoint.dev/setpoint/sli"
)

// stamps reads "30:5 60:7": at 30 s after base the timestamp is 5 s after base.
// 0 stays 0.
func stamps(t testing.TB, id, text string) sli.Series {
	t.Helper()
	s := series(t, id, text)
	for i, p := range s.Samples {
		if p.Value != 0 {
			s.Samples[i].Value += float64(base.Unix())
		}
	}
	return s
}

func TestFresh(t *testing.T) {
	for _, test := range []struct {
		name   string
		series []string
		want   string // two slices of a minute, scraped every 30 s, maxAge 40 s, good and bad seconds
	}{
		{"passes the limit inside the slice", []string{"0:-20 30:-20 60:-20 90:-20 120:-20"}, "20/40 60s, 0/60 60s"},
		{"counts from when it happened, not from when it was seen", []string{"0:-100 30:-100 60:45 90:45 120:45"}, "15/45 60s, 25/35 60s"},
		{"fresh again before the old one is too old", []string{"0:-10 30:-10 60:25 90:80 120:80"}, "60/0 60s, 45/15 60s"},
		{"exactly as old as it may be", []string{"0:-10 30:20 60:20 90:70 120:110"}, "60/0 60s, 50/10 60s"},
		{"never", []string{"0:0 30:0 60:0 90:0 120:0"}, "0/60 60s, 0/60 60s"},
		{"the newest of all", []string{"0:-100 30:-100 60:-100 90:-100 120:-100", "0:-10 30:-10 60:55 90:55 120:55"}, "35/25 60s, 35/25 60s"},
		{"missing is not seen", []string{"0:-1 30:-1"}, "39/21 60s, 0/15 15s"},
		{"a series that ended a while ago", []string{"-30:-31 0:-1", "0:-90 30:-90 60:-90 90:-90 120:-90"}, "39/21 60s, 0/60 60s"},
		{"in the future", []string{"0:-20 30:130 60:-20 90:-20 120:-20"}, "20/40 60s invalid, 0/60 60s"},
		{"a clock that is ahead", []string{"0:-20 30:80 60:-20 90:-20 120:-20"}, "20/40 60s, 0/60 60s"},
		{"NaN", []string{"0:-20 30:NaN 60:NaN 90:-20 120:-20"}, "20/25 45s invalid, 0/30 30s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var all []sli.Series
			for i, text := range test.series {
				all = append(all, stamps(t, fmt.Sprint("s", i), text))
			}
			if got := show(seconds(0, 120).Fresh(40*time.Second, all)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// Somebody succeeds now and then, never twice between two scrapes. Each
// millisecond is counted as what it was.
func TestFreshnessIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const every, scrapes = 30_000, 40
		maxAge := rapid.Int64Range(every, 10*every).Draw(t, "max age")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		c := seconds(0, every*scrapes/1000)
		happened := []int64{-r.Int64N(20 * every)}
		s := sli.Series{ID: "s"}
		for n := int64(-10); n <= scrapes; n++ {
			if r.IntN(4) == 0 && n > 0 {
				happened = append(happened, (n-1)*every+1+r.Int64N(every))
			}
			last := happened[len(happened)-1]
			if n < 0 {
				last = min(last, -20*every)
			}
			s.Samples = append(s.Samples, sli.Sample{Milli: base.UnixMilli() + n*every, Value: float64(base.UnixMilli()+last) / 1000})
		}
		for _, slice := range c.Fresh(time.Duration(maxAge)*time.Millisecond, []sli.Series{s}) {
			start := slice.Start.UnixMilli() - base.UnixMilli()
			good := freshIn(happened, maxAge, start, start+60_000)
			if slice.Good != sli.Count(good) || slice.Bad != sli.Count(60_000-good) || slice.Covered != time.Minute {
				t.Fatalf("slice at %d ms: got %+v, want %d ms good; happened %v, max age %d", start, slice, good, happened, maxAge)
			}
		}
	})
}

// freshIn is for how many ms of (from, to] something had happened at most
// maxAge ago.
func freshIn(happened []int64, maxAge, from, to int64) (sum int64) {
	reached := from
	for _, at := range slices.Sorted(slices.Values(happened)) {
		begin, end := max(reached, at), min(to, at+maxAge)
		if end > begin {
			sum, reached = sum+end-begin, end
		}
	}
	return sum
}

func TestSplittingFreshnessChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const minutes = 30
		c, all := drawCut(t, minutes), drawStamps(t, "a", minutes)
		maxAge := time.Duration(rapid.IntRange(1, 600).Draw(t, "max age")) * time.Second
		var got []sli.Slice
		for from := c.From; from.Before(c.To); {
			one := c
			one.From, one.To = from, from.Add(time.Duration(rapid.IntRange(1, 8).Draw(t, "slices"))*c.Slice)
			if one.To.After(c.To) {
				one.To = c.To
			}
			got, from = append(got, one.Fresh(maxAge, seen(one, all))...), one.To
		}
		if diff := cmp.Diff(c.Fresh(maxAge, all), got); diff != "" {
			t.Fatalf("(-whole +split)\n%s", diff)
		}
	})
}

// drawStamps draws series of timestamps with gaps, jitter, and times that
// cannot be.
func drawStamps(t *rapid.T, name string, minutes int) (all []sli.Series) {
	for i := range rapid.IntRange(0, 3).Draw(t, "series") {
		s, last := sli.Series{ID: fmt.Sprintf(`%s{job="%d"}`, name, i)}, float64(base.Unix()-300)
		for at := rapid.Int64Range(-600, 300).Draw(t, "birth"); at <= int64(minutes)*60; at += rapid.SampledFrom([]int64{15, 15, 15, 30, 31, 700}).Draw(t, "apart") {
			now := float64(base.Unix() + at)
			switch rapid.IntRange(0, 9).Draw(t, "event") {
			case 0:
				last = now - float64(rapid.IntRange(0, 15).Draw(t, "ago"))
			case 1:
				last = 0
			case 2:
				last = now + 3600
			}
			s.Samples = append(s.Samples, sli.Sample{Milli: base.UnixMilli() + at*1000, Value: last})
		}
		all = append(all, s)
	}
	return all
}

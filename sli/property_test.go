package sli_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"setpoint.dev/setpoint/sli"
)

// see gives a cut what a backend that stores all of these series gives it:
// the samples in its lookback and slices, and what it misses.
func see(c sli.Cut, part, total []sli.Series) []sli.Slice {
	start := c.From.Add(-c.Lookback()).UnixMilli()
	view := func(all []sli.Series) (seen []sli.Series) {
		for _, s := range all {
			if v := between(s.Samples, start, c.To.UnixMilli()); len(v) > 0 {
				seen = append(seen, sli.Series{ID: s.ID, Samples: v})
			}
		}
		return seen
	}
	p, t := view(part), view(total)
	m := c.Missing(p, t)
	add := func(seen, all []sli.Series) []sli.Series {
		for _, s := range all {
			before := valid(between(s.Samples, c.Horizon(c.From).UnixMilli(), start))
			if len(before) > 0 && (m.All || slices.Contains(m.IDs, s.ID)) {
				seen = with(seen, s.ID, sli.Sample{Milli: start, Value: before[len(before)-1].Value})
			}
		}
		return seen
	}
	if !m.None() {
		p, t = add(p, part), add(t, total)
	}
	return c.Increments(p, t)
}

// between returns the samples in (from, to].
func between(all []sli.Sample, from, to int64) (in []sli.Sample) {
	for _, s := range all {
		if s.Milli > from && s.Milli <= to {
			in = append(in, s)
		}
	}
	return in
}

// valid leaves out NaN, which last_over_time skips, and what is no value of a
// counter: the last value that a backend gives is taken to be one.
func valid(all []sli.Sample) (valid []sli.Sample) {
	for _, s := range all {
		if s.Value >= 0 && !math.IsInf(s.Value, 1) {
			valid = append(valid, s)
		}
	}
	return valid
}

func with(all []sli.Series, id string, s sli.Sample) []sli.Series {
	for i := range all {
		if all[i].ID == id {
			all[i].Samples = append([]sli.Sample{s}, all[i].Samples...)
			return all
		}
	}
	return append(all, sli.Series{ID: id, Samples: []sli.Sample{s}})
}

// drawHistory draws series over some minutes with births, ends, resets, gaps
// and jitter.
func drawHistory(t *rapid.T, prefix string, minutes int) (all []sli.Series) {
	for i := range rapid.IntRange(0, 4).Draw(t, prefix) {
		at := rapid.Int64Range(-600, int64(minutes)*60).Draw(t, "birth") * 1000
		end := rapid.Int64Range(at/1000, int64(minutes)*60+600).Draw(t, "end") * 1000
		every := rapid.SampledFrom([]int64{5, 15, 30, 60, 90}).Draw(t, "every") * 1000
		s, value := sli.Series{ID: fmt.Sprint(prefix, i)}, rapid.SampledFrom([]float64{0, 0, 0, 0, 9.2e15 - 30, 1e16}).Draw(t, "born at")
		for ; at <= end; at += every {
			switch rapid.IntRange(0, 19).Draw(t, "event") {
			case 0: // gap
				at += rapid.Int64Range(1, 1500).Draw(t, "gap") * 1000
			case 1: // reset
				value = 0
			case 3: // end of a series, or worse
				invalid := rapid.SampledFrom([]float64{math.NaN(), math.NaN(), -1, math.Inf(1)}).Draw(t, "invalid")
				s.Samples = append(s.Samples, sli.Sample{Milli: base.UnixMilli() + at, Value: invalid})
				continue
			case 2: // jitter
				at += rapid.Int64Range(0, 2000).Draw(t, "jitter")
			}
			value += float64(rapid.IntRange(0, 5).Draw(t, "events"))
			s.Samples = append(s.Samples, sli.Sample{Milli: base.UnixMilli() + at, Value: value})
		}
		all = append(all, s)
	}
	return all
}

func drawCut(t *rapid.T, minutes int) sli.Cut {
	c := seconds(0, minutes*60)
	c.Slice = time.Duration(rapid.SampledFrom([]int{5, 30, 60, 300}).Draw(t, "slice")) * time.Second
	c.Scrape = time.Duration(rapid.SampledFrom([]int{0, 5, 15, 30, 60}).Draw(t, "scrape")) * time.Second
	c.MaxGap = time.Duration(rapid.SampledFrom([]int{10, 30, 1440}).Draw(t, "max gap")) * time.Minute
	return c
}

// However a time is split into questions, the slices are the same: read live,
// backfilled or after a restart.
func TestSplittingChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const minutes = 30
		part, total := drawHistory(t, "part", minutes), drawHistory(t, "total", minutes)
		c := drawCut(t, minutes)
		c.Good = rapid.Bool().Draw(t, "good")
		want := c.Increments(part, total) // knows everything
		var got []sli.Slice
		for from := c.From; from.Before(c.To); {
			one := c
			one.From = from
			n := rapid.IntRange(1, 8).Draw(t, "slices")
			one.To = from.Add(time.Duration(n) * c.Slice)
			if one.To.After(c.To) {
				one.To = c.To
			}
			for one.Horizon(one.To.Add(-c.Slice)) != one.Horizon(one.From) {
				one.To = one.To.Add(-c.Slice)
			}
			got = append(got, see(one, part, total)...)
			from = one.To
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-whole +split)\n%s", diff)
		}
	})
}

func TestOrderOfSeriesChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part, total := drawHistory(t, "part", 10), drawHistory(t, "total", 10)
		c := drawCut(t, 10)
		want := c.Increments(part, total)
		part, total = rapid.Permutation(part).Draw(t, "part order"), rapid.Permutation(total).Draw(t, "total order")
		for _, s := range slices.Concat(part, total) {
			copy(s.Samples, rapid.Permutation(slices.Clone(s.Samples)).Draw(t, "sample order"))
		}
		if diff := cmp.Diff(want, c.Increments(part, total)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// drawCounter draws a counter that is born and reset at times, and how many
// events (in thousandths) it counted. Some scrapes are missed, but none beside
// a reset.
func drawCounter(t *rapid.T, id string, every int64, samples int) (s sli.Series, events sli.Count) {
	s.ID = id
	value, sampled := int64(0), false
	for n := rapid.IntRange(1, samples).Draw(t, "birth"); n <= samples; n++ {
		grown := rapid.Int64Range(0, 1e9).Draw(t, "grown")
		reset := sampled && value > 0 && rapid.IntRange(0, 9).Draw(t, "reset") == 0
		if reset { // to less than before: another one could not be seen
			value, grown = 0, grown%value
		}
		value, events = value+grown, events+sli.Count(grown)
		if sampled = reset || n == samples || rapid.IntRange(0, 9).Draw(t, "missed") > 0; sampled {
			s.Samples = append(s.Samples, sli.Sample{Milli: base.UnixMilli() + int64(n)*every, Value: float64(value) / 1000})
		}
	}
	return s, events
}

// Whatever happens to a counter, all events are counted if each is in a
// sample: resets right after a scrape, births while another series is watched.
func TestEveryEventIsCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const every, samples = 30, 100
		c := seconds(0, every*samples)
		watched := sli.Series{ID: "watched"}
		for at := -300; at <= every*samples; at += every {
			watched.Samples = append(watched.Samples, sli.Sample{Milli: base.UnixMilli() + int64(at)*1000})
		}
		total, want := []sli.Series{watched}, sli.Count(0)
		for i := range rapid.IntRange(0, 5).Draw(t, "series") {
			s, events := drawCounter(t, fmt.Sprint(i), every*1000, samples)
			want += events
			total = append(total, s)
		}
		got := sli.Counts{}
		for _, slice := range c.Increments(nil, total) {
			got = got.Add(slice.Counts)
		}
		if got.Good != want || got.Bad != 0 || got.Covered != c.To.Sub(c.From) {
			t.Fatalf("got %+v, want %d good, all covered", got, want)
		}
	})
}

func TestCoverageStaysInTheSlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCut(t, 30)
		for _, s := range c.Increments(drawHistory(t, "part", 30), drawHistory(t, "total", 30)) {
			if s.Covered < 0 || s.Covered > c.Slice || s.Good < 0 || s.Bad < 0 {
				t.Fatalf("impossible slice %+v", s)
			}
		}
	})
}

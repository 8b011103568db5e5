package sli_test

import (
	"math"
	"slices"
	"testing"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// nativeLatency is good when at most limit.
func nativeLatency(limit string) slo.Indicator {
	value, err := slo.ParseDecimal(limit)
	if err != nil {
		panic(err)
	}
	return slo.Indicator{Kind: slo.Native, Query: "x", Op: slo.LessOrEqual, Value: value}
}

// at is a histogram so many seconds after base, with buckets of three numbers:
// bounds and count.
func at(second int, count float64, buckets ...float64) sli.Histogram {
	h := sli.Histogram{Milli: base.UnixMilli() + int64(second)*1000, Count: count}
	for b := range slices.Chunk(buckets, 3) {
		h.Buckets = append(h.Buckets, sli.Bucket{Lower: b[0], Upper: b[1], Count: b[2]})
	}
	return h
}

func TestHistograms(t *testing.T) {
	under := at(-60, 0) // under observation, with nothing observed
	since := []sli.Histogram{at(-90, 0), under, at(-30, 0), at(0, 0)}
	for _, test := range []struct {
		name, limit string
		all         []sli.Histogram
		samples     string
		want        string
	}{
		{"bounds are exact", "1", []sli.Histogram{at(30, 7, 0.5, 1, 4, 1, 2, 3), at(60, 9, 0.5, 1, 5, 1, 2, 4)}, "", "5/4 60s"},
		{"inside a bucket, by the logarithm", "2", []sli.Histogram{at(30, 8, 1, 4, 8), at(60, 16, 1, 4, 16)}, "", "8/8 60s"},
		{"inside the bucket around 0", "0.5", []sli.Histogram{at(60, 8, -1, 1, 8)}, "", "4/4 60s"},
		{"around 0, with negative ones", "0.5", []sli.Histogram{at(60, 8, -2, -1, 4, -1, 1, 4)}, "", "7/1 60s"},
		{"custom bounds", "2", []sli.Histogram{at(60, 9, 0, 1, 1, 1, 5, 8)}, "", "3/6 60s"},
		{"no bound below", "2", []sli.Histogram{at(60, 9, math.Inf(-1), 5, 8, 5, 10, 1)}, "", "0/9 60s"},
		{"no bound above", "20", []sli.Histogram{at(60, 9, 5, 10, 1, 10, math.Inf(1), 8)}, "", "1/8 60s"},
		{"NaN is in no bucket", "2", []sli.Histogram{at(60, 9, 1, 2, 3)}, "", "3/6 60s"},
		{"floats", "2", []sli.Histogram{at(30, 1.25, 1, 2, 0.5), at(60, 2.5, 1, 2, 1)}, "", "1/1.5 60s"},
		{"a reset", "1", []sli.Histogram{at(30, 9, 0.5, 1, 9), at(60, 2, 0.5, 1, 1, 1, 2, 1)}, "", "10/1 60s"},
		{"a reset that only a bucket shows", "1", []sli.Histogram{at(30, 3, 0.5, 1, 2, 1, 2, 1), at(60, 5, 0.5, 1, 1, 1, 2, 4)}, "", "3/5 60s"},
		{"narrower buckets are a reset", "0.5", []sli.Histogram{at(30, 3, 0.25, 1, 3), at(60, 5, 0.25, 0.5, 4, 0.5, 1, 1)}, "", "5.5/2.5 60s"},
		{"wider ones are none, though good is fewer", "0.5", []sli.Histogram{at(30, 8, 0.25, 0.5, 8), at(60, 8, 0.25, 1, 8)}, "", "8/0 60s"},
		{"nor what grew meanwhile", "0.5", []sli.Histogram{at(30, 8, 0.25, 0.5, 8), at(60, 12, 0.25, 1, 12)}, "", "10/2 60s"},
		{"a wider bucket around 0", "2", []sli.Histogram{at(30, 3, -0.001, 0.001, 1, 0.5, 1, 2), at(60, 4, -1, 1, 4)}, "", "4/0 60s"},
		{"impossible ones", "1", []sli.Histogram{at(30, 3, 0.5, 1, 2), at(40, -1), at(50, 3, 0.5, 1, 9), at(60, 4, 0.5, 1, 2)}, "", "2/2 60s invalid"},
		{"twice at once", "1", []sli.Histogram{at(60, 4, 0.5, 1, 2), at(60, 3, 0.5, 1, 2)}, "", "2/2 60s invalid"},
		{"no histogram", "1", []sli.Histogram{at(60, 4, 0.5, 1, 2)}, "30:7", "2/2 60s invalid"},
	} {
		s := series(t, "x", test.samples)
		s.Histograms = append(slices.Clone(since), test.all...)
		c := seconds(0, 60)
		if got := show(c.Histograms(nativeLatency(test.limit), []sli.Series{s})); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
		slow := nativeLatency(test.limit)
		slow.Op = slo.Greater
		a, b := c.Histograms(nativeLatency(test.limit), []sli.Series{s})[0], c.Histograms(slow, []sli.Series{s})[0]
		if a.Good != b.Bad || a.Bad != b.Good {
			t.Errorf("%s: slow is good: got %+v, want the reverse of %+v", test.name, b, a)
		}
	}
}

// A gap, a birth and the horizon are judged as those of counters are.
func TestHistogramGaps(t *testing.T) {
	c := seconds(0, 240)
	all := []sli.Series{{ID: "a", Histograms: []sli.Histogram{
		at(-90, 5, 0.5, 1, 5), at(-60, 5, 0.5, 1, 5), at(-30, 5, 0.5, 1, 5), at(0, 5, 0.5, 1, 5), at(150, 9, 0.5, 1, 5, 1, 2, 4), at(180, 9, 0.5, 1, 5, 1, 2, 4), at(210, 9, 0.5, 1, 5, 1, 2, 4), at(240, 9, 0.5, 1, 5, 1, 2, 4),
	}}, {ID: "b", Histograms: []sli.Histogram{at(240, 2, 0.5, 1, 2)}}}
	want := "0/0 45s, 0/0 0s, 0/4 30s gap, 2/0 60s"
	if got := show(c.Histograms(nativeLatency("1"), all)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := c.Missing(all, nil); len(got.IDs) != 1 || got.IDs[0] != "b" || got.All {
		t.Errorf("missing: got %+v, want b", got)
	}
}

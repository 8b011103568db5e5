package sli_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/histogram"
	"pgregory.net/rapid"

	"setpoint.dev/setpoint/sli"
)

// ours is a histogram as Prometheus' API tells it.
func ours(second int, f *histogram.FloatHistogram) sli.Histogram {
	h := sli.Histogram{Milli: base.UnixMilli() + int64(second)*1000, Count: f.Count}
	for it := f.AllBucketIterator(); it.Next(); {
		if b := it.At(); b.Count > 0 {
			h.Buckets = append(h.Buckets, sli.Bucket{Lower: b.Lower, Upper: b.Upper, Count: b.Count})
		}
	}
	return h
}

// A process keeps a native histogram, observation by observation.
type process struct {
	schema    int32
	zero      float64
	seen      []float64
	restarted bool
}

// live is what happens between two scrapes; it returns what was observed.
func (p *process) live(t *rapid.T) (fresh []float64) {
	p.restarted = false
	switch rapid.IntRange(0, 9).Draw(t, "event") {
	case 0, 1:
		p.schema = max(p.schema-1, -1)
	case 2:
		p.zero = min(p.zero*16, 1) // powers of 4 are bounds of every schema from -1 on
	case 3:
		*p = process{schema: rapid.Int32Range(-1, 8).Draw(t, "schema"), zero: 1.0 / 1024, restarted: true}
	}
	some := []float64{-2, -0.7, 0, 0.0005, 0.01, 0.3, 0.99, 1, 1.01, 1.5, 2, 700, math.NaN()}
	fresh = rapid.SliceOfN(rapid.SampledFrom(some), 0, 6).Draw(t, "observed")
	p.seen = append(p.seen, fresh...)
	return fresh
}

// histogram is what a scrape finds.
func (p *process) histogram() *histogram.FloatHistogram {
	f := &histogram.FloatHistogram{Schema: p.schema, ZeroThreshold: p.zero, Count: float64(len(p.seen))}
	positive, negative := map[int32]float64{}, map[int32]float64{}
	for _, v := range p.seen {
		index := int32(math.Ceil(math.Log2(math.Abs(v)) * math.Exp2(float64(p.schema))))
		switch {
		case math.IsNaN(v):
			f.Sum = v
		case math.Abs(v) <= p.zero:
			f.ZeroCount++
		case v > 0:
			positive[index]++
		default:
			negative[index]++
		}
	}
	f.PositiveSpans, f.PositiveBuckets = spans(positive)
	f.NegativeSpans, f.NegativeBuckets = spans(negative)
	return f
}

func spans(counts map[int32]float64) (out []histogram.Span, buckets []float64) {
	var order []int32
	for index := range counts {
		order = append(order, index)
	}
	slices.Sort(order)
	next := int32(0)
	for _, index := range order {
		out, buckets = append(out, histogram.Span{Offset: index - next, Length: 1}), append(buckets, counts[index])
		next = index + 1
	}
	return out, buckets
}

// A process observes, halves its resolution now and then, widens its bucket
// around zero and begins anew. Resets are seen only where Prometheus sees them;
// where the limit is a bound, every observation is counted and judged as it was;
// and two cuts give what one gives.
func TestHistogramsOfAProcess(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p, s, sure := &process{schema: rapid.Int32Range(-1, 8).Draw(rt, "schema"), zero: 1.0 / 1024}, sli.Series{ID: "x"}, true
		var want sli.Counts
		before := p.histogram()
		for second := -90; second <= 240; second += 30 {
			var fresh []float64
			if second > -30 {
				fresh = p.live(rt)
			}
			f := p.histogram()
			h := ours(second, f)
			if len(s.Histograms) > 0 {
				reset := !sli.Continues(s.Histograms[len(s.Histograms)-1], h)
				if reset && !f.DetectReset(before) || reset && !p.restarted {
					rt.Fatalf("a reset where there is none: before %v, after %v", before, f)
				}
				sure = sure && reset == (p.restarted && before.Count > 0) // some look as if the process went on
			}
			s.Histograms, before = append(s.Histograms, h), f
			if second > 0 {
				want = want.Add(judged(fresh))
			}
		}
		got := seconds(0, 240).Histograms(nativeLatency("1"), []sli.Series{s})
		var sum sli.Counts
		for _, one := range got {
			sum = sum.Add(one.Counts)
		}
		if sure && (sum.Good != want.Good || sum.Bad != want.Bad) {
			rt.Fatalf("counted %+v, want %+v", sum, want)
		}
		two := slices.Concat(seconds(0, 120).Histograms(nativeLatency("1"), []sli.Series{s}), seconds(120, 240).Histograms(nativeLatency("1"), []sli.Series{s}))
		if !cmp.Equal(got, two) {
			rt.Fatalf("as one %s, as two %s", show(got), show(two))
		}
	})
}

// judged is how many observations are at most 1, and how many are not.
func judged(all []float64) (c sli.Counts) {
	for _, v := range all {
		if v <= 1 {
			c.Good += sli.Event
		} else {
			c.Bad += sli.Event
		}
	}
	return c
}

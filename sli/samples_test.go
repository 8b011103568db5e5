package sli_test

import (
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

func atMost(limit slo.Decimal) slo.Indicator {
	return slo.Indicator{Kind: slo.Threshold, Op: slo.LessOrEqual, Value: limit}
}

func TestSamples(t *testing.T) {
	threshold := atMost(slo.NewDecimal(3, 1))
	for _, test := range []struct {
		name   string
		in     slo.Indicator
		series []string
		want   string // two slices of a minute, scraped every 30 s
	}{
		{"each sample is an event", threshold, []string{"-30:0 0:0 30:0.3 60:0.31 90:0 120:0.1"}, "1/1 60s, 2/0 60s"},
		{"each series counts", threshold, []string{"0:0 30:0 60:1 90:0 120:0", "0:0 30:1 60:1 90:0 120:0"}, "1/3 60s, 4/0 60s"},
		{"a sample at the boundary belongs to the slice before", threshold, []string{"0:1 30:0 60:1 90:0 120:0"}, "1/1 60s, 2/0 60s"},
		{"above", slo.Indicator{Kind: slo.Threshold, Op: slo.Greater, Value: slo.NewDecimal(-2, 0)}, []string{"0:0 30:-1 60:-2 90:-3 120:0"}, "1/1 60s, 1/1 60s"},
		{"one NaN is not seen", threshold, []string{"0:0 30:NaN 60:0 90:0 120:0"}, "1/0 60s, 2/0 60s"},
		{"NaN after NaN is doubtful, and not seen", threshold, []string{"0:0 30:NaN 60:NaN 90:NaN 120:NaN"}, "0/0 45s invalid, 0/0 0s invalid"},
		{"infinity is neither good nor bad", threshold, []string{"0:0 30:-Inf 60:0 90:Inf 120:0"}, "1/0 60s invalid, 1/0 60s invalid"},
		{"nothing is seen in a gap", threshold, []string{"0:0 30:0"}, "1/0 60s, 0/0 15s"},
		{"no series", threshold, nil, "0/0 0s, 0/0 0s"},
		{"two values at an instant: the worse", threshold, []string{"0:0 30:0 30:9 60:0 90:0 90:0 120:0"}, "1/1 60s invalid, 2/0 60s"},
		{"a gauge", slo.Indicator{Kind: slo.Boolean}, []string{"0:1 30:1 60:0 90:2 120:0.5", "0:1 30:1 60:1 90:1 120:1"}, "3/1 60s, 2/0 60s invalid"},
		{"a share of good events", slo.Indicator{Kind: slo.Share}, []string{"0:1 30:0.999999 60:1 90:1.01 120:-0.01"}, "1.999999e+06/1 60s, 0/0 45s invalid"},
		{"a share of bad events", slo.Indicator{Kind: slo.Share, Failure: true}, []string{"0:1 30:0.000001 60:0 90:1.0000000000000002 120:-1e-17"}, "1.999999e+06/1 60s, 1e+06/1e+06 60s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := show(seconds(0, 120).Samples(test.in, list(t, "s", test.series)))
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// drawMeasured draws series of a measurement with gaps, jitter and values that
// cannot be judged.
func drawMeasured(t *rapid.T, minutes int) (all []sli.Series) {
	values := rapid.SampledFrom([]float64{0, 0.1, 0.3, 0.30000000000000004, 0.5, 1, 1, 1e-6, 1.5, -1, math.NaN(), math.Inf(1)})
	for i := range rapid.IntRange(0, 3).Draw(t, "series") {
		s := sli.Series{ID: string(rune('a' + i))}
		for at := rapid.Int64Range(-600, 300).Draw(t, "birth"); at <= int64(minutes)*60+60; at += rapid.SampledFrom([]int64{15, 15, 30, 31, 400}).Draw(t, "apart") {
			s.Samples = append(s.Samples, sli.Sample{Milli: base.UnixMilli() + at*1000, Value: values.Draw(t, "value")})
		}
		all = append(all, s)
	}
	return all
}

func drawIndicator(t *rapid.T) slo.Indicator {
	return slo.Indicator{
		Kind:    rapid.SampledFrom([]slo.IndicatorKind{slo.Threshold, slo.Share, slo.Boolean}).Draw(t, "kind"),
		Op:      slo.Op(rapid.SampledFrom(slo.Ops()).Draw(t, "op")),
		Value:   rapid.SampledFrom([]slo.Decimal{{}, slo.NewDecimal(3, 1), slo.NewDecimal(1, 0), slo.NewDecimal(-1, 0)}).Draw(t, "value"),
		Failure: rapid.Bool().Draw(t, "failure"),
	}
}

// naive is what an indicator makes of one sample, said in another way.
func naive(in slo.Indicator, v float64) (good, bad *big.Rat) {
	none, one := new(big.Rat), big.NewRat(1, 1)
	x := new(big.Rat).SetFloat64(v) // nil for NaN and infinity
	if x == nil {
		return none, none
	}
	holds := false
	switch in.Kind {
	case slo.Boolean:
		if v != 0 && v != 1 {
			return none, none
		}
		holds = v == 1
	case slo.Share:
		if x.Sign() < 0 || x.Cmp(one) > 0 {
			return none, none
		}
		if rest := new(big.Rat).Sub(one, x); in.Failure {
			return rest, x
		} else {
			return x, rest
		}
	default:
		limit := new(big.Rat).SetFloat64(in.Value.Float())
		order := x.Cmp(limit)
		holds = order < 0 && (in.Op == slo.Less || in.Op == slo.LessOrEqual) || order > 0 && (in.Op == slo.Greater || in.Op == slo.GreaterOrEqual) ||
			order == 0 && (in.Op == slo.LessOrEqual || in.Op == slo.GreaterOrEqual)
	}
	if holds {
		return one, none
	}
	return none, one
}

// Every sample is counted in its slice and in no other, as good or as bad as
// it is, to a thousand-millionth.
func TestSamplesAreCountedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const minutes = 10
		in, all, c := drawIndicator(t), drawMeasured(t, minutes), drawCut(t, minutes)
		for _, slice := range c.Samples(in, all) {
			good, bad, samples := new(big.Rat), new(big.Rat), int64(0)
			for _, s := range all {
				for _, v := range between(s.Samples, slice.Start.UnixMilli(), slice.Start.Add(c.Slice).UnixMilli()) {
					g, b := naive(in, v.Value)
					good, bad, samples = good.Add(good, g), bad.Add(bad, b), samples+1
				}
			}
			whole := int64(sli.Event)
			if in.Kind == slo.Share {
				whole = int64(sli.ShareWeight)
			}
			checkNear(t, "good", slice.Good, good, whole, samples)
			checkNear(t, "bad", slice.Bad, bad, whole, samples)
		}
	})
}

// checkNear compares a count with what it should be; each sample may be
// rounded by half a thousandth of an event.
func checkNear(t *rapid.T, what string, got sli.Count, want *big.Rat, whole, samples int64) {
	exact := new(big.Rat).Mul(want, big.NewRat(whole, 1))
	off := new(big.Rat).Sub(exact, big.NewRat(int64(got), 1))
	if off.Abs(off).Cmp(big.NewRat(samples, 2)) > 0 {
		t.Fatalf("%s: got %d, want %s thousandths", what, got, exact.FloatString(3))
	}
}

func TestSplittingSamplesChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const minutes = 30
		in, all, c := drawIndicator(t), drawMeasured(t, minutes), drawCut(t, minutes)
		want := c.Samples(in, all)
		var got []sli.Slice
		for from := c.From; from.Before(c.To); {
			one := c
			one.From, one.To = from, from.Add(time.Duration(rapid.IntRange(1, 8).Draw(t, "slices"))*c.Slice)
			if one.To.After(c.To) {
				one.To = c.To
			}
			got, from = append(got, one.Samples(in, seen(one, all))...), one.To
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-whole +split)\n%s", diff)
		}
	})
}

// seen is what a backend shows of series for a cut.
func seen(c sli.Cut, all []sli.Series) (view []sli.Series) {
	for _, s := range all {
		if v := between(s.Samples, c.From.Add(-c.Lookback()).UnixMilli(), c.To.UnixMilli()); len(v) > 0 {
			view = append(view, sli.Series{ID: s.ID, Samples: v})
		}
	}
	return view
}

package sli

import (
	"cmp"
	"math"
	"slices"
)

// A Histogram is a sample of a native histogram: what a process had observed
// up to an instant.
type Histogram struct {
	Milli   int64    // ms since the Unix epoch
	Count   float64  // of all observations; those that are NaN are in no bucket
	Buckets []Bucket // that hold any, the lowest first
}

// A Bucket counts the observations in (Lower, Upper]. Which of its bounds
// belong to a bucket of values below 0 does not matter here.
type Bucket struct{ Lower, Upper, Count float64 }

// valid reports whether h can be the sample of a native histogram.
func (h Histogram) valid() bool {
	sum, last := 0.0, math.Inf(-1)
	for _, b := range h.Buckets {
		if !valid(b.Count) || !(b.Lower >= last) || !(b.Upper > b.Lower) {
			return false
		}
		sum, last = sum+b.Count, b.Upper
	}
	return valid(h.Count) && sum <= h.Count*(1+1e-9)
}

// within is how many observations are at most limit, which is above 0. Of a
// bucket on both sides of it the share is taken that Prometheus'
// histogram_fraction takes: linear in the bucket around 0 and where bounds are
// custom, logarithmic otherwise. One that has no bound on a side counts as
// above.
func (h Histogram) within(limit float64) float64 {
	sum := 0.0
	for _, b := range h.Buckets {
		switch {
		case b.Upper <= limit:
			sum += b.Count
		case b.Lower < limit:
			return sum + float64(b.Count*h.share(b, limit)) // not fused, so that all machines count alike
		}
	}
	return sum
}

// share is how much of a bucket lies below a limit inside of it.
func (h Histogram) share(b Bucket, limit float64) float64 {
	switch {
	case math.IsInf(b.Lower, 0) || math.IsInf(b.Upper, 0):
		return 0
	case b.Lower < 0 && h.Buckets[0].Lower == b.Lower: // around 0, and there are no negative observations
		return limit / b.Upper
	case b.Lower <= 0 || h.custom():
		return (limit - b.Lower) / (b.Upper - b.Lower)
	}
	return (math.Log2(limit) - math.Log2(b.Lower)) / (math.Log2(b.Upper) - math.Log2(b.Lower))
}

// custom reports whether the bounds of the buckets were chosen freely: they
// are not the powers of 2^(1/2^schema), for a schema from -4 to 8.
func (h Histogram) custom() bool {
	schema, known := 0.0, false
	for _, b := range h.Buckets {
		if b.Lower <= 0 && b.Upper > 0 && !math.IsInf(b.Lower, 0) || b.Upper == math.MaxFloat64 || b.Lower == math.MaxFloat64 {
			continue // the bucket around 0, and those at the end of all numbers
		}
		upper, lower := math.Log2(math.Abs(b.Upper)), math.Log2(math.Abs(b.Lower))
		one := -math.Log2(math.Abs(upper - lower))
		index := float64(upper * math.Exp2(math.Round(one)))
		whole := math.Abs(one-math.Round(one)) < 1e-6 && math.Abs(index-math.Round(index)) < 1e-6 && math.Abs(math.Round(one)-2) <= 6
		if !whole || known && math.Round(one) != schema {
			return true
		}
		schema, known = math.Round(one), true
	}
	return false
}

// in puts the observations of h into the buckets of a later sample of the
// same process, which may be wider but not narrower. ok is false when that
// sample counts fewer anywhere: the process began anew.
func (h Histogram) in(later Histogram) (_ Histogram, ok bool) {
	out := Histogram{Milli: h.Milli, Count: h.Count, Buckets: make([]Bucket, len(later.Buckets))}
	rest := h.Buckets
	for i, b := range later.Buckets {
		for len(rest) > 0 && rest[0].Upper <= b.Upper {
			if rest[0].Lower < b.Lower {
				return out, false
			}
			out.Buckets[i].Count += rest[0].Count
			rest = rest[1:]
		}
		out.Buckets[i].Lower, out.Buckets[i].Upper = b.Lower, b.Upper
		if out.Buckets[i].Count > b.Count {
			return out, false
		}
	}
	return out, len(rest) == 0 && h.Count <= later.Count
}

// inOrderOfTime is the histograms by time, and at the same instant by count.
func inOrderOfTime(all []Histogram) []Histogram {
	order := func(a, b Histogram) int {
		return cmp.Or(cmp.Compare(a.Milli, b.Milli), cmp.Compare(a.Count, b.Count))
	}
	if !slices.IsSortedFunc(all, order) {
		all = slices.Clone(all)
		slices.SortFunc(all, order)
	}
	return all
}

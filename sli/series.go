package sli

import (
	"cmp"
	"math"
	"slices"
)

// A Sample is the value of a counter at an instant.
type Sample struct {
	Milli int64   // ms since the Unix epoch
	Value float64 // as the backend told it
}

// A Series is one raw counter, or one native histogram. Its samples may be in
// any order.
type Series struct {
	ID         string // the same ID is the same series, wherever it occurs
	Samples    []Sample
	Histograms []Histogram
}

// A track is a series made ready for counting: valid points only, in order,
// at most one for each instant.
type track struct {
	id     string
	points []point
	steps  []step // to each point, where the values alone do not tell
}

type point struct {
	at    int64 // ms since the Unix epoch
	value Count
}

// A step is what a track grew by up to a point; reset: it began anew;
// outsized: the point's own value does not fit it.
type step struct {
	grown           Count
	reset, outsized bool
}

// step is the one up to the i-th point.
func (t track) step(i int) step {
	if t.steps != nil {
		return t.steps[i]
	}
	grown := t.points[i].value - t.points[i-1].value
	return step{grown: grown, reset: grown < 0}
}

// largest is where values begin that do not fit a Count.
const largest = 9.2e15

// appendPoints appends the valid samples of one series; of those at the same
// instant it keeps the highest. It lists the instants at which something that
// is no value of a counter was left out. A single NaN is left out too but not
// listed: VictoriaMetrics tells so that a series ended. NaN after NaN within
// near (ms) is listed.
func appendPoints(points []point, samples []Sample, near int64) (_ []point, invalid []int64) {
	last := Sample{Milli: math.MinInt64}
	for _, s := range samples {
		value := quantise(s.Value)
		switch {
		case math.IsNaN(s.Value):
			if math.IsNaN(last.Value) && s.Milli-last.Milli <= near {
				invalid = append(invalid, s.Milli)
			}
		case !valid(s.Value):
			invalid = append(invalid, s.Milli)
		case s.Milli == last.Milli && valid(last.Value):
			if n := len(points) - 1; points[n].value != value {
				points[n].value = value
				invalid = append(invalid, s.Milli)
			}
		default:
			points = append(points, point{s.Milli, value})
		}
		last = s
	}
	return points, invalid
}

// inOrder is the samples by time, and at the same instant by value.
func inOrder(samples []Sample) []Sample {
	for i := 1; i < len(samples); i++ {
		if samples[i].Milli <= samples[i-1].Milli {
			samples = slices.Clone(samples)
			slices.SortFunc(samples, func(a, b Sample) int {
				return cmp.Or(cmp.Compare(a.Milli, b.Milli), cmp.Compare(a.Value, b.Value))
			})
			break
		}
	}
	return samples
}

// valid reports whether v can be the value of a counter. NaN fails every
// comparison.
func valid(v float64) bool { return v >= 0 && v < largest }

// quantise rounds a valid value. Its whole part is taken by itself: times a
// thousand it may not fit a float64.
func quantise(v float64) Count {
	whole := Count(v)
	return whole*Event + Count(math.RoundToEven((v-float64(whole))*float64(Event)))
}

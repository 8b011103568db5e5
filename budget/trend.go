package budget

import (
	"math"
	"slices"
	"time"
)

// A Point is a figure at an instant.
type Point struct {
	At    time.Time
	Value float64
}

// A Trend is the straight line that figures follow: its slope is the median of
// the slopes between any two of them (Sen, "Estimates of the regression
// coefficient based on Kendall's tau", 1968), so that single incidents do not
// turn it.
type Trend struct {
	At        time.Time // of the newest figure
	Value     float64   // of the line then
	Slope     float64   // a day
	Low, High float64   // Slope is between them with a confidence of 90 %, ±Inf where there are too few figures to tell
}

// fewestPoints is how many figures a trend needs.
const fewestPoints = 5

// TrendOf finds the trend of figures in the order of time. ok is false when
// there are too few of them. Figures that are not known are passed over.
//
// The interval of the slope is Sen's, from the variance of Kendall's S. Figures
// that follow one another closely say less than as many apart, so it is made
// wider by (1+r)/(1−r), the variance of a first-order autoregressive series of
// the correlation r that neighbours have around the line (Yue and Wang, "The
// Mann-Kendall test modified by effective sample size", 2004).
func TrendOf(figures []Point) (t Trend, ok bool) {
	known := slices.DeleteFunc(slices.Clone(figures), func(p Point) bool { return math.IsNaN(p.Value) || math.IsInf(p.Value, 0) })
	if len(known) < fewestPoints {
		return Trend{}, false
	}
	t.At = known[len(known)-1].At
	slopes := slopesOf(known)
	t.Slope = median(slopes)
	rest := make([]float64, len(known)) // what is left of each figure without its slope
	for i, p := range known {
		rest[i] = p.Value - float64(t.Slope*days(p.At.Sub(t.At)))
	}
	t.Value = median(slices.Sorted(slices.Values(rest)))
	n := float64(len(known))
	r := min(max(neighbours(rest, t.Value), 0), 0.95)
	const ninety = 1.645 // standard deviations on both sides hold 90 % of a normal distribution
	wide := float64(ninety * math.Sqrt(n*(n-1)*(float64(2*n)+5)/18*(1+r)/(1-r)))
	t.Low, t.High = rank(slopes, (float64(len(slopes))-wide)/2), rank(slopes, float64((float64(len(slopes))+wide)/2)+1)
	return t, true
}

// Reaches says in what time the line is at a level that is above it, or below
// where falling says so: 0 when it is there already, Never when it moves away
// or not at all. The soonest and the latest time are those of the steepest and
// the flattest slope of the interval.
func (t Trend) Reaches(level float64, falling bool) (in, soonest, latest time.Duration) {
	away, steep, flat := level-t.Value, t.High, t.Low
	if falling {
		away, steep, flat = -away, -t.Low, -t.High
	}
	slope := t.Slope
	if falling {
		slope = -slope
	}
	return reached(away, slope), reached(away, steep), reached(away, flat)
}

// reached is how long it takes to go so far at a slope a day.
func reached(away, slope float64) time.Duration {
	switch {
	case away <= 0:
		return 0
	case !(slope > 0):
		return Never
	}
	d := away / slope * 24 * float64(time.Hour)
	if d >= float64(Never) {
		return Never
	}
	return time.Duration(d)
}

// slopesOf are those between any two figures, in order.
func slopesOf(all []Point) (out []float64) {
	for i, p := range all {
		for _, q := range all[:i] {
			if d := days(p.At.Sub(q.At)); d > 0 {
				out = append(out, (p.Value-q.Value)/d)
			}
		}
	}
	slices.Sort(out)
	return out
}

func days(d time.Duration) float64 { return d.Hours() / 24 }

// median is that of sorted figures; of none it is 0.
func median(sorted []float64) float64 {
	n := len(sorted)
	switch {
	case n == 0:
		return 0
	case n%2 == 1:
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}

// rank is the figure at a place of sorted ones, counted from 1; outside of them
// it is without bound.
func rank(sorted []float64, place float64) float64 {
	switch i := int(math.Round(place)) - 1; {
	case i < 0:
		return math.Inf(-1)
	case i >= len(sorted):
		return math.Inf(1)
	default:
		return sorted[i]
	}
}

// neighbours is how figures that follow one another are correlated around a
// middle.
func neighbours(all []float64, middle float64) float64 {
	var of, together float64
	for i, v := range all {
		of += float64((v - middle) * (v - middle))
		if i > 0 {
			together += float64((v - middle) * (all[i-1] - middle))
		}
	}
	if of == 0 {
		return 0
	}
	return together / of
}

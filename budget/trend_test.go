package budget_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"setpoint.dev/setpoint/budget"
)

// daily are figures a day apart.
func daily(values ...float64) (out []budget.Point) {
	first := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for i, v := range values {
		out = append(out, budget.Point{At: first.AddDate(0, 0, i), Value: v})
	}
	return out
}

func TestTrend(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name         string
		values       []float64
		level        float64
		falling      bool
		slope        float64
		in, soon, by time.Duration
	}{
		{"a line", []float64{10, 11, 12, 13, 14, 15, 16, 17, 18, 19}, 29, false, 1, 10 * day, 10 * day, 10 * day},
		{"one incident does not turn it", []float64{10, 11, 12, 93, 14, 15, 16, 17, 18, 19}, 29, false, 1, 10 * day, 10 * day, 10 * day},
		{"what is not known is passed over", []float64{10, 11, nan, 13, 14, math.Inf(1), 16, 17, 18, 19}, 29, false, 1, 10 * day, 10 * day, 10 * day},
		{"falling", []float64{1, 0.9, 0.8, 0.7, 0.6, 0.5}, 0, true, -0.1, 5 * day, 5 * day, 5 * day},
		{"away from it", []float64{1, 0.9, 0.8, 0.7, 0.6, 0.5}, 2, false, -0.1, budget.Never, budget.Never, budget.Never},
		{"there already", []float64{1, 2, 3, 4, 5, 6}, 5, false, 1, 0, 0, 0},
		{"flat", []float64{3, 3, 3, 3, 3, 3}, 5, false, 0, budget.Never, budget.Never, budget.Never},
		{"to and fro", []float64{3, 4, 3, 4, 3, 4, 3, 4, 3, 4}, 5, false, 0, budget.Never, 252 * time.Hour, budget.Never},
	} {
		got, ok := budget.TrendOf(daily(c.values...))
		if !ok || math.Abs(got.Slope-c.slope) > 1e-9 {
			t.Errorf("%s: %+v (%v), want a slope of %g", c.name, got, ok, c.slope)
			continue
		}
		in, soon, by := got.Reaches(c.level, c.falling)
		for i, pair := range [][2]time.Duration{{in, c.in}, {soon, c.soon}, {by, c.by}} {
			if d := pair[0] - pair[1]; d.Abs() > 12*time.Hour {
				t.Errorf("%s: reached in %v, soonest %v, latest %v (wrong at %d, want %v)", c.name, in, soon, by, i, pair[1])
			}
		}
	}
	for _, few := range [][]float64{nil, {1}, {1, 2, 3, 4}, {1, 2, 3, 4, nan}} {
		if got, ok := budget.TrendOf(daily(few...)); ok {
			t.Errorf("%v make a trend: %+v", few, got)
		}
	}
	if got, _ := budget.TrendOf(daily(1, 2, 1, 3, 2)); !(got.Low < 0 && 0 < got.High) {
		t.Errorf("five figures without order tell which way the line goes: %+v", got)
	}
}

// TestTrendCovers makes series of a known slope up: it lies in the interval
// about as often as is said, also where each figure resembles the one before.
func TestTrendCovers(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 11))
	for _, c := range []struct {
		name        string
		correlation float64
	}{{"independent", 0}, {"correlated", 0.6}} {
		inside, all := 0, 400
		for range all {
			values, off := make([]float64, 28), 0.0
			for i := range values {
				off = c.correlation*off + r.NormFloat64()
				values[i] = 0.3*float64(i) + off
			}
			if got, _ := budget.TrendOf(daily(values...)); got.Low <= 0.3 && 0.3 <= got.High {
				inside++
			}
		}
		if share := float64(inside) / float64(all); share < 0.82 || share > 0.97 {
			t.Errorf("%s: the slope is in %.0f %% of the intervals, want 90 %%", c.name, 100*share)
		}
	}
}

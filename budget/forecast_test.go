package budget_test

import (
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

func TestForecast(t *testing.T) {
	window := func(length time.Duration, good, bad sli.Count, known bool) budget.Window {
		return budget.Window{Length: length, Known: known, Counts: sli.Counts{Good: good * event, Bad: bad * event}}
	}
	own := func(bad sli.Count) budget.Window { return window(30*day, 1_000_000-bad, bad, true) }
	for _, c := range []struct {
		name        string
		own, burned budget.Window
		want        time.Duration
		known       bool
	}{
		{"half left, burning at rate 10", own(500), window(hour, 990, 10, true), 36 * hour, true},
		{"all left, burning at rate 1", own(0), window(hour, 999, 1, true), 30 * day, true},
		{"half left, burning at rate 0.5", own(500), window(hour, 1999, 1, true), 30 * day, true},
		{"half left, burning at rate 0.4999", own(500), window(hour, 20003, 10, true), budget.Never, true},
		{"a thousandth left, total outage", own(999), window(hour, 0, 1, true), 2592 * time.Millisecond, true},
		{"nothing burns", own(999), window(hour, 100, 0, true), budget.Never, true},
		{"used up", own(1000), window(hour, 100, 0, true), 0, true},
		{"overdrawn", own(5000), window(hour, 100, 1, true), 0, true},
		{"window not known", own(500), window(hour, 990, 10, false), 0, false},
		{"budget not known", window(30*day, 1000, 0, false), window(hour, 990, 10, true), 0, false},
		{"no such window", own(500), window(2*hour, 990, 10, true), 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := budget.State{Target: slo.NewDecimal(999, 3), Slice: time.Minute, Budget: c.own, Windows: []budget.Window{c.burned, c.own}}
			if got, known := s.Forecast(hour); got != c.want || known != c.known {
				t.Errorf("Forecast(1h) = %s, %v; want %s, %v", got, known, c.want, c.known)
			}
		})
	}
}

func TestForecastAgainstBigRationals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		target, own, w := drawTarget(t), drawCounts(t), drawCounts(t)
		if own.Total() == 0 || w.Bad == 0 {
			t.Skip("no forecast")
		}
		s := budget.State{Target: target, Budget: budget.Window{Length: 30 * day, Counts: own, Known: true}}
		s.Windows = []budget.Window{{Length: hour, Counts: w, Known: true}, s.Budget}
		left := new(big.Rat).Sub(big.NewRat(1, 1), burnRate(budget.Window{Counts: own}, target))
		left.Mul(left, big.NewRat(int64(30*day), 1)).Quo(left, burnRate(budget.Window{Counts: w}, target))
		want := budget.Never
		if left.Sign() <= 0 {
			want = 0
		} else if whole := new(big.Int).Quo(left.Num(), left.Denom()); whole.Cmp(big.NewInt(int64(30*day))) <= 0 {
			want = time.Duration(whole.Int64())
		}
		if got, known := s.Forecast(hour); got != want || !known {
			t.Fatalf("Forecast = %d %v, want %d", got, known, want)
		}
	})
}

package budget_test

import (
	"math"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

func TestAtLeastComparesExactly(t *testing.T) {
	most := sli.Count(math.MaxInt64)
	for _, c := range []struct {
		name         string
		good, bad    sli.Count
		target, burn string
		want         bool
	}{
		{"exactly at the threshold", 985600, 14400, "0.999", "14.4", true},
		{"one thousandth of an event below", 985601, 14399, "0.999", "14.4", false},
		{"exactly at rate 1, which floats miss", 900, 100, "0.9", "1", true},
		{"rate 0 is always reached", 1000, 0, "0.999", "0", true},
		{"no events, rate 0", 0, 0, "0.999", "0", true},
		{"no events", 0, 0, "0.999", "0.001", false},
		{"a negative rate", 1000, 0, "0.999", "-1", true},
		{"no bad events", 1000, 0, "0.999", "0.000000000000000001", false},
		{"all bad, as many as can be", 0, most, "0.999999999999999999", "999999999999999999", true},
		{"all bad, a burn of ten digits", 0, most, "0.9999999999", "1e10", true},
		{"all bad, one above it", 0, most, "0.9999999999", "10000000001", false},
		{"one in all there can be, above", most - 1, 1, "0.999999999999999999", "0.1", true},
		{"one in all there can be, below", most - 1, 1, "0.999999999999999999", "0.2", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			target, burn := decimal(t, c.target), decimal(t, c.burn)
			got := budget.AtLeast(budget.Window{Counts: sli.Counts{Good: c.good, Bad: c.bad}}, target, burn)
			if got != c.want {
				t.Errorf("AtLeast(good %d, bad %d, %s, %s) = %v, want %v", c.good, c.bad, target, burn, got, c.want)
			}
		})
	}
}

// Exactly at the threshold, and a thousandth of an event to either side, for
// counts and decimals of any size.
func TestAtLeastAtItsEdge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		target, burn := drawTarget(t), drawDecimal(t, "burn")
		edge := new(big.Rat).Mul(ratOf(target.Complement()), ratOf(burn)) // bad/total at the threshold
		if edge.Cmp(big.NewRat(1, 1)) > 0 || !edge.Denom().IsInt64() || edge.Denom().Int64() < 2 {
			t.Skip("cannot be hit by whole counts")
		}
		times := rapid.Int64Range(1, math.MaxInt64/edge.Denom().Int64()).Draw(t, "times")
		total, bad := times*edge.Denom().Int64(), times*edge.Num().Int64()
		for by := max(int64(-1), -bad); by <= min(1, total-bad); by++ {
			c := sli.Counts{Good: sli.Count(total - bad - by), Bad: sli.Count(bad + by)}
			if got, want := budget.AtLeast(budget.Window{Counts: c}, target, burn), by >= 0; got != want {
				t.Fatalf("AtLeast(%+v, %s, %s) = %v, want %v", c, target, burn, got, want)
			}
		}
	})
}

func TestAtLeastAgainstBigRationals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, target, burn := drawCounts(t), drawTarget(t), drawDecimal(t, "burn")
		w := budget.Window{Counts: c}
		if got, want := budget.AtLeast(w, target, burn), burnRate(budget.Window{Counts: c}, target).Cmp(ratOf(burn)) >= 0; got != want {
			t.Fatalf("AtLeast(%+v, %s, %s) = %v, want %v", c, target, burn, got, want)
		}
		if got, want := budget.Spent(w, target), c.Bad > 0 && burnRate(budget.Window{Counts: c}, target).Cmp(big.NewRat(1, 1)) >= 0; got != want {
			t.Fatalf("Spent(%+v, %s) = %v, want %v", c, target, got, want)
		}
	})
}

func TestQuotientIsTheNearestFloat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Int64Range(1, 5000), rapid.Int64Range(1, math.MaxInt64))
		a, b, c, d := number.Draw(t, "a"), number.Draw(t, "b"), number.Draw(t, "c"), number.Draw(t, "d")
		exact := big.NewRat(a, c)
		want, _ := exact.Mul(exact, big.NewRat(b, d)).Float64()
		if got := budget.Quotient(uint64(a), uint64(b), uint64(c), uint64(d)); got != want {
			t.Fatalf("%d×%d/(%d×%d) = %v, want %v", a, b, c, d, got, want)
		}
	})
}

// stateOf is the state of a book over one minute that counted c.
func stateOf(t interface{ Fatalf(string, ...any) }, target slo.Decimal, c sli.Counts) budget.State {
	at := time.Unix(1_700_000_040, 0)
	o := slo.Objective{Name: "checkout", Target: target, Window: slo.Window{Length: time.Minute}, Slice: time.Minute}
	b := budget.NewBook(budget.Config{Objective: o, At: at})
	c.Covered = time.Minute
	if err := b.Put(sli.Slice{Start: at.Add(-time.Minute), Counts: c}); err != nil {
		t.Fatalf("put: %v", err)
	}
	return b.State()
}

func TestRemaining(t *testing.T) {
	const event = sli.Event
	for _, c := range []struct {
		name       string
		target     string
		good, bad  sli.Count
		left, burn float64
		want       budget.Status
	}{
		{"untouched", "0.999", 1000 * event, 0, 1, 0, budget.OK},
		{"exactly half used", "0.999", 999_500 * event, 500 * event, 0.5, 0.5, budget.OK},
		{"exactly used up", "0.999", 999 * event, event, 0, 1, budget.Exhausted},
		{"a thousandth of an event short of it", "0.999", 999*event + 1, event - 1, 0.001, 0.999, budget.OK},
		{"used up three times", "0.999", 997 * event, 3 * event, -2, 3, budget.Exhausted},
		{"99.9999 %, 4 bad of 10 million", "0.999999", 9_999_996 * event, 4 * event, 0.6, 0.4, budget.OK},
		{"no traffic", "0.999", 0, 0, 1, 0, budget.NoTraffic},
		{"all bad", "0.9", 0, 7 * event, -9, 10, budget.Exhausted},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := stateOf(t, decimal(t, c.target), sli.Counts{Good: c.good, Bad: c.bad})
			if s.Remaining != c.left || s.Budget.Burn != c.burn || s.Status != c.want {
				t.Errorf("got %v left, burn %v, %s; want %v, %v, %s", s.Remaining, s.Budget.Burn, s.Status, c.left, c.burn, c.want)
			}
		})
	}
}

func TestMoreGoodNeverLowersRemaining(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, target := drawCounts(t), drawTarget(t)
		more := c
		more.Good += sli.Count(rapid.Int64Range(0, math.MaxInt64-int64(c.Total())).Draw(t, "more"))
		before, after := stateOf(t, target, c), stateOf(t, target, more)
		if after.Remaining < before.Remaining || after.Budget.Burn > before.Budget.Burn {
			t.Fatalf("from %+v to %+v: %v left, then %v", c, more, before.Remaining, after.Remaining)
		}
		if before.Status != budget.Exhausted && after.Status == budget.Exhausted {
			t.Fatalf("from %+v to %+v: exhausted by good events", c, more)
		}
	})
}

// What is left and what was burned over the budget's own window are the two
// parts of one budget, each rounded once.
func TestBurnTimesWindowIsSpent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, target := drawCounts(t), drawTarget(t)
		s := stateOf(t, target, c)
		if s.Remaining > 1 || s.Budget.Burn < 0 {
			t.Fatalf("%+v: %v left, burn %v", c, s.Remaining, s.Budget.Burn)
		}
		left, spent := new(big.Rat).SetFloat64(s.Remaining), new(big.Rat).SetFloat64(s.Budget.Burn)
		off, _ := left.Add(left, spent).Sub(left, big.NewRat(1, 1)).Float64()
		if most := 0x1p-52 * max(1, s.Budget.Burn); math.Abs(off) > most {
			t.Fatalf("%+v: %v left and %v spent are off by %v", c, s.Remaining, s.Budget.Burn, off)
		}
		if (s.Remaining <= 0 && c.Bad > 0) != (s.Status == budget.Exhausted) {
			t.Fatalf("%+v: %v left and %s", c, s.Remaining, s.Status)
		}
	})
}

func decimal(t *testing.T, s string) slo.Decimal {
	t.Helper()
	d, err := slo.ParseDecimal(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func drawDecimal(t *rapid.T, name string) slo.Decimal {
	units := rapid.OneOf(rapid.Int64Range(1, 20000), rapid.Int64Range(1, 999_999_999_999_999_999)).Draw(t, name)
	return slo.NewDecimal(units, uint8(rapid.IntRange(0, 18).Draw(t, name+" scale")))
}

// drawTarget is above 0 and below 1.
func drawTarget(t *rapid.T) slo.Decimal {
	scale := rapid.IntRange(1, 18).Draw(t, "digits")
	_, den := slo.NewDecimal(1, uint8(scale)).Fraction()
	nearOne := rapid.Int64Range(1, min(den-1, 1000)).Draw(t, "near 1")
	units := rapid.OneOf(rapid.Int64Range(1, den-1), rapid.Just(den-nearOne)).Draw(t, "target")
	return slo.NewDecimal(units, uint8(scale))
}

func drawCounts(t *rapid.T) sli.Counts {
	number := rapid.OneOf(rapid.Int64Range(0, 5_000_000), rapid.Int64Range(0, math.MaxInt64))
	good := number.Draw(t, "good")
	bad := min(number.Draw(t, "bad"), math.MaxInt64-good)
	return sli.Counts{Good: sli.Count(good), Bad: sli.Count(bad)}
}

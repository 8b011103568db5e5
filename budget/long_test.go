package budget_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
)

// tally adds up in big integers.
type tally struct{ good, bad, covered *big.Int }

func newTally() tally { return tally{new(big.Int), new(big.Int), new(big.Int)} }

func (y tally) add(c sli.Counts, sign int64) {
	y.good.Add(y.good, big.NewInt(sign*int64(c.Good)))
	y.bad.Add(y.bad, big.NewInt(sign*int64(c.Bad)))
	y.covered.Add(y.covered, big.NewInt(sign*int64(c.Covered)))
}

func (y tally) String() string {
	return fmt.Sprint(y.good, " good, ", y.bad, " bad, ", y.covered, " ns")
}

// A year and a month of one-minute slices with odd thousandths: the windows
// of a month and a year are, to the last thousandth, the sums of big
// integers, and what is left of the budget is the nearest float to the
// quotient of big rationals.
func TestNoDriftOverAYear(t *testing.T) {
	c := config(30*day, 365*day)
	b := budget.NewBook(c)
	year, month := newTally(), newTally()
	stored := func(x time.Time) sli.Slice { return uneven(int(x.Sub(noon) / time.Minute)) }
	const minutes = 395 * 24 * 60
	for m := range minutes {
		if err := errors.Join(b.Advance(at(m+1)), b.Put(uneven(m)), answer(b, stored)); err != nil {
			t.Fatal(err)
		}
		year.add(uneven(m).Counts, 1)
		month.add(uneven(m).Counts, 1)
		if m >= 30*1440 {
			month.add(uneven(m-30*1440).Counts, -1)
		}
		if m >= 365*1440 {
			year.add(uneven(m-365*1440).Counts, -1)
		}
		if m%50_000 == 0 || m == minutes-1 {
			checkYear(t, b.State(), month, year)
		}
	}
}

func checkYear(t *testing.T, s budget.State, sums ...tally) {
	t.Helper()
	for k, want := range sums {
		got := newTally()
		got.add(s.Windows[k].Counts, 1)
		if got.String() != want.String() {
			t.Fatalf("at %s, over %s: %s; want %s", s.At, s.Windows[k].Length, got, want)
		}
	}
	left := new(big.Rat).Sub(big.NewRat(1, 1), burnRate(s.Budget, s.Target))
	if want, _ := left.Float64(); s.Remaining != want {
		t.Fatalf("at %s: %v left, want %v", s.At, s.Remaining, want)
	}
}

// uneven is slice m of a stream that leaves nothing to whole numbers.
func uneven(m int) sli.Slice {
	x := (uint64(m) + 1) * 0x9e3779b97f4a7c15
	s := sli.Slice{Start: at(m)}
	s.Good, s.Bad = sli.Count(x>>40), sli.Count(x>>20&0xfff)
	s.Covered = time.Duration(x % uint64(time.Minute+1))
	return s
}

// A window of 2n slices is the last n and the n before them.
func TestSplitWindowsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "n")
		c := config(time.Duration(2*n)*time.Minute, time.Duration(n)*time.Minute)
		b := budget.NewBook(c)
		first := rapid.IntRange(2*n, 4*n).Draw(t, "first")
		var before budget.State
		for m := range first + n {
			s := sli.Slice{Start: at(m), Counts: drawCounts(t)}
			s.Good, s.Bad = s.Good>>8, s.Bad>>8
			if err := errors.Join(b.Advance(at(m+1)), b.Put(s)); err != nil {
				t.Fatal(err)
			}
			if m == first-1 {
				before = b.State()
			}
		}
		after := b.State()
		if got, want := before.Windows[0].Counts.Add(after.Windows[0].Counts), after.Budget.Counts; got != want {
			t.Fatalf("two halves are %+v, the whole is %+v", got, want)
		}
		spent := new(big.Rat).Mul(burnRate(after.Budget, c.Objective.Target), share(after, after.Budget))
		for _, s := range []budget.State{before, after} {
			half := s.Windows[0]
			spent.Sub(spent, new(big.Rat).Mul(burnRate(half, c.Objective.Target), share(after, half)))
		}
		if spent.Sign() != 0 {
			t.Fatalf("burn rates of the halves, weighted by events, differ from the whole's by %s", spent)
		}
	})
}

// share is the part of the events of s that w has.
func share(s budget.State, w budget.Window) *big.Rat {
	if s.Budget.Total() == 0 {
		return new(big.Rat)
	}
	return big.NewRat(int64(w.Total()), int64(s.Budget.Total()))
}

// The memory of a book does not depend on its windows, once they are longer
// than the ring, nor on how long it lives.
func TestMemoryIsConstant(t *testing.T) {
	sizes := map[time.Duration]int{}
	for _, window := range []time.Duration{hour, day, 30 * day, 365 * day} {
		sizes[window] = bookOf(window).Footprint()
		t.Logf("%8s: %d bytes", window, sizes[window])
	}
	if sizes[hour] > 2000 || sizes[day] > 6000 || sizes[365*day] > 8000 {
		t.Errorf("books are larger than 2, 6 and 8 kB: %v", sizes)
	}
	if sizes[365*day] > sizes[30*day]*3/2 {
		t.Errorf("a year takes %d bytes, a month %d", sizes[365*day], sizes[30*day])
	}
	b := bookOf(30 * day)
	feed(b, b.State().At, 60*24*60)
	if got := b.Footprint(); got > sizes[30*day]*5/4 {
		t.Errorf("after 60 days more a book takes %d bytes, before %d", got, sizes[30*day])
	}
	worst := worstBook(t)
	if t.Logf("worst: %d bytes", worst); worst > 60_000 {
		t.Errorf("with the widest slices a book takes %d bytes", worst)
	}
}

// worstBook is the size of a book of slices that pack as badly as can be.
func worstBook(t *testing.T) int {
	b := budget.NewBook(config(7*day, 2*day, day))
	wide := func(x time.Time) sli.Slice {
		s := uneven(0)
		s.Start, s.Good, s.Bad, s.Flaw = x, math.MaxInt64>>15, math.MaxInt64>>16, sli.FlawInvalid
		return s
	}
	for m := range 9 * 24 * 60 {
		if err := errors.Join(b.Advance(at(m+1)), b.Put(wide(at(m))), answer(b, wide)); err != nil {
			t.Fatal(err)
		}
	}
	return b.Footprint()
}

func TestPackedCellsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.OneOf(rapid.Int64Range(0, math.MaxInt64), rapid.Custom(func(t *rapid.T) int64 {
			return 1000 * rapid.Int64Range(0, 9000).Draw(t, "events")
		}))
		covered := rapid.OneOf(rapid.Just(int64(time.Minute)), rapid.Int64Range(0, int64(time.Minute)))
		var c budget.Cell
		c.Good, c.Bad = sli.Count(count.Draw(t, "good")), sli.Count(count.Draw(t, "bad"))
		c.Covered = time.Duration(covered.Draw(t, "covered"))
		c = budget.NewCell(c, rapid.IntRange(0, 300).Draw(t, "flaw"))
		back, size, skipped := budget.Repack(c, time.Minute)
		if back != c || size != skipped {
			t.Fatalf("%+v came back as %+v; %d bytes read, %d skipped", c, back, size, skipped)
		}
	})
}

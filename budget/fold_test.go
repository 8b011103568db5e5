package budget_test

import (
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

func inSlices(method slo.Method, length time.Duration, good string) slo.Objective {
	target, _ := slo.ParseDecimal(good)
	return slo.Objective{
		Name: "main-page", Target: slo.NewDecimal(95, 2), Slice: time.Minute, Method: method,
		TimeSlice: slo.TimeSlice{Length: length, Target: target}, Window: slo.Window{Length: 14 * day},
	}
}

// OpenSLO's worked example (examples/budgeting-method/README.md): two weeks,
// 24,000 requests a day, 99 % of them good, an objective of 95 %, slices of a
// minute, and an attack that leaves 1 % good. How long must it last to use up
// the budget?
func TestWorkedExamplesOfOpenSLO(t *testing.T) {
	for _, c := range []struct {
		method  slo.Method
		minutes int // the first that uses up the budget
		note    string
	}{
		{slo.Timeslices, 1008, "as the text says: 5 % of 20,160 minutes, 16 h 48 min"},
		{slo.RatioTimeslices, 823, "0.04 × 20,160 ÷ 0.98 = 822.9 min, 13 h 43 min; the text says about 13 h 45 min"},
	} {
		for attack, want := range map[int]bool{c.minutes - 1: false, c.minutes: true} {
			o := inSlices(c.method, time.Minute, "0.9")
			if got := budget.Spent(attacked(t, o, attack), o.Target); got != want {
				t.Errorf("%s, %d minutes: spent %v, want %v (%s)", c.method, attack, got, want, c.note)
			}
		}
	}
	// Occurrences: 5 % of 336,000 requests are 16,800. The text says 16,632,
	// which is 5 % of the 99 % that are good.
	for bad, want := range map[sli.Count]bool{16_799: false, 16_800: true} {
		w := budget.Window{Counts: sli.Counts{Good: (336_000 - bad) * event, Bad: bad * event}}
		if got := budget.Spent(w, slo.NewDecimal(95, 2)); got != want {
			t.Errorf("Occurrences, %d failed requests: spent %v, want %v", bad, got, want)
		}
	}
}

// attacked is the budget's window after two weeks of which so many minutes
// were under attack: then there are a million requests a minute.
func attacked(t *testing.T, o slo.Objective, minutes int) budget.Window {
	t.Helper()
	start := time.Unix(1_700_006_400, 0)
	b := budget.NewBook(budget.Config{Objective: o, At: start})
	for i := range 20_160 {
		s := slice(start.Add(time.Duration(i)*time.Minute), 99, 1)
		if i%20 == 7 && i/20 < minutes {
			s = slice(s.Start, 10_000, 990_000)
		}
		check(b.Advance(s.Start.Add(time.Minute)))
		check(b.Put(budget.Fold(o, []sli.Slice{s})...))
	}
	w := b.State().Budget
	if one := (budget.State{Method: o.Method}).One(); !w.Known || w.Total() != 20_160*one {
		t.Fatalf("%s: %d counts, known %v; want 20,160 time slices", o.Method, w.Total(), w.Known)
	}
	return w
}

func TestFold(t *testing.T) {
	half := func(s sli.Slice) sli.Slice { s.Covered /= 2; return s }
	flawed := func(s sli.Slice, f sli.Flaw) sli.Slice { s.Flaw = f; return s }
	for _, c := range []struct {
		name      string
		in        []sli.Slice
		good, bad sli.Count // time slices
		covered   time.Duration
		flaw      sli.Flaw
	}{
		{"on the target is good", []sli.Slice{seen(0, 90, 10), seen(1, 0, 0), seen(2, 0, 0), seen(3, 0, 0), seen(4, 0, 0)}, 1, 0, 5 * time.Minute, ""},
		{"below it is bad, however many events there are", []sli.Slice{seen(0, 89, 10), seen(1, 0, 0), seen(2, 0, 0), seen(3, 0, 0), seen(4, 0, 0)}, 0, 1, 5 * time.Minute, ""},
		{"a bad minute in five good ones", []sli.Slice{seen(0, 100, 0), seen(1, 60, 40), seen(2, 100, 0), seen(3, 100, 0), seen(4, 100, 0)}, 1, 0, 5 * time.Minute, ""},
		{"no events: neither", []sli.Slice{seen(0, 0, 0), seen(1, 0, 0), seen(2, 0, 0), seen(3, 0, 0), seen(4, 0, 0)}, 0, 0, 5 * time.Minute, ""},
		{"less than half seen: neither", []sli.Slice{seen(0, 100, 0), half(seen(4, 100, 0))}, 0, 0, 90 * time.Second, ""},
		{"half seen: judged", []sli.Slice{seen(0, 100, 0), seen(2, 100, 0), half(seen(4, 100, 0))}, 1, 0, 150 * time.Second, ""},
		{"the most serious flaw", []sli.Slice{flawed(seen(0, 1, 0), sli.FlawGap), flawed(seen(1, 1, 0), sli.FlawInvalid), flawed(seen(2, 1, 0), sli.FlawExcess)}, 1, 0, 3 * time.Minute, sli.FlawInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := budget.Fold(inSlices(slo.Timeslices, 5*time.Minute, "0.9"), c.in)
			want := []sli.Slice{{Start: noon, Counts: sli.Counts{Good: c.good * event, Bad: c.bad * event, Covered: c.covered}, Flaw: c.flaw}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("time slices (-want +got):\n%s", diff)
			}
		})
	}
	if got := budget.Fold(inSlices(slo.Timeslices, 5*time.Minute, "0.9"), nil); len(got) != 0 {
		t.Errorf("nothing becomes %v", got)
	}
	same := []sli.Slice{seen(3, 1, 2)}
	if diff := cmp.Diff(same, budget.Fold(config(time.Hour).Objective, same)); diff != "" {
		t.Errorf("Occurrences are changed:\n%s", diff)
	}
}

// Fold in any pieces that are whole time slices gives what big rationals
// give; RatioTimeslices within 1e-12 a time slice.
func TestFoldAgainstRationals(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		o := inSlices(rapid.SampledFrom([]slo.Method{slo.Timeslices, slo.RatioTimeslices}).Draw(r, "method"), 3*time.Minute, "0.999")
		average, n := new(big.Rat), int64(0)
		var got sli.Counts
		for k := range rapid.IntRange(1, 20).Draw(r, "slices") {
			var all []sli.Slice
			good, bad := int64(0), int64(0)
			for m := range 3 {
				g, b := rapid.Int64Range(0, 1<<50).Draw(r, "good"), rapid.Int64Range(0, 1<<42).Draw(r, "bad")
				good, bad = good+g, bad+b
				all = append(all, sli.Slice{Start: at(3*k + m), Counts: sli.Counts{Good: sli.Count(g), Bad: sli.Count(b), Covered: time.Minute}})
			}
			for _, s := range budget.Fold(o, all) {
				got = got.Add(s.Counts)
			}
			if good+bad == 0 {
				continue
			}
			n++
			share := big.NewRat(good, good+bad)
			if o.Method == slo.Timeslices && share.Cmp(big.NewRat(999, 1000)) >= 0 {
				share = big.NewRat(1, 1)
			} else if o.Method == slo.Timeslices {
				share = new(big.Rat)
			}
			average.Add(average, share)
		}
		if got.Total() != sli.Count(n)*(budget.State{Method: o.Method}).One() {
			r.Fatalf("%d counts of %d time slices", got.Total(), n)
		}
		off := new(big.Rat).Sub(average, big.NewRat(int64(got.Good), int64(budget.State{Method: o.Method}.One())))
		if o.Method == slo.Timeslices && off.Sign() != 0 || off.Abs(off).Cmp(big.NewRat(n, 1e12)) > 0 {
			r.Fatalf("%s: %s too much", o.Method, off.FloatString(20))
		}
	})
}

func TestEvents(t *testing.T) {
	s := budget.State{Method: slo.RatioTimeslices}
	if got := s.Events(s.One() * 5 / 2); got != 2.5 {
		t.Errorf("%v time slices, want 2.5", got)
	}
	if got := (budget.State{}).Events(2500); got != 2.5 {
		t.Errorf("%v events, want 2.5", got)
	}
}

func TestFloor(t *testing.T) {
	for _, c := range []struct{ at, step, want int64 }{{61, 60, 60}, {60, 60, 60}, {-1, 60, -60}, {701, 7, 700}} {
		if got := budget.Floor(time.Unix(c.at, 0), time.Duration(c.step)*time.Second).Unix(); got != c.want {
			t.Errorf("%d by %d: %d, want %d", c.at, c.step, got, c.want)
		}
	}
}

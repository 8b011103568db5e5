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

var midday = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func promised() slo.Objective {
	return slo.Objective{Name: "fast", Service: "shop", Target: slo.NewDecimal(9, 1), Slice: time.Minute, Window: slo.Window{Length: 2 * time.Hour}}
}

func windowed(effect slo.Effect, name string, from, to time.Duration) slo.Calendar {
	return slo.Calendar{Name: name, Effect: effect, AppliesTo: slo.Scope{All: true}, Windows: []slo.Stretch{{From: midday.Add(from), To: midday.Add(to)}}}
}

func exemption(all ...slo.Calendar) slo.Exemption {
	set := slo.Set{Calendars: all}
	return set.Exemption(promised())
}

func sliceOf(i int, good, bad sli.Count) sli.Slice {
	return sli.Slice{Start: midday.Add(time.Duration(i) * time.Minute), Counts: sli.Counts{Good: good * sli.Event, Bad: bad * sli.Event, Covered: time.Minute}}
}

// TestAdjust: what becomes of four minutes with two good events and eight bad.
func TestAdjust(t *testing.T) {
	all := []sli.Slice{sliceOf(0, 2, 8), sliceOf(1, 2, 8), sliceOf(2, 2, 8), sliceOf(3, 2, 8)}
	expecting := func(c slo.Calendar, share string) slo.Calendar {
		c.ExpectedBad, _ = slo.ParseDecimal(share)
		c.HasExpected = true
		return c
	}
	for _, c := range []struct {
		name      string
		calendars []slo.Calendar
		good, bad []sli.Count
		flaw      sli.Flaw // of the third
	}{
		{"none", nil, []sli.Count{2, 2, 2, 2}, []sli.Count{8, 8, 8, 8}, ""},
		{"only whole slices are excluded", []slo.Calendar{windowed(slo.Exclude, "a", 30*time.Second, 150*time.Second)}, []sli.Count{2, 0, 2, 2}, []sli.Count{8, 0, 8, 8}, ""},
		{"good", []slo.Calendar{windowed(slo.CountAsGood, "a", time.Minute, 3*time.Minute)}, []sli.Count{2, 10, 10, 2}, []sli.Count{8, 0, 0, 8}, ""},
		{"noted only", []slo.Calendar{windowed(slo.Annotate, "a", 0, time.Hour)}, []sli.Count{2, 2, 2, 2}, []sli.Count{8, 8, 8, 8}, ""},
		{"exclude before good, by whatever name", []slo.Calendar{windowed(slo.CountAsGood, "a", 0, 3*time.Minute), windowed(slo.Exclude, "b", 2*time.Minute, time.Hour)}, []sli.Count{10, 10, 0, 0}, []sli.Count{0, 0, 0, 0}, ""},
		{"as bad as expected", []slo.Calendar{expecting(windowed(slo.Exclude, "a", 0, time.Hour), "0.8")}, []sli.Count{0, 0, 0, 0}, []sli.Count{0, 0, 0, 0}, ""},
		{"worse than expected", []slo.Calendar{expecting(windowed(slo.Exclude, "a", 0, time.Hour), "0.799999999999999999")}, []sli.Count{2, 2, 2, 2}, []sli.Count{8, 8, 8, 8}, budget.FlawUnexpected},
		{"worse than one expects, excused by another", []slo.Calendar{expecting(windowed(slo.Exclude, "a", 0, time.Hour), "0.1"), windowed(slo.CountAsGood, "b", 0, time.Hour)}, []sli.Count{10, 10, 10, 10}, []sli.Count{0, 0, 0, 0}, budget.FlawUnexpected},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := budget.Adjust(promised(), exemption(c.calendars...), midday, midday.Add(time.Hour), all)
			for i, s := range got {
				if s.Good != c.good[i]*sli.Event || s.Bad != c.bad[i]*sli.Event || s.Covered != time.Minute {
					t.Errorf("minute %d: %+v, want %d good and %d bad", i, s, c.good[i], c.bad[i])
				}
			}
			if got[2].Flaw != c.flaw {
				t.Errorf("the third is marked %q, want %q", got[2].Flaw, c.flaw)
			}
		})
	}
}

// TestAccountKeepsBoth: an account says both what was measured and what is
// judged, and that a window hides more than it should.
func TestAccountKeepsBoth(t *testing.T) {
	hidden := windowed(slo.Exclude, "works", 0, 10*time.Minute)
	hidden.ExpectedBad, hidden.HasExpected = slo.NewDecimal(5, 1), true
	a := budget.NewAccount(budget.Config{Objective: promised(), At: midday}, exemption(hidden))
	each(t, a, sliceOf(0, 10, 0), sliceOf(1, 5, 5), sliceOf(2, 4, 6), sliceOf(3, 5, 5))
	s := a.State()
	if s.Budget.Bad != 6*sli.Event || s.Raw.Budget.Bad != 16*sli.Event || s.Unexpected != 1 || s.Status != budget.Exhausted {
		t.Errorf("judged %d bad, measured %d, %d slices unexpected, %s", s.Budget.Bad, s.Raw.Budget.Bad, s.Unexpected, s.Status)
	}
	want := []budget.InForce{{Name: "works", Effect: slo.Exclude, Since: midday, Until: midday.Add(10 * time.Minute)}}
	if diff := cmp.Diff(want, s.InForce); diff != "" {
		t.Error(diff)
	}
	for i := 4; i < 130; i++ {
		each(t, a, sliceOf(i, 10, 0))
	}
	if s = a.State(); s.Unexpected != 0 || s.InForce != nil || s.Budget.Counts != s.Raw.Budget.Counts {
		t.Errorf("two hours later: %+v", s)
	}
	plain := budget.NewAccount(budget.Config{Objective: promised(), At: midday}, slo.Exemption{})
	each(t, plain, sliceOf(0, 1, 1))
	if s := plain.State(); s.Raw != nil {
		t.Errorf("nothing is adjusted, and yet there are raw figures: %+v", s.Raw)
	}
}

// each hands over one minute after the other, as a loop does.
func each(t testing.TB, a *budget.Account, all ...sli.Slice) {
	t.Helper()
	for _, s := range all {
		end := s.Start.Add(time.Minute)
		if err := a.Advance(end); err != nil {
			t.Fatal(err)
		}
		if err := a.Put(s.Start, end, []sli.Slice{s}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAccountLikeNaive: whichever way slices come in, what is judged is the
// sum of what a person would count, minute by minute.
func TestAccountLikeNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := exemption(rapid.SliceOfN(rapid.Custom(drawCalendar), 1, 3).Draw(t, "calendars")...)
		var all []sli.Slice
		for i := range 90 {
			all = append(all, sliceOf(i, sli.Count(rapid.IntRange(0, 4).Draw(t, "good")), sli.Count(rapid.IntRange(0, 4).Draw(t, "bad"))))
		}
		end := midday.Add(90 * time.Minute)
		config := budget.Config{Objective: promised(), Windows: []time.Duration{5 * time.Minute}, At: end}
		forward, backward := budget.NewAccount(config, e), budget.NewAccount(config, e)
		cut := rapid.IntRange(1, 89).Draw(t, "cut")
		must(t, forward.Put(midday, end, all))
		must(t, backward.Put(midday.Add(time.Duration(cut)*time.Minute), end, all[cut:]))
		must(t, backward.Prepend(midday, midday.Add(time.Duration(cut)*time.Minute), all[:cut]))
		if diff := cmp.Diff(forward.State(), backward.State(), cmp.Comparer(func(a, b slo.Decimal) bool { return a == b })); diff != "" {
			t.Errorf("forward and backward:\n%s", diff)
		}
		var want sli.Counts
		for _, s := range all {
			want = want.Add(naive(s, e))
		}
		if got := forward.State().Budget.Counts; got != want {
			t.Errorf("judged by %+v, want %+v", got, want)
		}
	})
}

func must(t *rapid.T, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

func drawCalendar(t *rapid.T) slo.Calendar {
	from := time.Duration(rapid.IntRange(-600, 5000).Draw(t, "from")) * time.Second
	effect := rapid.SampledFrom([]slo.Effect{slo.Exclude, slo.CountAsGood, slo.Annotate}).Draw(t, "effect")
	c := windowed(effect, rapid.StringMatching("[a-z]").Draw(t, "name"), from, from+time.Duration(rapid.IntRange(1, 3000).Draw(t, "length"))*time.Second)
	if c.HasExpected = rapid.Bool().Draw(t, "bounded"); c.HasExpected {
		c.ExpectedBad = slo.NewDecimal(rapid.Int64Range(0, 10).Draw(t, "expected"), 1)
	}
	return c
}

// naive is a minute as a person would count it: seconds are asked one by one.
func naive(s sli.Slice, e slo.Exemption) sli.Counts {
	excused := map[slo.Effect]bool{}
	for _, c := range e.Calendars {
		inside := true
		for second := range 60 {
			at := s.Start.Add(time.Duration(second) * time.Second)
			inside = inside && !at.Before(c.Windows[0].From) && at.Before(c.Windows[0].To)
		}
		share := big.NewRat(c.ExpectedBad.Fraction())
		worse := c.HasExpected && s.Total() > 0 && big.NewRat(int64(s.Bad), int64(s.Total())).Cmp(share) > 0
		excused[c.Effect] = excused[c.Effect] || inside && !worse
	}
	switch {
	case excused[slo.Exclude]:
		return sli.Counts{Covered: s.Covered}
	case excused[slo.CountAsGood]:
		return sli.Counts{Good: s.Total(), Covered: s.Covered}
	}
	return s.Counts
}

// TestCorrectedCounts: what a person says is spread evenly and comes to what
// was said exactly, whether slices are there or not and however it is asked.
func TestCorrectedCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		good, bad := rapid.Int64Range(0, 1e12).Draw(t, "good"), rapid.Int64Range(0, 1e12).Draw(t, "bad")
		from, length := rapid.IntRange(0, 20).Draw(t, "from"), rapid.IntRange(1, 60).Draw(t, "length")
		end := from + length
		set := slo.Set{Adjustments: []slo.Adjustment{{
			Name: "logs", Effect: slo.Correct, AppliesTo: slo.Scope{All: true}, Counts: slo.Corrected{Good: good, Bad: bad},
			Stretch: slo.Stretch{From: sliceOf(from, 0, 0).Start, To: sliceOf(end, 0, 0).Start},
		}}}
		e := set.Exemption(promised())
		var all []sli.Slice
		for i := range 100 {
			if rapid.Bool().Draw(t, "there") {
				all = append(all, sliceOf(i, 3, 4))
			}
		}
		cut := rapid.IntRange(0, 100).Draw(t, "cut")
		at := sliceOf(cut, 0, 0).Start
		var before, after []sli.Slice
		for _, s := range all {
			if s.Start.Before(at) {
				before = append(before, s)
			} else {
				after = append(after, s)
			}
		}
		var sum, outside sli.Counts
		for _, s := range append(budget.Adjust(promised(), e, midday, at, before), budget.Adjust(promised(), e, at, midday.Add(100*time.Minute), after)...) {
			if i := int(s.Start.Sub(midday) / time.Minute); i < from || i >= end {
				outside = outside.Add(s.Counts)
			} else {
				sum = sum.Add(s.Counts)
			}
		}
		want := sli.Counts{Good: sli.Count(good) * sli.Event, Bad: sli.Count(bad) * sli.Event, Covered: time.Duration(length) * time.Minute}
		if sum != want {
			t.Errorf("%d minutes come to %+v, want %+v", length, sum, want)
		}
		if n := outside.Bad / (4 * sli.Event); outside.Good != 3*n*sli.Event {
			t.Errorf("outside of it is %+v", outside)
		}
	})
}

// TestAdjustmentsGoFirst, and revoked ones not at all.
func TestAdjustmentsGoFirst(t *testing.T) {
	says := slo.Adjustment{Name: "z", Effect: slo.CountAsGood, AppliesTo: slo.Scope{All: true}, Stretch: slo.Stretch{From: midday, To: midday.Add(time.Hour)}}
	set := slo.Set{Calendars: []slo.Calendar{windowed(slo.Exclude, "a", 0, time.Hour)}, Adjustments: []slo.Adjustment{says}}
	ask := func() sli.Counts {
		return budget.Adjust(promised(), set.Exemption(promised()), midday, midday.Add(time.Minute), []sli.Slice{sliceOf(0, 2, 8)})[0].Counts
	}
	if got := ask(); got.Good != 10*sli.Event || got.Bad != 0 {
		t.Errorf("the calendar wins: %+v", got)
	}
	set.Adjustments[0].Revoked = true
	if got := ask(); got.Total() != 0 {
		t.Errorf("a revoked adjustment has an effect: %+v", got)
	}
	set.Calendars = nil
	if got := ask(); got != sliceOf(0, 2, 8).Counts || !set.Exemption(promised()).Empty() {
		t.Errorf("revoked, it leaves a trace: %+v", got)
	}
}

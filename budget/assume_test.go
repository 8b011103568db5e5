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

func TestTooFew(t *testing.T) {
	c := config(20*time.Minute, 3*time.Minute)
	c.Objective.MinEvents = 100
	for _, x := range []struct {
		name  string
		in    []sli.Slice
		want  budget.Status
		known bool // the window of 3 min
	}{
		{"fewer, all bad", []sli.Slice{seen(0, 0, 50), seen(1, 0, 49)}, budget.TooFew, false},
		{"just enough", []sli.Slice{seen(0, 0, 50), seen(1, 0, 50)}, budget.Exhausted, true},
		{"enough over the budget's window alone", append(idleBut(10, 0, 9999, 0), seen(10, 0, 50)), budget.OK, false},
		{"none at all", idleBut(2), budget.NoTraffic, false},
	} {
		s := play(t, c, len(x.in), x.in...).State()
		w, _ := s.Window(3 * time.Minute)
		if s.Status != x.want || w.Known != x.known || w.Few == w.Known && w.Total() > 0 || w.Few && w.Total() == 0 {
			t.Errorf("%s: status %s, window known %v, few %v; want %s, %v", x.name, s.Status, w.Known, w.Few, x.want, x.known)
		}
	}
}

func TestNoData(t *testing.T) {
	for _, x := range []struct {
		name      string
		rule      slo.NoData
		edit      func(*slo.Objective)
		in        []sli.Slice // of 20 minutes
		want      budget.Status
		good, bad float64 // in the budget's window, assumed ones among them
		missing   time.Duration
	}{
		{"hold: half an hour ago is out of sight", slo.NoDataHold, nil, []sli.Slice{seen(0, 100, 0)}, budget.NoData, 100, 0, 0},
		{"ignore: judged by what was seen", slo.NoDataIgnore, nil, []sli.Slice{seen(0, 100, 0), seen(1, 0, 100)}, budget.Exhausted, 100, 100, 18 * time.Minute},
		{"good: as many as were seen in so much time", slo.NoDataGood, nil, []sli.Slice{seen(0, 90, 10)}, budget.OK, 90 + 1900, 10, 19 * time.Minute},
		{"bad", slo.NoDataBad, nil, []sli.Slice{seen(0, 100, 0), seen(19, 100, 0)}, budget.Exhausted, 200, 1800, 18 * time.Minute},
		{"from the first slice on", slo.NoDataBad, nil, []sli.Slice{seen(18, 100, 0), seen(19, 100, 0)}, budget.OK, 200, 0, 0},
		{"part of a slice", slo.NoDataBad, nil, []sli.Slice{{Start: at(19), Counts: sli.Counts{Good: 100 * event, Covered: 45 * time.Second}}}, budget.Exhausted, 100, 33.333, 15 * time.Second},
		{"never seen", slo.NoDataBad, nil, nil, budget.NoData, 0, 0, 0},
		{"seen, without events", slo.NoDataBad, nil, []sli.Slice{seen(0, 0, 0)}, budget.NoTraffic, 0, 0, 19 * time.Minute},
		{"time is time", slo.NoDataBad, func(o *slo.Objective) { o.Indicator.Kind = slo.Freshness }, []sli.Slice{seen(0, 60, 0)}, budget.Exhausted, 60, 19 * 60, 19 * time.Minute},
		{"time slices are time slices", slo.NoDataBad, func(o *slo.Objective) {
			o.Method, o.TimeSlice = slo.Timeslices, slo.TimeSlice{Length: time.Minute}
		}, []sli.Slice{seen(0, 1, 0), seen(1, 1, 0)}, budget.Exhausted, 2, 18, 18 * time.Minute},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := config(20 * time.Minute)
			if c.Objective.NoData = x.rule; x.edit != nil {
				x.edit(&c.Objective)
			}
			s := play(t, c, 20, x.in...).State()
			w := s.Budget
			if s.Status != x.want || w.Good.Float() != x.good || w.Bad.Float() != x.bad || assumedIn(w).Covered != x.missing {
				t.Errorf("%s with %g good, %g bad, %s missing; want %s, %g, %g, %s", s.Status, w.Good.Float(), w.Bad.Float(), assumedIn(w).Covered, x.want, x.good, x.bad, x.missing)
			}
			if blind := x.rule != slo.NoDataHold && s.Newest.Before(at(15)); s.Blind != blind {
				t.Errorf("blind %v, want %v", s.Blind, blind)
			}
		})
	}
}

// A short window in which nothing at all was seen is judged all the same.
func TestNoDataOfAShortWindow(t *testing.T) {
	c := config(20*time.Minute, 3*time.Minute)
	c.Objective.NoData, c.Objective.MinEvents = slo.NoDataBad, 10
	s := play(t, c, 10, seen(0, 100, 0)).State()
	w, _ := s.Window(3 * time.Minute)
	if !w.Known || w.Burn != 100 || w.Covered != 0 {
		t.Errorf("got %+v, want it known to burn at 100", w)
	}
}

// What is assumed is what a naive model assumes, and what was seen is left as
// it was: the counts without the assumed ones are those of a book that holds.
func TestAssumedIsWhatWasMissing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hold := config(20*time.Minute, 3*time.Minute, 10*time.Minute)
		rule := hold
		rule.Objective.NoData = rapid.SampledFrom([]slo.NoData{slo.NoDataIgnore, slo.NoDataGood, slo.NoDataBad}).Draw(t, "rule")
		a, b := budget.NewBook(hold), budget.NewBook(rule)
		for minute := range rapid.IntRange(0, 30).Draw(t, "minutes") {
			for _, book := range []*budget.Book{a, b} {
				if err := book.Advance(at(minute + 1)); err != nil {
					t.Fatal(err)
				}
			}
			s := seen(minute, sli.Count(rapid.IntRange(0, 50).Draw(t, "good")), sli.Count(rapid.IntRange(0, 2).Draw(t, "bad")))
			s.Covered = time.Duration(rapid.IntRange(0, 60).Draw(t, "seconds")) * time.Second
			if s.Covered == 0 || rapid.IntRange(0, 3).Draw(t, "missing") == 0 {
				continue
			}
			for _, book := range []*budget.Book{a, b} {
				if err := book.Put(s); err != nil {
					t.Fatal(err)
				}
			}
		}
		held, ruled := a.State(), b.State()
		for i, w := range ruled.Windows {
			was := held.Windows[i]
			if w.Good-assumedIn(w).Good != was.Good || w.Bad-assumedIn(w).Bad != was.Bad || w.Covered != was.Covered {
				t.Fatalf("window %s: %+v is not %+v and what is assumed", w.Length, w, was)
			}
			checkAssumed(t, rule.Objective.NoData, held, was, assumedIn(w))
		}
	})
}

func checkAssumed(t *rapid.T, rule slo.NoData, held budget.State, was budget.Window, got sli.Counts) {
	life := min(was.Length, held.At.Sub(held.Since))
	if held.Since.IsZero() {
		life = 0
	}
	missing := life - was.Covered
	if got.Covered != missing {
		t.Fatalf("window %s: %s missing, want %s", was.Length, got.Covered, missing)
	}
	n := got.Good
	if rule == slo.NoDataBad {
		n = got.Bad
	}
	switch {
	case rule == slo.NoDataIgnore && got.Total() != 0, n != got.Total():
		t.Fatalf("%s assumes %+v", rule, got)
	case rule == slo.NoDataIgnore || missing == 0:
		return
	case was.Covered == 0:
		if n != event {
			t.Fatalf("nothing seen: %d assumed, want one event", n)
		}
		return
	}
	want := new(big.Rat).Mul(big.NewRat(int64(was.Total()), 1), big.NewRat(int64(missing), int64(was.Covered)))
	if off := want.Sub(want, big.NewRat(int64(n), 1)); off.Abs(off).Cmp(big.NewRat(1, 2)) > 0 {
		t.Fatalf("window %s: %d assumed, off by %s", was.Length, n, off.FloatString(2))
	}
}

// assumedIn is what was assumed of a window.
func assumedIn(w budget.Window) (c sli.Counts) {
	if w.Assumed != nil {
		c = *w.Assumed
	}
	return c
}

package budget_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// monthly is a promise per calendar month in Berlin, as of an instant in UTC.
func monthly(t *testing.T, now string) budget.Config {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	c := config(0, time.Hour)
	c.At = utc(t, now)
	c.Objective.Window = slo.Window{Length: 30 * day, Count: 1, Unit: slo.Months, Start: time.Date(2026, 1, 1, 0, 0, 0, 0, zone)}
	return c
}

func utc(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func slice(start time.Time, good, bad sli.Count) sli.Slice {
	return sli.Slice{Start: start, Counts: sli.Counts{Good: good * event, Bad: bad * event, Covered: time.Minute}}
}

// March 2026 in Berlin is 31 days less an hour: from 28 February 23:00 UTC to
// 31 March 22:00 UTC.
func TestMonthBeginsAnewAtItsBoundary(t *testing.T) {
	b := budget.NewBook(monthly(t, "2026-02-28 22:58"))
	steps := []struct {
		at        string
		good, bad sli.Count // of the slice before
		want      sli.Count // bad in the month
		length    time.Duration
		remaining float64
	}{
		{"2026-02-28 22:59", 90, 10, 10, 28*day - time.Minute, -9},
		{"2026-02-28 23:00", 100, 0, 10, 28 * day, -4}, // the whole of February
		{"2026-02-28 23:01", 100, 0, 0, time.Minute, 1},
		{"2026-02-28 23:02", 298, 2, 2, 2 * time.Minute, 0.5},
	}
	for _, s := range steps {
		end := utc(t, s.at)
		check(b.Advance(end))
		check(b.Put(slice(end.Add(-time.Minute), s.good, s.bad)))
		got := b.State()
		if got.Budget.Bad != s.want*event || got.Budget.Length != s.length || got.Remaining != s.remaining {
			t.Errorf("%s: %d bad over %s, %v left; want %d over %s, %v left", s.at, got.Budget.Bad, got.Budget.Length, got.Remaining, s.want*event, s.length, s.remaining)
		}
	}
	s := b.State()
	if !s.PeriodStart.Equal(utc(t, "2026-02-28 23:00")) || !s.PeriodEnd.Equal(utc(t, "2026-03-31 22:00")) {
		t.Errorf("period %s to %s", s.PeriodStart, s.PeriodEnd)
	}
	if hour, ok := s.Window(time.Hour); !ok || hour.Bad != 12*event || len(s.Windows) != 1 {
		t.Errorf("the rolling windows are %+v; want one hour with 12 bad", s.Windows)
	}
	if got, want := s.Over(), "the period since 2026-03-01 00:00 CET"; got != want {
		t.Errorf("over %s, want %s", got, want)
	}
}

// A slice of a past period changes nothing, one of this period is counted
// wherever it is, and nothing is ever asked of the store.
func TestMonthTakesLateSlices(t *testing.T) {
	c := monthly(t, "2026-03-20 12:00")
	c.Since = utc(t, "2026-02-01 00:00")
	b := budget.NewBook(c)
	check(b.Put(slice(utc(t, "2026-03-20 11:59"), 100, 0)))
	for _, start := range []string{"2026-02-28 22:59", "2026-02-28 23:00", "2026-03-19 00:00"} {
		late := slice(utc(t, start), 50, 1)
		check(b.Correct(sli.Slice{Start: late.Start}, late))
	}
	if got := b.State().Budget.Counts; got.Bad != 2*event || got.Good != 200*event {
		t.Errorf("%+v, want 200 good and 2 bad", got)
	}
	check(b.Advance(utc(t, "2026-05-20 12:00")))
	s := b.State()
	if s.Budget.Total() != 0 || len(b.Leaving()) != 0 || !s.PeriodStart.Equal(utc(t, "2026-04-30 22:00")) {
		t.Errorf("two months later: %+v, asks for %v", s.Budget, b.Leaving())
	}
}

// A year takes no more memory than an hour does.
func TestYearInConstantMemory(t *testing.T) {
	c := monthly(t, "2026-01-01 00:00")
	c.Objective.Window.Unit, c.Objective.Window.Length = slo.Years, 365*day
	b := budget.NewBook(c)
	feed(b, c.At, 3000)
	before := b.Footprint()
	feed(b, c.At.Add(3000*time.Minute), 20_000)
	if after := b.Footprint(); after > before+1000 {
		t.Errorf("%d bytes after two days, %d after two weeks", before, after)
	}
	var want sli.Counts
	for m := 0; m < 23_000; m++ {
		want = want.Add(minute(c.At.Add(time.Duration(m) * time.Minute)).Counts)
	}
	if diff := cmp.Diff(want, b.State().Budget.Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

// 1,000 events with 2 bad of 10 that are allowed; then an hour of 100 events,
// 5 of them bad. What is left: 11 − 7 = 4 allowed, and it shrinks by 5 − 1 an
// hour.
func TestForecastInAPeriod(t *testing.T) {
	b := budget.NewBook(monthly(t, "2026-03-10 12:00"))
	check(b.Put(slice(utc(t, "2026-03-10 10:00"), 998, 2), slice(utc(t, "2026-03-10 11:59"), 95, 5)))
	s := b.State()
	for k := range s.Windows {
		s.Windows[k].Known = true
	}
	s.Budget.Known = true
	if left, known := s.Forecast(time.Hour); left != time.Hour || !known {
		t.Errorf("lasts %s, %v; want 1h", left, known)
	}
	s.PeriodEnd = s.At.Add(59 * time.Minute)
	if left, _ := s.Forecast(time.Hour); left != budget.Never {
		t.Errorf("lasts %s, though the period ends before", left)
	}
	s.Windows[0].Bad = 1 * event
	if left, _ := s.Forecast(time.Hour); left != budget.Never {
		t.Errorf("lasts %s at rate 1", left)
	}
}

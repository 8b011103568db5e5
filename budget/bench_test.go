package budget_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

const (
	hour = time.Hour
	day  = 24 * hour
)

// bookOf returns a book over window, with the windows of its standard tiers,
// that has a full window of one-minute slices and a live day behind it.
func bookOf(window time.Duration) *budget.Book {
	at := time.Unix(1_700_000_040, 0)
	c := configOf(window, at)
	c.Since = at.Add(-window)
	b := budget.NewBook(c)
	from := c.Since
	for _, r := range b.Stretches() {
		sum := budget.Sum{From: r.From, To: r.To, Newest: r.To}
		for ; from.Before(r.To); from = from.Add(time.Minute) {
			sum.Counts = sum.Counts.Add(minute(from).Counts)
		}
		check(b.PutSum(sum))
	}
	for ; from.Before(at); from = from.Add(time.Minute) {
		check(b.Put(minute(from)))
	}
	feed(b, at, 1440)
	return b
}

func configOf(window time.Duration, at time.Time) budget.Config {
	c := budget.Config{At: at, Objective: slo.Objective{
		Name: "checkout", Target: slo.NewDecimal(999, 3), Slice: time.Minute,
		Window: slo.Window{Length: window},
	}}
	for _, t := range budget.Tiers(c.Objective.Target, window) {
		c.Windows = append(c.Windows, t.Long, t.Short)
	}
	return c
}

// feed lets n slices pass as a loop does, the store answering at once.
func feed(b *budget.Book, from time.Time, n int) {
	for i := range n {
		start := from.Add(time.Duration(i) * time.Minute)
		tick(b, start)
	}
}

func tick(b *budget.Book, start time.Time) {
	check(b.Advance(start.Add(time.Minute)))
	check(b.Put(minute(start)))
	check(answer(b, minute))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// answer hands in all that b asks for, from a store that has one-minute
// slices for ever.
func answer(b *budget.Book, stored func(time.Time) sli.Slice) error {
	for need := b.Leaving(); len(need) > 0; need = b.Leaving() {
		var left []sli.Slice
		for x := need[0].From; x.Before(need[0].To); x = x.Add(time.Minute) {
			left = append(left, stored(x))
		}
		if err := b.Leave(need[0], left); err != nil {
			return err
		}
	}
	return nil
}

// minute is a made-up slice: some 6,000 events, a few of them bad, always
// the same for the same start.
func minute(start time.Time) sli.Slice {
	x := uint64(start.Unix()) * 0x9e3779b97f4a7c15
	s := sli.Slice{Start: start}
	s.Good, s.Covered = sli.Count(5000+x>>54)*sli.Event, time.Minute
	if x>>40&3 == 0 {
		s.Bad = sli.Count(x>>30&15) * sli.Event
	}
	return s
}

// A tick is what one objective costs a minute: advance, count a slice, take
// out what leaves (its reads are not counted), report.
func BenchmarkTick(b *testing.B) {
	for _, window := range []time.Duration{hour, day, 30 * day, 365 * day} {
		b.Run(fmt.Sprintf("window=%gh", window.Hours()), func(b *testing.B) {
			book := bookOf(window)
			at := book.State().At
			b.ReportMetric(float64(book.Footprint()), "B/objective")
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				tick(book, at.Add(time.Duration(i)*time.Minute))
				_ = book.State()
			}
			b.ReportMetric(float64(book.Footprint()), "B/objective")
		})
	}
}

func BenchmarkAdvance(b *testing.B) {
	book := bookOf(30 * day)
	at := book.State().At
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		tick(book, at.Add(time.Duration(i)*time.Minute))
	}
}

func BenchmarkState(b *testing.B) {
	book := bookOf(30 * day)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		_ = book.State()
	}
}

// BenchmarkSeed is the cost of one stored slice at a restart.
func BenchmarkSeed(b *testing.B) {
	at := time.Unix(1_700_000_040, 0)
	c := configOf(30*day, at)
	c.Since = at.Add(-30 * day)
	b.ReportAllocs()
	for i := 0; i < b.N; {
		book := budget.NewBook(c)
		for t := c.Since; t.Before(at) && i < b.N; i++ {
			if err := book.Put(minute(t)); err != nil {
				b.Fatal(err)
			}
			t = t.Add(time.Minute)
		}
	}
}

// BenchmarkCorrect is the cost of handing in a slice again, five minutes
// late.
func BenchmarkCorrect(b *testing.B) {
	book := bookOf(30 * day)
	s := minute(book.State().At.Add(-5 * time.Minute))
	b.ReportAllocs()
	for i := range b.N {
		s.Bad = sli.Count(i%100) * sli.Event
		if err := book.Put(s); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMemory is the heap that one of a hundred books takes.
func BenchmarkMemory(b *testing.B) {
	for _, window := range []time.Duration{hour, 30 * day, 365 * day} {
		b.Run(fmt.Sprintf("window=%gh", window.Hours()), func(b *testing.B) {
			for range b.N {
				var before, after runtime.MemStats
				books := make([]*budget.Book, 100)
				runtime.GC()
				runtime.ReadMemStats(&before)
				for i := range books {
					at := time.Unix(1_700_000_040, 0)
					books[i] = budget.NewBook(configOf(window, at))
					feed(books[i], at, 3000)
				}
				runtime.GC()
				runtime.ReadMemStats(&after)
				b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(len(books)), "B/objective")
				runtime.KeepAlive(books)
			}
		})
	}
}

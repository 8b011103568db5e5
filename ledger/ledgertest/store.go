package ledgertest

import (
	"math/rand/v2"
	"testing"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
)

func slice(minutes int, good, bad sli.Count) sli.Slice {
	return sli.Slice{Start: at(minutes), Counts: sli.Counts{Good: good, Bad: bad, Covered: time.Minute}}
}

func kept(objective string, slices ...sli.Slice) loop.Counted {
	return loop.Counted{Objective: objective, Slices: slices}
}

func stretch(objective string, from, to int) loop.Stretch {
	return loop.Stretch{Objective: objective, From: at(from), To: at(to)}
}

func slicesKept(t *testing.T, l Ledger) {
	gap := slice(1, 5, 1)
	gap.Flaw, gap.Covered = sli.FlawGap, 12345*time.Millisecond
	gap.Unseen, gap.UnseenBad = 70001, 300
	odd := sli.Slice{Start: at(2).Add(1500 * time.Millisecond), Counts: sli.Counts{Bad: 1001}}
	check(t, "Keep", l.Keep(t.Context(), kept("checkout", slice(2, 3, 0), slice(0, 1<<60, 2), gap, odd)))
	check(t, "Keep none", l.Keep(t.Context()))
	check(t, "Keep none of one", l.Keep(t.Context(), kept("checkout")))
	check(t, "Keep two, one of them twice", l.Keep(t.Context(), kept("checkout", slice(2, 3, 0)),
		kept("search", slice(1, 9, 9)), kept("checkout", slice(2, 4, 0), slice(2, 7, 1), slice(200, 0, 0))))
	got, err := l.Slices(t.Context(), stretch("checkout", 0, 3), stretch("search", 0, 9), stretch("checkout", 4, 9),
		stretch("unheard-of", 0, 9), stretch("checkout", 2, 2), stretch("checkout", 2, 300), stretch("checkout", 9, 0))
	check(t, "Slices", err)
	diff(t, "slices", got, [][]sli.Slice{
		{slice(0, 1<<60, 2), gap, slice(2, 7, 1), odd}, {slice(1, 9, 9)}, nil, nil, nil, {slice(2, 7, 1), odd, slice(200, 0, 0)}, nil,
	})
}

func slicesRefused(t *testing.T, l Ledger) {
	tests := map[string]func(*sli.Slice){
		"negative good":     func(s *sli.Slice) { s.Good = -1 },
		"negative bad":      func(s *sli.Slice) { s.Bad = -1 },
		"negative coverage": func(s *sli.Slice) { s.Covered = -time.Second },
		"covers a month":    func(s *sli.Slice) { s.Covered = 31 * 24 * time.Hour },
		"more bad unseen":   func(s *sli.Slice) { s.Unseen, s.UnseenBad = 1, 2 },
		"unseen below 0":    func(s *sli.Slice) { s.Unseen, s.UnseenBad = -1, -1 },
		"flaw with a space": func(s *sli.Slice) { s.Flaw = "no good" },
		"part of a ms":      func(s *sli.Slice) { s.Start = s.Start.Add(time.Microsecond) },
	}
	for name, broken := range tests {
		s := slice(1, 1, 1)
		broken(&s)
		wantErr(t, name, l.Keep(t.Context(), kept("checkout", slice(0, 1, 1), s)), ledger.ErrInvalid)
		wantErr(t, name, l.Keep(t.Context(), kept("checkout", slice(0, 1, 1)), kept("search", s)), ledger.ErrInvalid)
	}
	wantErr(t, "no objective", l.Keep(t.Context(), kept("", slice(0, 1, 1))), ledger.ErrInvalid)
	got, err := l.Slices(t.Context(), stretch("checkout", 0, 9))
	check(t, "Slices", err)
	diff(t, "slices after refusals", got, [][]sli.Slice{nil})
}

func extents(t *testing.T, l Ledger) {
	got, err := l.Extents(t.Context(), "checkout", "search")
	check(t, "Extents", err)
	diff(t, "extents of nothing", got, make([]loop.Extent, 2))
	check(t, "Keep", l.Keep(t.Context(), kept("checkout", slice(5, 1, 0), slice(2, 1, 0), slice(900, 1, 0)), kept("search", slice(0, 1, 0))))
	got, err = l.Extents(t.Context(), "search", "unheard-of", "checkout")
	check(t, "Extents", err)
	diff(t, "extents", got, []loop.Extent{{Oldest: at(0), Newest: at(0)}, {}, {Oldest: at(2), Newest: at(900)}})
}

// Sums are those of the slices, whatever has been summed before and changed
// since.
func sums(t *testing.T, l Ledger) {
	rng := rand.New(rand.NewPCG(1, 2))
	names := []string{"checkout", "search", "cart"}
	const minutes = 5 * 1440
	for round := range 6 {
		for _, name := range names {
			var some []sli.Slice
			for range 1 + rng.IntN(3000) {
				some = append(some, drawSlice(rng, minutes))
			}
			check(t, "Keep", l.Keep(t.Context(), kept(name, some...)))
		}
		if round > 0 {
			check(t, "Tidy", l.Tidy(t.Context(), loop.Tidying{Settled: at(rng.IntN(minutes))}))
		}
		var asks []loop.Stretch
		for range 40 {
			from := rng.IntN(minutes)
			asks = append(asks, stretch(names[rng.IntN(3)], from, from+rng.IntN(minutes)))
		}
		asks = append(asks, stretch("cart", 0, minutes), stretch("unheard-of", 0, 9), stretch("cart", 5, 5), stretch("cart", 60, 120))
		checkSums(t, l, asks)
	}
}

func drawSlice(rng *rand.Rand, minutes int) sli.Slice {
	s := slice(rng.IntN(minutes), sli.Count(rng.Int64N(5000)), sli.Count(rng.Int64N(3))*sli.Event)
	switch rng.IntN(10) {
	case 0:
		s.Flaw, s.Unseen = sli.FlawGap, 1+sli.Count(rng.Int64N(5000))
	case 3:
		s.Unseen, s.UnseenBad = 7000, 1+sli.Count(rng.Int64N(7000))
	case 1:
		s.Flaw, s.Covered = sli.FlawInvalid, 0
	case 2:
		s.Counts = sli.Counts{}
	}
	return s
}

func checkSums(t *testing.T, l Ledger, asks []loop.Stretch) {
	t.Helper()
	got, err := l.Sums(t.Context(), asks...)
	check(t, "Sums", err)
	all, err := l.Slices(t.Context(), asks...)
	check(t, "Slices", err)
	want := make([]loop.Total, len(asks))
	for i, some := range all {
		for _, s := range some {
			want[i].Add(s)
		}
	}
	diff(t, "sums", got, want)
}

// What is older than anybody needs is dropped by days, the rest stays.
func pruned(t *testing.T, l Ledger) {
	day := func(n int) time.Time { return at(0).Truncate(24 * time.Hour).Add(time.Duration(n) * 24 * time.Hour) }
	on := func(n int) sli.Slice {
		return sli.Slice{Start: day(n).Add(7 * time.Hour), Counts: sli.Counts{Good: sli.Count(n), Covered: time.Minute}}
	}
	for _, name := range []string{"checkout", "search", "cart"} {
		check(t, "Keep", l.Keep(t.Context(), kept(name, on(1), on(2), on(3), on(4))))
	}
	check(t, "Tidy", l.Tidy(t.Context(), loop.Tidying{Settled: day(4)}))
	check(t, "Tidy", l.Tidy(t.Context(), loop.Tidying{Settled: day(4), Others: day(2),
		Oldest: map[string]time.Time{"checkout": day(3).Add(23 * time.Hour), "search": day(0)}}))
	var asks []loop.Stretch
	for _, name := range []string{"checkout", "search", "cart"} {
		asks = append(asks, loop.Stretch{Objective: name, From: day(0), To: day(9)})
	}
	got, err := l.Slices(t.Context(), asks...)
	check(t, "Slices", err)
	diff(t, "slices", got, [][]sli.Slice{{on(3), on(4)}, {on(1), on(2), on(3), on(4)}, {on(2), on(3), on(4)}})
	checkSums(t, l, asks)
}

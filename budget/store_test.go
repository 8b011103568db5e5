package budget_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
)

// A small book has a ring of 4 slices and reads 2 at a time; its windows are
// 3 and 10 slices long.
func small(t *testing.T, slices int) *budget.Book {
	t.Helper()
	b := budget.NewSmallBook(config(10*time.Minute, 3*time.Minute), 4, 2)
	for i := range slices {
		if err := errors.Join(b.Advance(at(i+1)), b.Put(seen(i, 100, 1))); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func TestLongWindowLagsUnknownWhileTheStoreIsDown(t *testing.T) {
	b := small(t, 13)
	s := b.State()
	if got := s.Budget; got.Bad != 13*event || got.Known || !s.Windows[0].Known {
		t.Errorf("store down: %d bad, known %v, short window known %v; want 13000, false, true", got.Bad, got.Known, s.Windows[0].Known)
	}
	settle(t, b)
	if got := b.State().Budget; got.Bad != 10*event || !got.Known {
		t.Errorf("store back: %d bad, known %v; want 10000, true", got.Bad, got.Known)
	}
	if err := b.Advance(at(14)); err != nil || !b.State().Budget.Known {
		t.Errorf("in hand: known %v, %v", b.State().Budget.Known, err)
	}
}

// settle hands in all that the book asks for.
func settle(t *testing.T, b *budget.Book) {
	t.Helper()
	stored := func(x time.Time) sli.Slice { return seen(int(x.Sub(noon)/time.Minute), 100, 1) }
	if err := answer(b, stored); err != nil {
		t.Fatal(err)
	}
}

func TestLeavingAsksForOldSlicesAheadAndNoOthers(t *testing.T) {
	b := small(t, 8)
	if need := b.Leaving(); need != nil {
		t.Errorf("a window that is not full asks for %v", need)
	}
	if err := errors.Join(b.Advance(at(9)), b.Put(seen(8, 100, 1))); err != nil {
		t.Fatal(err)
	}
	need := b.Leaving()
	if len(need) != 1 || !need[0].From.Equal(noon) || need[0].To.Sub(noon) > 4*time.Minute {
		t.Fatalf("a window that is nearly full asks for %v; want from 12:00, at most 4 min", need)
	}
	settle(t, b)
	if need := b.Leaving(); need != nil {
		t.Errorf("when all is in hand it asks for %v", need)
	}
}

func TestRangeReadBeforeACorrectionIsPassedOver(t *testing.T) {
	b := small(t, 12)
	need, was := b.Leaving(), seen(1, 100, 1)
	if err := b.Correct(was, seen(1, 50, 50)); err != nil {
		t.Fatal(err)
	}
	if err := b.Leave(need[0], []sli.Slice{seen(0, 100, 1), was}); err != nil {
		t.Fatal(err)
	}
	if again := b.Leaving(); len(again) != 1 || !again[0].From.Equal(noon) {
		t.Fatalf("it asks for %v, want for the same again", again)
	}
	if err := b.Leave(b.Leaving()[0], []sli.Slice{seen(0, 100, 1), seen(1, 50, 50), seen(2, 100, 1)}); err != nil {
		t.Fatal(err)
	}
	settle(t, b)
	if got := b.State().Budget.Counts; got.Bad != 10*event || got.Good != 1000*event {
		t.Errorf("%+v, want 1000 good and 10 bad", got)
	}
}

func TestOutOfReach(t *testing.T) {
	b := small(t, 9)
	if err := b.Put(seen(4, 9, 9)); !errors.Is(err, budget.ErrOutOfReach) {
		t.Errorf("put: error %v, want ErrOutOfReach", err)
	}
	for _, m := range []int{0, 4} {
		if err := b.Prepend([]sli.Slice{seen(-1, 9, 9), seen(m, 9, 9)}); err == nil {
			t.Errorf("prepend of known slice %d: no error", m)
		}
	}
	if err := b.Correct(seen(3, 100, 1), seen(4, 9, 9)); err == nil {
		t.Errorf("correct of another slice: no error")
	}
	if err := b.Correct(seen(4, 9999, 1), seen(4, 9, 9)); !errors.Is(err, budget.ErrMismatch) {
		t.Errorf("correct of what was not there: error %v, want ErrMismatch", err)
	}
	if err := b.Correct(seen(4, 100, 1), seen(4, 9, 9)); err != nil {
		t.Errorf("correct: %v", err)
	}
	if err := b.Correct(seen(4, 77, 7), seen(6, 0, 0)); err == nil || !strings.Contains(err.Error(), "order") {
		t.Errorf("correct of two slices: %v", err)
	}
	if err := b.Correct(seen(6, 77, 7), seen(6, 0, 0)); err != nil {
		t.Errorf("correct in the ring, which knows better: %v", err)
	}
	if got := b.State().Budget.Counts; got.Bad != (7+9)*event || got.Good != (700+9)*event {
		t.Errorf("%+v, want 709 good and 16 bad", got)
	}
}

// A store that forgot or changed slices behind the book's back is noticed,
// where it can be, and the window is not believed any more.
func TestMismatchIsNoticed(t *testing.T) {
	b := small(t, 12)
	need := b.Leaving()
	if err := b.Leave(need[0], []sli.Slice{seen(0, 5000, 1)}); !errors.Is(err, budget.ErrMismatch) {
		t.Fatalf("error %v, want ErrMismatch", err)
	}
	s := b.State()
	if s.Budget.Known || !s.Windows[0].Known {
		t.Errorf("known %v, short window %v; want false, true", s.Budget.Known, s.Windows[0].Known)
	}
	if need := b.Leaving(); need != nil {
		t.Errorf("a broken window asks for %v", need)
	}
	if err := b.Advance(at(13)); !errors.Is(err, budget.ErrMismatch) || !b.State().At.Equal(at(13)) {
		t.Errorf("the next tick: %v, at %s", err, b.State().At)
	}
}

func TestLeaveRefusals(t *testing.T) {
	b := small(t, 12)
	need := b.Leaving()[0]
	odd := need
	odd.From = odd.From.Add(time.Second)
	for name, err := range map[string]error{
		"a slice of another range": b.Leave(need, []sli.Slice{seen(7, 1, 1)}),
		"out of order":             b.Leave(need, []sli.Slice{seen(1, 1, 1), seen(0, 1, 1)}),
		"a misaligned range":       b.Leave(odd, nil),
	} {
		if err == nil || !strings.Contains(err.Error(), "take slices that leave checkout") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestPutSumRefusals(t *testing.T) {
	c := config(10*time.Minute, 3*time.Minute)
	c.At, c.Since = at(20), at(5)
	sum := func(from, to int, change func(*budget.Sum)) budget.Sum {
		s := budget.Sum{From: at(from), To: at(to)}
		change(&s)
		return s
	}
	none := func(*budget.Sum) {}
	for name, s := range map[string]budget.Sum{
		"backwards":              sum(12, 12, none),
		"before the oldest":      sum(4, 6, none),
		"a window starts inside": sum(9, 11, none),
		"reaches into the ring":  sum(15, 17, none),
		"misaligned":             sum(12, 14, func(s *budget.Sum) { s.To = s.To.Add(1) }),
		"negative":               sum(12, 14, func(s *budget.Sum) { s.Good = -1 }),
		"too much coverage":      sum(12, 14, func(s *budget.Sum) { s.Covered = 3 * time.Minute }),
		"newer than its end":     sum(12, 14, func(s *budget.Sum) { s.Newest = at(15) }),
	} {
		b := budget.NewSmallBook(c, 4, 2)
		if err := b.PutSum(s); err == nil || !strings.Contains(err.Error(), "put sum from") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	b := budget.NewSmallBook(config(time.Hour), 4, 2)
	if got := b.Stretches(); got != nil {
		t.Errorf("a book without history wants %v", got)
	}
}

// Live, backfilled in chunks, restarted slice by slice or from sums: the
// same history gives the same bytes.
func TestAllWaysLeadToTheSameState(t *testing.T) {
	c := config(3000*time.Minute, 5*time.Minute, 359*time.Minute, 360*time.Minute, 361*time.Minute, 24*time.Hour)
	all := history(3500)
	live := budget.NewBook(c)
	stored := func(x time.Time) sli.Slice { return all[x.Sub(noon)/time.Minute] }
	for i, s := range all {
		if err := errors.Join(live.Advance(at(i+1)), live.Put(s), answer(live, stored)); err != nil {
			t.Fatal(err)
		}
	}
	want := live.State()
	c.At = at(len(all))
	for name, b := range map[string]*budget.Book{
		"backfilled": backfilled(t, c, all), "restarted": restarted(t, c, all, false), "restarted from sums": restarted(t, c, all, true),
	} {
		if diff := cmp.Diff(want, b.State(), decimals()); diff != "" {
			t.Errorf("%s (-live +%s):\n%s", name, name, diff)
		}
	}
}

// history is n slices of uneven traffic with holes, gaps and flaws.
func history(n int) []sli.Slice {
	all := make([]sli.Slice, n)
	for i := range all {
		s := seen(i, sli.Count(1+i*i%977), sli.Count(i*7919%13/11))
		switch {
		case i%17 == 3:
			s = sli.Slice{Start: s.Start}
		case i%29 == 4:
			s.Good, s.Covered, s.Flaw = s.Good+333, 0, sli.FlawGap
		case i%31 == 5:
			s.Covered = 20 * time.Second
		}
		all[i] = s
	}
	return all
}

func backfilled(t *testing.T, c budget.Config, all []sli.Slice) *budget.Book {
	t.Helper()
	b := budget.NewBook(c)
	for to := len(all); to > 0; to -= min(to, 333) {
		if err := b.Prepend(all[max(to-333, 0):to]); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func restarted(t *testing.T, c budget.Config, all []sli.Slice, sums bool) *budget.Book {
	t.Helper()
	c.Since = all[0].Start
	b := budget.NewBook(c)
	next := len(all) - 3000
	for _, r := range b.Stretches() {
		sum := budget.Sum{From: r.From, To: r.To, Flaws: map[sli.Flaw]int64{}}
		for ; sums && at(next).Before(r.To); next++ {
			sum.Counts = sum.Counts.Add(all[next].Counts)
			sum.Flaws[all[next].Flaw]++
		}
		if sums {
			if err := b.PutSum(sum); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := b.Put(all[next:]...); err != nil {
		t.Fatal(err)
	}
	return b
}

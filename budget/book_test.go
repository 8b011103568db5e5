package budget_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

const event = sli.Event

// noon is where most of these tests take place; minutes count from it.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(minute int) time.Time { return noon.Add(time.Duration(minute) * time.Minute) }

// seen is an observed slice.
func seen(minute int, good, bad sli.Count) sli.Slice {
	return sli.Slice{Start: at(minute), Counts: sli.Counts{Good: good * event, Bad: bad * event, Covered: time.Minute}}
}

func config(own time.Duration, others ...time.Duration) budget.Config {
	return budget.Config{At: noon, Windows: others, Objective: slo.Objective{
		Name: "checkout", Service: "shop", Slice: time.Minute,
		Target: slo.NewDecimal(99, 2), Window: slo.Window{Length: own},
	}}
}

// play hands slices to a new book, each at its time, and advances to the end.
func play(t *testing.T, c budget.Config, end int, all ...sli.Slice) *budget.Book {
	t.Helper()
	b := budget.NewBook(c)
	for _, s := range all {
		if err := errors.Join(b.Advance(s.Start.Add(time.Minute)), b.Put(s)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Advance(at(end)); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestStatus(t *testing.T) {
	c := config(20*time.Minute, 3*time.Minute, 10*time.Minute)
	idle := seen(0, 0, 0)
	for _, x := range []struct {
		name string
		end  int
		in   []sli.Slice
		want budget.Status
	}{
		{"nothing at all", 5, nil, budget.NoData},
		{"good slices", 2, []sli.Slice{seen(0, 100, 0), seen(1, 100, 0)}, budget.OK},
		{"observed, but no event", 1, []sli.Slice{idle}, budget.NoTraffic},
		{"five slices old is in sight", 7, []sli.Slice{seen(0, 90, 0), seen(1, 90, 0)}, budget.Partial},
		{"six slices old is not", 8, []sli.Slice{seen(0, 90, 0), seen(1, 90, 0)}, budget.NoData},
		{"spent", 2, []sli.Slice{seen(0, 100, 0), seen(1, 98, 2)}, budget.Exhausted},
		{"spent, then blind", 8, []sli.Slice{seen(0, 100, 0), seen(1, 0, 99)}, budget.NoData},
		{"spent, little of it seen", 9, []sli.Slice{seen(0, 0, 99), seen(8, 1, 0)}, budget.Partial},
		{"burning over the shortest", 4, []sli.Slice{seen(0, 900, 0), seen(1, 99, 0), seen(2, 99, 1), seen(3, 97, 2)}, budget.Burning},
		{"burning at rate 1 exactly is ok", 4, []sli.Slice{seen(0, 900, 0), seen(1, 99, 1), seen(2, 99, 1), seen(3, 99, 1)}, budget.OK},
		{"shortest without events: the next is judged", 15, idleBut(15, 0, 90000, 0, 11, 60, 40), budget.Burning},
		{"burned before, good now", 15, idleBut(15, 0, 90000, 0, 11, 60, 40, 14, 9, 0), budget.OK},
	} {
		t.Run(x.name, func(t *testing.T) {
			if got := play(t, c, x.end, x.in...).State().Status; got != x.want {
				t.Errorf("status %s, want %s", got, x.want)
			}
		})
	}
}

// idleBut is n observed slices without events, but for those listed as
// minute, good, bad.
func idleBut(n int, but ...int) []sli.Slice {
	all := make([]sli.Slice, n)
	for i := range all {
		all[i] = seen(i, 0, 0)
	}
	for ; len(but) > 0; but = but[3:] {
		all[but[0]] = seen(but[0], sli.Count(but[1]), sli.Count(but[2]))
	}
	return all
}

func TestBlindBudgetStillSaysWhatIsLeft(t *testing.T) {
	s := play(t, config(time.Hour), 30, seen(0, 97, 3)).State()
	if s.Status != budget.NoData || s.Remaining != -2 || s.Budget.Known {
		t.Errorf("got %s, %v left, known %v; want no-data, -2 left, not known", s.Status, s.Remaining, s.Budget.Known)
	}
	if !s.Newest.Equal(at(1)) || !s.Since.Equal(at(0)) || !s.At.Equal(at(30)) {
		t.Errorf("newest %s, since %s, at %s", s.Newest, s.Since, s.At)
	}
}

func TestKnown(t *testing.T) {
	c := config(20*time.Minute, 4*time.Minute)
	half := seen(3, 1, 0)
	half.Covered = 30 * time.Second
	for _, x := range []struct {
		name        string
		end         int
		in          []sli.Slice
		short, long bool
	}{
		{"all seen", 4, []sli.Slice{seen(0, 1, 0), seen(1, 1, 0), seen(2, 1, 0), seen(3, 1, 0)}, true, true},
		{"half seen", 4, []sli.Slice{seen(0, 1, 0), seen(3, 1, 0)}, true, true},
		{"less than half seen", 4, []sli.Slice{seen(0, 1, 0), half}, false, false},
		{"young", 1, []sli.Slice{seen(0, 1, 0)}, true, true},
		{"no event of late", 9, []sli.Slice{seen(0, 1, 0), seen(5, 0, 0), seen(6, 0, 0), seen(7, 0, 0), seen(8, 0, 0)}, false, true},
		{"out of sight", 10, []sli.Slice{seen(0, 1, 0), seen(1, 1, 0), seen(2, 1, 0), seen(3, 1, 0)}, false, false},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := play(t, c, x.end, x.in...).State()
			if s.Windows[0].Known != x.short || s.Windows[1].Known != x.long {
				t.Errorf("known %v and %v, want %v and %v", s.Windows[0].Known, s.Windows[1].Known, x.short, x.long)
			}
		})
	}
}

func TestWindowsAreWholeSlicesWithoutDoubles(t *testing.T) {
	c := config(time.Hour, 5*time.Minute, 90*time.Second, 2*time.Minute, 0, time.Hour, -time.Minute)
	s := budget.NewBook(c).State()
	var got []time.Duration
	for _, w := range s.Windows {
		got = append(got, w.Length)
	}
	want := []time.Duration{2 * time.Minute, 5 * time.Minute, time.Hour}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("windows (-want +got):\n%s", diff)
	}
	for asked, length := range map[time.Duration]time.Duration{
		90 * time.Second: 2 * time.Minute, 5 * time.Minute: 5 * time.Minute, time.Minute: 0, 3 * time.Minute: 0, 2 * time.Hour: 0,
	} {
		if w, ok := s.Window(asked); w.Length != length && ok || ok != (length > 0) {
			t.Errorf("Window(%s) = %s, %v; want %s", asked, w.Length, ok, length)
		}
	}
}

func TestDefaults(t *testing.T) {
	b := budget.NewBook(budget.Config{})
	if s := b.State(); s.Slice != time.Minute || s.Status != budget.NoData || s.Budget.Length != time.Minute || s.Remaining != 1 {
		t.Errorf("the zero config gives %+v", s)
	}
	c := config(time.Hour)
	c.At, c.Stale = noon.Add(59*time.Second), 2*time.Minute
	b = play(t, c, 3, seen(0, 1, 0))
	if s := b.State(); s.Status == budget.NoData {
		t.Errorf("stale after 2 min: %s at 2 min", s.Status)
	}
	if err := b.Advance(at(4)); err != nil || b.State().Status != budget.NoData {
		t.Errorf("stale after 2 min: %s at 3 min, %v", b.State().Status, err)
	}
}

func TestTimesBeforeTheEpochAreRoundedDownToo(t *testing.T) {
	c := config(time.Hour)
	c.At = time.Unix(-61, 0)
	if got, want := budget.NewBook(c).State().At, time.Unix(-120, 0); !got.Equal(want) {
		t.Errorf("at %s, want %s", got, want)
	}
}

func TestRefusals(t *testing.T) {
	impossible := func(change func(*sli.Slice)) sli.Slice {
		s := seen(8, 1, 1)
		change(&s)
		return s
	}
	for _, x := range []struct {
		name string
		in   []sli.Slice
		want string
	}{
		{"misaligned", []sli.Slice{impossible(func(s *sli.Slice) { s.Start = s.Start.Add(time.Second) })}, "2026-03-01T12:08:01Z: not a multiple"},
		{"no time at all", []sli.Slice{{}}, "not a multiple"},
		{"not over yet", []sli.Slice{seen(10, 1, 1)}, "not before the end"},
		{"out of order", []sli.Slice{seen(8, 1, 1), seen(7, 1, 1)}, "not in order"},
		{"twice", []sli.Slice{seen(8, 1, 1), seen(8, 1, 1)}, "not in order"},
		{"negative good", []sli.Slice{impossible(func(s *sli.Slice) { s.Good = -1 })}, "impossible"},
		{"negative bad", []sli.Slice{impossible(func(s *sli.Slice) { s.Bad = -1 })}, "impossible"},
		{"negative coverage", []sli.Slice{impossible(func(s *sli.Slice) { s.Covered = -1 })}, "impossible"},
		{"more coverage than time", []sli.Slice{impossible(func(s *sli.Slice) { s.Covered++ })}, "impossible"},
		{"too many events", []sli.Slice{impossible(func(s *sli.Slice) { s.Good = math.MaxInt64 })}, "impossible"},
		{"too many in all", []sli.Slice{impossible(func(s *sli.Slice) { s.Good = math.MaxInt64 - 5000 })}, "more events"},
	} {
		t.Run(x.name, func(t *testing.T) {
			b := play(t, config(20*time.Minute), 10, seen(0, 5, 1))
			want := b.State()
			if err := b.Put(x.in...); err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("put: error %v, want one with %q", err, x.want)
			}
			if err := b.Prepend(x.in); err == nil {
				t.Errorf("prepend: no error")
			}
			if diff := cmp.Diff(want, b.State(), decimals()); diff != "" {
				t.Errorf("a refused slice left traces:\n%s", diff)
			}
		})
	}
}

func TestAdvanceRefusals(t *testing.T) {
	b := budget.NewBook(config(time.Hour))
	if err := errors.Join(b.Advance(noon), b.Advance(at(5)), b.Advance(at(5))); err != nil {
		t.Errorf("standing still: %v", err)
	}
	if err := b.Advance(at(4)); err == nil || !strings.Contains(err.Error(), "later already") {
		t.Errorf("going back: %v", err)
	}
	if err := b.Advance(at(6).Add(time.Millisecond)); err == nil || !strings.Contains(err.Error(), "multiple") {
		t.Errorf("between slices: %v", err)
	}
	if got := b.State().At; !got.Equal(at(5)) {
		t.Errorf("at %s, want %s", got, at(5))
	}
}

func TestLateSlicesReplaceAndCanBeTakenBack(t *testing.T) {
	b := play(t, config(time.Hour, 5*time.Minute), 4, seen(0, 10, 0), seen(1, 10, 0), seen(3, 10, 0))
	if err := b.Put(seen(1, 5, 5), seen(2, 7, 0), seen(3, 9, 1)); err != nil {
		t.Fatal(err)
	}
	got := b.State().Budget.Counts
	if want := (sli.Counts{Good: 31 * event, Bad: 6 * event, Covered: 4 * time.Minute}); got != want {
		t.Errorf("after corrections %+v, want %+v", got, want)
	}
	unseen := []sli.Slice{{Start: at(2)}, {Start: at(3), Counts: sli.Counts{Good: 9 * event}, Flaw: sli.FlawGap}}
	if err := b.Put(unseen...); err != nil {
		t.Fatal(err)
	}
	s := b.State()
	if want := (sli.Counts{Good: 24 * event, Bad: 5 * event, Covered: 2 * time.Minute}); s.Budget.Counts != want {
		t.Errorf("after taking back %+v, want %+v", s.Budget.Counts, want)
	}
	if !s.Newest.Equal(at(2)) || !cmp.Equal(s.Flaws, []sli.Flaw{sli.FlawGap}) {
		t.Errorf("newest %s, flaws %v; want 12:02, gap", s.Newest, s.Flaws)
	}
	if err := b.Put(sli.Slice{Start: at(0)}, sli.Slice{Start: at(1)}); err != nil || !b.State().Newest.IsZero() {
		t.Errorf("nothing observed: newest %s, %v", b.State().Newest, err)
	}
}

// The book's documentation says that a state can be checked by whoever reads
// it: what goes to the ledger comes back the same.
func TestStateSurvivesJSON(t *testing.T) {
	want := play(t, config(time.Hour, 5*time.Minute), 2, seen(0, 997, 3), seen(1, 100, 0)).State()
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got budget.State
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, decimals()); diff != "" {
		t.Errorf("state (-before +after):\n%s\n%s", diff, text)
	}
}

func decimals() cmp.Option {
	return cmp.Comparer(func(a, b slo.Decimal) bool { return a == b })
}

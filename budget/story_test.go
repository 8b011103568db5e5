package budget_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A story drives a book and the naive model with the same random events, and
// compares them after each.
type story struct {
	pick  func(n int) int // a number in [0, n)
	fatal func(format string, args ...any)
	reach int64
	book  *budget.Book
	model *model
	down  bool // the store does not answer
}

func TestBookAgainstTheNaiveModel(t *testing.T) {
	for range 5 {
		rapid.Check(t, func(t *rapid.T) {
			s := newStory(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "pick") }, t.Fatalf)
			for range rapid.IntRange(1, 60).Draw(t, "steps") {
				s.step()
			}
		})
	}
}

func FuzzBook(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x01\x02\x03 a book that lives for some slices \xff\xfe\x10\x20"))
	f.Fuzz(func(t *testing.T, ops []byte) {
		pick := func(n int) int {
			if len(ops) == 0 {
				return 0
			}
			v := int(ops[0])
			ops = ops[1:]
			return v % n
		}
		s := newStory(pick, t.Fatalf)
		for range 400 {
			if len(ops) == 0 {
				return
			}
			s.step()
		}
	})
}

func newStory(pick func(int) int, fatal func(string, ...any)) *story {
	targets := []slo.Decimal{
		slo.NewDecimal(999, 3), slo.NewDecimal(5, 1), slo.NewDecimal(9995, 4),
		slo.NewDecimal(123456789012345678, 18), slo.NewDecimal(1, 18),
	}
	slice := []time.Duration{time.Minute, 5 * time.Second}[pick(2)]
	length := func() time.Duration { return time.Duration(1+pick(50)) * slice * 2 / 3 }
	config := budget.Config{
		Objective: slo.Objective{
			Name: "checkout", Service: "shop", Slice: slice,
			Target: targets[pick(len(targets))], Window: slo.Window{Length: length()},
		},
		At:    time.Unix(int64(pick(2))*1_700_000_100-600, 0),
		Stale: time.Duration(pick(4)) * slice * 3 / 2,
	}
	for range pick(5) {
		config.Windows = append(config.Windows, length())
	}
	if pick(3) == 0 {
		n := 1 + pick(17)
		config.Objective.Window = slo.Window{Length: time.Duration(n) * time.Minute, Count: n, Unit: slo.Minutes, Start: time.Unix(1_699_999_980, 0).UTC()}
	}
	for until := config.At.Add(-time.Duration(pick(60)) * slice); pick(2) == 0 && len(config.Past) < 4; until = until.Add(time.Duration(1+pick(20)) * slice) {
		config.Past = append(config.Past, budget.Past{Until: until.Truncate(slice), Target: targets[pick(len(targets))]})
	}
	s := &story{pick: pick, fatal: fatal, reach: int64(1 + pick(12)), model: newModel(config)}
	s.book = budget.NewSmallBook(config, s.reach, int64(1+pick(6)))
	return s
}

// step lets one thing happen.
func (s *story) step() {
	switch s.pick(9) {
	case 0, 1, 2:
		s.live(1 + s.pick(3))
	case 3:
		s.live(s.pick(80))
	case 4:
		s.again(s.model.at - 1 - int64(s.pick(int(s.reach))))
	case 5:
		s.again(s.model.at - 1 - int64(s.pick(60)))
	case 6:
		s.older()
	case 7:
		s.restart(s.pick(2) == 0)
	case 8:
		s.down = !s.down
	}
	s.compare()
}

// live advances and counts some of the new slices.
func (s *story) live(by int) {
	from := s.model.at
	s.model.at += int64(by)
	s.must(s.book.Advance(s.model.time(s.model.at)))
	var fresh []sli.Slice
	for i := from; i < s.model.at; i++ {
		if s.pick(4) > 0 {
			fresh = append(fresh, s.random(i))
		}
	}
	s.model.keep(fresh...)
	s.must(s.book.Put(fresh...))
}

// again hands in slice i once more, or for the first time, as a caller does:
// by Put if it is in reach, else by Correct, else by Prepend. What was
// observed stays so.
func (s *story) again(i int64) {
	was, known := s.model.slices[i]
	was.Start = s.model.time(i)
	is := s.random(i)
	is.Covered = max(is.Covered, was.Covered)
	if s.model.since > i && !known && s.pick(2) == 0 {
		s.must(s.book.Prepend([]sli.Slice{is}))
	} else if err := s.book.Put(is); errors.Is(err, budget.ErrOutOfReach) {
		s.must(s.book.Correct(was, is))
	} else {
		s.must(err)
	}
	s.model.keep(is)
}

// older prepends a chunk of history.
func (s *story) older() {
	to := min(s.model.since, s.model.at) - int64(s.pick(3))
	var chunk []sli.Slice
	for i := to - int64(1+s.pick(20)); i < to; i++ {
		if s.pick(5) > 0 {
			chunk = append(chunk, s.random(i))
		}
	}
	s.model.keep(chunk...)
	s.must(s.book.Prepend(chunk))
}

// restart makes a new book from what is on record.
func (s *story) restart(bySums bool) {
	config := s.model.config
	config.At = s.model.time(s.model.at)
	if s.model.since < s.model.at {
		config.Since = s.model.time(s.model.since)
	}
	s.book = budget.NewSmallBook(config, s.reach, int64(1+s.pick(6)))
	from := max(s.model.at-s.model.reach(), s.model.since)
	for _, r := range s.book.Stretches() {
		if bySums {
			s.must(s.book.PutSum(s.model.sum(r)))
			from = r.To.UnixNano() / int64(s.model.slice)
		}
	}
	for _, x := range s.model.get(from, s.model.at) {
		s.must(s.book.Put(x))
	}
}

func (m *model) sum(r budget.Range) budget.Sum {
	sum := budget.Sum{From: r.From, To: r.To, Flaws: map[sli.Flaw]int64{}}
	for _, x := range m.read(r) {
		sum.Counts = sum.Counts.Add(x.Counts)
		if sum.Flaws[x.Flaw]++; x.Covered > 0 {
			sum.Newest = x.Start.Add(m.slice)
		}
	}
	return sum
}

// random makes up slice i.
func (s *story) random(i int64) sli.Slice {
	x := sli.Slice{Start: s.model.time(i)}
	counts := []sli.Count{0, sli.Event, 7 * sli.Event, 1001, 1, 1 << 40, 250_000 * sli.Event}
	x.Good, x.Bad = counts[s.pick(len(counts))], counts[s.pick(len(counts))]
	if s.pick(2) == 0 {
		x.Bad = 0
	}
	full := s.model.slice
	x.Covered = []time.Duration{full, full, full, 0, full / 3, 1}[s.pick(6)]
	x.Flaw = []sli.Flaw{"", "", "", sli.FlawGap, sli.FlawInvalid, "new"}[s.pick(6)]
	return x
}

// compare pays what the book asks for, unless the store is down, and demands
// the model's state. While the store is down a window may lag, and must then
// not be known.
func (s *story) compare() {
	if !s.down {
		s.pay()
	}
	got, want := s.book.State(), s.model.state()
	if s.down && !got.Budget.Known {
		got.Budget, got.Remaining, got.Flaws = want.Budget, want.Remaining, want.Flaws
	}
	for k := range got.Windows {
		if g, w := &got.Windows[k], &want.Windows[k]; s.down && !g.Known {
			*g, got.Status = *w, want.Status
		}
	}
	if diff := cmp.Diff(want, got, decimals()); diff != "" {
		s.fatal("state at %s (-naive +book):\n%s", got.At, diff)
	}
}

func (s *story) pay() {
	rounds := 0
	for need := s.book.Leaving(); len(need) > 0; need = s.book.Leaving() {
		if rounds++; rounds > 1000 {
			s.fatal("the book asks for %v for ever", need)
		}
		s.must(s.book.Leave(need[0], s.model.read(need[0])))
	}
}

func (s *story) must(err error) {
	if err != nil {
		s.fatal("at %s: %v", s.model.time(s.model.at), err)
	}
}

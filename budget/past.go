package budget

import (
	"slices"
	"time"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A Past is a stretch of time that another target was in force for: up to
// Until, from the Until of the one before on.
type Past struct {
	Until  time.Time
	Target slo.Decimal
}

// A Judged is the events of a window that are judged by another target than
// the present one.
type Judged struct {
	Target slo.Decimal `json:"target"`
	Total  sli.Count   `json:"total"`
}

// Allowed is how many bad events, or time slices, the budget's window allows
// so far.
func (s State) Allowed() float64 {
	a := allow(&s.Budget, s.Target)
	return quotient(a.num, wide{lo: a.den}) / float64(s.One())
}

// Today is s with all of the past judged by the present target and the
// present calendars.
func (s State) Today() State {
	if d := s.ByToday; d != nil {
		s.Windows, s.Budget, s.Status, s.Flaws, s.Unexpected, s.ByToday = d.Windows, d.Budget, d.Status, d.Flaws, d.Unexpected, nil
	}
	s.Windows = slices.Clone(s.Windows)
	for i := range s.Windows {
		s.Windows[i] = s.Windows[i].today(s.Target)
	}
	s.Budget = s.Budget.today(s.Target)
	s.Remaining = allow(&s.Budget, s.Target).remaining(s.Budget.Bad)
	if s.Status == OK || s.Status == Burning || s.Status == Exhausted {
		s.Status = s.stands()
	}
	return s
}

func (w Window) today(target slo.Decimal) Window {
	w.Earlier = nil
	w.Burn = allow(&w, target).burn(w.Bad)
	return w
}

// stands is how a budget stands that is in sight and has seen events. It
// burns when the shortest known window burns faster than 1.
func (s *State) stands() Status {
	if allow(&s.Budget, s.Target).compare(s.Budget.Bad) >= 0 {
		return Exhausted
	}
	for i := range s.Windows {
		w := &s.Windows[i]
		if w.Known && allow(w, s.Target).compare(w.Bad) > 0 {
			return Burning
		}
		if w.Known {
			break
		}
	}
	return OK
}

// targets are which target judges which slice of a book. The present one has
// number 0.
type targets struct {
	all   []slo.Decimal
	until []int64 // slices below the first are judged by number of the first; those at or above the last by 0
	of    []int   // numbers of stretches, as long as until
}

// add notes that slices below until, from the last added on, are judged by a
// target.
func (t *targets) add(until int64, target slo.Decimal) {
	k := slices.IndexFunc(t.all, func(d slo.Decimal) bool { return d.Cmp(target) == 0 })
	if k < 0 {
		k = len(t.all)
		t.all = append(t.all, target)
	}
	t.until, t.of = append(t.until, until), append(t.of, k)
}

// number is the number of the target that judges slice i.
func (t *targets) number(i int64) int {
	for k, until := range t.until {
		if i < until {
			return t.of[k]
		}
	}
	return 0
}

// judge counts in w that the total of slice i is now c's and was was's, for
// slices of other targets than the present one.
func (b *Book) judge(w *window, i int64, was, c sli.Counts) {
	k := b.targets.number(i)
	if k == 0 {
		return
	}
	if w.earlier == nil {
		w.earlier = make([]sli.Count, len(b.targets.all))
	}
	w.earlier[k] += c.Total() - was.Total()
}

// judged are the events of w that other targets judge.
func (b *Book) judged(w *window) []Judged {
	var out []Judged
	for k, total := range w.earlier {
		if total > 0 {
			out = append(out, Judged{b.targets.all[k], total})
		}
	}
	return out
}

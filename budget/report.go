package budget

import (
	"time"

	"setpoint.dev/setpoint/slo"
)

// State is where the budget stands, by all that was handed in.
func (b *Book) State() (s State) {
	b.tell(&s)
	return s
}

// tell makes s the State. States are long: they are not handed around.
func (b *Book) tell(s *State) {
	*s = State{
		Objective: b.objective, Service: b.service, Target: b.targets.all[0], Slice: b.slice, Method: b.method, Counted: b.counted,
		At: b.time(b.end), Newest: b.newestTime(), Since: b.sinceTime(),
		Windows: make([]Window, len(b.windows)), Flaws: b.flaws.list(),
	}
	for k := range b.windows {
		s.Windows[k] = b.show(&b.windows[k])
	}
	s.Budget = s.Windows[b.own]
	if b.promise.Calendar() {
		s.Windows = s.Windows[:b.own]
		s.PeriodStart, s.PeriodEnd = b.period(b.end)
	}
	s.Remaining = allow(&s.Budget, s.Target).remaining(s.Budget.Bad)
	s.Bound = b.bound(&s.Budget, s.Remaining)
	s.MinEvents = int64(b.least / b.one())
	s.NoData, s.Blind = b.noData, b.noData != slo.NoDataHold && !b.inSight()
	s.Status = b.status(s)
}

// status is the first status that applies; the order is the package's.
func (b *Book) status(s *State) Status {
	hold := b.noData == slo.NoDataHold
	switch {
	case hold && !b.inSight(), !b.begun():
		return NoData
	case hold && !b.covered(&b.windows[b.own]):
		return Partial
	case s.Budget.Total() == 0:
		return NoTraffic
	case s.Budget.Total() < b.least:
		return TooFew
	}
	return s.stands()
}

// inSight reports whether the newest observed slice is in a window and not
// stale.
func (b *Book) inSight() bool {
	return b.newest > b.oldest() && b.end-b.newest <= b.stale
}

// covered reports whether at least half of w, or of the book's age if that is
// less, was observed.
func (b *Book) covered(w *window) bool {
	return w.sum.Covered >= b.life(w)-w.sum.Covered
}

// since is the oldest slice known, no older than the oldest window; end when
// there is none.
func (b *Book) since() int64 {
	if b.first > b.filled {
		return b.end
	}
	return max(b.first, b.oldest())
}

func (b *Book) sinceTime() time.Time {
	if b.first > b.filled {
		return time.Time{}
	}
	return b.time(b.since())
}

func (b *Book) newestTime() time.Time {
	if b.newest <= b.oldest() {
		return time.Time{}
	}
	return b.time(b.newest)
}

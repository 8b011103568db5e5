package budget

import (
	"errors"
	"slices"
	"time"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// An Account keeps the budget of one objective from its slices as they were
// counted: it folds them into time slices where the budget is kept in those,
// lets short outages pass where they do not count, and where calendars touch
// the objective it keeps a second book, of what its budget is judged by. Its
// methods are those of a Book.
type Account struct {
	objective *slo.Objective // nil: slices are counted as they are
	exemption slo.Exemption
	raw       jury
	adjusted  *jury       // nil: nothing is adjusted
	today     *jury       // by today's calendars alone; nil: there were no others
	contracts []*contract // of the SLAs beside it
}

// NewAccount returns an Account that knows no slice yet.
func NewAccount(c Config, e slo.Exemption) *Account {
	a := &Account{exemption: e}
	if o := c.Objective; o.Method != slo.Occurrences || !e.Empty() {
		a.objective = &o
	}
	fold, adjusted := folding(asCounted), folding(asCounted)
	if a.objective != nil {
		fold, adjusted = a.fold, a.foldAdjusted
	}
	a.raw = *newJury(c, fold)
	if !e.Empty() {
		a.adjusted = newJury(c, adjusted)
	}
	if len(e.Earlier) > 0 {
		a.today = newJury(c, a.foldToday)
	}
	for _, s := range c.SLAs {
		of := adjusted
		if s.Raw {
			of = fold
		}
		a.contracts = append(a.contracts, newContract(c, s, of))
	}
	return a
}

// Advance is Book.Advance.
func (a *Account) Advance(at time.Time) error {
	return a.each(func(j *jury) error { return j.book.Advance(at) })
}

// Put is Book.Put for the slices of [from, to).
func (a *Account) Put(from, to time.Time, fresh []sli.Slice) error {
	return a.each(func(j *jury) error { return j.put(from, to, fresh) })
}

// Prepend is Book.Prepend for the slices of [from, to).
func (a *Account) Prepend(from, to time.Time, older []sli.Slice) error {
	return a.each(func(j *jury) error { return j.prepend(from, to, older) })
}

// Reach is Book.Reach.
func (a *Account) Reach() time.Time { return a.raw.book.Reach() }

// Around is the stretch whose slices Correct has to know to correct those of
// [from, to).
func (a *Account) Around(from, to time.Time) (time.Time, time.Time) { return a.raw.around(from, to) }

// Correct is Book.Correct for the slices of [from, to), whole time slices: is
// takes the place of those of was, which is what the store has of all that
// Around says.
func (a *Account) Correct(from, to time.Time, was, is []sli.Slice) error {
	after := slices.Concat(between(was, time.Time{}, from), is, between(was, to, farOff()))
	return a.each(func(j *jury) error { return j.correct(from, to, was, after) })
}

// Leaving is Book.Leaving; its ranges may lap over each other.
func (a *Account) Leaving() []Range {
	var need []Range
	for i, j := range a.juries() {
		if j == nil {
			continue
		}
		for _, r := range j.leaving() {
			r.of = i
			need = append(need, r)
		}
	}
	return need
}

// Leave is Book.Leave.
func (a *Account) Leave(r Range, left []sli.Slice) error {
	return a.juries()[r.of].leave(r, left)
}

// juries keep the books; some may be nil.
func (a *Account) juries() [3]*jury { return [...]*jury{&a.raw, a.adjusted, a.today} }

// State is where the budget stands: as adjusted, with the raw figures beside.
func (a *Account) State() (s State) {
	a.Tell(&s)
	return s
}

// Tell makes s the State. States are long, and a tick makes one of each
// objective.
func (a *Account) Tell(s *State) {
	a.raw.book.tell(s)
	s.BadSince = a.raw.pending()
	for _, c := range a.contracts {
		s.SLAs = append(s.SLAs, c.settlements()...)
	}
	if a.adjusted == nil {
		return
	}
	raw := *s
	*s = a.stateOf(a.adjusted, &raw)
	if a.today != nil {
		today := a.stateOf(a.today, &raw)
		s.ByToday = &today
	}
	newest := s.At.Add(-a.objective.Slice)
	for _, x := range a.exemption.Between(newest, s.At) {
		if stretch, ok := x.Covers(newest, s.At); ok {
			s.InForce = append(s.InForce, InForce{Name: x.Name, Effect: x.Effect, Since: stretch.From, Until: stretch.To})
		}
	}
}

// stateOf is where the budget stands by one of the books that are adjusted.
func (a *Account) stateOf(j *jury, raw *State) State {
	s := j.book.State()
	s.SLAs, s.BadSince = raw.SLAs, j.pending()
	s.Raw = &Figures{Status: raw.Status, Budget: raw.Budget, Remaining: raw.Remaining, Bound: raw.Bound}
	s.Unexpected = j.book.flaws.of(FlawUnexpected)
	return s
}

// foldToday is foldAdjusted as if the calendars of today had been in force
// always.
func (a *Account) foldToday(from, to time.Time, all []sli.Slice) []sli.Slice {
	e := a.exemption
	e.Earlier = nil
	return Fold(*a.objective, Adjust(*a.objective, e, from, to, all))
}

// asCounted folds nothing.
func asCounted(_, _ time.Time, all []sli.Slice) []sli.Slice { return all }

func (a *Account) fold(_, _ time.Time, all []sli.Slice) []sli.Slice {
	return Fold(*a.objective, all)
}

func (a *Account) foldAdjusted(from, to time.Time, all []sli.Slice) []sli.Slice {
	if a.objective == nil {
		return all
	}
	return Fold(*a.objective, Adjust(*a.objective, a.exemption, from, to, all))
}

// each does something to every book.
func (a *Account) each(do func(*jury) error) error {
	var err error
	for _, j := range a.juries() {
		if j != nil {
			err = errors.Join(err, do(j))
		}
	}
	for _, c := range a.contracts {
		err = errors.Join(err, do(c.jury))
	}
	return err
}

// of is how many slices have a flaw.
func (t *tally) of(f sli.Flaw) int64 {
	if i := slices.Index(t.names, f); i >= 0 {
		return t.counts[i]
	}
	return 0
}

// Stretches is Book.Stretches. Time slices, what calendars adjust and the
// periods of SLAs are not made of sums: then there are none.
func (a *Account) Stretches() []Range {
	if a.objective != nil || len(a.contracts) > 0 {
		return nil
	}
	return a.raw.book.Stretches()
}

// PutSum is Book.PutSum.
func (a *Account) PutSum(s Sum) error { return a.raw.book.PutSum(s) }

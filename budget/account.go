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
// and where calendars touch the objective it keeps a second book, of what its
// budget is judged by. Its methods are those of a Book.
type Account struct {
	objective slo.Objective
	exemption slo.Exemption
	raw       *Book
	adjusted  *Book       // nil: nothing is adjusted
	contracts []*contract // of the SLAs beside it
}

// NewAccount returns an Account that knows no slice yet.
func NewAccount(c Config, e slo.Exemption) *Account {
	a := &Account{objective: c.Objective, exemption: e, raw: NewBook(c)}
	if !e.Empty() {
		a.adjusted = NewBook(c)
	}
	for _, s := range c.SLAs {
		a.contracts = append(a.contracts, newContract(c, s))
	}
	return a
}

// Advance is Book.Advance.
func (a *Account) Advance(at time.Time) error {
	return a.both(func(b *Book, _ folding) error { return b.Advance(at) })
}

// Put is Book.Put for the slices of [from, to).
func (a *Account) Put(from, to time.Time, fresh []sli.Slice) error {
	return a.both(func(b *Book, fold folding) error { return b.Put(fold(from, to, fresh)...) })
}

// Prepend is Book.Prepend for the slices of [from, to).
func (a *Account) Prepend(from, to time.Time, older []sli.Slice) error {
	return a.both(func(b *Book, fold folding) error { return b.Prepend(fold(from, to, older)) })
}

// Reach is Book.Reach.
func (a *Account) Reach() time.Time { return a.raw.Reach() }

// Correct is Book.Correct for the slices of [from, to), whole time slices: is
// takes the place of was, as the store has it.
func (a *Account) Correct(from, to time.Time, was, is []sli.Slice) error {
	return a.both(func(b *Book, fold folding) error {
		counted := map[int64]sli.Slice{}
		for _, s := range fold(from, to, was) {
			counted[s.Start.Unix()] = s
		}
		for _, s := range fold(from, to, is) {
			old, there := counted[s.Start.Unix()]
			if !there {
				old = sli.Slice{Start: s.Start}
			}
			if err := b.Correct(old, s); err != nil {
				return err
			}
		}
		return nil
	})
}

// Leaving is Book.Leaving.
func (a *Account) Leaving() []Range {
	need := a.raw.Leaving()
	if a.adjusted != nil {
		for _, r := range a.adjusted.Leaving() {
			r.adjusted = true
			need = append(need, r)
		}
	}
	return need
}

// Leave is Book.Leave.
func (a *Account) Leave(r Range, left []sli.Slice) error {
	if r.adjusted {
		return a.adjusted.Leave(r, a.foldAdjusted(r.From, r.To, left))
	}
	return a.raw.Leave(r, a.fold(r.From, r.To, left))
}

// State is where the budget stands: as adjusted, with the raw figures beside.
func (a *Account) State() State {
	raw := a.raw.State()
	for _, c := range a.contracts {
		raw.SLAs = append(raw.SLAs, c.settlements()...)
	}
	if a.adjusted == nil {
		return raw
	}
	s := a.adjusted.State()
	s.SLAs = raw.SLAs
	s.Raw = Figures{Status: raw.Status, Budget: raw.Budget, Remaining: raw.Remaining}
	s.Unexpected = a.adjusted.flaws.of(FlawUnexpected)
	newest := s.At.Add(-a.objective.Slice)
	for _, x := range a.exemption.Between(newest, s.At) {
		if stretch, ok := x.Covers(newest, s.At); ok {
			s.InForce = append(s.InForce, InForce{Name: x.Name, Effect: x.Effect, Since: stretch.From, Until: stretch.To})
		}
	}
	return s
}

// A folding makes of the slices of [from, to) those of a book.
type folding func(from, to time.Time, all []sli.Slice) []sli.Slice

func (a *Account) fold(_, _ time.Time, all []sli.Slice) []sli.Slice { return Fold(a.objective, all) }

func (a *Account) foldAdjusted(from, to time.Time, all []sli.Slice) []sli.Slice {
	return Fold(a.objective, Adjust(a.objective, a.exemption, from, to, all))
}

// both does something to each book.
func (a *Account) both(do func(*Book, folding) error) error {
	err := do(a.raw, a.fold)
	if a.adjusted != nil {
		err = errors.Join(err, do(a.adjusted, a.foldAdjusted))
	}
	return errors.Join(err, a.eachContract(do))
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
	if a.adjusted != nil || len(a.contracts) > 0 || a.objective.Method != slo.Occurrences {
		return nil
	}
	return a.raw.Stretches()
}

// PutSum is Book.PutSum.
func (a *Account) PutSum(s Sum) error { return a.raw.PutSum(s) }

package budget

import (
	"math/big"
	"time"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A Part is what is known of one component of a composite.
type Part struct {
	Objective slo.Objective
	Slices    []sli.Slice // as its Book takes them, in order
	Since     time.Time   // start of the oldest slice that was ever observed; zero = none
}

// Compose makes the slices [from, to) of a composite of those of its
// components, as an Account of it takes them; parts are in the order of
// o.Composite.Components. Both times are multiples of o.Step.
//
// In each slice of the composite a component is bad by a share,
//
//	bᵢ = bad ÷ (good + bad)
//
// of what its own budget is kept in: events, or time slices. The composite is
// bad by the share that slo.Aggregate makes of these, so that every slice
// weighs the same, however many events it holds. shares says for each
// component, in slices as a Book takes them, how much of what its budget is
// judged by is its doing; they add up to it, exactly. Of AnyDown that is the
// worst component, of AllDown the best.
//
// A component without events in a slice is left out of it, and the weights of
// the others stand for all. One that was observed for less than half of it
// follows its rule, from the first slice in which it was ever observed on;
// before that it is left out. A slice in which no component was observed is
// not observed, whatever the rules say.
func Compose(o slo.Objective, e slo.Exemption, parts []Part, from, to time.Time) (whole []sli.Slice, shares [][]sli.Slice) {
	m := newMixer(o, parts)
	var doing [][]sli.Count
	for at := from; at.Before(to); at = at.Add(o.Slice) {
		s, by := m.slice(at)
		whole, doing = append(whole, s), append(doing, by)
	}
	judged := Adjust(o, e, from, to, whole)
	for i, s := range judged { // what is excused is nobody's doing
		split(s.Bad, doing[i], whole[i].Bad, doing[i])
	}
	return whole, m.divide(Fold(o, judged), doing)
}

// A mixer makes slices of a composite, one after the other.
type mixer struct {
	objective slo.Objective
	parts     []Part // without the slices that are used up
	weights   []int64
	unit      int64 // a weight of 1; 0 = the sum of those that count
}

// unitWeight is a weight of 1 where weights are not relative to each other.
const unitWeight = int64(1e15)

func newMixer(o slo.Objective, parts []Part) *mixer {
	m := &mixer{objective: o, parts: append([]Part{}, parts...)}
	if o.Composite.Aggregate != slo.Average {
		m.unit = unitWeight
	}
	for i, c := range o.Composite.Components {
		m.weights = append(m.weights, weight(o, c, parts[i].Objective))
	}
	return m
}

// weight is the weight of a component, as a whole number.
func weight(o slo.Objective, c slo.Component, of slo.Objective) int64 {
	w := big.NewRat(c.Weight.Fraction())
	switch o.Composite.Aggregate {
	case slo.Average: // weights have at most 6 decimals
		w.Mul(w, big.NewRat(1e6, 1))
	case slo.SumOfBurn:
		w.Mul(w, big.NewRat(o.Budget().Fraction())).Quo(w, big.NewRat(of.Budget().Fraction())).Mul(w, big.NewRat(unitWeight, 1))
	default:
		w.Mul(w, big.NewRat(unitWeight, 1))
	}
	const most = 1000 * unitWeight // of the least loss that can be told, everything
	if n := new(big.Int).Quo(w.Num(), w.Denom()); n.IsInt64() {
		return min(n.Int64(), most)
	}
	return most
}

// slice makes the slice that starts at at, and says how much of what is bad
// in it is the doing of each component.
func (m *mixer) slice(at time.Time) (sli.Slice, []sli.Count) {
	losses, s := m.look(at)
	s.Start = at
	by := make([]sli.Count, len(m.parts))
	if s.Covered == 0 || !m.mix(losses, by) {
		return s, by
	}
	for _, bad := range by {
		s.Bad += bad
	}
	s.Good = wholeSlice - s.Bad
	return s, by
}

// A loss is the share of bad in a component, in counts of wholeSlice; below 0
// the component is left out.
type loss = sli.Count

const leftOut = loss(-1)

// look says how bad each component is in a slice, how much of the slice was
// observed, and what is doubtful about it.
func (m *mixer) look(at time.Time) (losses []loss, s sli.Slice) {
	length, seen, held := m.objective.Slice, 0, false
	s.Covered = length
	for i := range m.parts {
		c, flaw := m.parts[i].take(at, at.Add(length))
		rule := m.objective.Composite.Components[i].NoData
		switch since := m.parts[i].Since; {
		case c.Covered >= length-c.Covered:
			seen++
			s.Covered, s.Flaw = min(s.Covered, c.Covered), worse(s.Flaw, flaw)
			losses = append(losses, lossOf(c))
			continue
		case since.IsZero(): // never seen: there is nothing to count it by
			held = held || rule == slo.NoDataHold
			losses = append(losses, leftOut)
		case !at.Add(length).After(since):
			losses = append(losses, leftOut)
		default:
			held = held || rule == slo.NoDataHold
			losses = append(losses, absent(rule))
		}
	}
	if held || seen == 0 {
		return nil, sli.Slice{}
	}
	return losses, s
}

// take adds up what the part has in [from, to), and forgets it.
func (p *Part) take(from, to time.Time) (c sli.Counts, flaw sli.Flaw) {
	for len(p.Slices) > 0 && p.Slices[0].Start.Before(to) {
		if s := p.Slices[0]; !s.Start.Before(from) {
			c, flaw = c.Add(s.Counts), worse(flaw, s.Flaw)
		}
		p.Slices = p.Slices[1:]
	}
	return c, flaw
}

func lossOf(c sli.Counts) loss {
	switch {
	case c.Total() == 0:
		return leftOut
	case c.Bad == 0:
		return 0
	}
	return loss(nearest(int64(c.Bad), int64(wholeSlice), int64(c.Total())))
}

func absent(rule slo.NoData) loss {
	switch rule {
	case slo.NoDataGood:
		return 0
	case slo.NoDataBad:
		return wholeSlice
	}
	return leftOut
}

// mix says in by how much of the composite's bad is the doing of each
// component. It reports whether there is anything to judge by.
func (m *mixer) mix(losses []loss, by []sli.Count) bool {
	unit, worst, best := m.unit, -1, -1
	for i, l := range losses {
		if l == leftOut {
			continue
		}
		if m.unit == 0 {
			unit += m.weights[i]
		}
		if worst < 0 || l > losses[worst] {
			worst = i
		}
		if best < 0 || l < losses[best] {
			best = i
		}
	}
	switch {
	case worst < 0:
		return false
	case m.objective.Composite.Aggregate == slo.AnyDown:
		by[worst] = losses[worst]
	case m.objective.Composite.Aggregate == slo.AllDown:
		by[best] = losses[best]
	default:
		m.add(losses, by, unit)
	}
	return true
}

// add weighs the losses, to a whole slice at most.
func (m *mixer) add(losses []loss, by []sli.Count, unit int64) {
	var all sli.Count
	for i, l := range losses {
		if l > 0 {
			by[i] = sli.Count(nearest(m.weights[i], int64(l), unit))
			all += by[i]
		}
	}
	if all > wholeSlice {
		split(wholeSlice, by, all, by)
	}
}

// divide divides what is bad in the judged slices among the components, by
// what each did in the slices that they were made of.
func (m *mixer) divide(judged []sli.Slice, doing [][]sli.Count) [][]sli.Slice {
	shares := make([][]sli.Slice, len(m.parts))
	each := int(m.objective.Step() / m.objective.Slice)
	for n, s := range judged {
		by, all := make([]sli.Count, len(m.parts)), sli.Count(0)
		for _, did := range doing[n*each : (n+1)*each] {
			for i, bad := range did {
				by[i] += bad
				all += bad
			}
		}
		split(s.Bad, by, all, by)
		for i := range shares {
			share := s
			share.Good, share.Bad = s.Total()-by[i], by[i]
			shares[i] = append(shares[i], share)
		}
	}
	return shares
}

// split divides what in proportion to by, whose sum is all, without a
// remainder: the parts in into add up to what.
func split(what sli.Count, by []sli.Count, all sli.Count, into []sli.Count) {
	left, rest := what, all
	for i, share := range by {
		part := sli.Count(0)
		if share > 0 && rest > 0 {
			part = sli.Count(nearest(int64(share), int64(left), int64(rest)))
		}
		rest -= share
		left -= part
		into[i] = part
	}
}

// A Contribution is what a component does to the budget of its composite.
type Contribution struct {
	Objective string    `json:"objective"`
	Bad       sli.Count `json:"bad"`   // of the composite's bad, over its own window
	Burnt     float64   `json:"burnt"` // share of the composite's budget that it used up; those of all add up to 1 − Remaining
}

// Contributions are those of the components whose shares, as Compose makes
// them, the books were kept of.
func Contributions(c slo.Composite, books []*Book) []Contribution {
	var out []Contribution
	for i, b := range books {
		s := b.State()
		out = append(out, Contribution{Objective: c.Components[i].Objective, Bad: s.Budget.Bad, Burnt: 1 - s.Remaining})
	}
	return out
}

// Recent returns the slices [from, to) that the budget is judged by, as far
// as every one of them is remembered: the newest 360, or as many as the
// longest window holds. Blank ones are left out.
func (a *Account) Recent(from, to time.Time) (all []sli.Slice, ok bool) {
	b := a.raw.book
	if a.adjusted != nil {
		b = a.adjusted.book
	}
	first, last := b.floor(from), b.floor(to)
	if first < b.ringStart() || last > b.end {
		return nil, false
	}
	for i := first; i < last; i++ {
		if c := b.recall(i); c != (cell{}) {
			all = append(all, sli.Slice{Start: b.time(i), Counts: c.Counts, Flaw: b.flaws.name(c.flaw)})
		}
	}
	return all, true
}

// Judged makes of the slices of [from, to), as they were counted, those that
// the budget is judged by.
func (a *Account) Judged(from, to time.Time, all []sli.Slice) []sli.Slice {
	return a.foldAdjusted(from, to, all)
}

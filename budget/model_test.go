package budget_test

import (
	"math"
	"math/big"
	"slices"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A model is the naive budget: it remembers every slice, adds all of them up
// for each question, and divides big rationals.
type model struct {
	config budget.Config
	slice  time.Duration
	at     int64 // number of the slice that starts where the windows end
	since  int64 // oldest slice that was ever not blank; MaxInt64 = none
	slices map[int64]sli.Slice
}

func newModel(c budget.Config) *model {
	m := &model{config: c, slice: c.Objective.Slice, slices: map[int64]sli.Slice{}}
	m.at = c.At.UnixNano() / int64(m.slice)
	m.since = math.MaxInt64
	return m
}

func (m *model) time(i int64) time.Time { return time.Unix(0, i*int64(m.slice)).UTC() }

func (m *model) keep(all ...sli.Slice) {
	for _, s := range all {
		i := s.Start.UnixNano() / int64(m.slice)
		m.slices[i] = s
		if s.Counts != (sli.Counts{}) || s.Flaw != "" {
			m.since = min(m.since, i)
		}
	}
}

// get is what is on record of slices [from, to).
func (m *model) get(from, to int64) []sli.Slice {
	var all []sli.Slice
	for i := from; i < to; i++ {
		if s, ok := m.slices[i]; ok {
			all = append(all, s)
		}
	}
	return all
}

func (m *model) read(r budget.Range) []sli.Slice {
	return m.get(r.From.UnixNano()/int64(m.slice), r.To.UnixNano()/int64(m.slice))
}

// lengths is the rolling windows in slices, ascending.
func (m *model) lengths() []int64 {
	var all []int64
	for _, l := range m.config.Windows {
		all = append(all, int64((l+m.slice-1)/m.slice))
	}
	if o := m.config.Objective; !o.Window.Calendar() {
		all = append(all, m.own())
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// own is the length of the objective's window now, in slices. A calendar one
// counts minutes here.
func (m *model) own() int64 {
	w := m.config.Objective.Window
	if !w.Calendar() {
		return int64((w.Length + m.slice - 1) / m.slice)
	}
	last, period := m.time(m.at-1), time.Duration(w.Count)*time.Minute
	since := last.Sub(w.Start) % period
	if since < 0 {
		since += period
	}
	return int64(since/m.slice) + 1
}

// reach is how far back the book speaks of anything, in slices.
func (m *model) reach() int64 {
	usual := int64((m.config.Objective.Window.Length + m.slice - 1) / m.slice)
	longest := max(m.own(), usual)
	if all := m.lengths(); len(all) > 0 {
		longest = max(longest, all[len(all)-1])
	}
	return longest
}

func (m *model) state() budget.State {
	o := m.config.Objective
	longest := m.reach()
	s := budget.State{Objective: o.Name, Service: o.Service, Target: o.Target, Slice: m.slice, At: m.time(m.at), Windows: []budget.Window{}}
	life := int64(0)
	if m.since < m.at {
		oldest := max(m.since, m.at-longest)
		s.Since, life = m.time(oldest), m.at-oldest
	}
	for _, x := range m.get(m.at-longest, m.at) {
		if x.Covered > 0 {
			s.Newest = x.Start.Add(m.slice)
		}
	}
	for _, n := range m.lengths() {
		s.Windows = append(s.Windows, m.window(n, life, m.inSight(s)))
	}
	own := m.own()
	s.Budget = m.window(own, life, m.inSight(s))
	if o.Window.Calendar() {
		s.PeriodStart = m.time(m.at - own)
		s.PeriodEnd = s.PeriodStart.Add(time.Duration(o.Window.Count) * time.Minute)
	}
	s.Remaining = 1
	if s.Budget.Total() > 0 {
		left := new(big.Rat).Sub(big.NewRat(1, 1), burnRate(s.Budget, o.Target))
		s.Remaining, _ = left.Float64()
	}
	s.Flaws = m.flaws(own)
	s.Status = m.status(s, time.Duration(min(own, life))*m.slice)
	return s
}

func (m *model) inSight(s budget.State) bool {
	stale := m.config.Stale
	if stale == 0 {
		stale = 5 * m.slice
	}
	return !s.Newest.IsZero() && !s.Newest.Before(s.At.Add(-stale))
}

func (m *model) window(n, life int64, inSight bool) budget.Window {
	w := budget.Window{Length: time.Duration(n) * m.slice}
	for _, s := range m.get(m.at-n, m.at) {
		w.Good += s.Good
		w.Bad += s.Bad
		w.Covered += s.Covered
		m.judge(&w, s)
	}
	w.Burn, _ = burnRate(w, m.config.Objective.Target).Float64()
	w.Known = inSight && w.Total() > 0 && 2*w.Covered >= time.Duration(min(n, life))*m.slice
	return w
}

// judge notes the events that another target judges than the present one, in
// the order in which targets came first.
func (m *model) judge(w *budget.Window, s sli.Slice) {
	target := m.config.Objective.Target
	for _, p := range slices.Backward(m.config.Past) {
		if s.Start.Before(p.Until) {
			target = p.Target
		}
	}
	if target.Cmp(m.config.Objective.Target) == 0 || s.Total() == 0 {
		return
	}
	rank := func(t slo.Decimal) int {
		return slices.IndexFunc(m.config.Past, func(p budget.Past) bool { return p.Target.Cmp(t) == 0 })
	}
	i, there := slices.BinarySearchFunc(w.Earlier, rank(target), func(e budget.Judged, r int) int { return rank(e.Target) - r })
	if !there {
		w.Earlier = slices.Insert(w.Earlier, i, budget.Judged{Target: target})
	}
	w.Earlier[i].Total += s.Total()
}

func (m *model) flaws(own int64) []sli.Flaw {
	var all []sli.Flaw
	for _, s := range m.get(m.at-own, m.at) {
		if s.Flaw != "" {
			all = append(all, s.Flaw)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (m *model) status(s budget.State, life time.Duration) budget.Status {
	one := big.NewRat(1, 1)
	spent := burnRate(s.Budget, s.Target)
	shortest := slices.IndexFunc(s.Windows, func(w budget.Window) bool { return w.Known })
	switch {
	case !m.inSight(s):
		return budget.NoData
	case 2*s.Budget.Covered < life:
		return budget.Partial
	case s.Budget.Total() == 0:
		return budget.NoTraffic
	case s.Budget.Bad > 0 && spent.Cmp(one) >= 0:
		return budget.Exhausted
	case shortest >= 0 && burnRate(s.Windows[shortest], s.Target).Cmp(one) > 0:
		return budget.Burning
	}
	return budget.OK
}

// burnRate is bad ÷ Σ (1 − targetₖ) × totalₖ, 0 without events.
func burnRate(w budget.Window, target slo.Decimal) *big.Rat {
	if w.Total() == 0 {
		return new(big.Rat)
	}
	allowed, now := new(big.Rat), w.Total()
	add := func(target slo.Decimal, total sli.Count) {
		allowed.Add(allowed, new(big.Rat).Mul(ratOf(target.Complement()), big.NewRat(int64(total), 1)))
	}
	for _, e := range w.Earlier {
		now -= e.Total
		add(e.Target, e.Total)
	}
	add(target, now)
	return new(big.Rat).Quo(big.NewRat(int64(w.Bad), 1), allowed)
}

func ratOf(d slo.Decimal) *big.Rat { return big.NewRat(d.Fraction()) }

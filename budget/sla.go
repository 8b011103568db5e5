package budget

import (
	"time"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A Settlement is where an SLA stands over one of its periods: by the counts
// so far, or of all of it.
type Settlement struct {
	SLA      string
	From, To time.Time // the period
	At       time.Time // end of what is counted: To when it is over
	sli.Counts
	Method   slo.Method  // what the counts are of
	Achieved float64     // share of good ones; 1 without any
	Met      bool        // that is at least the target
	Credit   slo.Decimal // share of the fee that is owed
}

// Settle says what is owed for the counts of a period, compared exactly.
// Without events nothing is.
func Settle(s slo.SLA, m slo.Method, from, to, at time.Time, c sli.Counts) Settlement {
	below := func(share slo.Decimal) bool { return !reaches(c, share) }
	out := Settlement{SLA: s.Name, From: from, To: to, At: at, Counts: c, Method: m, Achieved: 1, Met: !below(s.Target), Credit: s.Owed(below)}
	if c.Total() > 0 {
		out.Achieved = float64(c.Good) / float64(c.Total())
	}
	return out
}

// A contract keeps one SLA up to date: a book of the period so far, and what
// came of the last one.
type contract struct {
	sla    slo.SLA
	method slo.Method
	jury   *jury
	last   Settlement // zero = not known yet
	summed time.Time  // where the book ended when that was
}

func newContract(c Config, s slo.SLA, fold folding) *contract {
	c.Windows = []time.Duration{reach * c.Objective.Step()} // corrections reach as far back as in any book
	c.Objective.Window, c.Objective.Target, c.Past = s.Period, s.Target, nil
	return &contract{sla: s, method: c.Objective.Method, jury: newJury(c, fold)}
}

// How long after its end a period may still be changed by what comes late, and
// how often it is summed meanwhile.
const (
	closing = 24 * time.Hour
	closes  = time.Hour
)

// due is the last period, when it has to be summed.
func (c *contract) due() (Range, bool) {
	start, _ := c.jury.book.period(c.jury.book.end)
	from, to := c.sla.Period.Period(start.Add(-1))
	at := c.jury.book.time(c.jury.book.end)
	again := at.Sub(to) < closing && at.Sub(c.summed) >= closes
	side := c.jury.side()
	return Range{From: from.Add(-side), To: to.Add(side)}, !c.last.From.Equal(from) || again
}

// sum sums the last period.
func (c *contract) sum(r Range, all []sli.Slice) {
	var counts sli.Counts
	found := c.jury.fold(r.From, r.To, all)
	r.From, r.To = r.From.Add(c.jury.side()), r.To.Add(-c.jury.side())
	for _, s := range between(c.jury.count(found), r.From, r.To) {
		counts = counts.Add(s.Counts)
	}
	c.last, c.summed = Settle(c.sla, c.method, r.From, r.To, r.To, counts), c.jury.book.time(c.jury.book.end)
}

// settlements are the period so far, and the last one where something of it is
// known.
func (c *contract) settlements() []Settlement {
	s := c.jury.book.State()
	out := []Settlement{Settle(c.sla, c.method, s.PeriodStart, s.PeriodEnd, s.At, s.Budget.Counts)}
	if c.last.Covered > 0 {
		out = append(out, c.last)
	}
	return out
}

// Closing returns the periods of SLAs that ended and have to be summed from
// the store, mostly none, with what around them says how they count. Their
// slices are handed to Close.
func (a *Account) Closing() (due []Range) {
	for _, c := range a.contracts {
		if r, ok := c.due(); ok {
			due = append(due, r)
		}
	}
	return due
}

// Close sums the slices that the store has of a range.
func (a *Account) Close(r Range, all []sli.Slice) {
	for _, c := range a.contracts {
		if due, ok := c.due(); ok && due == r {
			c.sum(r, all)
		}
	}
}

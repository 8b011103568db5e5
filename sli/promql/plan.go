package promql

import (
	"cmp"
	"slices"
	"time"

	"setpoint.dev/setpoint/sli"
)

// A plan is how the series of some indicators are asked for: few queries, and
// who gets what of their answers. It is used by one at a time, and again as
// long as the same indicators are asked about, because of what its rosters
// have learned.
type plan struct {
	indicators []*indicator
	pairs      *pairs
	span       int64 // seconds of the longest range that it is made for
	selectors  []*selector
	numbers    map[*selector]int32
	parties    []party               // of the indicators
	found      []int32               // room to count the series of each selector in; zero between uses
	under      map[*selector][]int32 // :: head → numbers of it and of those whose series are among its
	parts      []*part
	split      time.Time // since when it has parts that are halves of failed ones
}

// rejoin is after how long halves of what failed are asked for together again.
const rejoin = 10 * time.Minute

// newPlan plans for ranges of some seconds.
func newPlan(indicators []*indicator, pairs *pairs, most limit) *plan {
	p := &plan{indicators: indicators, pairs: pairs, span: most.span, numbers: map[*selector]int32{}, under: map[*selector][]int32{}}
	for _, q := range indicators {
		p.parties = append(p.parties, party{p.number(q.part), p.number(q.total)})
	}
	p.found = make([]int32, len(p.selectors))
	var heads []*selector
	for s, head := range widest(p.selectors) {
		if p.selectors[s] == head {
			heads = append(heads, head)
		}
		p.under[head] = append(p.under[head], int32(s))
	}
	p.parts = fuse(heads, most)
	for _, one := range p.parts {
		p.enlist(one)
	}
	return p
}

// A party is the numbers of an indicator's selectors.
type party struct{ part, total []int32 }

// number gives numbers to selectors that have none yet.
func (p *plan) number(some []*selector) []int32 {
	numbers := make([]int32, 0, len(some))
	for _, s := range some {
		n, ok := p.numbers[s]
		if !ok {
			n = int32(len(p.selectors))
			p.numbers[s], p.selectors = n, append(p.selectors, s)
		}
		numbers = append(numbers, n)
	}
	return numbers
}

// widest finds for each selector the one that has its series and more.
func widest(all []*selector) []*selector {
	byKey := make(map[string]*selector, len(all))
	for _, s := range all {
		if s.metric != "" {
			byKey[s.key(1<<len(s.matchers)-1)] = s
		}
	}
	heads := make([]*selector, len(all))
	for i, s := range all {
		heads[i] = s.within(byKey)
	}
	return heads
}

// enlist says whose series a part asks for.
func (p *plan) enlist(one *part) {
	for _, head := range one.heads {
		one.members = append(one.members, p.under[head]...)
	}
	asked := int32(-1)
	if len(one.heads) == 1 { // what the backend says goes
		asked = p.numbers[one.heads[0]]
	}
	one.roster = newRoster(newIndex(p.selectors, one.members, asked), p.pairs)
}

// seriesOf returns the series of the i-th indicator, or why they are not known.
func (p *plan) seriesOf(got answers, i int) (part, total []sli.Series, err error) {
	part, err = got.sum(p.parties[i].part)
	total, err2 := got.sum(p.parties[i].total)
	return part, total, cmp.Or(err, err2)
}

// sum returns the series of selectors with some numbers.
func (got answers) sum(some []int32) (all []sli.Series, err error) {
	for _, n := range some {
		if len(some) == 1 {
			return got.series[n], got.errs[n]
		}
		all, err = append(all, got.series[n]...), cmp.Or(err, got.errs[n])
	}
	return all, err
}

// fits reports whether the plan is one for these indicators and ranges, at an
// instant. It is not made anew for ranges that are a little shorter.
func (p *plan) fits(indicators []*indicator, span int64, now time.Time) bool {
	return span <= p.span && span >= p.span/4 && (p.split.IsZero() || now.Before(p.split.Add(rejoin))) &&
		slices.Equal(p.indicators, indicators)
}

// plan returns a plan that nobody else uses until it is put back.
func (s *source) plan(indicators []*indicator, span int64, now time.Time) *plan {
	s.planning.Lock()
	defer s.planning.Unlock()
	for i, p := range s.plans {
		if p.fits(indicators, span, now) {
			s.plans = slices.Delete(s.plans, i, i+1)
			return p
		}
	}
	return newPlan(indicators, s.pairs, limit{text: longestQuery, bytes: s.cfg.MaxBytes / 2, span: span})
}

// mostPlans are kept. Objectives are asked about together; those with other
// slices, or with history to be read, have plans of their own.
const mostPlans = 8

func (s *source) putBack(p *plan) {
	s.planning.Lock()
	defer s.planning.Unlock()
	s.plans = slices.Insert(s.plans, 0, p)
	s.plans = s.plans[:min(len(s.plans), mostPlans)]
}

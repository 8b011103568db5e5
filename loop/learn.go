package loop

import (
	"maps"
	"math"
	"slices"
	"time"

	"setpoint.dev/setpoint/slo"
)

// How a base is learned:
//
//	Watcher ─► batch of a tick ─► waits, and is dropped when anything burns ─► Learned ─► law base
//
// A batch waits for as long as the rule's window: what its work did to the
// objective shows only then. What is known goes on record with each decision,
// so a restart goes on from there; it misses what waited, and what was seen
// since the last row.

// A Watcher is an actuator that sees how long the work takes that its setting
// bounds.
type Watcher interface {
	// Watched returns what has ended since it was asked last.
	Watched() Work
}

// Work is pieces of work that have ended.
type Work struct {
	Took   map[int64]int64 // :: duration in ms, rounded up with RoundUp → how many
	Cut    int64           // ended by the setting: they would have taken longer
	Killed int64           // ended by local enforcement because room was short
}

// RoundUp rounds a duration up to one of some 450 bounds, in ms, each a
// twentieth above the one before, so that much work is few figures.
func RoundUp(d time.Duration) int64 {
	ms := int64((d + time.Millisecond - 1) / time.Millisecond)
	bound := int64(1)
	for bound < ms && bound < math.MaxInt32 {
		bound = max(bound+1, (bound*21+19)/20)
	}
	return bound
}

// lessons are what a control keeps of work that it was told of.
type lessons struct {
	term  Term // it was learned under
	known *Learned
	waits []batch
}

// A batch is the work that ended before one tick.
type batch struct {
	at   time.Time
	work Work
}

// learner is the rule that learns, if the loop has one and its actuator sees.
func (l *Loop) learner(c *control) (slo.Rule, Watcher, bool) {
	i := slices.IndexFunc(c.loop.Rules, func(r slo.Rule) bool { return r.Law == slo.Bases })
	handle, _ := l.handle(c.actuator.Name)
	w, sees := handle.(Watcher)
	if i < 0 || !sees {
		return slo.Rule{}, nil, false
	}
	return c.loop.Rules[i], w, true
}

// recalls reports whether what was learned has to be asked of the ledger:
// after a start, and when another instance may have learned since.
func (l *Loop) recalls(c *control) bool {
	_, _, learns := l.learner(c)
	return learns && (c.lessons.known == nil || c.lessons.term != l.term)
}

// learn is what is known of work at this tick. What ended before the first
// look under a term is nobody's lesson: nobody knows how things stood.
func (l *Loop) learn(c *control, in Input) *Learned {
	r, watcher, learns := l.learner(c)
	if !learns {
		return nil
	}
	work := watcher.Watched()
	if l.recalls(c) {
		if in.LedgerDown != "" {
			return c.lessons.known
		}
		c.lessons = lessons{term: l.term, known: in.Conditions.Learned}
		if c.lessons.known == nil {
			c.lessons.known = &Learned{}
		}
		return c.lessons.known
	}
	in.Learned = c.lessons.known
	c.lessons.take(in, r, batch{in.At, work})
	return c.lessons.known
}

// take has a batch wait, and learns those that have waited long enough; where
// it is not well all that wait are forgotten.
func (s *lessons) take(in Input, r slo.Rule, b batch) {
	if !well(in, r) || b.work.Killed > 0 {
		s.waits = nil
		return
	}
	s.waits = append(s.waits, b)
	for len(s.waits) > 0 && in.At.Sub(s.waits[0].at) >= r.Base.Window {
		s.known = s.known.with(*r.Base, s.waits[0])
		s.waits = s.waits[1:]
	}
}

// with is what is known with one more batch, without what the history leaves
// behind. What was known is not changed: decisions hold on to it.
func (l *Learned) with(law slo.Base, b batch) *Learned {
	if len(b.work.Took) == 0 && b.work.Cut == 0 {
		return l
	}
	from := b.at.Truncate(law.Every)
	out := &Learned{Base: l.Base, Since: l.Since}
	for _, p := range l.Parts {
		if p.From.Add(law.Every).After(b.at.Add(-law.History)) && !p.From.Equal(from) {
			out.Parts = append(out.Parts, p)
		}
	}
	part := Part{From: from, Cut: b.work.Cut}
	took := maps.Clone(b.work.Took)
	for _, p := range l.Parts {
		if !p.From.Equal(from) {
			continue
		}
		part.Cut += p.Cut
		for _, t := range p.Took {
			if took == nil {
				took = map[int64]int64{}
			}
			took[t[0]] += t[1]
		}
	}
	for _, bound := range slices.Sorted(maps.Keys(took)) {
		part.Took = append(part.Took, [2]int64{bound, took[bound]})
	}
	out.Parts = append(out.Parts, part)
	return out
}

// learned takes over the base that a decision went by.
func (c *control) learned(d Decision) {
	i := slices.IndexFunc(c.loop.Rules, func(r slo.Rule) bool { return r.Law == slo.Bases })
	if i < 0 || d.Input.Learned == nil || d.Input.LedgerDown != "" || d.Pulls[i].Blind != "" {
		return
	}
	if next, _ := d.Input.Learned.next(d.Input, c.loop.Rules[i]); !next.Since.Equal(d.Input.Learned.Since) {
		c.lessons.known = &next
	}
}

// since is when the base was learned that a decision was made by.
func (d Decision) since() time.Time {
	if d.Input.Learned == nil {
		return time.Time{}
	}
	return d.Input.Learned.Since
}

package promql

import (
	"context"
	"slices"
	"time"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A member is one of the asks that are about the same slices of one source.
type member struct {
	*indicator
	ask    sli.Ask
	slice  time.Duration
	answer sli.Answer
}

// A counting is what is known of a member in one chunk.
type counting struct {
	*member
	part, total []sli.Series
	missing     sli.Missing
	size        size // of the answer about an expression
	err         error
}

// slices appends what is known, counted or judged, to to.
func (k *counting) slices(to []sli.Slice, c sli.Cut, desk *sli.Desk) []sli.Slice {
	switch k.kind {
	case slo.Counters:
	case slo.Freshness:
		return append(to, c.Fresh(k.judged.MaxAge, k.part)...)
	case slo.Native:
		return append(to, c.Histograms(*k.judged, k.part)...)
	case slo.Deadline:
		return append(to, c.Runs(*k.judged, k.part, k.total)...)
	default:
		return append(to, c.Samples(*k.judged, k.part)...)
	}
	c.Good = k.good
	if k.buckets == "" {
		return desk.Increments(to, c, k.part, k.total)
	}
	buckets, counts, lost := pair(k.part, k.total, c.Pairs)
	all := desk.Increments(to, c, buckets, counts)
	markLost(all[len(to):], c.Slice, lost)
	return all
}

// count answers members, whose slices are those of the cut, chunk by chunk.
func (s *source) count(ctx context.Context, c sli.Cut, members []*member) {
	members = slices.Clone(members)
	for to := c.To; c.From.Before(to); c.From = c.To {
		members = slices.DeleteFunc(members, func(m *member) bool { return m.answer.Err != nil })
		if len(members) == 0 {
			return
		}
		c.To = s.chunkEnd(c, to, members)
		s.countChunk(ctx, c, members)
	}
}

// countChunk adds the slices of one chunk to the answers. What is too much for
// the backend, or for us, is asked about in halves of the time, down to one
// slice.
func (s *source) countChunk(ctx context.Context, c sli.Cut, members []*member) {
	var tooMuch []*member
	counted, done := s.countWhole(ctx, c, members)
	if !c.Pairs && s.pairs.found.Load() { // they need more of the time before
		done()
		c.Pairs = true
		counted, done = s.countWhole(ctx, c, members)
	}
	defer done()
	var desk sli.Desk
	room := make([]sli.Slice, 0, len(members)*int(c.To.Sub(c.From)/c.Slice)) // of all answers
	for _, k := range counted {
		switch reason := reasonIn(k.err); {
		case k.err == nil && len(k.answer.Slices) == 0:
			at := len(room)
			room = k.slices(room, c, &desk)
			k.answer.Slices = room[at:len(room):len(room)]
		case k.err == nil:
			k.answer.Slices = k.slices(k.answer.Slices, c, &desk)
		case c.To.Sub(c.From) >= 2*c.Slice && (reason == sli.ReasonTooLarge || reason == sli.ReasonRejected):
			tooMuch = append(tooMuch, k.member)
		default:
			k.answer = sli.Answer{Err: k.err}
		}
	}
	if len(tooMuch) == 0 {
		return
	}
	first, second := c, c
	first.To = c.From.Add(c.To.Sub(c.From) / c.Slice / 2 * c.Slice)
	second.From = first.To
	s.count(ctx, first, tooMuch)
	s.count(ctx, second, tooMuch)
}

// countWhole finds the series of all members in one chunk, with what they were
// at before where that matters; they can be counted until done is called.
func (s *source) countWhole(ctx context.Context, c sli.Cut, members []*member) (all []*counting, done func()) {
	switch {
	case members[0].runs != nil:
		return s.runsOf(ctx, c, members), func() {}
	case members[0].query != "":
		return s.evaluateAll(ctx, c, members), func() {}
	}
	span := window{from: c.From.Add(-c.Before()), to: c.To}
	p := s.plan(indicatorsOf(members), span.seconds(), c.To)
	defer s.putBack(p)
	f := fetch{source: s, plan: p, kind: matrix, window: span}
	got := f.all(ctx)
	all = make([]*counting, len(members))
	made := make([]counting, len(members))
	for i, m := range members {
		k := &made[i]
		k.member = m
		k.part, k.total, k.err = p.seriesOf(got, i)
		if k.err == nil {
			k.err = s.unlike(ctx, c, k)
		}
		if k.err == nil && (m.kind == slo.Counters || m.native) {
			k.missing = c.Missing(k.part, k.total)
		}
		all[i] = k
	}
	s.anchor(ctx, c, all)
	for _, k := range all {
		if k.err == nil {
			k.err = s.bucketless(ctx, c, k)
		}
	}
	return all, f.release
}

func indicatorsOf(members []*member) []*indicator {
	all := make([]*indicator, len(members))
	for i, m := range members {
		all[i] = m.indicator
	}
	return all
}

// chunkEnd is where the chunk that begins at c.From ends: after the longest
// chunk, where the horizon moves, where the answers would become too long, or
// at the end.
func (s *source) chunkEnd(c sli.Cut, end time.Time, members []*member) time.Time {
	n := min(int64(s.cfg.Chunk/c.Slice), int64(end.Sub(c.From)/c.Slice))
	if n > min(unmeasured, alwaysAffordable(c)) {
		n = min(n, s.affordable(c, members))
	}
	n = max(1, n)
	for n > 1 && !c.Horizon(c.From.Add(time.Duration(n-1)*c.Slice)).Equal(c.Horizon(c.From)) {
		n--
	}
	return c.From.Add(time.Duration(n) * c.Slice)
}

// unmeasured is how many slices are asked for at once as long as it is not
// known how much that is.
const unmeasured = 10

// alwaysAffordable is how many slices are not too many whatever is known of the
// members: as fit in a lookback. Each question has to read that too, so that
// smaller chunks cost much more and save little.
func alwaysAffordable(c sli.Cut) int64 { return int64((c.Lookback() + c.Slice) / c.Slice) }

// affordable is how many slices may be asked for at once, for all that is held
// in memory to be about twice the longest answer. One member by itself is
// asked for without care: its answers are bounded anyway.
func (s *source) affordable(c sli.Cut, members []*member) int64 {
	if len(members) == 1 {
		return int64(s.cfg.Chunk / c.Slice)
	}
	bytes := int64(1) // each second
	for _, m := range members {
		for _, q := range [][]*selector{m.part, m.total} {
			for _, one := range q {
				size := one.size.Load()
				if size == 0 {
					return unmeasured
				}
				bytes += size
			}
		}
	}
	fits := time.Duration(2*s.cfg.MaxBytes/bytes)*time.Second - c.Lookback()
	return max(int64(fits/c.Slice), alwaysAffordable(c))
}

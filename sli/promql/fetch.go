package promql

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"setpoint.dev/setpoint/sli"
)

// A fetch asks all the questions of a plan about one window.
type fetch struct {
	source *source
	plan   *plan
	kind   string // matrix: all samples; vector: the last ones
	window window
	spare  atomic.Int64 // questions that may be asked on top, because others failed

	leasing sync.Mutex
	leased  []*room // that hold the answers
}

const (
	spareQuestions = 64   // that a fetch may ask on top of its plan's
	wasteful       = 4    // series for each one wanted are too many in an answer
	wastefulFrom   = 1000 // but never so few
)

// outcome is what became of one question.
type outcome struct {
	*part
	kept []held
	room *room
	err  error
	next []*part // to be asked next time instead
}

// answers are the series that each selector of a plan found, by its number,
// or why they are not known.
type answers struct {
	series [][]sli.Series
	errs   []error
}

// all asks the questions of all parts side by side. Parts that had to be
// halved stay so in the plan.
func (f *fetch) all(ctx context.Context) answers {
	f.spare.Store(spareQuestions)
	outcomes := make([][]outcome, len(f.plan.parts))
	var group sync.WaitGroup
	places := make(chan struct{}, cap(f.source.slots))
	for i, one := range f.plan.parts {
		places <- struct{}{}
		group.Go(func() {
			outcomes[i] = f.part(ctx, one)
			<-places
		})
	}
	group.Wait()
	got := answers{make([][]sli.Series, len(f.plan.selectors)), make([]error, len(f.plan.selectors))}
	for _, some := range outcomes {
		for _, o := range some {
			f.take(got, o)
		}
	}
	f.replan(outcomes)
	return got
}

// part asks one question. A part that fails for a reason which may lie in one
// of its selectors is halved, so that the others have their answers.
func (f *fetch) part(ctx context.Context, p *part) []outcome {
	room := f.lease()
	r, err := f.ask(ctx, p, room)
	o := outcome{part: p, kept: r.kept, room: room, err: err, next: []*part{p}}
	switch {
	case err == nil && !p.exact && r.seen > wasteful*len(r.kept)+wastefulFrom:
		o.next = f.enlist(p.narrower())
		return []outcome{o}
	case err == nil || len(p.heads) < 2 || !divisible(err):
		return []outcome{o}
	}
	o.next = f.enlist(p.halves())
	if reasonIn(err) == sli.ReasonTimeout || f.spare.Add(-2) < 0 {
		return []outcome{o}
	}
	return append(f.part(ctx, o.next[0]), f.part(ctx, o.next[1])...)
}

func (f *fetch) enlist(parts []*part) []*part {
	for _, p := range parts {
		f.plan.enlist(p)
	}
	return parts
}

// ask asks for the series of a part, which lie in a room.
func (f *fetch) ask(ctx context.Context, p *part, room *room) (*reading, error) {
	q, r := f.window.allOf(p.text), &reading{}
	if f.kind == vector {
		q = f.window.lastOf([]string{p.text})
	}
	err := f.source.ask(ctx, q, grid{}, f.window.to, func(body io.Reader) error {
		room.clear()
		r = &reading{kind: f.kind, window: f.window, roster: p.roster, room: room, kept: slices.Grow(room.kept, p.wanted), histograms: true}
		return r.read(body, f.source.cfg.AllowPartial)
	})
	p.last, p.wanted, room.kept = size{r.seen, r.bytes, err}, len(r.kept), r.kept
	if err != nil {
		return &reading{}, err
	}
	p.roster.forget(r.seen)
	return r, nil
}

// divisible reports whether an error may be of one series or selector, or of
// the size of a question. All others are the source's, which is left alone when
// they go on (breaker).
func divisible(err error) bool {
	switch reasonIn(err) {
	case sli.ReasonRejected, sli.ReasonTooLarge, sli.ReasonTimeout, sli.ReasonDuplicate, sli.ReasonWrongType, sli.ReasonMalformed, sli.ReasonPartial, sli.ReasonStatus:
		return true
	}
	return false
}

func reasonIn(err error) sli.Reason {
	var read *sli.ReadError
	if errors.As(err, &read) {
		return read.Reason
	}
	return ""
}

// take adds an outcome to what is known of each selector, and notes how long
// answers are.
func (f *fetch) take(got answers, o outcome) {
	if o.err != nil {
		for _, n := range o.members {
			got.errs[n] = o.err
		}
		return
	}
	f.source.pairs.inOrder(o.kept)
	f.makeRoom(got, o)
	for _, h := range o.kept {
		for _, n := range h.in {
			got.series[n] = append(got.series[n], h.series())
		}
	}
	if f.kind == matrix {
		for _, n := range o.members {
			bytes := int64(0)
			for _, s := range got.series[n] {
				bytes += int64(len(s.ID)) + bytesOfSeries + bytesOfSample*int64(len(s.Samples)) + bytesOf(s.Histograms)
			}
			f.plan.selectors[n].size.Store(1 + bytes/max(1, f.window.seconds()))
		}
	}
}

// makeRoom makes room for the series that the selectors of a part have found,
// of all together.
func (f *fetch) makeRoom(got answers, o outcome) {
	found, all := f.plan.found, 0
	for _, h := range o.kept {
		for _, n := range h.in {
			found[n]++
		}
		all += len(h.in)
	}
	room := o.room.seriesRoom(all)
	for _, n := range o.members {
		got.series[n], room, found[n] = room[:0:found[n]], room[found[n]:], 0
	}
}

// About how long a series and a sample are in JSON, besides the labels.
const (
	bytesOfSeries = 40
	bytesOfSample = 25
)

// replan leaves halves in the plan, unless no question at all was answered:
// then it is not one of the selectors that is wrong. Questions that take too
// long or have too long answers are asked in halves in any case.
func (f *fetch) replan(outcomes [][]outcome) {
	answered := slices.ContainsFunc(outcomes, func(some []outcome) bool {
		return slices.ContainsFunc(some, func(o outcome) bool { return o.err == nil })
	})
	var next []*part
	for i, some := range outcomes {
		large := slices.ContainsFunc(some, func(o outcome) bool {
			return reasonIn(o.err) == sli.ReasonTooLarge || reasonIn(o.err) == sli.ReasonTimeout
		})
		if !answered && !large {
			next = append(next, f.plan.parts[i])
			continue
		}
		for _, o := range some {
			next = append(next, o.next...)
		}
	}
	if len(next) > len(f.plan.parts) && f.plan.split.IsZero() {
		f.plan.split = f.window.to
	}
	f.plan.parts = next
}

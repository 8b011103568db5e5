package loop

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
)

// A lane is the questions to one source that are under way together. Sources
// have lanes of their own, so that one that is slow or hangs keeps no
// objective of another waiting: a tick waits for an answer as long as its
// patience lasts, goes on without it, and a later tick takes it. A source that
// was not in time is asked without being waited for, until it is in time again.
// History has a second lane, which Run never waits for; it is asked after the
// tick, at a time of its own for each source, so that it is not in the way of
// new slices and not all backends have to serve it at once.
type lane struct {
	wishes  []*wish
	answers chan answered
	cancel  context.CancelFunc
	since   time.Time // the tick that asked
	slow    bool      // it was not in time
}

// A laneName says what a lane is for.
type laneName struct {
	source  string
	history bool
}

// A wish is slices that a gauge wants, and what it does with them.
type wish struct {
	gauge *gauge
	book  *budget.Account // that the answer is for
	ask   sli.Ask
	what  string // said of errors
	take  func([]sli.Slice) error
}

// answered is what a source said, and how long it took.
type answered struct {
	all  []sli.Answer
	took time.Duration
}

// longestLane is how long questions may be under way.
const longestLane = 2 * time.Minute

// ask takes what sources have answered since the last tick, and asks each for
// all that the gauges want of it.
func (l *Loop) ask(ctx context.Context, now time.Time, patience time.Duration) {
	for _, name := range l.lanesUnderWay() {
		l.take(name, atOnceOver(), patience)
	}
	over, cancel := waiting(patience)
	defer cancel()
	for _, history := range []bool{false, true} {
		wishes := l.wishes(now, history)
		for source, some := range wishes {
			l.start(ctx, laneName{source, history}, some, now, patience)
		}
		for source := range wishes {
			name, until := laneName{source, history}, over
			if patience > 0 && (history || l.lanes[name].slow) {
				until = atOnceOver()
			}
			l.take(name, until, patience)
		}
	}
	l.tellWaiting()
}

// lanesUnderWay lists the lanes that wait for an answer.
func (l *Loop) lanesUnderWay() (names []laneName) {
	for name, ln := range l.lanes {
		if ln.answers != nil {
			names = append(names, name)
		}
	}
	return names
}

// wishes is what the gauges want of each source that is not being asked.
func (l *Loop) wishes(now time.Time, history bool) map[string][]*wish {
	all := map[string][]*wish{}
	for _, g := range l.gauges {
		source := g.objective.Indicator.Source
		if ln := l.lanes[laneName{source, history}]; g.book == nil || ln != nil && ln.answers != nil {
			continue
		}
		want := g.fresh
		if history {
			want = g.older
		}
		if w := want(g.at(now)); w != nil {
			all[source] = append(all[source], w)
		}
	}
	return all
}

// start asks one source for all that is wished. With patience the question
// goes on after the tick.
func (l *Loop) start(ctx context.Context, name laneName, wishes []*wish, now time.Time, patience time.Duration) {
	ln := l.lanes[name]
	if ln == nil {
		ln = &lane{}
		l.lanes[name] = ln
	}
	if patience > 0 {
		ctx, ln.cancel = context.WithTimeout(context.WithoutCancel(ctx), longestLane)
	} else {
		ctx, ln.cancel = context.WithCancel(ctx)
	}
	ln.wishes, ln.since, ln.answers = wishes, now, make(chan answered, 1)
	asks := make([]sli.Ask, len(wishes))
	for i, w := range wishes {
		asks[i] = w.ask
	}
	source, answers := l.cfg.Source, ln.answers
	go func() {
		if name.history {
			rest(ctx, phase(name.source, patience))
		}
		began := time.Now()
		all := source.CountsAll(ctx, asks)
		answers <- answered{all, time.Since(began)}
	}()
}

// phase is how long after a tick the history of a source is asked for: from
// one to three times as long as a tick may wait.
func phase(source string, patience time.Duration) time.Duration {
	h := fnv.New32a()
	_, _ = h.Write([]byte(source))
	return patience + 2*patience*time.Duration(h.Sum32()%1000)/1000
}

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// take waits for the answer of a lane until time is over, and counts it.
func (l *Loop) take(name laneName, over <-chan struct{}, patience time.Duration) {
	ln := l.lanes[name]
	var got answered
	select {
	case got = <-ln.answers:
	case <-over:
		select {
		case got = <-ln.answers:
		default:
			ln.slow = true
			return
		}
	}
	ln.cancel()
	ln.answers, ln.slow = nil, patience > 0 && got.took > patience
	for i, a := range got.all {
		w := ln.wishes[i]
		if w.gauge.book != w.book {
			continue // begun anew meanwhile
		}
		if a.Err != nil {
			a.Err = fmt.Errorf("%s: %w", w.what, a.Err)
		} else {
			a.Err = w.take(a.Slices)
		}
		w.gauge.err = errors.Join(w.gauge.err, a.Err)
	}
	ln.wishes = nil
}

// tellWaiting says which objectives have no answer about new slices yet.
func (l *Loop) tellWaiting() {
	for name, ln := range l.lanes {
		if ln.answers == nil || name.history {
			continue
		}
		for _, w := range ln.wishes {
			w.gauge.err = errors.Join(w.gauge.err, fmt.Errorf("%s: no answer yet since %s", w.what, ln.since.UTC().Format(time.TimeOnly)))
		}
	}
}

// hangUp ends the questions that are under way.
func (l *Loop) hangUp(ctx context.Context) {
	for _, name := range l.lanesUnderWay() {
		ln := l.lanes[name]
		ln.cancel()
		select {
		case <-ln.answers:
		case <-ctx.Done():
		}
		ln.answers = nil
	}
}

// waiting ends when patience is over, and never without patience.
func waiting(patience time.Duration) (<-chan struct{}, context.CancelFunc) {
	if patience == 0 {
		return nil, func() {}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	return ctx.Done(), cancel
}

func atOnceOver() <-chan struct{} {
	over := make(chan struct{})
	close(over)
	return over
}

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
	wishes  []wish
	asks    []sli.Ask // of the wishes; the source has them while it is being asked
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

// words say what is done in a lane.
func (n laneName) words() string {
	if n.history {
		return "ask " + n.source + " for history"
	}
	return "ask " + n.source
}

// A wish is slices that a gauge wants.
type wish struct {
	gauge *gauge
	book  *budget.Account // that the answer is for
	ask   sli.Ask
	at    time.Time // end of the newest slice that can be known
}

// take counts what was wished for.
func (w wish) take(all []sli.Slice, history bool) error {
	if w.gauge.moved.Before(w.at) {
		w.gauge.advance(w.at)
	}
	if history {
		return w.gauge.takeOlder(all, w.ask)
	}
	return w.gauge.take(all, w.ask, w.at)
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
		wanted := l.wish(now, history)
		for _, name := range wanted {
			l.start(ctx, name, now, patience)
		}
		for _, name := range wanted {
			until := over
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

// wish puts what the gauges want of each source that is not being asked in its
// lane, and returns the lanes in which something is.
func (l *Loop) wish(now time.Time, history bool) (wanted []laneName) {
	var ln *lane
	var name laneName
	for _, g := range l.gauges {
		if source := g.objective.Indicator.Source; ln == nil || name.source != source {
			name = laneName{source, history}
			ln = l.lane(name)
		}
		if g.book == nil || ln.answers != nil {
			continue
		}
		want := g.fresh
		if history {
			want = g.older
		}
		if w, wants := want(g.at(now)); wants {
			if len(ln.wishes) == 0 {
				wanted = append(wanted, name)
			}
			ln.wishes = append(ln.wishes, w)
		}
	}
	return wanted
}

func (l *Loop) lane(name laneName) *lane {
	if l.lanes[name] == nil {
		l.lanes[name] = &lane{}
	}
	return l.lanes[name]
}

// start asks one source for all that is wished. With patience the question
// goes on after the tick.
func (l *Loop) start(ctx context.Context, name laneName, now time.Time, patience time.Duration) {
	ln := l.lanes[name]
	if patience > 0 {
		ctx, ln.cancel = context.WithTimeout(context.WithoutCancel(ctx), longestLane)
	} else {
		ctx, ln.cancel = context.WithCancel(ctx)
	}
	ln.since, ln.answers, ln.asks = now, make(chan answered, 1), ln.asks[:0]
	for _, w := range ln.wishes {
		ln.asks = append(ln.asks, w.ask)
	}
	source, asks, answers := l.cfg.Source, ln.asks, ln.answers
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
			a.Err = fmt.Errorf("%s: %w", name.words(), a.Err)
		} else {
			a.Err = w.take(a.Slices, name.history)
		}
		if a.Err != nil {
			w.gauge.err = errors.Join(w.gauge.err, a.Err)
		}
	}
	clear(ln.wishes)
	ln.wishes = ln.wishes[:0]
}

// tellWaiting says which objectives have no answer about new slices yet.
func (l *Loop) tellWaiting() {
	for name, ln := range l.lanes {
		if ln.answers == nil || name.history {
			continue
		}
		for _, w := range ln.wishes {
			w.gauge.err = errors.Join(w.gauge.err, fmt.Errorf("%s: no answer yet since %s", name.words(), ln.since.UTC().Format(time.TimeOnly)))
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

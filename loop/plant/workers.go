package plant

import (
	"cmp"
	"slices"
	"time"

	"setpoint.dev/setpoint/sli"
)

// A Config says what a model of workers is and what happens to it.
type Config struct {
	Seed    uint64
	Length  time.Duration // requests come for so long
	Workers int           // 0 = 8
	Faults  []Fault
	Retries int    // how often a cancelled report is asked for again, at once
	Limits  Limits // at first
}

// Limits are how reports are kept short.
type Limits struct {
	Timeout time.Duration // a report that runs longer is cancelled; it counts for reports that start from now on; 0 = none
	Reaper  Reaper
}

// A Reaper cancels reports while they hold too many workers: those that have
// run longest first, down to Low. The zero Reaper cancels nothing.
type Reaper struct {
	High, Low int           // workers held by reports
	Floor     time.Duration // a report that has run no longer is left alone
	Every     time.Duration // 0 = it does not look at all
	PerTick   int           // cancels at most; 0 = no limit
	PerMinute int           // cancels at most; 0 = no limit
}

const (
	defaultWorkers   = 8
	goodWithin       = 250 * time.Millisecond
	customerPatience = 2 * time.Second
	reportPatience   = 5 * time.Second
	usefulWithin     = 10 * time.Second
)

// Workers is a model of bounded workers with one queue; see the package's
// documentation.
type Workers struct {
	cfg     Config
	clock   clockwork
	limits  Limits
	asked   []request // that have not arrived yet
	free    int
	waiting []*job
	running []*job // reports, in the order in which they started
	cancels []time.Duration
	answers []answer // to customers, in order
	truth   Truth
}

// A job is a request at work.
type job struct {
	request
	started time.Duration
	gone    bool // answered, cancelled or given up
}

// An answer is what one customer got, when it became known.
type answer struct {
	at   time.Duration
	good bool
}

// NewWorkers prepares a model. Nothing has happened yet.
func NewWorkers(cfg Config) *Workers {
	w := &Workers{cfg: cfg, limits: cfg.Limits, free: cmp.Or(cfg.Workers, defaultWorkers)}
	w.truth.PerSecond = make([]Second, int((cfg.Length+time.Second-1)/time.Second))
	w.asked = requests(cfg.Seed, cfg.Length, cfg.Faults)
	w.expect()
	if every := cfg.Limits.Reaper.Every; every > 0 {
		w.clock.plan(every, w.reap)
	}
	return w
}

// Limit changes the limits from now on; that of time counts for reports that
// start from now on. Whether and how often the reaper looks stays as it was.
func (w *Workers) Limit(l Limits) { w.limits = l }

// Advance lets happen what happens before to, a time since the begin.
func (w *Workers) Advance(to time.Duration) { w.clock.advance(to) }

// Finish lets all that was asked for come to its end.
func (w *Workers) Finish() Truth {
	for len(w.clock.due) > 0 {
		w.clock.advance(w.clock.due[0].at + 1)
	}
	return w.truth
}

// Counts are the answers that customers got in [from, to), as an instrument
// sees them: when they become known, and none where it is blind. What happens
// at to happens after Advance(to), so it belongs to the next part.
func (w *Workers) Counts(from, to time.Duration) (c sli.Counts) {
	at := func(t time.Duration) int {
		i, _ := slices.BinarySearchFunc(w.answers, t, func(a answer, t time.Duration) int { return cmp.Compare(a.at, t) })
		return i
	}
	if from < 0 || to > w.clock.now || faulty(w.cfg.Faults, Blind, from) || faulty(w.cfg.Faults, Blind, to) {
		return c
	}
	for _, a := range w.answers[at(from):at(to)] {
		if a.good {
			c.Good += sli.Event
		} else {
			c.Bad += sli.Event
		}
	}
	c.Covered = to - from
	return c
}

// expect plans the next arrival.
func (w *Workers) expect() {
	if len(w.asked) == 0 {
		return
	}
	next := w.asked[0]
	w.asked = w.asked[1:]
	w.clock.plan(next.due, func() {
		w.expect()
		w.arrive(next)
	})
}

// arrive takes a request in: to a free worker, or into the queue.
func (w *Workers) arrive(r request) {
	j := &job{request: r}
	if r.report && r.tries == 0 {
		w.truth.Reports++
	}
	if w.free > 0 {
		w.start(j)
		return
	}
	w.waiting = append(w.waiting, j)
	patience := customerPatience
	if r.report {
		patience = reportPatience
	}
	w.clock.plan(w.clock.now+patience, func() { w.giveUp(j) })
}

func (w *Workers) giveUp(j *job) {
	i := slices.Index(w.waiting, j)
	if i < 0 {
		return
	}
	w.waiting = slices.Delete(w.waiting, i, i+1)
	j.gone = true
	if j.report {
		w.truth.NoWorker++
	} else {
		w.answer(j, false)
	}
}

// start gives a job a worker until it is done or its time is up.
func (w *Workers) start(j *job) {
	w.free--
	j.started = w.clock.now
	if !j.report {
		w.clock.plan(w.clock.now+j.need, func() { w.end(j, w.answered) })
		return
	}
	w.running = append(w.running, j)
	if limit := w.limits.Timeout; limit > 0 && limit < j.need {
		w.clock.plan(w.clock.now+limit, func() { w.end(j, w.cancelled) })
		return
	}
	w.clock.plan(w.clock.now+j.need, func() { w.end(j, w.reported) })
}

// end frees the worker of a job, unless that was done before, and lets the
// next one have it.
func (w *Workers) end(j *job, become func(*job)) {
	if j.gone {
		return
	}
	j.gone = true
	w.free++
	if i := slices.Index(w.running, j); i >= 0 {
		w.running = slices.Delete(w.running, i, i+1)
	}
	become(j)
	for w.free > 0 && len(w.waiting) > 0 {
		next := w.waiting[0]
		w.waiting = w.waiting[1:]
		w.start(next)
	}
}

func (w *Workers) answered(j *job) { w.answer(j, w.clock.now-j.due <= goodWithin) }

func (w *Workers) answer(j *job, good bool) {
	w.answers = append(w.answers, answer{w.clock.now, good})
	w.truth.customer(j.due, good)
}

func (w *Workers) reported(j *job) {
	held := (w.clock.now - j.started).Seconds()
	if w.clock.now-j.due <= usefulWithin {
		w.truth.Useful++
		w.truth.UsefulSeconds += held
	} else {
		w.truth.Late++
		w.truth.LateSeconds += held
	}
}

// cancelled books a report that was cut off; whoever asked for it may ask
// again.
func (w *Workers) cancelled(j *job) {
	w.truth.Cancelled++
	w.truth.WastedSeconds += (w.clock.now - j.started).Seconds()
	if j.tries < w.cfg.Retries {
		again := j.request
		again.tries++
		w.clock.plan(w.clock.now, func() { w.arrive(again) })
	}
}

// reap cancels reports while they hold too many workers. It ends with the
// last request: what is left then ends by itself.
func (w *Workers) reap() {
	for _, j := range w.overdue() {
		w.cancels = append(w.cancels, w.clock.now)
		w.end(j, w.cancelled)
	}
	if next := w.clock.now + w.cfg.Limits.Reaper.Every; next < w.cfg.Length {
		w.clock.plan(next, w.reap)
	}
}

// overdue lists the reports that the reaper cancels now, the oldest first.
func (w *Workers) overdue() []*job {
	r := w.limits.Reaper
	if r.High <= 0 || len(w.running) <= r.High {
		return nil
	}
	most := len(w.running) - r.Low
	if r.PerTick > 0 {
		most = min(most, r.PerTick)
	}
	if r.PerMinute > 0 {
		w.cancels = slices.DeleteFunc(w.cancels, func(t time.Duration) bool { return w.clock.now-t >= time.Minute })
		most = min(most, r.PerMinute-len(w.cancels))
	}
	var out []*job
	for _, j := range w.running {
		if len(out) < most && w.clock.now-j.started > r.Floor {
			out = append(out, j)
		}
	}
	return out
}

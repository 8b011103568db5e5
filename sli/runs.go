package sli

import (
	"cmp"
	"slices"
	"strings"

	"setpoint.dev/setpoint/slo"
)

// Runs counts the runs of jobs in each slice of the cut: good when a run
// succeeded within the limit, bad as soon as the limit has passed without, or
// the run that was due did not begin. Runs of which neither is known yet are
// Pending. starts are timestamps of when a job last started, successes of when
// it last succeeded; series of equal labels are of the same job. The package
// documentation states the rules.
//
// The series hold their samples in (From−2·Lookback, To], and where RunsBefore
// asks for it those in (Horizon(From)−Lookback, From−2·Lookback] too. Samples
// before that are welcome, samples after To are ignored.
func (c Cut) Runs(in slo.Indicator, starts, successes []Series) []Slice {
	begun, invalid := cleanStamps(starts, c.Lookback().Milliseconds())
	done, more := cleanStamps(successes, c.Lookback().Milliseconds())
	k := counting{Cut: c, from: c.From.UnixMilli(), to: c.To.UnixMilli(), step: c.slice().Milliseconds()}
	k.measure(slices.Concat(begun, done))
	k.mark(append(invalid, more...), FlawInvalid)
	r := running{counting: &k, limit: in.Limit.Milliseconds(), every: in.Every.Milliseconds()}
	r.good, r.bad, r.pending = make([]Count, len(k.paces)), make([]Count, len(k.paces)), make([]int, len(k.paces))
	for _, looks := range jobs(c, k.merge(begun), k.merge(done)) {
		r.follow(looks)
	}
	total := make([]Count, len(k.paces))
	for n := range total {
		total[n] = r.good[n] + r.bad[n]
	}
	k.Good = true
	made := k.slices(r.good, total)
	for n := range made {
		made[n].Pending = r.pending[n]
	}
	return made
}

// RunsBefore reports whether it must be known what was seen of a job before
// the lookback: it was seen in the cut, and not in the lookback.
func (c Cut) RunsBefore(starts, successes []Series) bool {
	begun, _ := cleanStamps(starts, 0)
	done, _ := cleanStamps(successes, 0)
	from, to := c.From.UnixMilli(), c.To.UnixMilli()
	for _, looks := range jobs(c, begun, done) {
		i := slices.IndexFunc(looks, func(l look) bool { return l.at > from-c.Lookback().Milliseconds() })
		if i >= 0 && looks[i].at > from && looks[i].at <= to {
			return true
		}
	}
	return false
}

// A look is what is known of a job at an instant; all in ms.
type look struct {
	at     int64
	start  int64 // when it last started
	done   int64 // when it last succeeded; 0 = never
	doneAt int64 // when that was looked at
}

// jobs are the looks at each job, by their labels.
func jobs(c Cut, begun, done []track) map[string][]look {
	all, successes := map[string][]look{}, byLabels(done)
	for labels, t := range byLabels(begun) {
		all[labels] = looks(t, successes[labels], c.Lookback().Milliseconds()/2)
	}
	return all
}

// byLabels joins the tracks of equal labels: of metrics of several names the
// later timestamp counts.
func byLabels(tracks []track) map[string]track {
	all := map[string]track{}
	for _, t := range tracks {
		labels := t.id
		if at := strings.IndexByte(labels, '{'); at >= 0 {
			labels = labels[at:]
		}
		joined := all[labels]
		joined.points = append(joined.points[:len(joined.points):len(joined.points)], t.points...)
		slices.SortFunc(joined.points, func(a, b point) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.value, b.value)) })
		all[labels] = joined
	}
	return all
}

// looks puts together what two tracks say at the instants of either. A value
// is known for so long (ms) after its sample. There is nothing to see while no
// start is known, or none has happened.
func looks(begun, done track, known int64) (all []look) {
	for _, at := range observed([]track{begun, done}) {
		start, ok := begun.at(at, known)
		if !ok || start.value == 0 {
			continue
		}
		l := look{at: at, start: int64(start.value), doneAt: at}
		if success, ok := done.at(at, known); ok {
			l.done, l.doneAt = int64(success.value), success.at
		}
		all = append(all, l)
	}
	return all
}

// at is the latest point up to an instant, at most so long before it.
func (t track) at(at, known int64) (point, bool) {
	i := t.after(at) - 1
	if i < 0 || at-t.points[i].at >= known {
		return point{}, false
	}
	return t.points[i], true
}

// running is one cut at work on the runs of jobs.
type running struct {
	*counting
	limit, every int64 // ms
	good, bad    []Count
	pending      []int
}

// A fate is what became of a run.
type fate int

const (
	pending fate = iota
	succeeded
	failed
)

// follow counts the runs of one job.
func (r *running) follow(looks []look) {
	for i, l := range looks {
		if l.at <= r.from || l.at > r.to {
			continue
		}
		n := r.index(l.at)
		if horizon := r.horizon(r.from + int64(n)*r.step); i == 0 || looks[i-1].at <= horizon {
			r.first(l, n, horizon)
		} else {
			r.next(looks[i-1], l, n)
		}
		if last := i+1 == len(looks) || looks[i+1].at > r.from+int64(n+1)*r.step; last && r.fate(l) == pending {
			r.pending[n]++
		}
	}
}

// first counts the run that a job was first seen with: where others had been
// under observation it is a new one.
func (r *running) first(l look, n int, horizon int64) {
	if counts, gap := r.seen.birth(l.at, r.paces[n], horizon); counts {
		r.count(n, r.fate(l), gap)
	}
}

// next counts what happened between two looks at a job.
func (r *running) next(before, l look, n int) {
	gap := l.at-before.at > r.paces[n].limit
	if before.start == l.start {
		if r.fate(before) == pending {
			r.count(n, r.fate(l), gap)
		}
		r.skipped(n, before.start, before.at, l.at, gap)
		return
	}
	if r.fate(before) == pending {
		r.count(n, r.ended(before.start, l), gap)
	}
	r.skipped(n, before.start, before.at, min(l.start, l.at), gap)
	r.count(n, r.fate(l), gap)
}

// fate is what became of the run that a job was last seen to start.
func (r *running) fate(l look) fate {
	latest := l.start + r.limit
	switch {
	case l.done >= l.start && l.done <= latest:
		return succeeded
	case l.done > latest, l.doneAt > latest:
		return failed
	}
	return pending
}

// ended is what became of a run after which another one has started. A
// success after that may be either's: then the first one's is not known.
func (r *running) ended(start int64, l look) fate {
	switch {
	case l.done >= l.start:
		return pending
	case l.done >= start && l.done <= start+r.limit:
		return succeeded
	}
	return failed
}

// skipped counts the runs that were due since a start, and had not begun when
// they should have succeeded, in (from, to].
func (r *running) skipped(n int, start, from, to int64, gap bool) {
	if r.every <= 0 {
		return
	}
	due := func(at int64) int64 { return max(0, at-start-r.limit) / r.every }
	for range max(0, due(to)-due(from)) {
		r.count(n, failed, gap)
	}
}

func (r *running) count(n int, f fate, gap bool) {
	switch f {
	case pending:
		return
	case succeeded:
		r.good[n] += Event
	case failed:
		r.bad[n] += Event
	}
	if gap {
		r.flaws[n] = worse(r.flaws[n], FlawGap)
	}
}

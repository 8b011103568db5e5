package actuators

import (
	"time"

	"setpoint.dev/setpoint/loop"
)

// A watch tells how long statements took, from looks at what runs. One that is
// shorter than the time between two looks may never be seen, so a quantile of
// what was seen is rather too long than too short; how long one took is known
// to one such time, and rounded up.
type watch struct {
	runs map[running]time.Duration // at the look before :: its age
	at   time.Time                 // of that look
	work loop.Work                 // since it was asked for
}

// look compares what runs at now with what ran before. What was cancelled has
// not ended by itself. Where a timeout is set, what ran for as long was ended
// by it. After a long time without a look nobody knows when what is gone ended.
func (w *watch) look(all []Statement, now time.Time, every, timeout time.Duration, cancelled map[running]time.Time) {
	gap := now.Sub(w.at)
	runs := map[running]time.Duration{}
	for _, s := range all {
		if _, leaves := cancelled[s.name()]; !leaves && !s.Protected {
			runs[s.name()] = s.Age
		}
	}
	for name, age := range w.runs {
		_, leaves := cancelled[name]
		if _, on := runs[name]; on || leaves || gap > 4*every {
			continue
		}
		switch took := age + gap; {
		case timeout > 0 && took >= timeout:
			w.work.Cut++
		case w.work.Took == nil:
			w.work.Took = map[int64]int64{loop.RoundUp(took): 1}
		default:
			w.work.Took[loop.RoundUp(took)]++
		}
	}
	w.runs, w.at = runs, now
}

// Watched returns how long statements of the class took that have ended since
// it was asked last; see loop.Watcher.
func (q *QueryTimeout) Watched() loop.Work {
	r := q.reaper
	r.mu.Lock()
	defer r.mu.Unlock()
	work := r.watch.work
	r.watch.work = loop.Work{}
	return work
}

// watched has the watch look. The timeout is that of new sessions, where one is set.
func (r *Reaper) watched(all []Statement, now time.Time, setting time.Duration) {
	timeout := time.Duration(0)
	if r.a.Query.RoleDefault {
		timeout = time.Duration(float64(setting) * max(r.a.Query.RoleTimes, 1))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.watch.look(all, now, r.every, timeout, r.leaving)
}

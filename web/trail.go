package web

import (
	"math"
	"slices"
	"sync"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

const (
	// trailPoints is how many points a series keeps: an hour of 5 s slices,
	// half a day of minutes.
	trailPoints = 720
	// trailSpan is how far back a chart reaches.
	trailSpan = 6 * time.Hour
	// mostPoints is how many points are kept of all objectives together, 64 MB.
	// Those of many thousands are further apart.
	mostPoints = 1 << 21
)

// A point is a value at an instant. NaN says that it was not known.
type point struct {
	at time.Time
	v  float64
}

// A track is one of the things that a trail remembers.
type track int

const (
	settingTrack track = iota // by actuator: its setting
	burnTrack                 // by objective: burn over the window of watched
	leftTrack                 // by objective: share of the budget left
	tracks
)

// A trail remembers how budgets and settings went, for the charts. It is in
// memory and bounded; the ledger has the record.
type trail struct {
	mu     sync.Mutex
	points [tracks]map[string][]point // oldest first
	most   int                        // points of each track of an objective
}

func newTrail() *trail {
	t := &trail{most: trailPoints}
	for i := range t.points {
		t.points[i] = map[string][]point{}
	}
	return t
}

// add takes in a tick.
func (t *trail) add(set *slo.Set, r loop.Report) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range r.Settings {
		v := s.Value
		if s.Error != "" {
			v = math.NaN()
		}
		t.step(s.Actuator, point{s.At, v})
	}
	t.most = min(max(mostPoints/(2*max(len(r.States), 1)), 2), trailPoints)
	for _, s := range r.States {
		t.state(set, s)
	}
}

// recall takes in decisions on record, the newest first, that were made
// after from.
func (t *trail) recall(set *slo.Set, records []Record, from time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range slices.Backward(records) {
		d := r.Decision
		if d.Input.At.Before(from) {
			continue
		}
		t.step(d.Actuator, point{d.Input.At, d.From})
		for _, o := range r.Outcomes {
			if o.Applied {
				t.step(d.Actuator, point{o.At, o.ReadBack})
			}
		}
		for _, s := range d.Input.Evidence {
			t.state(set, s)
		}
	}
}

// since returns the points of a series from an instant on, and the one
// before it, which held then.
func (t *trail) since(of track, name string, from time.Time) []point {
	t.mu.Lock()
	defer t.mu.Unlock()
	ps := t.points[of][name]
	i, _ := slices.BinarySearchFunc(ps, from, func(p point, at time.Time) int { return p.at.Compare(at) })
	return slices.Clone(ps[max(i-1, 0):])
}

// begin is the oldest instant that the charts know, at most trailSpan before
// now.
func (t *trail) begin(now time.Time) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	begin := now
	for _, m := range t.points {
		for _, ps := range m {
			if len(ps) > 0 && ps[0].at.Before(begin) {
				begin = ps[0].at
			}
		}
	}
	if limit := now.Add(-trailSpan); begin.Before(limit) {
		return limit
	}
	return begin
}

func (t *trail) state(set *slo.Set, s budget.State) {
	burn, left := math.NaN(), s.Remaining
	if w, ok := watched(set, s); ok && w.Known {
		burn = w.Burn
	}
	if !s.Status.Judged() {
		left = math.NaN()
	}
	t.thin(burnTrack, s.Objective, point{s.At, burn})
	t.thin(leftTrack, s.Objective, point{s.At, left})
}

// thin follows a track of which fewer points may be kept than there are looks:
// the last point moves on until it is far enough from the one before.
func (t *trail) thin(of track, name string, p point) {
	apart := trailSpan / time.Duration(t.most)
	if ps := t.points[of][name]; t.most < trailPoints && len(ps) > 1 && ps[len(ps)-1].at.Sub(ps[len(ps)-2].at) < apart {
		ps = ps[:len(ps)-1]
		t.points[of][name] = ps
	}
	t.follow(of, name, p)
	if ps := t.points[of][name]; len(ps) > t.most {
		t.points[of][name] = slices.Delete(ps, 0, len(ps)-t.most)
	}
}

// follow appends a point that is newer than the last.
func (t *trail) follow(of track, name string, p point) {
	if math.IsInf(p.v, 0) {
		p.v = math.NaN()
	}
	ps := t.points[of][name]
	if len(ps) > 0 && !p.at.After(ps[len(ps)-1].at) {
		return
	}
	if ps = append(ps, p); len(ps) > trailPoints {
		ps = slices.Delete(ps, 0, 1)
	}
	t.points[of][name] = ps
}

// step follows a setting. While its value stays, the last point moves on.
func (t *trail) step(name string, p point) {
	ps := t.points[settingTrack][name]
	if n := len(ps); n > 1 && same(ps[n-1].v, p.v) && same(ps[n-2].v, p.v) && p.at.After(ps[n-1].at) {
		ps[n-1] = p
		return
	}
	t.follow(settingTrack, name, p)
}

func same(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

// watched is the window whose burn the charts follow: the shortest that a
// rule looks at, or the shortest there is.
func watched(set *slo.Set, s budget.State) (budget.Window, bool) {
	for _, w := range s.Windows {
		if looksAt(set, s.Objective, w.Length) {
			return w, true
		}
	}
	if len(s.Windows) == 0 {
		return budget.Window{}, false
	}
	return s.Windows[0], true
}

// looksAt reports whether a rule looks at a window of an objective.
func looksAt(set *slo.Set, objective string, length time.Duration) bool {
	for _, l := range set.Loops {
		for _, r := range l.Rules {
			if r.Objective != objective {
				continue
			}
			tier := slices.ContainsFunc(r.Tiers, func(t slo.Tier) bool { return t.Short == length || t.Long == length })
			if tier || r.Law == slo.Watermarks && r.Watermark.Window == length {
				return true
			}
		}
	}
	return false
}

package loop

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// A promise is an objective with the calendars that touch it.
type promise struct {
	slo.Objective
	Calendars []slo.Calendar `json:"calendars,omitempty"`
}

// Promise is the text of an objective's version: all that its budget rests
// on, with the calendars that touch it, without words for people, its service,
// and what is done about it. Adjustments are left out: each says by itself
// which time it is about.
func Promise(o slo.Objective, calendars ...slo.Calendar) string {
	o = measured(o)
	o.Service, o.Indicator.Name = "", ""
	text, err := json.Marshal(promise{o, calendars})
	if err != nil { // unreachable: an objective is plain data
		panic(fmt.Sprintf("loop: encode version of %s: %v", o.Name, err))
	}
	return string(text)
}

// ParsePromise reads what Promise wrote. The zone of a calendar is read as
// its offset.
func ParsePromise(text string) (o slo.Objective, calendars []slo.Calendar, err error) {
	var p promise
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return o, nil, fmt.Errorf("read version: %w", err)
	}
	return p.Objective, p.Calendars, nil
}

// countedBy names what is counted: everything of a version but what only says
// how counts are judged.
func countedBy(o slo.Objective) string {
	o.Name, o.Target, o.Window, o.Method, o.TimeSlice = "", slo.Decimal{}, slo.Window{}, "", slo.TimeSlice{}
	o.MinEvents, o.NoData = 0, slo.NoDataHold
	return PolicyHash([]byte(Promise(o)))
}

// A lineage is what an objective was before, as far as its budget rests on it.
type lineage struct {
	series string        // the counts of its present indicator are kept under this name
	anew   bool          // they are not those of its first indicator
	past   []budget.Past // targets that were in force
	eras   []slo.Era     // calendars that were, where they were others
	fresh  []Version     // those that are not on record yet, oldest first
}

// newLineage works out what an objective was before from its versions, on
// record and not yet, when at is the end of the newest slice that can be known
// at now.
//
// A change of the target leaves the past judged by the one of then, whatever
// became of the window. A change of what is counted, the indicator or the
// slices, begins counts of their own: those of two queries are never added up.
// A change of the method, or of time slices, judges the past anew, since a
// share of events is none of time. A change of calendars leaves the past judged
// by those of then.
func newLineage(o slo.Objective, calendars []slo.Calendar, recorded, fresh []Version, at, now time.Time) (lineage, error) {
	l, versions := lineage{series: o.Name, fresh: fresh}, slices.Concat(recorded, fresh)
	was, then := make([]slo.Objective, len(versions)), make([][]slo.Calendar, len(versions))
	for i, v := range versions {
		var err error
		if was[i], then[i], err = ParsePromise(v.Text); err != nil {
			return l, fmt.Errorf("version %s of %s: %w", v.Hash, o.Name, err)
		}
	}
	text, n := Promise(o, calendars...), len(was)
	if n == 0 || Promise(was[n-1], then[n-1]...) != text {
		v := Version{Objective: o.Name, Hash: PolicyHash([]byte(text)), At: now.UTC(), Text: text}
		if n > 0 {
			v.Since = latest(at, versions[n-1].Since.Add(o.Step())).UTC()
		}
		l.fresh, versions, was, then = append(l.fresh, v), append(versions, v), append(was, o), append(then, calendars)
	}
	if by := countedBy(o); by != countedBy(was[0]) {
		l.series, l.anew = o.Name+"@"+by, true
	}
	for i := range len(was) - 1 {
		l.judge(o, was[i], versions[i+1].Since)
		l.exempt(then[i], versions[i+1].Since)
	}
	if n := len(l.eras); n > 0 && sameCalendars(l.eras[n-1].Calendars, calendars) {
		l.eras = l.eras[:n-1]
	}
	return l, nil
}

// exempt notes that calendars were in force until then.
func (l *lineage) exempt(calendars []slo.Calendar, until time.Time) {
	if n := len(l.eras); n > 0 && sameCalendars(l.eras[n-1].Calendars, calendars) {
		l.eras[n-1].Until = until
		return
	}
	l.eras = append(l.eras, slo.Era{Until: until, Calendars: calendars})
}

func sameCalendars(a, b []slo.Calendar) bool {
	return Promise(slo.Objective{}, a...) == Promise(slo.Objective{}, b...)
}

// exemption is what calendars and adjustments say since an instant: those in
// force then.
func (l *lineage) exemption(e slo.Exemption, since time.Time) slo.Exemption {
	e.Earlier = slo.Since(since, l.eras)
	return e
}

// descend finds out what an objective was before. fresh are the versions that
// are not on record yet.
func descend(ctx context.Context, records Versions, o slo.Objective, calendars []slo.Calendar, fresh []Version, at, now time.Time) (lineage, error) {
	recorded, err := records.Versions(ctx, o.Name)
	if err != nil {
		return lineage{fresh: fresh}, fmt.Errorf("read versions: %w", err)
	}
	return newLineage(o, calendars, recorded[0], fresh, at, now)
}

// judge notes that was was in force until then.
func (l *lineage) judge(o, was slo.Objective, until time.Time) {
	target := was.Target
	if was.Method != o.Method {
		target = o.Target
	}
	if n := len(l.past); n > 0 && l.past[n-1].Target.Cmp(target) == 0 {
		l.past[n-1].Until = until
		return
	}
	l.past = append(l.past, budget.Past{Until: until, Target: target})
}

// Series is the name under which the present counts of an objective are kept.
func Series(ctx context.Context, versions Versions, o slo.Objective) (string, error) {
	all, err := versions.Versions(ctx, o.Name)
	if err != nil {
		return "", err
	}
	l, err := newLineage(o, nil, all[0], nil, time.Time{}, time.Time{})
	return l.series, err
}

// recounts is where the counts begin while the past is being counted anew;
// zero when it is not.
func (g *gauge) recounts() time.Time {
	if g.book == nil || !g.lineage.anew || !g.oldest.After(g.start(g.book.State().At)) {
		return time.Time{}
	}
	return g.oldest
}

// recounts is the same of its components.
func (b *blend) recounts() (oldest time.Time) {
	for _, p := range b.parts {
		oldest = latest(oldest, p.reach().recounts)
	}
	return oldest
}

// recounted marks a state while the past is being counted anew: what reaches
// back to before oldest is not known, and must not look as if all were well.
func recounted(s *budget.State, oldest time.Time) {
	if oldest.IsZero() {
		return
	}
	whole := func(w budget.Window) budget.Window {
		w.Known = w.Known && !s.At.Add(-w.Length).Before(oldest)
		return w
	}
	for i, w := range s.Windows {
		s.Windows[i] = whole(w)
	}
	s.Budget = whole(s.Budget)
	if s.ByToday != nil {
		today := *s.ByToday
		recounted(&today, oldest)
		s.ByToday = &today
	}
	if !s.Budget.Known && (s.Status == budget.OK || s.Status == budget.Burning || s.Status == budget.NoTraffic) {
		s.Status = budget.Partial
	}
	s.Recounted = oldest
}

// versionsAtOnce is how many versions are recorded by one call.
const versionsAtOnce = 500

// revise records the versions that the ledger does not know.
func (l *Loop) revise(ctx context.Context) {
	var dirty []*lineage
	for _, g := range l.gauges {
		if len(g.lineage.fresh) > 0 && g.book != nil {
			dirty = append(dirty, &g.lineage)
		}
	}
	for _, b := range l.blends {
		if len(b.lineage.fresh) > 0 && b.book != nil {
			dirty = append(dirty, &b.lineage)
		}
	}
	var fresh []Version
	for _, k := range dirty {
		fresh = append(fresh, k.fresh...)
	}
	for some := range slices.Chunk(fresh, versionsAtOnce) {
		err := l.cfg.Records.Revise(ctx, some)
		if err != nil {
			l.ledgerFailed(fmt.Errorf("record versions: %w", err))
		}
		if again(err) {
			return // what is on record already is left out the next time
		}
	}
	for _, k := range dirty {
		k.fresh = nil
	}
}

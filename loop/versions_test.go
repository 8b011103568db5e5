package loop_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A lab is one objective under a loop, whose definition changes.
type lab struct {
	t       *testing.T
	records *switched
	source  *queries
	loop    *loop.Loop
	now     time.Time
}

// queries answers by the query: each slice has 10 events, of which as many
// are bad as its text is long.
type queries struct{ asked int }

func (q *queries) Counts(_ context.Context, o slo.Objective, from, to time.Time) ([]sli.Slice, error) {
	var out []sli.Slice
	bad := sli.Count(len(o.Indicator.Bad)) * sli.Event
	for at := from; at.Before(to); at = at.Add(o.Slice) {
		q.asked++
		out = append(out, sli.Slice{Start: at, Counts: sli.Counts{Good: 10*sli.Event - bad, Bad: bad, Covered: o.Slice}})
	}
	return out, nil
}

func newLab(t *testing.T, o slo.Objective) *lab {
	l := &lab{t: t, records: &switched{Memory: ledger.NewMemory()}, source: &queries{}, now: start}
	l.restart(o)
	return l
}

func set(o slo.Objective) *slo.Set { return &slo.Set{Objectives: []slo.Objective{o}} }

func (l *lab) restart(o slo.Objective) {
	l.loop = use(l.t, loop.Config{Set: set(o), Source: loop.SourceFunc(l.source.Counts), Records: l.records})
}

func (l *lab) use(o slo.Objective) {
	l.t.Helper()
	if err := l.loop.Use(set(o), loop.SourceFunc(l.source.Counts), nil); err != nil {
		l.t.Fatal(err)
	}
}

// ticks lets minutes pass, and returns the state after them.
func (l *lab) ticks(n int) budget.State {
	l.t.Helper()
	var r loop.Report
	for range n {
		l.now = l.now.Add(time.Minute)
		r = l.loop.Tick(l.t.Context(), l.now)
	}
	for _, err := range r.Errs {
		if !l.records.down {
			l.t.Error(err)
		}
	}
	return r.States[0]
}

// versions are those on record: the target, and the minute since when.
func (l *lab) versions() [][2]string {
	l.t.Helper()
	lists, err := l.records.Versions(l.t.Context(), "checkout")
	all := lists[0]
	if err != nil {
		l.t.Fatal(err)
	}
	var out [][2]string
	for _, v := range all {
		o, _, err := loop.ParsePromise(v.Text)
		if err != nil {
			l.t.Fatal(err)
		}
		since := "ever"
		if !v.Since.IsZero() {
			since = v.Since.Format("15:04")
		}
		out = append(out, [2]string{o.Target.String(), since})
	}
	return out
}

// checkout is kept over 20 minutes; one event in ten is bad.
func checkout(target int64) slo.Objective {
	return slo.Objective{Name: "checkout", Target: slo.NewDecimal(target, 2), Window: slo.Window{Length: 20 * time.Minute}, Slice: time.Minute, Indicator: slo.Indicator{Bad: "b", Total: "all"}}
}

// TestTargetChanges: what is past stays judged by the target of then, over
// restarts and when an older target comes back; a restart records nothing.
func TestTargetChanges(t *testing.T) {
	l := newLab(t, checkout(50))
	if got := l.ticks(5).Remaining; got != 0.8 {
		t.Errorf("under 50 %%: remaining %v, want 0.8", got)
	}
	l.use(checkout(90))
	if got := l.ticks(1).Remaining; got != 0.8 {
		t.Errorf("the past under another target: remaining %v, want 0.8 as before", got)
	}
	s := l.ticks(10) // ten slices of 20 under 90 %: 10 × 0.1 × 10 + 10 × 0.5 × 10 = 60 are allowed
	if want := 1 - 20.0/60; s.Remaining != want || s.Allowed() != 60 {
		t.Errorf("half under 90 %%: remaining %v of %v, want %v of 60", s.Remaining, s.Allowed(), want)
	}
	if got := s.Today().Remaining; got != 0 {
		t.Errorf("all by today's target: remaining %v, want 0", got)
	}
	l.restart(checkout(90))
	l.now = l.now.Add(-time.Minute)
	if again := l.ticks(1); again.Remaining != s.Remaining {
		t.Errorf("after a restart: remaining %v, want %v", again.Remaining, s.Remaining)
	}
	l.use(checkout(50))
	l.ticks(1)
	if s := l.ticks(10); s.Allowed() != 60 {
		t.Errorf("half under 50 %% again: %v allowed, want 60", s.Allowed())
	}
	if s := l.ticks(10); s.Remaining != 0.8 || s.Budget.Earlier != nil {
		t.Errorf("when all of the other target has left: remaining %v, judged by others %v", s.Remaining, s.Budget.Earlier)
	}
	want := [][2]string{{"0.5", "ever"}, {"0.9", "12:05"}, {"0.5", "12:16"}}
	if diff := cmp.Diff(want, l.versions()); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
}

// TestWindowChanges: the window in force now says how far back the budget
// reaches, also into the time of another target.
func TestWindowChanges(t *testing.T) {
	l := newLab(t, checkout(50))
	l.ticks(30)
	l.use(checkout(90))
	l.ticks(21)
	longer := checkout(90)
	longer.Window.Length = 40 * time.Minute
	l.use(longer)
	if s := l.ticks(1); s.Budget.Length != 40*time.Minute || s.Budget.Total() != 400*sli.Event || s.Allowed() != 21*1+19*5 {
		t.Errorf("over 40 min: %v events of which %v may be bad, want 400 and 116", s.Events(s.Budget.Total()), s.Allowed())
	}
}

// TestIndicatorChanges: counts of two queries are never added up. The past is
// counted anew; what is not yet cannot be judged. The old counts stay, and are
// gone on with when the old query comes back.
func TestIndicatorChanges(t *testing.T) {
	o := checkout(50)
	o.Window.Length = 30 * time.Hour // three chunks
	l := newLab(t, o)
	first := l.ticks(5)
	other := o
	other.Indicator.Bad = "bbb"
	l.use(other)
	s := l.ticks(1)
	if s.Recounted.IsZero() || s.Budget.Known || s.Status != budget.Partial || s.Budget.Bad*10 != s.Budget.Total()*3 {
		t.Errorf("while it is counted anew: %+v", s)
	}
	if w := s.Windows[0]; !w.Known || w.Burn != 0.6 {
		t.Errorf("a short window that is counted: %+v, want it known", w)
	}
	gate := loop.Gate(loop.GateView{Set: set(slo.Objective{Name: "checkout", Service: "shop"}), Report: loop.Report{At: l.now, States: []budget.State{s}}}, loop.GateQuestion{Service: "shop", At: l.now})
	if gate.Verdict != slo.Hold {
		t.Errorf("gate while it is counted anew: %s, want hold", gate.Words)
	}
	s = l.ticks(3)
	if !s.Recounted.IsZero() || !s.Budget.Known || s.Status != budget.OK || s.Budget.Total() != first.Budget.Total() || s.Budget.Bad != 3*first.Budget.Bad {
		t.Errorf("when it was counted anew: %v bad of %v, %s, recounted %v", s.Budget.Bad, s.Budget.Total(), s.Status, s.Recounted)
	}
	before := l.source.asked
	l.use(o)
	s = l.ticks(1)
	if s.Budget.Bad*10 != s.Budget.Total() || s.Budget.Total() != first.Budget.Total() || l.source.asked-before > 10 {
		t.Errorf("the old query again: %v bad of %v after asking for %d slices; want what is on record and the gap", s.Budget.Bad, s.Budget.Total(), l.source.asked-before)
	}
	if got := len(l.versions()); got != 3 {
		t.Errorf("%d versions on record, want 3", got)
	}
}

// TestMethodChanges: a share of events is none of time slices, so the past is
// judged by today's target.
func TestMethodChanges(t *testing.T) {
	l := newLab(t, checkout(90))
	l.ticks(5)
	o := checkout(50)
	o.Method, o.TimeSlice = slo.Timeslices, slo.TimeSlice{Length: 2 * time.Minute, Target: slo.NewDecimal(8, 1)}
	l.use(o)
	if s := l.ticks(2); s.Budget.Earlier != nil || s.Budget.Total() != 10*sli.Event || s.Remaining != 1 {
		t.Errorf("time slices: %v of %v bad, judged by others %v; want 0 of 10 by today's target", s.Budget.Bad, s.Budget.Total(), s.Budget.Earlier)
	}
}

// TestVersionsWhileTheLedgerIsDown: a target that came in force meanwhile is
// recorded when the ledger is back, since when it came in force.
func TestVersionsWhileTheLedgerIsDown(t *testing.T) {
	l := newLab(t, checkout(50))
	l.ticks(5)
	l.use(checkout(90))
	l.records.down = true // but for what reading takes
	l.ticks(5)
	l.use(checkout(80))
	l.ticks(5)
	longer := checkout(80)
	longer.Title = "Checkout"
	l.use(longer)
	l.records.down = false
	l.ticks(1)
	want := [][2]string{{"0.5", "ever"}, {"0.9", "12:05"}, {"0.8", "12:10"}}
	if diff := cmp.Diff(want, l.versions()); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
}

// TestVersionsOfTheLeader: who does not lead records none, and judges alike.
func TestVersionsOfTheLeader(t *testing.T) {
	l := newLab(t, checkout(50))
	l.ticks(5)
	follower := use(t, loop.Config{Set: set(checkout(90)), Source: loop.SourceFunc(l.source.Counts), Records: follows{l.records}})
	follower.Tick(t.Context(), l.now.Add(time.Minute))
	if got := len(l.versions()); got != 1 {
		t.Errorf("%d versions on record, want 1: a follower records none", got)
	}
}

// follows is a ledger that another instance leads.
type follows struct{ *switched }

func (follows) Lead(context.Context) (loop.Term, error) { return loop.Term{}, loop.ErrNotLeader }

// TestPromise: words for people make no version.
func TestPromise(t *testing.T) {
	o := checkout(50)
	o.Service, o.Title, o.Labels, o.Alerts, o.Indicator.Name = "shop", "Checkout", map[string]string{"a": "b"}, []slo.AlertPolicy{{Name: "page"}}, "checkout-good"
	if got, want := loop.Promise(o), loop.Promise(checkout(50)); got != want {
		t.Errorf("promise with words:\n%s\nwant\n%s", got, want)
	}
	back, _, err := loop.ParsePromise(loop.Promise(o))
	if err != nil || loop.Promise(back) != loop.Promise(o) {
		t.Errorf("promise does not round trip: %v", err)
	}
}

// TestCompositeChanges: a composite is judged by the targets of then too, and
// is not known while a component is counted anew.
func TestCompositeChanges(t *testing.T) {
	part, whole := checkout(50), slo.Objective{Name: "shop", Target: slo.NewDecimal(50, 2), Window: slo.Window{Length: 30 * time.Hour}, Slice: time.Minute,
		Method: slo.RatioTimeslices, TimeSlice: slo.TimeSlice{Length: time.Minute}, Composite: &slo.Composite{Aggregate: slo.AnyDown, Components: []slo.Component{{Objective: "checkout", Weight: slo.NewDecimal(1, 0)}}}}
	part.Window.Length = 30 * time.Hour
	l := newLab(t, part)
	both := func(part, whole slo.Objective) {
		if err := l.loop.Use(&slo.Set{Objectives: []slo.Objective{part, whole}}, loop.SourceFunc(l.source.Counts), nil); err != nil {
			t.Fatal(err)
		}
	}
	state := func(n int) budget.State {
		var r loop.Report
		for range n {
			l.now = l.now.Add(time.Minute)
			r = l.loop.Tick(t.Context(), l.now)
		}
		return r.States[1]
	}
	both(part, whole)
	state(6)
	whole.Target = slo.NewDecimal(90, 2)
	both(part, whole)
	if s := state(10); len(s.Budget.Earlier) != 1 || s.Budget.Earlier[0].Target != slo.NewDecimal(5, 1) || s.Today().Remaining >= s.Remaining {
		t.Errorf("another target of the composite: judged by others %v, remaining %v", s.Budget.Earlier, s.Remaining)
	}
	part.Indicator.Bad = "bbb"
	both(part, whole)
	if s := state(1); s.Recounted.IsZero() || s.Budget.Known {
		t.Errorf("while a component is counted anew: recounted %v, known %v", s.Recounted, s.Budget.Known)
	}
	if s := state(8); !s.Recounted.IsZero() || !s.Budget.Known {
		t.Errorf("when it was counted anew: recounted %v, known %v", s.Recounted, s.Budget.Known)
	}
}

// TestEvidenceRuleChanges: how many events it takes to judge, and what missing
// time counts as, say nothing about what is counted.
func TestEvidenceRuleChanges(t *testing.T) {
	o := checkout(50)
	l := newLab(t, o)
	before := l.ticks(5)
	other := o
	other.MinEvents, other.NoData = 1e5, slo.NoDataIgnore
	asked := l.source.asked
	l.use(other)
	s := l.ticks(1)
	if !s.Recounted.IsZero() || s.Status != budget.TooFew || s.Budget.Counts != before.Budget.Counts || l.source.asked-asked > 10 {
		t.Errorf("got %s of %+v after asking for %d slices, recounted %v; want too-few of the same counts", s.Status, s.Budget.Counts, l.source.asked-asked, s.Recounted)
	}
	l.use(o)
	if s := l.ticks(1); s.Status != before.Status || s.Remaining != before.Remaining {
		t.Errorf("the old rules again: %s with %v left, want %s with %v", s.Status, s.Remaining, before.Status, before.Remaining)
	}
}

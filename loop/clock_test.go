package loop_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A fenced actuator refuses moves that are older than the last one, as targets
// do, and everything while it is away.
type fenced struct {
	value float64
	last  loop.Move
	away  bool
	made  int
}

func (a *fenced) Read(context.Context) (float64, error) {
	if a.away {
		return 0, errors.New("no route to host")
	}
	return a.value, nil
}

func (a *fenced) Apply(_ context.Context, m loop.Move) error {
	if a.away {
		return errors.New("no route to host")
	}
	if err := m.Fence().Admit(a.last.Fence(), a.last.Decision); err != nil {
		return err
	}
	a.value, a.last, a.made = m.Setting, m, a.made+1
	return nil
}

func newFenced(t *testing.T) (*fenced, *ledger.Memory, *loop.Loop) {
	t.Helper()
	a, records := &fenced{value: 30}, ledger.NewMemory()
	set := &slo.Set{Actuators: []slo.Actuator{knob()}, Loops: []slo.ControlLoop{{Name: "l", Actuator: "dial", Mode: slo.Act}}}
	source := loop.SourceFunc(func(context.Context, slo.Objective, time.Time, time.Time) ([]sli.Slice, error) { return nil, nil })
	l, err := loop.New(loop.Config{Set: set, Source: source, Records: records, Actuators: map[string]loop.Actuator{"dial": a}})
	if err != nil {
		t.Fatal(err)
	}
	return a, records, l
}

func pin(t *testing.T, records *ledger.Memory, id string, setting float64) {
	t.Helper()
	o := loop.Order{ID: id, At: noon, Kind: loop.OrderPin, Target: "dial", By: "ann", Why: "drill", Until: noon.Add(100 * time.Hour), Setting: &setting}
	if err := records.Give(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}

// A clock that is set back has the target refuse one move, said with why; the
// leader then begins a new term, whose moves are newer. One that is set forward
// hinders nothing.
func TestClockIsTurned(t *testing.T) {
	a, records, l := newFenced(t)
	pin(t, records, "o1", 5)
	l.Tick(t.Context(), noon)
	first := a.last.Term
	pin(t, records, "o2", 3)
	r := l.Tick(t.Context(), noon.Add(-time.Hour))
	if a.value != 5 || len(r.Errs) != 1 || !strings.Contains(r.Errs[0].Error(), "the clock was set back since") {
		t.Errorf("an hour back: %g, %v; want 5, and why", a.value, r.Errs)
	}
	r = l.Tick(t.Context(), noon.Add(-59*time.Minute))
	if a.value != 3 || len(r.Errs) != 0 || a.last.Term.Compare(first) <= 0 {
		t.Errorf("in the next tick: %g in %s, %v; want 3 in a newer term than %s", a.value, a.last.Term.Show(), r.Errs, first.Show())
	}
	pin(t, records, "o3", 2)
	if r := l.Tick(t.Context(), noon.Add(30*time.Hour)); a.value != 2 || len(r.Errs) != 0 {
		t.Errorf("a day forward: %g, %v; want 2", a.value, r.Errs)
	}
}

// While a clock is behind what was counted nothing new is learnt, so the
// objective is out of sight: the gate does not allow what it cannot see, however
// well all was. It is in sight again when the clock is right.
func TestClockSetBackIsOutOfSight(t *testing.T) {
	whole := slo.Objective{Name: "whole", Service: "shop", Target: slo.NewDecimal(9, 1), Slice: time.Minute, Window: slo.Window{Length: time.Hour}}
	parts := slo.Objective{Name: "parts", Service: "shop", Target: slo.NewDecimal(9, 1), Slice: time.Minute, Window: slo.Window{Length: time.Hour}, Composite: &slo.Composite{Components: []slo.Component{{Objective: "whole", Weight: slo.NewDecimal(1, 0)}}}}
	source := loop.SourceFunc(func(_ context.Context, o slo.Objective, from, to time.Time) (all []sli.Slice, err error) {
		for at := from; at.Before(to); at = at.Add(o.Slice) {
			all = append(all, sli.Slice{Start: at, Counts: sli.Counts{Good: 10 * sli.Event, Covered: o.Slice}})
		}
		return all, nil
	})
	set := &slo.Set{Objectives: []slo.Objective{whole, parts}}
	l, err := loop.New(loop.Config{Set: set, Source: source, Records: ledger.NewMemory()})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		at   time.Duration
		want slo.Verdict
	}{{0, slo.Allow}, {time.Minute, slo.Allow}, {-3 * time.Minute, slo.Allow}, {-time.Hour, slo.Hold}, {-59 * time.Minute, slo.Hold}, {2 * time.Minute, slo.Allow}, {3 * time.Minute, slo.Allow}} {
		at := noon.Add(step.at)
		r := l.Tick(t.Context(), at)
		a := loop.Gate(loop.GateView{Set: set, Report: r}, loop.GateQuestion{Service: "shop", At: at})
		if a.Verdict != step.want || (step.want == slo.Hold) != strings.Contains(a.Words, "the clock was set back") {
			t.Errorf("%s: %s, want %s", step.at, a.Words, step.want)
		}
		for _, s := range r.States {
			if got := s.Status == budget.NoData; got != (step.want == slo.Hold) {
				t.Errorf("%s: %s is %s", step.at, s.Objective, s.Status)
			}
		}
	}
}

// A leader that is cut off from the target alone keeps the lead, says so, and
// makes the move once when the target is back.
func TestCutOffFromTheTarget(t *testing.T) {
	a, records, l := newFenced(t)
	l.Tick(t.Context(), noon)
	a.away = true
	pin(t, records, "o1", 5)
	for i := 1; i <= 3; i++ {
		r := l.Tick(t.Context(), noon.Add(time.Duration(i)*time.Minute))
		if !r.Leader || r.LedgerErr != nil || r.Settings[0].Error != "no route to host" {
			t.Errorf("tick %d: leads %t, %v, %+v; want that it leads and says what is away", i, r.Leader, r.LedgerErr, r.Settings)
		}
	}
	a.away = false
	for i := 4; i <= 6; i++ {
		l.Tick(t.Context(), noon.Add(time.Duration(i)*time.Minute))
	}
	if a.value != 5 || a.made != 1 || a.last.Term != (loop.Term{Epoch: 1}) {
		t.Errorf("back: %g after %d moves of %s, want 5 after one of the first term", a.value, a.made, a.last.Term.Show())
	}
}

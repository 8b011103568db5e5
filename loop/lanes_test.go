package loop_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// twoSources is one that answers at once, "fine", and one that takes its time.
type twoSources struct {
	takes atomic.Int64 // ns, of the other
	asked atomic.Int64 // times
}

func (s *twoSources) CountsAll(ctx context.Context, asks []sli.Ask) []sli.Answer {
	if asks[0].Objective.Indicator.Source != "fine" {
		s.asked.Add(1)
		select {
		case <-ctx.Done():
			answers := make([]sli.Answer, len(asks))
			for i := range answers {
				answers[i].Err = ctx.Err()
			}
			return answers
		case <-time.After(time.Duration(s.takes.Load())):
		}
	}
	return loop.SourceFunc(steady{}.Counts).CountsAll(ctx, asks)
}

// watch runs a loop over two sources and hands each report to look, with its
// number, until it says that it has seen enough.
func watch(t *testing.T, s *twoSources, look func(n int, r loop.Report, fine, other budget.State) (enough bool)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		set := &slo.Set{Sources: []slo.Source{{Name: "fine"}, {Name: "other"}}}
		for _, name := range []string{"fine", "other"} {
			set.Objectives = append(set.Objectives, slo.Objective{
				Name: name, Target: slo.NewDecimal(9, 1), Window: slo.Window{Length: time.Hour}, Slice: time.Minute,
				Indicator: slo.Indicator{Source: name},
			})
		}
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		l, err := loop.New(loop.Config{Set: set, Source: s, Records: ledger.NewMemory(), OnTick: func(r loop.Report) {
			if n++; look(n, r, r.States[0], r.States[1]) {
				cancel()
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		l.Run(ctx)
	})
}

// TestAHangingSourceDelaysNoOther: the others are up to date in every tick. A
// tick waits five seconds, once; then the hanging source is asked without being
// waited for.
func TestAHangingSourceDelaysNoOther(t *testing.T) {
	s := &twoSources{}
	s.takes.Store(int64(1000 * time.Hour))
	waited := time.Duration(0)
	watch(t, s, func(n int, r loop.Report, fine, other budget.State) bool {
		waited += r.Took
		if want := r.At.Add(-5 * time.Second); !fine.At.Equal(want) || fine.Budget.Covered < time.Minute || r.Missed > 0 {
			t.Errorf("tick %d: the other stands at %s with %s, %d missed; want %s", n, fine.At, fine.Budget.Covered, r.Missed, want)
		}
		if other.Budget.Covered != 0 || len(r.Errs) != 1 || !strings.Contains(r.Errs[0].Error(), "measure other: ask other: ") {
			t.Errorf("tick %d: the hanging one has %s; errors %v", n, other.Budget.Covered, r.Errs)
		}
		return n == 10
	})
	if waited != 5*time.Second {
		t.Errorf("ten ticks waited %s, want 5s in all", waited)
	}
	if n := s.asked.Load(); n < 3 || n > 10 {
		t.Errorf("the hanging source was asked %d times", n)
	}
}

// TestASlowSourceIsCountedLater: what it answers after the tick is counted in
// the next one, and once it is in time again it is waited for again.
func TestASlowSourceIsCountedLater(t *testing.T) {
	s := &twoSources{}
	s.takes.Store(int64(20 * time.Second))
	watch(t, s, func(n int, r loop.Report, fine, other budget.State) bool {
		behind := fine.Budget.Covered - other.Budget.Covered
		switch {
		case n == 1 && other.Budget.Covered != 0, n > 1 && n < 6 && behind != time.Minute:
			t.Errorf("tick %d: the slow one has %s, the other %s", n, other.Budget.Covered, fine.Budget.Covered)
		case n == 5:
			s.takes.Store(int64(time.Second))
		case n >= 8 && (behind != 0 || r.Took != time.Second || len(r.Errs) > 0):
			t.Errorf("tick %d: in time again: %s behind after %s, errors %v", n, behind, r.Took, r.Errs)
		}
		return n == 10
	})
}

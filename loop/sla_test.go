package loop_test

import (
	"testing"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// TestTheLastMonthIsSettled: a contract's month is filled although the
// objective's own window is short, and when it is over it is summed from what
// is stored, live and after a restart alike.
func TestTheLastMonthIsSettled(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	set := &slo.Set{
		Objectives: []slo.Objective{{Name: "hourly", Target: slo.NewDecimal(999, 3), Slice: time.Minute, Window: slo.Window{Length: 24 * time.Hour}}},
		SLAs: []slo.SLA{{
			Name: "contract", Objective: "hourly", Target: slo.NewDecimal(9995, 4), Credits: []slo.Credit{{Below: slo.NewDecimal(9995, 4), Share: slo.NewDecimal(1, 1)}},
			Period: slo.Window{Length: 720 * time.Hour, Count: 1, Unit: slo.Months, Start: time.Date(2026, 1, 1, 0, 0, 0, 0, berlin)},
		}},
	}
	cfg := loop.Config{Set: set, Source: loop.SourceFunc(steady{}.Counts), Records: ledger.NewMemory()}
	begin := func() *loop.Loop {
		l, err := loop.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	tick := func(l *loop.Loop, at time.Time, times int) (s budget.State) {
		for range times {
			r := l.Tick(t.Context(), at.Add(5*time.Second))
			if len(r.Errs) > 0 {
				t.Fatal(r.Errs)
			}
			s = r.States[0]
		}
		return s
	}
	l, end := begin(), time.Date(2026, 4, 1, 0, 0, 0, 0, berlin)
	got := tick(l, end, 75).SLAs
	minutes := (31*24 - 1) * 60 * time.Minute // an hour of March is left out
	if len(got) != 1 || got[0].Covered != minutes || got[0].Credit.String() != "0.1" || !got[0].At.Equal(got[0].To) {
		t.Fatalf("at the end of March: %+v", got)
	}
	march := got[0]
	live := tick(l, end.Add(10*time.Hour), 2).SLAs
	restarted := tick(begin(), end.Add(10*time.Hour), 1).SLAs
	for _, got := range [][]budget.Settlement{live, restarted} {
		if len(got) != 2 || got[0].Covered != 10*time.Hour || got[1].Counts != march.Counts || got[1].Credit.String() != "0.1" || !got[1].To.Equal(end) {
			t.Errorf("ten hours into April: %+v, want March as %+v", got, march)
		}
	}
}

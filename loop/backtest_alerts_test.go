package loop_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// A trial says how often each alert would have fired, and been told.
func TestAlertScores(t *testing.T) {
	o := alarmed(func(p *slo.AlertPolicy) { p.Inhibit = true })
	s, alerts := loop.NewScorer(&slo.Set{Objectives: []slo.Objective{o}}, time.Minute), []loop.Alert(nil)
	calm, hot, after := []float64{0, 0, 0, 0}, []float64{20, 20, 20, 20}, []float64{1, 15, 20, 20}
	for minute, rates := range [][]float64{calm, hot, hot, after, calm, hot, calm} {
		states := []budget.State{burning(at(minute), rates...)}
		alerts = loop.Alarms([]slo.Objective{o}, states, alerts, at(minute))
		s.Take(loop.Report{At: at(minute), States: states, Alerts: alerts})
	}
	want := []loop.AlertScore{
		{Alert: "checkout/pager/fast", Name: "Burn", Severity: "page", Times: 2, Told: 2, Firing: 3 * time.Minute, Longest: 2 * time.Minute,
			FirstAt: at(1), First: "checkout burns at 20.0 over 1h and 20.0 over 5m, 14.4 is the limit"},
		{Alert: "checkout/pager/slow", Name: "Burn", Severity: "ticket", Times: 2, Told: 1, Firing: 4 * time.Minute, Longest: 3 * time.Minute,
			FirstAt: at(1), First: "checkout burns at 20.0 over 6h and 20.0 over 30m, 6 is the limit"},
	}
	if diff := cmp.Diff(want, s.Trial().Alerts); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

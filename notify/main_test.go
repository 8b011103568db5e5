package notify_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/notify"
	"setpoint.dev/setpoint/slo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// firing is a report of one alert of an objective, which the leader makes.
func firing(objective string, since time.Time, targets ...slo.NotificationTarget) loop.Report {
	a := loop.Alert{
		Key: objective + "/pager/fast", Objective: objective, Service: "shop", Policy: "pager", Condition: "fast", Name: "BudgetBurn",
		Severity: "page", Burn: slo.NewDecimal(144, 1), Phase: loop.AlertFiring, Since: since, Fired: since, Told: true,
		Why: objective + " burns at 20.0 over 1h and 21.0 over 5m, 14.4 is the limit", Labels: map[string]string{"team": "shop", "cost center": "7"},
		Rule: slo.AlertPolicy{Name: "pager", Breaching: true, Resolved: true, Notes: map[string]string{"runbook": "https://wiki.example/1"}, Targets: targets},
	}
	set := &slo.Set{Objectives: []slo.Objective{{Name: objective, Alerts: []slo.AlertPolicy{a.Rule}}}}
	return loop.Report{At: since, Set: set, Leader: true, Term: loop.Term{Epoch: 1}, Alerts: []loop.Alert{a}}
}

// ended is the same report after the alert has ended.
func ended(r loop.Report, at time.Time) loop.Report {
	a := r.Alerts[0]
	a.Phase, a.Ended, a.Why = loop.AlertResolved, at, a.Objective+" had no bad events over 5m"
	r.Alerts = []loop.Alert{a}
	return r
}

// start is a Notifier that goes until the test ends.
func start(t *testing.T, cfg notify.Config) *notify.Notifier {
	n := notify.New(cfg)
	t.Cleanup(n.Close)
	return n
}

// eventually waits for something that other programs do.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for late := time.Now().Add(20 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(late) {
			t.Fatalf("%s: not within 20 s", what)
		}
	}
}

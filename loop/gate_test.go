package loop_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// view is a healthy shop: one objective in sight with budget left, one
// freeze that is open, a report of this instant.
func view() loop.GateView {
	hour := budget.Window{Length: time.Hour, Counts: sli.Counts{Good: 900 * sli.Event, Bad: 1 * sli.Event, Covered: time.Hour}, Burn: 0.1, Known: true}
	return loop.GateView{
		Set: &slo.Set{
			Objectives: []slo.Objective{{Name: "fast", Service: "shop"}},
			Actuators:  []slo.Actuator{{Name: "releases", Service: "shop", Kind: slo.Freeze, Tight: 1}},
		},
		Report: loop.Report{
			At:       noon,
			States:   []budget.State{{Objective: "fast", Service: "shop", At: noon, Newest: noon, Target: slo.NewDecimal(99, 2), Status: budget.OK, Remaining: 0.8, Budget: hour, Windows: []budget.Window{hour}}},
			Settings: []loop.Setting{{Actuator: "releases", Service: "shop", Kind: "freeze", Tight: 1}},
		},
	}
}

func TestGate(t *testing.T) {
	ask := loop.GateQuestion{Service: "shop", At: noon}
	tests := []struct {
		name     string
		change   func(*loop.GateView, *loop.GateQuestion)
		verdict  slo.Verdict
		code     string // of a reason that must be given
		degraded string // a code, or empty
	}{
		{"all is well", func(*loop.GateView, *loop.GateQuestion) {}, slo.Allow, loop.GateBudget, ""},
		{"out of budget, by default", func(v *loop.GateView, _ *loop.GateQuestion) {
			v.Report.States[0].Status, v.Report.States[0].Remaining = budget.Exhausted, -0.2
		}, slo.Deny, loop.GateBudget, ""},
		{"a policy that does not judge the budget", func(v *loop.GateView, _ *loop.GateQuestion) {
			v.Report.States[0].Status, v.Report.States[0].Remaining = budget.Exhausted, -0.2
			v.Set.Policies = []slo.ReleasePolicy{{Name: "p", Service: "shop"}}
		}, slo.Allow, loop.GateBudget, ""},
		{"less left than the policy asks for", func(v *loop.GateView, _ *loop.GateQuestion) {
			v.Set.Policies = []slo.ReleasePolicy{{Name: "p", Service: "shop", HasMin: true, MinRemaining: slo.NewDecimal(9, 1)}}
		}, slo.Deny, loop.GateBudget, ""},
		{"burning faster than the policy allows", func(v *loop.GateView, _ *loop.GateQuestion) {
			v.Report.States[0].Windows[0].Bad = 200 * sli.Event
			v.Set.Policies = []slo.ReleasePolicy{{Name: "p", Service: "shop", MaxBurn: []slo.BurnLimit{{Burn: slo.NewDecimal(10, 0), Window: time.Hour}}}}
		}, slo.Deny, loop.GateBurn, ""},
		{"frozen by its loop", func(v *loop.GateView, _ *loop.GateQuestion) { v.Report.Settings[0].Value = 1 }, slo.Deny, loop.GateFreeze, ""},
		{"a freeze of another service", func(v *loop.GateView, _ *loop.GateQuestion) {
			v.Set.Actuators[0].Service, v.Report.Settings[0].Value = "other", 1
		}, slo.Allow, loop.GateBudget, ""},
		{"a freeze that cannot be read", func(v *loop.GateView, _ *loop.GateQuestion) { v.Report.Settings[0].Error = "no route" }, slo.Hold, loop.GateNoData, loop.GateNoData},
		{"a freeze as last read, for the ledger is down", func(v *loop.GateView, _ *loop.GateQuestion) {
			v.Report.LedgerErr, v.Report.Settings[0].Error, v.Report.Settings[0].At, v.Report.Settings[0].Value = errors.New("gone"), "gone", noon, 1
		}, slo.Deny, loop.GateFreeze, loop.GateLedgerDown},
		{"a freeze that was never read, for the ledger is down", func(v *loop.GateView, _ *loop.GateQuestion) {
			v.Report.LedgerErr, v.Report.Settings[0].Error = errors.New("gone"), "gone"
		}, slo.Hold, loop.GateNoData, loop.GateLedgerDown},
		{"frozen by a person", func(v *loop.GateView, _ *loop.GateQuestion) {
			v.Report.Orders = []loop.Order{{Kind: loop.OrderFreeze, Target: "shop", By: "ann", Why: "audit", At: noon, Until: noon.Add(time.Hour)}}
		}, slo.Deny, loop.GateOrder, ""},
		{"a person's freeze that has lapsed", func(v *loop.GateView, _ *loop.GateQuestion) {
			v.Report.Orders = []loop.Order{{Kind: loop.OrderFreeze, Target: "shop", By: "ann", Why: "audit", At: noon.Add(-time.Hour), Until: noon}}
		}, slo.Allow, loop.GateBudget, ""},
		{"an objective out of sight", func(v *loop.GateView, _ *loop.GateQuestion) { v.Report.States[0].Status = budget.NoData }, slo.Hold, loop.GateNoData, loop.GateNoData},
		{"out of sight, and the policy denies then", func(v *loop.GateView, _ *loop.GateQuestion) {
			v.Report.States = nil
			v.Set.Policies = []slo.ReleasePolicy{{Name: "p", Service: "shop", OnNoData: slo.Deny}}
		}, slo.Deny, loop.GateNoData, loop.GateNoData},
		{"the loop has stopped ticking", func(_ *loop.GateView, q *loop.GateQuestion) { q.At = noon.Add(6 * time.Minute) }, slo.Hold, loop.GateStale, loop.GateStale},
		{"the clock was set back since the last tick", func(_ *loop.GateView, q *loop.GateQuestion) { q.At = noon.Add(-6 * time.Minute) }, slo.Hold, loop.GateStale, loop.GateStale},
		{"the loop never ticked", func(v *loop.GateView, _ *loop.GateQuestion) { v.Report = loop.Report{} }, slo.Hold, loop.GateStale, loop.GateStale},
		{"the ledger is down", func(v *loop.GateView, _ *loop.GateQuestion) { v.Report.LedgerErr = errors.New("gone") }, slo.Allow, loop.GateLedgerDown, loop.GateLedgerDown},
		{"the ledger is down, and the policy holds then", func(v *loop.GateView, _ *loop.GateQuestion) {
			v.Report.LedgerErr = errors.New("gone")
			v.Set.Policies = []slo.ReleasePolicy{{Name: "p", Service: "shop", OnLedgerDown: slo.Hold}}
		}, slo.Hold, loop.GateLedgerDown, loop.GateLedgerDown},
		{"a rollback passes a freeze", func(v *loop.GateView, q *loop.GateQuestion) {
			v.Report.Settings[0].Value, q.Change = 1, "rollback"
		}, slo.Allow, loop.GateExempt, ""},
		{"nothing passes where the policy lists nothing", func(v *loop.GateView, q *loop.GateQuestion) {
			v.Report.Settings[0].Value, q.Change = 1, "rollback"
			v.Set.Policies = []slo.ReleasePolicy{{Name: "p", Service: "shop", AlwaysAllowed: []string{}}}
		}, slo.Deny, loop.GateFreeze, ""},
		{"an unknown service", func(_ *loop.GateView, q *loop.GateQuestion) { q.Service = "shpo" }, slo.Hold, loop.GateUnknownService, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, q := view(), ask
			tt.change(&v, &q)
			a := loop.Gate(v, q)
			if a.Verdict != tt.verdict || a.Allowed != (tt.verdict == slo.Allow) {
				t.Errorf("gate: got %s (allowed %v), want %s: %s", a.Verdict, a.Allowed, tt.verdict, a.Words)
			}
			if !slices.ContainsFunc(a.Reasons, func(r loop.GateReason) bool { return r.Code == tt.code }) {
				t.Errorf("gate gives no reason %s: %+v", tt.code, a.Reasons)
			}
			if a.Degraded != (tt.degraded != "") || tt.degraded != "" && !slices.Contains(a.DegradedBy, tt.degraded) {
				t.Errorf("gate: degraded %v by %v, want by %q", a.Degraded, a.DegradedBy, tt.degraded)
			}
		})
	}
}

// TestGateNamesTheServiceMeant: a name that was mistyped is told what is near.
func TestGateNamesTheServiceMeant(t *testing.T) {
	for service, want := range map[string]string{
		"shpo":  `no objective or release policy names the service "shpo"; did you mean shop?`,
		"other": `no objective or release policy names the service "other"`,
	} {
		if a := loop.Gate(view(), loop.GateQuestion{Service: service, At: noon}); a.Reasons[0].Message != want {
			t.Errorf("%s: %s, want %s", service, a.Reasons[0].Message, want)
		}
	}
}

// TestGateSaysUntilWhen: a freeze with an end tells it.
func TestGateSaysUntilWhen(t *testing.T) {
	v := view()
	v.Report.Orders = []loop.Order{{Kind: loop.OrderFreeze, Target: "shop", By: "ann", Why: "audit", At: noon, Until: noon.Add(time.Hour)}}
	a := loop.Gate(v, loop.GateQuestion{Service: "shop", At: noon})
	if want := noon.Add(time.Hour); !a.MayChangeAt.Equal(want) {
		t.Errorf("may change at %s, want %s", a.MayChangeAt, want)
	}
}

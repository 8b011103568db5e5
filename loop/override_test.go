package loop_test

import (
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// An override lets a release go, by as many people as the policy asks for,
// for the release that it names, until it lapses; what it overrides is told.
func TestOverride(t *testing.T) {
	by := func(name string, edit ...func(*loop.Order)) loop.Order {
		o := loop.Order{Kind: loop.OrderOverride, Target: "shop", By: name, Why: "pager", Ticket: "OPS-7", At: noon, Until: noon.Add(time.Hour)}
		for _, e := range edit {
			e(&o)
		}
		return o
	}
	v2 := func(o *loop.Order) { o.Release = "v2" }
	lapsed := func(o *loop.Order) { o.Until = noon }
	tests := []struct {
		name    string
		two     bool // the policy asks for a second person
		orders  []loop.Order
		verdict slo.Verdict
		code    string // of the first reason
	}{
		{"none", false, nil, slo.Deny, loop.GateBudget},
		{"one person", false, []loop.Order{by("ann")}, slo.Allow, loop.GateOverridden},
		{"for another service", false, []loop.Order{by("ann", func(o *loop.Order) { o.Target = "cart" })}, slo.Deny, loop.GateBudget},
		{"for this release", false, []loop.Order{by("ann", v2)}, slo.Allow, loop.GateOverridden},
		{"for another release", false, []loop.Order{by("ann", func(o *loop.Order) { o.Release = "v3" })}, slo.Deny, loop.GateBudget},
		{"lapsed", false, []loop.Order{by("ann", lapsed)}, slo.Deny, loop.GateBudget},
		{"one of two people", true, []loop.Order{by("ann")}, slo.Deny, loop.GateBudget},
		{"one person twice", true, []loop.Order{by("ann"), by("Ann", v2)}, slo.Deny, loop.GateBudget},
		{"two people", true, []loop.Order{by("ann"), by("bob", v2)}, slo.Allow, loop.GateOverridden},
		{"two people, one lapsed", true, []loop.Order{by("ann", lapsed), by("bob")}, slo.Deny, loop.GateBudget},
		{"against a person's freeze", false, []loop.Order{{Kind: loop.OrderFreeze, Target: "shop", By: "cy", At: noon}, by("ann")}, slo.Allow, loop.GateOverridden},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := spentView()
			v.Set.Policies[0].SecondPerson = tt.two
			v.Report.Orders = tt.orders
			a := loop.Gate(v, loop.GateQuestion{Service: "shop", Release: "v2", At: noon})
			if a.Verdict != tt.verdict || a.Allowed != (tt.verdict == slo.Allow) || a.Reasons[0].Code != tt.code {
				t.Fatalf("%s for %s, want %s for %s", a.Verdict, a.Reasons[0].Code, tt.verdict, tt.code)
			}
			if tt.verdict == slo.Allow && (!strings.Contains(a.Words, "ann") || !strings.Contains(a.Words, "OPS-7") || !strings.HasSuffix(a.Words, "would be deny")) {
				t.Errorf("words %q, want who, the ticket, and what is overridden", a.Words)
			}
			waits := a.Reasons[len(a.Reasons)-1].Code == loop.GateOverrideWaits
			if want := tt.two && tt.verdict == slo.Deny; waits != want {
				t.Errorf("reasons %+v: waits for a second person: %t, want %t", a.Reasons, waits, want)
			}
		})
	}
}

// spentView is a shop without budget, under a policy.
func spentView() loop.GateView {
	v := view()
	v.Report.States[0].Status, v.Report.States[0].Remaining = budget.Exhausted, -0.2
	v.Set.Policies = []slo.ReleasePolicy{{Name: "p", Service: "shop", HasMin: true}}
	return v
}

// A policy that only looks on lets everything go and says what it would have
// said.
func TestDryRun(t *testing.T) {
	v := spentView()
	v.Set.Policies[0].DryRun = true
	a := loop.Gate(v, loop.GateQuestion{Service: "shop", At: noon})
	if a.Verdict != slo.Allow || a.Reasons[0].Code != loop.GateDryRun || !strings.Contains(a.Words, "would be deny") {
		t.Errorf("%s: %s", a.Verdict, a.Words)
	}
	v.Report.States[0].Status, v.Report.States[0].Remaining = budget.OK, 0.5
	if a := loop.Gate(v, loop.GateQuestion{Service: "shop", At: noon}); a.Reasons[0].Code == loop.GateDryRun {
		t.Errorf("an allowance is told as one of the dry run: %s", a.Words)
	}
}

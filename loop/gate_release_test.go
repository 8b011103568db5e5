package loop_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// releasing is view under a policy, with payments beside the shop, three
// releases of the last days, and what they burned.
func releasing(p slo.ReleasePolicy) loop.GateView {
	v := view()
	p.Name, p.Service = "p", "shop"
	v.Set.Policies = []slo.ReleasePolicy{p}
	paid := v.Report.States[0]
	paid.Objective, paid.Service, paid.Remaining = "paid", "payments", 0.5
	v.Report.States = append(v.Report.States, paid)
	went := func(release string, ago time.Duration) loop.Deploy {
		return loop.Deploy{ID: release, Service: "shop", Release: release, Environment: "prod", At: noon.Add(-ago)}
	}
	v.Past, v.PastAt = []loop.Deploy{went("v3", 10*time.Minute), went("v2", 20*time.Hour), went("v1", 40*time.Hour)}, noon
	v.Risks = []loop.Risk{{Objective: "fast", Deploys: 3, Usual: 0.1, Worst: 0.5, Remaining: 0.8, Known: true}}
	return v
}

// A releaseTest is a policy, what is different, and the reason that is given.
type releaseTest struct {
	name    string
	policy  slo.ReleasePolicy
	change  func(*loop.GateView, *loop.GateQuestion)
	verdict slo.Verdict
	reason  loop.GateReason // code, value, limit and until; no code = none of those codes
}

func (tt releaseTest) run(t *testing.T) {
	v, q := releasing(tt.policy), loop.GateQuestion{Service: "shop", Environment: "prod", Release: "v4", At: noon}
	if tt.change != nil {
		tt.change(&v, &q)
	}
	a := loop.Gate(v, q)
	if a.Verdict != tt.verdict {
		t.Errorf("got %s, want %s: %+v", a.Verdict, tt.verdict, a.Reasons)
	}
	i := slices.IndexFunc(a.Reasons, func(r loop.GateReason) bool { return r.Code == tt.reason.Code })
	switch {
	case tt.reason.Code == "":
		return
	case i < 0:
		t.Fatalf("no reason %s: %+v", tt.reason.Code, a.Reasons)
	}
	got := a.Reasons[i]
	t.Log(got.Message)
	want := tt.reason
	want.Verdict, want.Message, want.Objective, want.Window = got.Verdict, got.Message, got.Objective, got.Window
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Errorf("reason (-want +got):\n%s", diff)
	}
	if !want.Until.IsZero() && a.Verdict != slo.Allow && !a.MayChangeAt.Equal(want.Until) {
		t.Errorf("may change at %s, want %s", a.MayChangeAt, want.Until)
	}
}

func TestGatePast(t *testing.T) {
	apart := slo.ReleasePolicy{MinInterval: 30 * time.Minute}
	pace := func(releases, least int) slo.ReleasePolicy {
		return slo.ReleasePolicy{Pace: slo.ReleasePace{Releases: releases, Per: 48 * time.Hour, Least: least}}
	}
	soon := loop.GateReason{Code: loop.GateTooSoon, Value: 600, Limit: 1800, Until: noon.Add(20 * time.Minute)}
	for _, tt := range []releaseTest{
		{"the one before is too young", apart, nil, slo.Hold, soon},
		{"it is old enough", slo.ReleasePolicy{MinInterval: 10 * time.Minute}, nil, slo.Allow, loop.GateReason{}},
		{"it is this one", apart, func(_ *loop.GateView, q *loop.GateQuestion) { q.Release = "v3" }, slo.Allow, loop.GateReason{}},
		{"it went elsewhere", apart, func(_ *loop.GateView, q *loop.GateQuestion) { q.Environment = "staging" }, slo.Allow, loop.GateReason{}},
		{"it is not said where this one goes", apart, func(_ *loop.GateView, q *loop.GateQuestion) { q.Environment = "" }, slo.Hold, soon},
		{"a rollback passes", apart, func(_ *loop.GateView, q *loop.GateQuestion) { q.Change = "rollback" }, slo.Allow, soon},
		{"what went is not known", apart, func(v *loop.GateView, _ *loop.GateQuestion) { v.Past, v.PastAt = nil, time.Time{} }, slo.Hold, loop.GateReason{Code: loop.GateNoData, Value: -1}},
		{"what went was known long ago", apart, func(v *loop.GateView, _ *loop.GateQuestion) { v.Past, v.PastAt = nil, noon.Add(-6*time.Minute) }, slo.Hold, loop.GateReason{Code: loop.GateNoData, Value: -1}},
		{"as last read, for the ledger is down", slo.ReleasePolicy{MinInterval: time.Minute}, func(v *loop.GateView, _ *loop.GateQuestion) {
			v.PastAt, v.Report.LedgerErr = noon.Add(-time.Hour), errors.New("gone")
		}, slo.Allow, loop.GateReason{}},
		{"3 of 4.8 earned", pace(6, 0), nil, slo.Allow, loop.GateReason{Code: loop.GatePace, Value: 3, Limit: 6 * 0.8}},
		{"3 of 3.2 earned", pace(4, 0), nil, slo.Hold, loop.GateReason{Code: loop.GatePace, Value: 3, Limit: 4 * 0.8, Until: noon.Add(8 * time.Hour)}},
		{"an empty budget earns none", pace(10, 0), func(v *loop.GateView, _ *loop.GateQuestion) { v.Report.States[0].Remaining = -0.4 }, slo.Hold, loop.GateReason{Code: loop.GatePace, Value: 3}},
		{"some need not be earned", pace(10, 4), func(v *loop.GateView, _ *loop.GateQuestion) { v.Report.States[0].Remaining = -0.4 }, slo.Allow, loop.GateReason{Code: loop.GatePace, Value: 3, Limit: 4}},
		{"one release in two steps is one", pace(5, 0), func(v *loop.GateView, _ *loop.GateQuestion) {
			again := v.Past[0]
			again.ID, again.At = "v3-2", noon.Add(-time.Minute)
			v.Past = append([]loop.Deploy{again}, v.Past...)
		}, slo.Allow, loop.GateReason{Code: loop.GatePace, Value: 3, Limit: 4}},
		{"a rollback that went spends nothing", pace(4, 0), func(v *loop.GateView, _ *loop.GateQuestion) { v.Past[0].Change = "rollback" }, slo.Allow, loop.GateReason{Code: loop.GatePace, Value: 2, Limit: 4 * 0.8}},
	} {
		t.Run(tt.name, tt.run)
	}
}

func TestGateSize(t *testing.T) {
	p := slo.ReleasePolicy{MaxSize: []slo.SizeLimit{{Size: 1000, Always: true}, {Size: 100, Below: slo.NewDecimal(25, 2)}}}
	size := func(n int64, left float64) func(*loop.GateView, *loop.GateQuestion) {
		return func(v *loop.GateView, q *loop.GateQuestion) { q.Size, v.Report.States[0].Remaining = &n, left }
	}
	for _, tt := range []releaseTest{
		{"fits", p, size(1000, 0.8), slo.Allow, loop.GateReason{}},
		{"too large", p, size(1001, 0.8), slo.Deny, loop.GateReason{Code: loop.GateSize, Value: 1001, Limit: 1000}},
		{"too large for what is left", p, size(101, 0.24), slo.Deny, loop.GateReason{Code: loop.GateSize, Value: 101, Limit: 100}},
		{"fits what is left", p, size(100, 0.24), slo.Allow, loop.GateReason{}},
		{"not said", p, nil, slo.Hold, loop.GateReason{Code: loop.GateSize, Value: -1, Limit: 1000}},
		{"no limit now", slo.ReleasePolicy{MaxSize: p.MaxSize[1:]}, nil, slo.Allow, loop.GateReason{}},
	} {
		t.Run(tt.name, tt.run)
	}
}

func TestGateDependency(t *testing.T) {
	p := slo.ReleasePolicy{DependsOn: []slo.Dependency{{Service: "payments", Objectives: []string{"paid"}, MinRemaining: slo.NewDecimal(1, 1), MaxBurn: []slo.BurnLimit{{Burn: slo.NewDecimal(10, 0), Window: time.Hour}}, Verdict: slo.Hold}}}
	paid := func(do func(*budget.State)) func(*loop.GateView, *loop.GateQuestion) {
		return func(v *loop.GateView, _ *loop.GateQuestion) { do(&v.Report.States[1]) }
	}
	for _, tt := range []releaseTest{
		{"well", p, nil, slo.Allow, loop.GateReason{}},
		{"short of budget", p, paid(func(s *budget.State) { s.Remaining = 0.05 }), slo.Hold, loop.GateReason{Code: loop.GateDependency, Value: 0.05, Limit: 0.1}},
		{"burning", p, paid(func(s *budget.State) {
			s.Windows = []budget.Window{{Length: time.Hour, Counts: sli.Counts{Good: 700 * sli.Event, Bad: 200 * sli.Event, Covered: time.Hour}, Burn: 22, Known: true}}
		}), slo.Hold, loop.GateReason{Code: loop.GateDependency, Value: 22, Limit: 10}},
		{"out of sight", p, paid(func(s *budget.State) { s.Status = budget.NoData }), slo.Hold, loop.GateReason{Code: loop.GateNoData}},
		{"too few events to judge", p, paid(func(s *budget.State) { s.Status, s.Remaining = budget.TooFew, -1 }), slo.Allow, loop.GateReason{}},
	} {
		t.Run(tt.name, tt.run)
	}
}

func TestGateIncident(t *testing.T) {
	alert := func(a loop.Alert) func(*loop.GateView, *loop.GateQuestion) {
		return func(v *loop.GateView, _ *loop.GateQuestion) { v.Report.Alerts = []loop.Alert{a} }
	}
	page := loop.Alert{Name: "fast-burn", Objective: "fast", Service: "shop", Severity: "Page", Phase: loop.AlertFiring, Fired: noon.Add(-time.Minute)}
	ended, ticket, others := page, page, page
	ended.Phase, ticket.Severity, others.Service, others.Objective = loop.AlertResolved, "ticket", "payments", "paid"
	p := slo.ReleasePolicy{Incidents: &slo.Incidents{Severities: []string{"page"}, Verdict: slo.Deny}}
	for _, tt := range []releaseTest{
		{"an alert fires", p, alert(page), slo.Deny, loop.GateReason{Code: loop.GateIncident, Value: 60}},
		{"a fix passes it", p, func(v *loop.GateView, q *loop.GateQuestion) { alert(page)(v, q); q.Change = "fix" }, slo.Allow, loop.GateReason{Code: loop.GateExempt}},
		{"it has ended", p, alert(ended), slo.Allow, loop.GateReason{}},
		{"of another severity", p, alert(ticket), slo.Allow, loop.GateReason{}},
		{"of another service", p, alert(others), slo.Allow, loop.GateReason{}},
		{"incidents are not judged", slo.ReleasePolicy{}, alert(page), slo.Allow, loop.GateReason{}},
	} {
		t.Run(tt.name, tt.run)
	}
}

func TestGateCalendar(t *testing.T) {
	on := func(from, to time.Duration) slo.Calendar {
		return slo.Calendar{Name: fmt.Sprint(from), Windows: []slo.Stretch{{From: noon.Add(from), To: noon.Add(to)}}}
	}
	now, later := on(-time.Hour, time.Hour), on(2*time.Hour, 3*time.Hour)
	for _, tt := range []releaseTest{
		{"denied now", slo.ReleasePolicy{DenyDuring: []slo.Calendar{now}}, nil, slo.Deny, loop.GateReason{Code: loop.GateCalendar, Value: 1, Until: noon.Add(time.Hour)}},
		{"denied later", slo.ReleasePolicy{DenyDuring: []slo.Calendar{later}}, nil, slo.Allow, loop.GateReason{}},
		{"allowed now", slo.ReleasePolicy{AllowDuring: []slo.Calendar{later, now}}, nil, slo.Allow, loop.GateReason{}},
		{"allowed later", slo.ReleasePolicy{AllowDuring: []slo.Calendar{on(9*time.Hour, 10*time.Hour), later}}, nil, slo.Deny, loop.GateReason{Code: loop.GateCalendar, Until: noon.Add(2 * time.Hour)}},
		{"allowed never", slo.ReleasePolicy{AllowDuring: []slo.Calendar{on(-9*time.Hour, -8*time.Hour)}}, nil, slo.Deny, loop.GateReason{Code: loop.GateCalendar}},
		{"deny beats allow", slo.ReleasePolicy{AllowDuring: []slo.Calendar{now}, DenyDuring: []slo.Calendar{now}}, nil, slo.Deny, loop.GateReason{Code: loop.GateCalendar, Value: 1, Until: noon.Add(time.Hour)}},
		{"a security fix passes", slo.ReleasePolicy{DenyDuring: []slo.Calendar{now}}, func(_ *loop.GateView, q *loop.GateQuestion) { q.Change = "security" }, slo.Allow, loop.GateReason{Code: loop.GateExempt}},
	} {
		t.Run(tt.name, tt.run)
	}
}

func TestGateRisk(t *testing.T) {
	limit := func(usual, worst slo.Decimal) slo.ReleasePolicy {
		return slo.ReleasePolicy{Risk: &slo.RiskLimit{Usual: usual, Worst: worst, Verdict: slo.Hold}}
	}
	half, tenth := slo.NewDecimal(5, 1), slo.NewDecimal(1, 1)
	for _, tt := range []releaseTest{
		{"little", limit(half, slo.Decimal{}), nil, slo.Allow, loop.GateReason{}},
		{"usually too much", limit(tenth, slo.Decimal{}), nil, slo.Hold, loop.GateReason{Code: loop.GateRisk, Value: 0.1, Limit: tenth.Float() * 0.8}},
		{"too much at worst", limit(half, half), nil, slo.Hold, loop.GateReason{Code: loop.GateRisk, Value: 0.5, Limit: 0.4}},
		{"nothing is left", limit(half, slo.Decimal{}), func(v *loop.GateView, _ *loop.GateQuestion) { v.Risks[0].Remaining = -0.1 }, slo.Hold, loop.GateReason{Code: loop.GateRisk, Value: 0.1}},
		{"too few to learn from", limit(tenth, half), func(v *loop.GateView, _ *loop.GateQuestion) { v.Risks[0].Known = false }, slo.Allow, loop.GateReason{}},
		{"told, not judged", slo.ReleasePolicy{}, nil, slo.Allow, loop.GateReason{}},
	} {
		t.Run(tt.name, tt.run)
	}
	if a := loop.Gate(releasing(slo.ReleasePolicy{}), loop.GateQuestion{Service: "shop", At: noon}); len(a.Risks) != 1 || a.Risks[0].Usual != 0.1 {
		t.Errorf("the risk is not told: %+v", a.Risks)
	}
}

// TestGateScope: the policy that says most about a release decides; where the
// release does not say what policies go by, the strictest that may be meant.
func TestGateScope(t *testing.T) {
	denies := func(name string, environments, regions, changes []string) slo.ReleasePolicy {
		return slo.ReleasePolicy{Name: name, Service: "shop", Version: "of " + name, Environments: environments, Regions: regions, Changes: changes,
			HasMin: name != "any", MinRemaining: slo.NewDecimal(9, 1)}
	}
	v := view()
	v.Set.Policies = []slo.ReleasePolicy{
		denies("any", nil, nil, nil), denies("eu", nil, []string{"eu"}, nil), denies("prod", []string{"prod", "canary"}, nil, nil),
		denies("prod-config", []string{"prod"}, nil, []string{"config"}),
	}
	for _, tt := range []struct{ environment, region, change, policy string }{
		{"staging", "us", "feature", "any"},
		{"staging", "eu", "feature", "eu"},
		{"prod", "eu", "feature", "prod"}, // an environment says more than a region
		{"canary", "us", "config", "prod"},
		{"prod", "us", "config", "prod-config"},
		{"staging", "", "feature", "eu"}, // may be in eu
		{"", "us", "feature", "prod"},
	} {
		a := loop.Gate(v, loop.GateQuestion{Service: "shop", Environment: tt.environment, Region: tt.region, Change: tt.change, At: noon})
		if a.Policy != tt.policy || a.Version != "of "+tt.policy || a.Allowed != (tt.policy == "any") {
			t.Errorf("%+v: judged by %s %q: %s", tt, a.Policy, a.Version, a.Words)
		}
	}
	v.Set.Policies = v.Set.Policies[2:3]
	if a := loop.Gate(v, loop.GateQuestion{Service: "shop", Environment: "staging", At: noon}); a.Policy != "default" || !a.Allowed {
		t.Errorf("no policy is about it: judged by %s: %s", a.Policy, a.Words)
	}
}

// TestGateMayChange: all reasons of the verdict have to end.
func TestGateMayChange(t *testing.T) {
	v := releasing(slo.ReleasePolicy{MinInterval: time.Hour, DenyDuring: []slo.Calendar{{Windows: []slo.Stretch{{From: noon, To: noon.Add(2 * time.Hour)}}}}})
	v.Report.Orders = []loop.Order{{Kind: loop.OrderFreeze, Target: "shop", By: "ann", Why: "audit", At: noon, Until: noon.Add(time.Hour)}}
	if a := loop.Gate(v, loop.GateQuestion{Service: "shop", At: noon}); !a.MayChangeAt.Equal(noon.Add(2 * time.Hour)) {
		t.Errorf("may change at %s: %+v", a.MayChangeAt, a.Reasons)
	}
	if a := loop.Gate(v, loop.GateQuestion{Service: "shop", Change: "rollback", At: noon}); !a.MayChangeAt.IsZero() {
		t.Errorf("an allowance changes at %s", a.MayChangeAt)
	}
}

package web_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// asked is what the gate of a server says of checkout.
func asked(t *testing.T, s *web.Server, query string) (a client.Answer) {
	t.Helper()
	decode(t, get(t, s.Handler(), "/v1/gate/checkout"+query), &a)
	return a
}

func has(a client.Answer, code string) bool {
	return slices.ContainsFunc(a.Reasons, func(r client.Reason) bool { return r.Code == code })
}

// TestGateRemembersReleases: the gate judges a release by those that other
// servers were told of, once it has looked back, and at once by those that it
// was told of itself.
func TestGateRemembersReleases(t *testing.T) {
	w, b := newWorld(), &deployBook{}
	w.set.Policies = []slo.ReleasePolicy{{Name: "apart", Service: "checkout", MinInterval: time.Hour}}
	cfg := w.config()
	cfg.Deploys = b
	s := web.New(cfg)
	now := time.Now().Truncate(tick)
	w.play(now, now, calm, nil)
	if a := asked(t, s, ""); a.Verdict != client.Hold || !has(a, loop.GateNoData) || !a.Degraded {
		t.Errorf("before the first look: %s %+v", a.Verdict, a.Reasons)
	}
	look := func() error { return s.LookBack(context.Background(), time.Now()) }
	if err := look(); err != nil {
		t.Fatal(err)
	}
	if a := asked(t, s, "?region=eu&size=7"); !a.Allowed || a.Region != "eu" || a.Size == nil || *a.Size != 7 {
		t.Errorf("nothing went before: %+v", a)
	}
	b.all = []loop.Deploy{{ID: "x", Service: "checkout", Release: "v1", Environment: "prod", At: now.Add(-2 * time.Hour)}}
	if err := look(); err != nil || !asked(t, s, "").Allowed {
		t.Errorf("two hours ago is long enough (%v)", err)
	}
	if a := tell(t, s, `{"service":"checkout","release":"v2","environment":"prod"}`); a.code != 201 {
		t.Fatalf("told: %d %s", a.code, a.body)
	}
	a := asked(t, s, "?environment=prod&release=v3")
	if a.Verdict != client.Hold || !has(a, loop.GateTooSoon) || time.Until(a.MayChangeAt) < 50*time.Minute {
		t.Errorf("after v2: %s, may change at %s: %+v", a.Verdict, a.MayChangeAt, a.Reasons)
	}
	if a := asked(t, s, "?environment=staging"); !a.Allowed {
		t.Errorf("elsewhere: %s", a.Words)
	}
	b.down = errors.New("gone")
	if err := look(); err == nil {
		t.Error("a look at a ledger that is down has no error")
	}
}

// TestGateTellsRisk: the answer says what releases usually burn, and a policy
// may hold because of it.
func TestGateTellsRisk(t *testing.T) {
	now := time.Now().Truncate(time.Minute)
	b, s := bookkeeping(now.Add(-15 * time.Hour))
	for i, release := range []string{"v1", "v2", "v3"} {
		b.all = append([]loop.Deploy{{ID: release, Service: "checkout", Release: release, At: now.Add(time.Duration(5*i-15) * time.Hour)}}, b.all...)
	}
	if err := s.LookBack(context.Background(), now); err != nil {
		t.Fatal(err)
	}
	a := asked(t, s, "")
	if len(a.Risks) != 2 || a.Risks[0].Deploys != 3 || a.Risks[0].Worst == 0 || a.Risks[0].Words == "" {
		t.Errorf("risks: %+v", a.Risks)
	}
}

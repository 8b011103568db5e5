package web_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// A leasing is a server over retry contracts whose report the test writes.
type leasing struct {
	report loop.Report
	server *web.Server
}

func newLeasing(t *testing.T) *leasing {
	t.Helper()
	set, problems := slo.Load([]slo.File{{Name: "retries.yaml", Data: []byte(`
apiVersion: openslo/v1
kind: Service
metadata: {name: shop}
spec: {}
---
apiVersion: setpoint.dev/v1
kind: Actuator
metadata: {name: shop-retries}
spec: {service: shop, type: retry, safe: careful, lease: 30s, retry: {herd: {clients: 5000, headroom: 100}}}
---
apiVersion: setpoint.dev/v1
kind: Actuator
metadata: {name: batch-to-shop}
spec: {service: shop, type: retry, retry: {callers: [batch]}}
---
apiVersion: setpoint.dev/v1
kind: Actuator
metadata: {name: shop-tenants}
spec: {type: quota, rest: 1, tight: 0.5, quota: {capacity: 100, gates: 2, tenants: [{name: acme, guarantee: 10, ceiling: 50}]}}
`)}}, nil)
	if set == nil {
		t.Fatal(problems)
	}
	l := &leasing{}
	l.server = web.New(web.Config{Set: func() *slo.Set { return set }, Report: func() loop.Report { return l.report }, Lease: func(a slo.Actuator, epoch int64, ask client.LeaseAsk, _ time.Time) (client.Lease, error) {
		if ask.Gate == "third" {
			return client.Lease{}, web.ErrGates
		}
		return client.Lease{Capacity: ask.Wants, Seconds: a.LeaseFor().Seconds()}, nil
	}})
	l.report = loop.Report{At: time.Now(), Set: set, Leader: true, Term: loop.Term{Epoch: 7}, Settings: []loop.Setting{
		{Actuator: "shop-retries", Service: "shop", Mode: slo.Act, Kind: "retry", Value: 2, Tight: 2, At: time.Now()},
		{Actuator: "batch-to-shop", Service: "shop", Mode: slo.Act, Kind: "retry", Tight: 2, At: time.Now()},
		{Actuator: "shop-tenants", Mode: slo.Act, Kind: "quota", Value: 0.7, Rest: 1, Tight: 0.5, At: time.Now()},
	}}
	return l
}

func (l *leasing) get(t *testing.T, path string) client.Setting {
	t.Helper()
	var s client.Setting
	a := get(t, l.server.Handler(), path)
	if a.code != http.StatusOK {
		t.Fatalf("%s: %d", path, a.code)
	}
	decode(t, a, &s)
	return s
}

func TestRetryContract(t *testing.T) {
	l := newLeasing(t)
	s := l.get(t, "/v1/retry/shop?caller=web")
	none := client.Retry{Level: "none", Attempts: 1, Base: 0.1, Cap: 10, Spread: 50, DropExpired: true}
	careful := client.Retry{Level: "careful", Attempts: 2, Budget: 0.03, Base: 0.1, Cap: 10, Spread: 50, DropExpired: true}
	if diff := cmp.Diff([]client.Retry{none, careful}, []client.Retry{*s.Retry, *s.SafeRetry}); diff != "" || s.Lease != 30 || s.Safe != 1 || s.Epoch != 7 || s.Held {
		t.Errorf("%+v (-want +got):\n%s", s, diff)
	}
	for path, want := range map[string]string{"/v1/retry/shop": "shop-retries", "/v1/retry/shop?caller=batch": "batch-to-shop", "/v1/settings/batch-to-shop": "batch-to-shop"} {
		if got := l.get(t, path).Actuator; got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if a := get(t, l.server.Handler(), "/v1/retry/web"); a.code != http.StatusNotFound {
		t.Errorf("a service without a contract: %d", a.code)
	}
}

// TestHeld tells those who enforce when they must not act, and has a follower
// not speak for the leader.
func TestHeld(t *testing.T) {
	l := newLeasing(t)
	for name, c := range map[string]struct {
		mode  slo.Mode
		order *loop.Order
		want  bool
	}{
		"act":                       {slo.Act, nil, false},
		"ask":                       {slo.Ask, nil, false},
		"observe":                   {slo.Observe, nil, true},
		"no loop":                   {"", nil, true},
		"observe, pinned":           {slo.Observe, &loop.Order{Kind: loop.OrderPin, Target: "shop-retries"}, false},
		"stopped":                   {slo.Act, &loop.Order{Kind: loop.OrderStop, Target: "*"}, true},
		"stopped by service":        {slo.Act, &loop.Order{Kind: loop.OrderStop, Target: "shop"}, true},
		"stopped elsewhere":         {slo.Act, &loop.Order{Kind: loop.OrderStop, Target: "web"}, false},
		"stopped where it observes": {slo.Observe, &loop.Order{Kind: loop.OrderStop, Target: "shop-retries"}, true},
	} {
		l.report.Settings[0].Mode, l.report.Orders = c.mode, nil
		if c.order != nil {
			l.report.Orders = []loop.Order{*c.order}
		}
		if got := l.get(t, "/v1/settings/shop-retries").Held; got != c.want {
			t.Errorf("%s: held %v, want %v", name, got, c.want)
		}
	}
	l.report.Leader = false
	if got := l.get(t, "/v1/settings/shop-retries").Epoch; got != 0 {
		t.Errorf("a follower speaks for epoch %d", got)
	}
}

// TestStopWakes tells those who wait of a stop at once, before the next tick.
func TestStopWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := web.New(w.config())
		w.play(time.Now(), time.Now(), calm, nil)
		tag := get(t, s.Handler(), "/v1/settings/reporting-timeout").header.Get("ETag")
		time.Sleep(time.Second)
		waits := wait(s, "/v1/settings/reporting-timeout?wait=30s", tag)
		synctest.Wait()
		defer waits.cancel()
		if a := post(t, s.Handler(), "/v1/orders", `{"kind":"stop","target":"*","by":"ann","why":"enough"}`); a.code >= 300 {
			t.Fatalf("stop: %d %s", a.code, a.body)
		}
		synctest.Wait()
		var v client.Setting
		if !waits.answered() || waits.recorder.Code != http.StatusOK {
			t.Fatalf("answered %v, status %d", waits.answered(), waits.recorder.Code)
		}
		decode(t, answer{body: waits.recorder.Body.String()}, &v)
		if !v.Held {
			t.Errorf("%+v, want held", v)
		}
	})
}

func TestQuotaLease(t *testing.T) {
	l := newLeasing(t)
	s := l.get(t, "/v1/settings/shop-tenants")
	want := &client.Quota{Capacity: 100, Gates: 2, Header: "X-Tenant", Others: client.Tenant{Ceiling: 100, Weight: 1}, Tenants: []client.Tenant{{Name: "acme", Guarantee: 10, Ceiling: 50, Weight: 1}}}
	if diff := cmp.Diff(want, s.Quota); diff != "" || s.Value != 0.7 {
		t.Errorf("%+v (-want +got):\n%s", s, diff)
	}
	ask := func(name, body string) answer {
		return post(t, l.server.Handler(), "/v1/quota/"+name+"/lease", body)
	}
	var got client.Lease
	decode(t, ask("shop-tenants", `{"gate":"a","wants":40}`), &got)
	if want := (client.Lease{Capacity: 40, Seconds: 60, Epoch: 7}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	refused := func(why string, code int, a answer) {
		t.Helper()
		if a.code != code {
			t.Errorf("%s: status %d %s, want %d", why, a.code, a.body, code)
		}
	}
	refused("one too many", 409, ask("shop-tenants", `{"gate":"third"}`))
	refused("more than there is", 422, ask("shop-tenants", `{"gate":"a","has":101}`))
	refused("less than nothing", 422, ask("shop-tenants", `{"gate":"a","wants":-1}`))
	refused("no gate", 422, ask("shop-tenants", `{}`))
	refused("no quota", 404, ask("shop-retries", `{"gate":"a"}`))
	l.report.LedgerErr = errors.New("down")
	refused("perhaps not the leader", 503, ask("shop-tenants", `{"gate":"a"}`))
	l.report.LedgerErr, l.report.Leader = nil, false
	refused("not the leader", 503, ask("shop-tenants", `{"gate":"a"}`))
}

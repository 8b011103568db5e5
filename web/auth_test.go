package web_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-chi/chi/v5"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// callers are who may ask of a server that asks who they are, by their keys.
func callers() map[string]web.Caller {
	return map[string]web.Caller{
		"key-read":  {Name: "eve", Scopes: []web.Scope{web.ScopeRead}},
		"key-gate":  {Name: "ci", Scopes: []web.Scope{web.ScopeGate}},
		"key-shop":  {Name: "ben", Scopes: []web.Scope{web.ScopeRead, web.ScopeOverride}, Teams: []string{"shop"}},
		"key-all":   {Name: "cleo", Scopes: []web.Scope{web.ScopeOverride}, Teams: []string{"*"}},
		"key-admin": {Name: "ann", Scopes: []web.Scope{web.ScopeAdmin}},
	}
}

// guarded is a server in an incident that asks who calls. checkout belongs to
// the team shop.
func guarded(more ...func(*web.Config)) (*world, http.Handler) {
	w := newWorld()
	w.set.Services[0].Labels = map[string]string{"team": "shop"}
	cfg := w.config()
	cfg.Caller = func(_ context.Context, key slo.Secret, _ time.Time) (web.Caller, error) {
		if key.Reveal() == "key-away" {
			return web.Caller{}, errors.New("the ledger is out of reach, password=hunter2")
		}
		c, ok := callers()[key.Reveal()]
		if !ok {
			return c, web.ErrNobody
		}
		return c, nil
	}
	for _, change := range more {
		change(&cfg)
	}
	s := web.New(cfg)
	now := time.Now().Truncate(tick)
	w.play(now.Add(-time.Minute), now, calm, nil)
	return w, s.Handler()
}

// open are the routes that answer everybody.
func open() []string {
	return []string{"/assets/{file}", "/healthz", "/readyz", "/openapi.json", "/v1/hooks/{tool}", "/login", "/login/oidc", "/login/callback", "/logout"}
}

// TestEveryRouteAsks walks all routes, by all methods and ways to write a
// path: without a key, and with the key of another scope, each is refused.
func TestEveryRouteAsks(t *testing.T) {
	w, h := guarded()
	fill := strings.NewReplacer("{name}", "checkout-latency", "{id}", "none", "{service}", "checkout", "{actuator}", "reporting-timeout", "{kind}", "stop", "{file}", "style.css", "{hook}", "confirm-rollout")
	asked := 0
	err := chi.Walk(h.(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		free := false
		for _, o := range open() {
			free = free || o == route
		}
		if free {
			return nil
		}
		asked++
		path := fill.Replace(route)
		for _, p := range []string{path, path + "/", path + "?key=key-admin", path + "?token=key-admin"} {
			for key, want := range map[string]int{"": 401, "Bearer nobody": 401, "Bearer ": 401, "Basic !": 401, "key-admin": 401, "Bearer key-none": 401} {
				if a := do(t, h, method, p, `{"kind":"stop","by":"a","why":"b"}`, "Authorization", key, "Content-Type", "application/json"); a.code != want && a.code != 429 {
					t.Errorf("%s %s with %q: status %d, want %d", method, p, key, a.code, want)
				}
			}
		}
		return nil
	})
	if err != nil || asked < 20 || len(w.orders) > 0 {
		t.Errorf("asked %d routes: %v; orders %v", asked, err, w.orders)
	}
	for _, trick := range []string{"//v1/status", "/v1//status", "/v1/status;x", "/v1/status%2f", "/./v1/status", "/v1/../v1/status", "/V1/status", "/v1/status."} {
		for _, method := range []string{"GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "POST"} {
			if a := do(t, h, method, trick, "", "X-HTTP-Method-Override", "GET", "X-Original-URL", "/v1/status"); a.code < 400 || strings.Contains(a.body, "checkout") {
				t.Errorf("%s %s: status %d: %.200s", method, trick, a.code, a.body)
			}
		}
	}
}

// TestScopes lets each caller do what their scopes say, and no more.
func TestScopes(t *testing.T) {
	_, h := guarded()
	for _, c := range []struct {
		key, path string
		code      int
	}{
		{"key-read", "/v1/status", 200}, {"key-read", "/", 200}, {"key-read", "/metrics", 200}, {"key-read", "/v1/gate/checkout", 403},
		{"key-gate", "/v1/gate/checkout", 200}, {"key-gate", "/v1/gate/argo/checkout", 200}, {"key-gate", "/v1/status", 403}, {"key-gate", "/", 403}, {"key-gate", "/metrics", 403},
		{"key-all", "/v1/status", 403}, {"key-admin", "/v1/status", 200}, {"key-admin", "/v1/gate/checkout", 200}, {"key-away", "/v1/status", 503},
	} {
		a := get(t, h, c.path, "Authorization", "Bearer "+c.key)
		if a.code != c.code {
			t.Errorf("%s %s: status %d, want %d: %.200s", c.key, c.path, a.code, c.code, a.body)
		}
		if strings.Contains(a.body, "key-") || strings.Contains(a.body, "hunter2") {
			t.Errorf("%s %s: the answer holds a secret: %.300s", c.key, c.path, a.body)
		}
	}
}

// TestCredentials takes a key in each form that delivery tools can send.
func TestCredentials(t *testing.T) {
	_, h := guarded()
	basic := func(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }
	for _, form := range [][2]string{
		{"Authorization", "Bearer key-gate"}, {"Authorization", "bearer key-gate"}, {"Authorization", basic("flagger:key-gate")}, {"Authorization", basic("key-gate:")},
		{"DD-API-KEY", "key-gate"}, {"X-Gitlab-Token", "key-gate"},
	} {
		if a := get(t, h, "/v1/gate/checkout", form[0], form[1]); a.code != 200 {
			t.Errorf("%s: %s: status %d: %s", form[0], form[1], a.code, a.body)
		}
	}
	a := get(t, h, "/v1/gate/checkout")
	var p client.Problem
	decode(t, a, &p)
	if a.code != 401 || p.Code != "unauthenticated" || a.header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("without a key: status %d, %+v, %v", a.code, p, a.header)
	}
	if a := get(t, h, "/"); a.code != 401 || !strings.Contains(a.body, `action="/login"`) || strings.Contains(a.body, "leads, epoch") {
		t.Errorf("page without a key: status %d, %v: %s", a.code, a.header, a.body)
	}
}

// TestTeams has orders taken from those to whose teams they are about, under
// the name of who gave them, whatever name they wrote.
func TestTeams(t *testing.T) {
	for _, c := range []struct {
		key, order string
		code       int
		says       string
	}{
		{"key-shop", `{"kind":"override","target":"checkout","why":"w","for":"1h"}`, 201, ""},
		{"key-shop", `{"kind":"freeze","target":"checkout","by":"someone else","why":"w"}`, 201, ""},
		{"key-shop", `{"kind":"pin","target":"reporting-timeout","why":"w","setting":7,"for":"1h"}`, 201, ""},
		{"key-shop", `{"kind":"stop","target":"reporting-timeout","why":"w"}`, 201, ""},
		{"key-shop", `{"kind":"override","target":"reporting","why":"w","for":"1h"}`, 403, "nobody says whose reporting is"},
		{"key-shop", `{"kind":"stop","why":"w"}`, 403, "all teams"},
		{"key-all", `{"kind":"stop","why":"w"}`, 201, ""},
		{"key-all", `{"kind":"freeze","target":"reporting","why":"w"}`, 201, ""},
		{"key-admin", `{"kind":"stop","why":"w"}`, 201, ""},
		{"key-read", `{"kind":"stop","target":"checkout","why":"w"}`, 403, "scope override"},
		{"key-gate", `{"kind":"stop","target":"checkout","why":"w"}`, 403, "scope"},
	} {
		w, h := guarded()
		a := do(t, h, "POST", "/v1/orders", c.order, "Content-Type", "application/json", "Authorization", "Bearer "+c.key)
		if a.code != c.code || !strings.Contains(a.body, c.says) {
			t.Errorf("%s %s: status %d: %s", c.key, c.order, a.code, a.body)
		}
		if taken := len(w.orders) == 1; taken != (c.code == 201) || taken && w.orders[0].By != callers()[c.key].Name {
			t.Errorf("%s %s: orders %+v", c.key, c.order, w.orders)
		}
	}
}

// TestRates bounds what one caller and one address may ask, and says when to
// come again. Others are not slowed down by it.
func TestRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, h := guarded(func(c *web.Config) { c.Rate = 5 })
		ask := func(key string) answer { return get(t, h, "/v1/gate/checkout", "Authorization", "Bearer "+key) }
		codes := map[int]int{}
		for range 15 {
			codes[ask("key-gate").code]++
		}
		if codes[200] != 10 || codes[429] != 5 {
			t.Errorf("15 questions at once: %v", codes)
		}
		a := ask("key-gate")
		var p client.Problem
		decode(t, a, &p)
		if p.Code != "too-many-requests" || a.header.Get("Retry-After") != "1" {
			t.Errorf("%+v, Retry-After %q", p, a.header.Get("Retry-After"))
		}
		if a := ask("key-admin"); a.code != 200 {
			t.Errorf("another caller: status %d", a.code)
		}
		time.Sleep(time.Second)
		for i, want := range []int{200, 200, 200, 200, 200, 429} {
			if a := ask("key-gate"); a.code != want {
				t.Errorf("question %d a second later: status %d, want %d", i, a.code, want)
			}
		}
		clear(codes)
		for range 40 {
			codes[get(t, h, "/v1/gate/checkout", "X-Forwarded-For", "10.0.0.1").code]++
		}
		if codes[401] != 30 || codes[429] != 10 {
			t.Errorf("40 questions without a key: %v", codes)
		}
	})
}

// TestOpenRates bounds each address where nobody is asked who they are.
func TestOpenRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		cfg := w.config()
		cfg.Rate = 2
		h := web.New(cfg).Handler()
		codes := map[int]int{}
		for i := range 10 {
			codes[get(t, h, "/v1/status", "X-Forwarded-For", strings.Repeat("1", i+1), "X-Real-IP", strings.Repeat("2", i+1)).code]++
		}
		if codes[200] != 4 || codes[429] != 6 {
			t.Errorf("10 questions at once: %v", codes)
		}
	})
}

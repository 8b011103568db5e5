package web_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/go-chi/chi/v5"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// routes calls visit with each way to ask of a server, its path filled in.
func routes(t *testing.T, h http.Handler, visit func(method, path string)) {
	t.Helper()
	fill := strings.NewReplacer("{name}", "checkout-latency", "{id}", "none", "{service}", "checkout", "{actuator}", "reporting-timeout", "{kind}", "stop", "{file}", "style.css", "{hook}", "confirm-rollout", "{token}", "none", "{tool}", "github")
	err := chi.Walk(h.(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		visit(method, fill.Replace(route))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestEveryOrderIsOurOwn has another site's page send a form to each address
// that takes something, in the browser of somebody who may do everything.
func TestEveryOrderIsOurOwn(t *testing.T) {
	w, h := guarded()
	w.orders = nil
	asked := 0
	routes(t, h, func(method, path string) {
		if method == http.MethodGet || method == http.MethodHead {
			return
		}
		asked++
		for _, site := range [][]string{{"Origin", "https://evil.example"}, {"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}} {
			a := do(t, h, method, path, "kind=stop&why=w&confirm=yes&token=key-read", append(site, "Content-Type", "application/x-www-form-urlencoded", "Cookie", "setpoint=key-admin")...)
			if a.code != 403 || !strings.Contains(a.body, "another site") || len(a.header["Set-Cookie"]) > 0 {
				t.Errorf("%s %s from %s: status %d: %.200s", method, path, site, a.code, a.body)
			}
		}
	})
	if asked < 10 || len(w.orders) > 0 {
		t.Errorf("asked %d, orders %v", asked, w.orders)
	}
}

// TestRebindingReadsNothing has a site lead its own name here, where nobody is
// asked who they are: its page, of the same origin for the browser, sees
// nothing. Programs by another name and people by the server's own do.
func TestRebindingReadsNothing(t *testing.T) {
	w := newWorld()
	cfg := w.config()
	cfg.URL = "https://setpoint.example"
	h := web.New(cfg).Handler()
	status := func(host string, headers ...string) answer {
		r := newPost("/v1/status", host, "", headers...)
		r.Method = http.MethodGet
		return serve(h, r)
	}
	over, end := context.WithCancel(t.Context())
	end() // what goes on for good ends at once, if it begins
	for _, browser := range [][]string{{"User-Agent", "Mozilla/5.0 (X11)"}, {"Accept-Language", "de"}, {"Sec-Fetch-Site", "same-origin"}, {"Origin", "http://evil.example:8321"}} {
		asked := 0
		routes(t, h, func(method, path string) {
			asked++
			r := newPost(path, "evil.example:8321", "", browser...).WithContext(over)
			r.Method = method
			if a := serve(h, r); a.code != 403 || strings.Contains(a.body, "checkout") {
				t.Errorf("%s %s by %s: status %d", method, path, browser, a.code)
			}
		})
		for _, host := range []string{"127.0.0.1:8321", "localhost:8321", "[::1]:8321", "setpoint.example"} {
			if a := status(host, browser...); a.code != 200 && browser[0] != "Origin" {
				t.Errorf("by %s to %s: status %d", browser, host, a.code)
			}
		}
		if asked < 20 {
			t.Errorf("asked %d", asked)
		}
	}
	if a := status("setpoint.internal", "User-Agent", "curl/8"); a.code != 200 {
		t.Errorf("a program: status %d", a.code)
	}
}

// TestLoginRates bounds how often an address has the identity provider asked.
func TestLoginRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, h := guarded(func(c *web.Config) { c.Sessions.Provider = &web.Provider{HTTP: &http.Client{}, Issuer: "none"} })
		for _, path := range []string{"/login/oidc", "/login/callback?code=a&state=b"} {
			codes := map[int]int{}
			for range 20 {
				codes[get(t, h, path, "X-Forwarded-For", "10.0.0.1").code]++
			}
			if path == "/login/oidc" && codes[429] != 0 || path != "/login/oidc" && codes[429] != 10 {
				t.Errorf("%s: %v", path, codes)
			}
		}
	})
}

// TestHookRates bounds how often an address may guess at a signature; who has
// the secret is not slowed down by that.
func TestHookRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := newWorld().config()
		cfg.Callbacks, cfg.Hooks = &callbacks{}, map[string]web.Hook{"github": &web.GitHub{Secrets: []slo.Secret{hookSecret}}}
		s := web.New(cfg)
		codes := map[int]int{}
		for range 40 {
			codes[message(t, s, ruleMessage, "X-Hub-Signature-256", "sha256=00").code]++
		}
		if codes[401] != 30 || codes[429] != 10 {
			t.Errorf("40 guesses: %v", codes)
		}
		if a := message(t, s, ruleMessage, "X-Hub-Signature-256", "sha256="+mac(ruleMessage)); a.code != 200 {
			t.Errorf("signed: status %d: %s", a.code, a.body)
		}
	})
}

// TestErrorsStayInside tells callers of an error, and of a panic, that there
// was one; the log says more.
func TestErrorsStayInside(t *testing.T) {
	for name, order := range map[string]func() error{
		"error": func() error { return errors.New("dial tcp 10.0.0.7:5432: password=hunter2 of /srv/keys") },
		"panic": func() error { panic("10.0.0.7:5432 hunter2 /srv/keys") },
	} {
		logged := ""
		w := newWorld()
		w.down = errors.New("dial tcp 10.0.0.7:5432: password=hunter2 of /srv/keys")
		cfg := w.config()
		cfg.Order = func(context.Context, loop.Order) (bool, error) { return false, order() }
		cfg.Failed = func(err error) { logged += err.Error() }
		h := web.New(cfg).Handler()
		asProgram := do(t, h, "POST", "/v1/orders", `{"kind":"stop","by":"ann","why":"w"}`, "Content-Type", "application/json")
		asPerson := do(t, h, "POST", "/actions/stop", "by=ann&why=w&confirm=yes", "Content-Type", "application/x-www-form-urlencoded")
		for _, a := range []answer{asProgram, asPerson, get(t, h, "/v1/decisions"), get(t, h, "/decisions"), get(t, h, "/v1/decisions/export?format=csv")} {
			if a.code < 500 && a.code != 200 || strings.Contains(a.body, "hunter2") || strings.Contains(a.body, "10.0.0.7") || strings.Contains(a.body, "/srv/keys") || strings.Contains(a.body, "goroutine") {
				t.Errorf("%s: status %d: %s", name, a.code, a.body)
			}
		}
		if !strings.Contains(logged, "10.0.0.7") {
			t.Errorf("%s: logged %q", name, logged)
		}
	}
}

package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"setpoint.dev/setpoint/web"
)

// TestRoutes asks every route that there is, with and without a slash at
// the end, before the first tick and in an incident: no redirect, no empty
// body, the right kind of content, and the headers that protect readers.
func TestRoutes(t *testing.T) {
	_, busy := incident(time.Minute)
	for name, s := range map[string]*web.Server{"starting": web.New(web.Config{}), "busy": busy} {
		h := s.Handler()
		routes := 0
		err := chi.Walk(h.(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
			if routes++; route == "/events" {
				return nil // does not end
			}
			path := strings.NewReplacer("{name}", "checkout-latency", "{id}", "none", "{service}", "checkout", "{actuator}", "reporting-timeout", "{kind}", "stop", "{file}", "style.css").Replace(route)
			for _, p := range []string{path, path + "/", path + "?unknown=parameter"} {
				checkAnswer(t, name, method, p, do(t, h, method, p, ""))
			}
			return nil
		})
		if err != nil || routes < 20 {
			t.Errorf("%s: walked %d routes: %v", name, routes, err)
		}
	}
}

func checkAnswer(t *testing.T, name, method, path string, a answer) {
	t.Helper()
	if a.code >= 300 && a.code < 400 || a.code == http.StatusNoContent {
		t.Errorf("%s: %s %s: status %d", name, method, path, a.code)
	}
	if a.body == "" && method != http.MethodHead {
		t.Errorf("%s: %s %s: status %d with an empty body", name, method, path, a.code)
	}
	want := "text/html; charset=utf-8"
	switch {
	case strings.HasPrefix(path, "/v1/"), strings.HasPrefix(path, "/api/"), strings.HasPrefix(path, "/healthz"), strings.HasPrefix(path, "/readyz"), strings.HasPrefix(path, "/openapi.json"):
		want = "application/json; charset=utf-8"
		if method != http.MethodHead && !json.Valid([]byte(a.body)) {
			t.Errorf("%s: %s %s: not JSON: %s", name, method, path, a.body)
		}
	case strings.HasPrefix(path, "/metrics"):
		want = "text/plain; version=0.0.4; charset=utf-8"
	case strings.HasPrefix(path, "/assets/"):
		want = "text/css; charset=utf-8"
	}
	if got := a.header.Get("Content-Type"); got != want {
		t.Errorf("%s: %s %s: content type %q, want %q", name, method, path, got, want)
	}
	checkHeaders(t, path, a.header)
}

func checkHeaders(t *testing.T, path string, h http.Header) {
	t.Helper()
	const csp = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	for name, want := range map[string]string{"Content-Security-Policy": csp, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin"} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %s %q, want %q", path, name, got, want)
		}
	}
}

// TestNotThere asks for what does not exist: programs get JSON, people get a
// page.
func TestNotThere(t *testing.T) {
	_, s := incident(time.Minute)
	h := s.Handler()
	for _, c := range []struct {
		method, path string
		code         int
		word         string
	}{
		{"GET", "/v1/nothing", 404, `"no-such-path"`},
		{"GET", "/v1/", 404, `"no-such-path"`},
		{"GET", "/v1/gate/", 400, `"no-service"`},
		{"POST", "/v1/gate", 400, `"no-service"`},
		{"GET", "//v1/gate/checkout", 404, `"no-such-path"`},
		{"GET", "/v1/gate/a/b", 404, `"no-such-path"`},
		{"DELETE", "/v1/gate/checkout", 405, `"wrong-method"`},
		{"HEAD", "/v1/gate/checkout", 405, ""},
		{"PUT", "/v1/gate/checkout", 405, `it takes GET, POST"`},
		{"OPTIONS", "/v1/gate/checkout/", 405, `it takes GET, POST"`},
		{"PATCH", "/v1/gate/argo/checkout", 405, `it takes GET, POST, PUT"`},
		{"GET", "/v1/objectives/nope", 404, `"unknown-objective"`},
		{"GET", "/v1/settings/nope", 404, `"unknown-setting"`},
		{"GET", "/v1/decisions/nope", 404, `"not-found"`},
		{"GET", "/nothing", 404, "nothing at this address"},
		{"GET", "/objectives/nope", 404, "there is no objective nope"},
		{"GET", "/decisions/nope", 404, "no such thing on record"},
		{"GET", "/assets/../server.go", 404, "nothing at this address"},
		{"GET", "/assets/%2e%2e%2fserver.go", 404, "no such"},
		{"GET", "/v1/settings/reporting-timeout?wait=soon", 400, `"bad-wait"`},
		{"GET", "/v1/decisions?limit=0", 400, `"bad-number"`},
		{"GET", "/v1/decisions?limit=501", 400, `"bad-number"`},
		{"GET", "/v1/decisions?from=monday", 400, `"bad-time"`},
		{"GET", "/v1/decisions?moves=maybe", 400, `"bad-flag"`},
		{"GET", "/v1/decisions?before=-1", 400, `"bad-number"`},
		{"GET", "/v1/gate/checkout?strict=perhaps", 400, `"bad-flag"`},
		{"GET", "/v1/gate/check%0aout", 400, `"unprintable"`},
		{"GET", "/v1/gate/checkout?release=%E2%80%AEevil", 400, `"unprintable"`},
		{"GET", "/v1/gate/" + strings.Repeat("a", 300), 400, `"too-long"`},
	} {
		a := do(t, h, c.method, c.path, "")
		if a.code != c.code || !strings.Contains(a.body, c.word) && c.method != "HEAD" {
			t.Errorf("%s %s: status %d, want %d with %q: %s", c.method, c.path, a.code, c.code, c.word, a.body)
		}
		if strings.HasPrefix(c.path, "/v1") && !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
			t.Errorf("%s %s: content type %q", c.method, c.path, a.header.Get("Content-Type"))
		}
	}
}

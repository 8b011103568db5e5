package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"setpoint.dev/setpoint/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// answering is a client of a real server that always answers the same.
func answering(t *testing.T, code int, kind, body string, headers ...string) client.Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(s.Close)
	return client.Client{URL: s.URL + "/", HTTP: s.Client()}
}

const allowed = `{"verdict":"allow","allowed":true,"service":"checkout","reasons":[{"code":"budget-left","verdict":"allow","value":0.7}],"dataAgeSeconds":3,"future":"field"}`

func TestGate(t *testing.T) {
	a, err := answering(t, 200, "application/json; charset=utf-8", allowed).Gate(t.Context(), client.Question{Service: "checkout"})
	if err != nil || !a.Allowed || a.Verdict != client.Allow || len(a.Reasons) != 1 || a.Reasons[0].Value != 0.7 || a.DataAge != 3 {
		t.Errorf("%+v, %v", a, err)
	}
	a, err = answering(t, 200, "application/json", `{"verdict":"hold","allowed":false,"service":"checkout"}`).Gate(t.Context(), client.Question{Service: "checkout"})
	if err != nil || a.Allowed || a.Verdict != client.Hold {
		t.Errorf("a hold is an answer: %+v, %v", a, err)
	}
}

// TestNoAnswer has everything that must not be taken for a yes.
func TestNoAnswer(t *testing.T) {
	for name, c := range map[string]client.Client{
		"nobody there":       {URL: "http://127.0.0.1:1"},
		"no address":         {URL: "http://[::1"},
		"redirect to login":  answering(t, 302, "text/html", "", "Location", "/login"),
		"redirect with JSON": answering(t, 307, "application/json", allowed, "Location", "/login"),
		"HTML":               answering(t, 200, "text/html", "<html>welcome</html>"),
		"JSON as HTML":       answering(t, 200, "text/html", allowed),
		"no content":         answering(t, 204, "application/json", ""),
		"empty":              answering(t, 200, "application/json", ""),
		"empty object":       answering(t, 200, "application/json", "{}"),
		"null":               answering(t, 200, "application/json", "null"),
		"half":               answering(t, 200, "application/json", allowed[:40]),
		"trailing":           answering(t, 200, "application/json", allowed+allowed),
		"unknown verdict":    answering(t, 200, "application/json", strings.ReplaceAll(allowed, `"allow"`, `"yes"`)),
		"contradiction":      answering(t, 200, "application/json", `{"verdict":"deny","allowed":true,"service":"checkout"}`),
		"not said":           answering(t, 200, "application/json", `{"verdict":"allow","service":"checkout"}`),
		"another service":    answering(t, 200, "application/json", strings.Replace(allowed, "checkout", "search", 1)),
		"not modified":       answering(t, 304, "application/json", ""),
		"partial content":    answering(t, 206, "application/json", allowed),
		"500 in HTML":        answering(t, 500, "text/html", "oops"),
		"502 without reason": answering(t, 502, "application/json", "{}"),
		"too much":           answering(t, 200, "application/json", `{"words":"`+strings.Repeat("x", 9<<20)+`"}`),
	} {
		a, err := c.Gate(t.Context(), client.Question{Service: "checkout"})
		if err == nil || a.Allowed || a.Verdict != "" {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
		if name != "no address" && !errors.Is(err, client.ErrNoAnswer) {
			t.Errorf("%s: %v does not wrap ErrNoAnswer", name, err)
		}
	}
}

// TestLoginPage does not follow a redirect to a page that would be a yes.
func TestLoginPage(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/login" {
			http.Redirect(w, r, "/login", http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, allowed)
	}))
	defer s.Close()
	for name, c := range map[string]client.Client{"default": {URL: s.URL}, "own": {URL: s.URL, HTTP: s.Client()}} {
		if a, err := c.Gate(t.Context(), client.Question{Service: "checkout"}); !errors.Is(err, client.ErrNoAnswer) || a.Allowed {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
}

// TestProblem hands on what the server says is wrong.
func TestProblem(t *testing.T) {
	c := answering(t, 503, "application/json", `{"error":"the first tick is not done","code":"not-ready","hint":"try again"}`)
	_, err := c.Gate(t.Context(), client.Question{Service: "checkout"})
	var p *client.Problem
	if !errors.As(err, &p) || p.Status != 503 || p.Code != "not-ready" || !strings.Contains(err.Error(), "the first tick is not done (try again)") {
		t.Errorf("%v", err)
	}
	if errors.Is(err, client.ErrNoAnswer) {
		t.Error("a problem is an answer")
	}
	if _, err := c.Gate(t.Context(), client.Question{}); err == nil {
		t.Error("a question about nothing was asked")
	}
}

// TestDeadline gives up when told, and by itself.
func TestDeadline(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer s.Close()
	defer close(release)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for name, c := range map[string]client.Client{
		"context": {URL: s.URL, HTTP: s.Client()},
		"client":  {URL: s.URL, HTTP: &http.Client{Timeout: 50 * time.Millisecond, Transport: s.Client().Transport}},
	} {
		on := ctx
		if name == "client" {
			on = t.Context()
		}
		if _, err := c.Gate(on, client.Question{Service: "checkout"}); !errors.Is(err, client.ErrNoAnswer) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestGive sends an order under an ID of its own, so that it can be sent
// again when no answer came.
func TestGive(t *testing.T) {
	var got []map[string]any
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var o map[string]any
		if err := json.NewDecoder(r.Body).Decode(&o); err != nil || r.Method != "POST" || r.URL.Path != "/v1/orders" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		got = append(got, o)
		if len(got) == 1 {
			http.Error(w, "gone", http.StatusBadGateway)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(202)
		_, _ = io.WriteString(w, `{"order":{"id":"x","kind":"stop"},"recorded":false,"words":"stopped"}`)
	}))
	defer s.Close()
	c := client.Client{URL: s.URL, HTTP: s.Client()}
	r, err := c.Stop(t.Context(), "ann", "wrong", true)
	if !errors.Is(err, client.ErrNoAnswer) || r.Order.ID == "" {
		t.Fatalf("%+v, %v", r, err)
	}
	again, err := c.Give(t.Context(), r.Order)
	if err != nil || again.Recorded || again.Words != "stopped" {
		t.Errorf("%+v, %v", again, err)
	}
	if len(got) != 2 || got[0]["id"] != got[1]["id"] || got[0]["target"] != "*" || got[0]["revert"] != true || got[0]["by"] != "ann" {
		t.Errorf("sent %v", got)
	}
}

// TestQueries asks for what the fields say, and escapes it.
func TestQueries(t *testing.T) {
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RequestURI())
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "{}")
	}))
	defer s.Close()
	c, ctx := client.Client{URL: s.URL + "///", HTTP: s.Client()}, t.Context()
	_, _ = c.Gate(ctx, client.Question{Service: "a/b c", Environment: "prod", Change: "fix", Release: "v1&x"})
	_, _ = c.Decisions(ctx, client.Filter{Actuator: "x", Moves: true, Before: 7, Limit: 3, From: time.Unix(0, 0), To: time.Unix(60, 0)})
	_, _ = c.Decisions(ctx, client.Filter{})
	_, _ = c.Decision(ctx, "1/2")
	_, _ = c.Setting(ctx, "a?b")
	_, _ = c.Settings(ctx)
	_, _ = c.Orders(ctx)
	_, _ = c.Status(ctx)
	_, _ = c.Objectives(ctx)
	_, _ = c.Objective(ctx, "o#1")
	want := []string{
		"/v1/gate/a%2Fb%20c?change=fix&environment=prod&release=v1%26x",
		"/v1/decisions?actuator=x&before=7&from=1970-01-01T00%3A00%3A00Z&limit=3&moves=1&to=1970-01-01T00%3A01%3A00Z",
		"/v1/decisions", "/v1/decisions/1%2F2", "/v1/settings/a%3Fb", "/v1/settings", "/v1/orders", "/v1/status", "/v1/objectives", "/v1/objectives/o%231",
	}
	if fmt.Sprint(asked) != fmt.Sprint(want) {
		t.Errorf("asked\n%s\nwant\n%s", strings.Join(asked, "\n"), strings.Join(want, "\n"))
	}
}

// FuzzAnswer reads any body: what is allowed says so twice and is about the
// service that was asked about.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{allowed, "{}", "null", `{"verdict":"allow","allowed":true,"service":"checkout","dataAgeSeconds":1e400}`, `{"Verdict":"allow"}`} {
		f.Add(200, seed)
	}
	f.Fuzz(func(t *testing.T, code int, body string) {
		c := client.Client{URL: "http://setpoint", HTTP: &http.Client{Transport: handled(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(min(max(code, 200), 599))
			_, _ = io.WriteString(w, body)
		})}}
		a, err := c.Gate(t.Context(), client.Question{Service: "checkout"})
		if err != nil && a.Verdict != "" || err == nil && (a.Service != "checkout" || a.Allowed != (a.Verdict == client.Allow)) {
			t.Fatalf("%+v, %v", a, err)
		}
	})
}

// handled is a transport without a network.
type handled http.HandlerFunc

func (h handled) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h(w, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	res := w.Result()
	res.Request = r
	return res, nil
}

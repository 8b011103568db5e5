package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// decode reads JSON and refuses fields that the client package lacks, so
// that what is served and what is read cannot drift apart.
func decode(t *testing.T, a answer, into any) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(a.body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		t.Fatalf("decode %T: %v\n%s", into, err, a.body)
	}
}

func TestGateAnswers(t *testing.T) {
	_, s := incident(time.Minute)
	h := s.Handler()
	for _, c := range []struct {
		path    string
		code    int
		verdict client.Verdict
		reason  string
	}{
		{"/v1/gate/checkout", 200, client.Deny, "frozen"},
		{"/v1/gate/checkout/", 200, client.Deny, "frozen"},
		{"/v1/gate/checkout?strict=1", 403, client.Deny, "frozen"},
		{"/v1/gate/checkout?strict", 403, client.Deny, "frozen"},
		{"/v1/gate/checkout?strict=0", 200, client.Deny, "frozen"},
		{"/v1/gate/checkout?change=rollback&strict=1", 200, client.Allow, "exempt-change"},
		{"/v1/gate/checkout?timeout=5s&environment=prod&release=v2", 200, client.Deny, "frozen"},
		{"/v1/gate/reporting", 200, client.Allow, "budget-left"},
		{"/v1/gate/nobody", 200, client.Hold, "unknown-service"},
		{"/v1/gate/nobody?strict=1", 409, client.Hold, "unknown-service"},
		{"/v1/gate/no%2Fbody/", 200, client.Hold, "unknown-service"},
		{"/v1/gate/no%2Fbody", 200, client.Hold, "unknown-service"},
		{"/v1/gate/%3Cscript%3E", 200, client.Hold, "unknown-service"},
	} {
		a := get(t, h, c.path)
		var got client.Answer
		decode(t, a, &got)
		if a.code != c.code || got.Verdict != c.verdict || got.Allowed != (c.verdict == client.Allow) {
			t.Errorf("%s: status %d, verdict %s, allowed %t; want %d, %s", c.path, a.code, got.Verdict, got.Allowed, c.code, c.verdict)
		}
		if len(got.Reasons) == 0 || got.Reasons[0].Code != c.reason || got.Words == "" {
			t.Errorf("%s: reasons %+v, want first %s; words %q", c.path, got.Reasons, c.reason, got.Words)
		}
	}
}

func TestGateNamesTheServiceMeant(t *testing.T) {
	_, s := incident(time.Minute)
	for asked, meant := range map[string]string{"chekcout": "checkout", "reportign": "reporting"} { // the one has a policy, the other objectives only
		var got client.Answer
		decode(t, get(t, s.Handler(), "/v1/gate/"+asked), &got)
		if !strings.HasSuffix(got.Reasons[0].Message, "did you mean "+meant+"?") {
			t.Errorf("reason %q does not name %s", got.Reasons[0].Message, meant)
		}
	}
}

func TestGateLinksAndEchoes(t *testing.T) {
	w, _ := incident(time.Minute)
	cfg := w.config()
	cfg.URL = "http://127.0.0.1:8321"
	var got client.Answer
	decode(t, get(t, web.New(cfg).Handler(), "/v1/gate/checkout?environment=prod&release=v2&change=feature"), &got)
	if got.Environment != "prod" || got.Release != "v2" || got.Change != "feature" || got.Service != "checkout" {
		t.Errorf("echo: %+v", got)
	}
	if want := "http://127.0.0.1:8321/decisions/" + got.Decision; got.Decision == "" || got.Link != want {
		t.Errorf("link %q, want %q", got.Link, want)
	}
}

// A dead ledger answers nothing, ever, not even when told to give up.
type dead struct{}

func (dead) Decisions(context.Context, web.Filter) ([]web.Record, error)     { select {} }
func (dead) Decision(context.Context, string) (web.Record, error)            { select {} }
func (dead) OrderHistory(context.Context, string, int) ([]loop.Order, error) { select {} }

// TestLedgerFree proves that the gate and the pages that people open first
// never ask the ledger: they answer while every method of it blocks.
func TestLedgerFree(t *testing.T) {
	w, _ := incident(time.Minute)
	cfg := w.config()
	cfg.Ledger = dead{}
	h := web.New(cfg).Handler()
	for _, path := range []string{
		"/v1/gate/checkout", "/v1/status", "/v1/objectives", "/v1/objectives/checkout-latency", "/v1/settings", "/v1/settings/reporting-timeout",
		"/v1/orders", "/metrics", "/healthz", "/readyz", "/", "/objectives/checkout-latency", "/gate?service=checkout",
	} {
		if a := get(t, h, path); a.code != 200 {
			t.Errorf("%s: status %d", path, a.code)
		}
	}
}

// TestGateDegraded says in the answer what it lacks.
func TestGateDegraded(t *testing.T) {
	w, s := incident(time.Minute)
	w.report.LedgerErr = errors.New("connection refused")
	var got client.Answer
	decode(t, get(t, s.Handler(), "/v1/gate/reporting"), &got)
	if !got.Degraded || fmt.Sprint(got.DegradedBy) != "[ledger-down]" {
		t.Errorf("ledger down: %+v", got)
	}
	none := web.New(web.Config{Set: func() *slo.Set { return w.set }})
	decode(t, get(t, none.Handler(), "/v1/gate/checkout"), &got)
	if got.Verdict != client.Hold || !got.Degraded || got.DataAge != -1 {
		t.Errorf("before the first tick: %+v", got)
	}
}

// TestGateOfPanic gives JSON even when something in the answer breaks, and
// tells the caller nothing of the inside.
func TestGateOfPanic(t *testing.T) {
	var told []error
	s := web.New(web.Config{Report: func() loop.Report { panic("secret hunter2") }, Failed: func(err error) { told = append(told, err) }})
	a := get(t, s.Handler(), "/v1/gate/checkout")
	if a.code != 500 || strings.Contains(a.body, "hunter2") || !strings.Contains(a.body, `"internal"`) {
		t.Errorf("status %d: %s", a.code, a.body)
	}
	if !strings.Contains(errors.Join(told...).Error(), "hunter2") {
		t.Errorf("the log was told %v", told)
	}
}

// FuzzGateQuestion sends any question: there is always a whole JSON answer,
// never a redirect, and what is echoed is what was asked.
func FuzzGateQuestion(f *testing.F) {
	_, s := incident(time.Minute)
	h := s.Handler()
	for _, seed := range [][2]string{{"checkout", "strict=1"}, {"a/b", "change=fix"}, {"%2e%2e", "release=\x00"}, {"check out", "strict=%zz"}, {"", ";"}, {"0/", ""}, {"%", ""}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, service, query string) {
		r := newRequest(service, query)
		if r == nil {
			return
		}
		a := serve(h, r)
		if a.code != 200 && a.code != 400 && a.code != 403 && a.code != 404 && a.code != 409 {
			t.Fatalf("status %d", a.code)
		}
		var got struct {
			Verdict string `json:"verdict"`
			Service string `json:"service"`
			Code    string `json:"code"`
		}
		if err := json.Unmarshal([]byte(a.body), &got); err != nil {
			t.Fatalf("not JSON: %v: %q", err, a.body)
		}
		if (got.Verdict == "") == (got.Code == "") {
			t.Fatalf("neither an answer nor a problem: %q", a.body)
		}
		if got.Verdict != "" && got.Service != service {
			t.Fatalf("asked about %q, told about %q", service, got.Service)
		}
	})
}

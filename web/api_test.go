package web_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/web"
)

func TestStatus(t *testing.T) {
	w, s := incident(70 * time.Second)
	w.report.Errs = []error{errors.New("ask http://u:hunter2@prom: refused")}
	w.report.LedgerErr = errors.New("connect to postgres://u:hunter2@db: refused")
	a := get(t, s.Handler(), "/v1/status")
	var got client.Status
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(a.body, "hunter2") {
		t.Error("a password is shown")
	}
	want := client.Ledger{Up: false, Error: "connect to postgres://…@db: refused"}
	if diff := cmp.Diff(want, got.Ledger); diff != "" {
		t.Errorf("ledger (-want +got):\n%s", diff)
	}
	if got.Epoch != 3 || !got.Leader || got.Stale || len(got.Objectives) != 3 || len(got.Settings) != 2 || len(got.Gates) != 2 || len(got.Decisions) != 2 || len(got.Problems) != 1 {
		t.Errorf("status: %+v", got)
	}
	o := got.Objectives[0]
	if o.Target != "0.995" || o.Status != "burning" || o.Budget.Seconds != 3600 || o.Budget.Bad != 648 || o.Allowed < 719.99 || o.Allowed > 720.01 || len(o.Windows) != 6 {
		t.Errorf("objective: %+v", o)
	}
}

func TestReady(t *testing.T) {
	w, s := incident(time.Minute)
	if a := get(t, s.Handler(), "/readyz"); a.code != 200 {
		t.Errorf("after a tick: status %d", a.code)
	}
	w.report.At = w.report.At.Add(-time.Hour)
	if a := get(t, s.Handler(), "/readyz"); a.code != 200 {
		t.Errorf("stale: status %d; the gate still answers", a.code)
	}
	cfg := w.config()
	old := errors.New("the database ran 0099")
	cfg.Outdated = func() error { return old }
	if a := get(t, web.New(cfg).Handler(), "/readyz"); a.code != 503 || !strings.Contains(a.body, "outdated") {
		t.Errorf("outdated: status %d: %s", a.code, a.body)
	}
	if old = nil; get(t, web.New(cfg).Handler(), "/readyz").code != 200 {
		t.Error("not outdated: not ready")
	}
	starting := web.New(web.Config{}).Handler()
	if a := get(t, starting, "/readyz"); a.code != 503 || !strings.Contains(a.body, "not-ready") {
		t.Errorf("before the first tick: status %d: %s", a.code, a.body)
	}
	if a := get(t, starting, "/healthz"); a.code != 200 {
		t.Errorf("health: status %d", a.code)
	}
	var status client.Status
	if err := json.Unmarshal([]byte(get(t, starting, "/v1/status").body), &status); err != nil || status.AgeSeconds != -1 || status.Ledger.Up {
		t.Errorf("before the first tick: %v, %+v", err, status)
	}
}

// TestDecisionIsWhole serves a decision with all that it was made from, so
// that whoever reads it can decide again.
func TestDecisionIsWhole(t *testing.T) {
	w, s := incident(time.Minute)
	want := w.records[len(w.records)-1]
	var got struct {
		Seq      int64
		Decision loop.Decision
		Outcomes []loop.Outcome
		Link     string
	}
	decode(t, get(t, s.Handler(), "/v1/decisions/"+want.Decision.ID), &got)
	want.Decision.Input.Loop, want.Decision.Input.Actuator = got.Decision.Input.Loop, got.Decision.Input.Actuator // on record once, under Policy
	if diff := cmp.Diff(want, web.Record{Seq: got.Seq, Decision: got.Decision, Outcomes: got.Outcomes}, cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) }), exported()); diff != "" {
		t.Errorf("decision (-want +got):\n%s", diff)
	}
	var read client.Record
	if err := json.Unmarshal([]byte(get(t, s.Handler(), "/v1/decisions/"+want.Decision.ID).body), &read); err != nil {
		t.Fatal(err)
	}
	if read.Decision.ID != want.Decision.ID || read.Decision.Verb != string(want.Decision.Verb) || len(read.Decision.Input.Evidence) == 0 || len(read.Outcomes) != 1 {
		t.Errorf("as the client reads it: %+v", read)
	}
}

func TestDecisionsFiltered(t *testing.T) {
	w, s := incident(10 * time.Minute)
	for query, want := range map[string]func(r web.Record) bool{
		"":                          func(web.Record) bool { return true },
		"?actuator=checkout-freeze": func(r web.Record) bool { return r.Decision.Actuator == "checkout-freeze" },
		"?moves=1":                  func(r web.Record) bool { return r.Decision.Verb != loop.Hold },
		"?before=3":                 func(r web.Record) bool { return r.Seq < 3 },
	} {
		var got struct{ Decisions []client.Record }
		if err := json.Unmarshal([]byte(get(t, s.Handler(), "/v1/decisions"+query).body), &got); err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, r := range w.records {
			if want(r) {
				n++
			}
		}
		if len(got.Decisions) != n || n == 0 {
			t.Errorf("%q: %d decisions, want %d", query, len(got.Decisions), n)
		}
	}
	w.down = errors.New("no answer")
	if a := get(t, s.Handler(), "/v1/decisions"); a.code != 503 || !strings.Contains(a.body, "ledger-down") {
		t.Errorf("ledger down: status %d: %s", a.code, a.body)
	}
}

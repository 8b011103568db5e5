package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
)

// TestClient has the client package talk to the server over a real socket:
// each call once, through what the other side really writes.
func TestClient(t *testing.T) {
	w, s := incident(time.Minute)
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	c, ctx := client.Client{URL: server.URL, HTTP: server.Client()}, t.Context()

	if a, err := c.Gate(ctx, client.Question{Service: "checkout", Environment: "production", Change: "feature", Release: "v2"}); err != nil || a.Verdict != client.Deny || a.Release != "v2" {
		t.Errorf("gate: %+v, %v", a, err)
	}
	if v, err := c.Setting(ctx, "reporting-timeout"); err != nil || v.Value != 1 {
		t.Errorf("setting: %+v, %v", v, err)
	}
	if all, err := c.Settings(ctx); err != nil || len(all) != 2 {
		t.Errorf("settings: %+v, %v", all, err)
	}
	if o, err := c.Objective(ctx, "checkout-availability"); err != nil || o.Status != "burning" || o.Target != "0.995" {
		t.Errorf("objective: %+v, %v", o, err)
	}
	if all, err := c.Objectives(ctx); err != nil || len(all) != 3 {
		t.Errorf("objectives: %+v, %v", all, err)
	}
	if st, err := c.Status(ctx); err != nil || st.Epoch != 3 || len(st.Decisions) != 2 || st.Words == "" {
		t.Errorf("status: %+v, %v", st, err)
	}
	list, err := c.Decisions(ctx, client.Filter{Actuator: "reporting-timeout", Moves: true, From: time.Now().Add(-time.Hour), To: time.Now(), Limit: 5})
	if err != nil || len(list) == 0 || list[0].Decision.Verb != "tighten" {
		t.Fatalf("decisions: %+v, %v", list, err)
	}
	if r, err := c.Decision(ctx, list[0].Decision.ID); err != nil || r.Seq != list[0].Seq || len(r.Decision.Pulls) == 0 {
		t.Errorf("decision: %+v, %v", r, err)
	}
	if r, err := c.Stop(ctx, "ann", "wrong query", true); err != nil || !r.Recorded || len(w.orders) != 1 || !w.orders[0].Revert {
		t.Errorf("stop: %+v, %v", r, err)
	}
	if all, err := c.Orders(ctx); err != nil || len(all) != 1 || all[0].Kind != client.Stop {
		t.Errorf("orders: %+v, %v", all, err)
	}
	if r, err := c.Resume(ctx, "ann", "fixed"); err != nil || !r.Recorded {
		t.Errorf("resume: %+v, %v", r, err)
	}
	var p *client.Problem
	if _, err := c.Objective(ctx, "nope"); !errors.As(err, &p) || p.Status != http.StatusNotFound || p.Code != "unknown-objective" {
		t.Errorf("unknown objective: %v", err)
	}
}

// TestClientWatches follows a setting through a change and the end of the
// server.
func TestClientWatches(t *testing.T) {
	w, s := incident(time.Minute)
	server := httptest.NewServer(s.Handler())
	c := client.Client{URL: server.URL, HTTP: server.Client()}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	told := make(chan client.Setting)
	ended := make(chan error, 1)
	go func() { ended <- c.Watch(ctx, "reporting-timeout", func(v client.Setting) { told <- v }) }()
	next := func() client.Setting {
		select {
		case v := <-told:
			return v
		case <-ctx.Done():
			t.Fatal("nothing was told")
		}
		return client.Setting{}
	}
	if v := next(); v.Value != 1 || v.Stale {
		t.Errorf("first: %+v", v)
	}
	w.setting["reporting-timeout"] = 5
	w.play(time.Now(), time.Now(), calm, func(r loop.Report) { s.Ticked(r, 0) })
	if v := next(); v.Value <= 1 || v.Stale {
		t.Errorf("changed: %+v", v)
	}
	server.CloseClientConnections()
	server.Listener.Close()
	if v := next(); v.Value <= 1 || !v.Stale || v.Cause == "" {
		t.Errorf("away: %+v", v)
	}
	cancel()
	if err := <-ended; err == nil {
		t.Error("Watch ended by itself")
	}
	server.Close()
}

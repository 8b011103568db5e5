package web_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/web"
)

// wellWith is a healthy instance.
func wellWith(now time.Time) web.Health {
	return web.Health{
		Began: now.Add(-3 * time.Hour), Options: []web.Option{{Name: "listens on", Value: "127.0.0.1:8321"}},
		Backends: []web.Backend{{Name: "prometheus", Host: "prom:9090", Kind: "VictoriaMetrics", Answered: now.Add(-time.Second), Asked: 1200, Missed: 3}},
		Ledger: web.LedgerHealth{
			Server: "17.4", Took: 700 * time.Microsecond, Size: 123_456_789, Schema: 16, Holder: "host-a/41", Since: now.Add(-2 * time.Hour),
			Chains: []web.Chain{{Name: "decisions", Rows: 123456}}, Instances: []web.Instance{{Since: now.Add(-time.Hour)}, {From: "10.0.0.7", Since: now.Add(-time.Hour)}},
			Standbys: []web.Standby{{Name: "<i>b</i>", State: "streaming", Sync: "sync", Lag: 2 * time.Millisecond}},
		},
		Checkpoint: &web.Checkpoint{At: now.Add(-time.Minute), File: "checkpoints.jsonl"},
	}
}

// TestHealthPage tells how each part does, and what is wrong with its place.
func TestHealthPage(t *testing.T) {
	w, _ := incident(10 * time.Second)
	well, h, d := w.report, web.Health{}, web.Definitions{}
	cfg := w.config()
	cfg.Health = func(context.Context) web.Health { return h }
	cfg.Definitions = func() web.Definitions { return d }
	page := web.New(cfg).Handler()
	for _, c := range []struct {
		name  string
		spoil func(*world, *web.Health, *web.Definitions)
		says  []string
	}{
		{"well", func(*world, *web.Health, *web.Definitions) {}, []string{
			"Setpoint does well.", "prom:9090 · VictoriaMetrics", ">1,200, 3 failed<", ">0.7 ms<", ">123 MB<", "host-a/41 since", ">123,456<", ">this machine <", ">10.0.0.7 <", "&lt;i&gt;b&lt;/i&gt;", ">2.0 ms<",
			"in checkpoints.jsonl", "<dd>v0.1.0</dd>", "<dd>127.0.0.1:8321</dd>", "epoch 3 of timeline 1", "<dt>objectives</dt><dd>3</dd>", "this instance", `aria-current="page">Health`,
		}},
		{"refused", func(_ *world, _ *web.Health, d *web.Definitions) {
			*d = web.Definitions{Tried: time.Now(), Since: time.Now().Add(-time.Hour), Files: 2, Problems: []string{"slos.yaml:12:7: spec.target: <b>not a number</b>"}}
		}, []string{"The definitions read last are refused.", "slos.yaml:12:7: spec.target: &lt;b&gt;not a number", "stays in force", ">refused<"}},
		{"backend down", func(_ *world, h *web.Health, _ *web.Definitions) {
			b := &h.Backends[0]
			b.Failing, b.Until, b.Error = time.Now().Add(-time.Minute), time.Now().Add(time.Minute), "ask http://u:hunter2@prom: status 500"
		}, []string{"1 backend does not answer.", "http://…@prom: status 500; left alone until", ">fails<"}},
		{"ledger down", func(w *world, h *web.Health, _ *web.Definitions) {
			w.report.LedgerErr, h.Ledger, h.Spooled = errors.New("x"), web.LedgerHealth{Error: "connect to postgres://a:hunter2@db: refused"}, true
		}, []string{"The ledger cannot be reached.", "It cannot be asked: connect to postgres://…@db: refused", "wait on this machine&#39;s disk"}},
		{"no checkpoints", func(_ *world, h *web.Health, _ *web.Definitions) { h.Checkpoint = nil }, []string{"none are kept: serve --checkpoints keeps them"}},
		{"checkpoint fails", func(_ *world, h *web.Health, _ *web.Definitions) { h.Checkpoint.Error = "disk full" }, []string{"cannot be written to checkpoints.jsonl: disk full"}},
		{"tick failed", func(w *world, _ *web.Health, _ *web.Definitions) {
			w.report.Errs = []error{errors.New("one"), errors.New("two")}
		}, []string{"2 things went wrong in the newest tick.", "<code>one</code>"}},
		{"stale", func(w *world, _ *web.Health, _ *web.Definitions) { w.report.At = w.report.At.Add(-time.Hour) }, []string{"The loop has not looked for 60 min."}},
	} {
		w.report = well
		h, d = wellWith(time.Now()), web.Definitions{OK: true, Since: time.Now().Add(-time.Hour), Files: 2, Objectives: 3}
		c.spoil(w, &h, &d)
		body := get(t, page, "/health").body
		for _, says := range c.says {
			if !strings.Contains(body, says) {
				t.Errorf("%s: the page does not say %q", c.name, says)
			}
		}
		if strings.Contains(body, "hunter2") || strings.Contains(body, "<b>") {
			t.Errorf("%s: the page shows a password, or what is no markup became some", c.name)
		}
	}
}

// TestHealthUnknown tells what it can where nobody tells of the parts.
func TestHealthUnknown(t *testing.T) {
	for name, s := range map[string]*web.Server{"starting": web.New(web.Config{}), "busy": web.New(newWorld().config())} {
		if a := get(t, s.Handler(), "/health"); a.code != 200 || !strings.Contains(a.body, "Setpoint is starting.") || !strings.Contains(a.body, "Nobody can tell here.") {
			t.Errorf("%s: status %d", name, a.code)
		}
	}
}

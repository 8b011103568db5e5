package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/web"
)

// TestDefinitionsRefused: every page, the API and /metrics say that the
// definitions read last are not those in force, and show no secret.
func TestDefinitionsRefused(t *testing.T) {
	w, _ := incident(time.Minute)
	d := web.Definitions{Tried: time.Unix(1_800_000_060, 0), Since: time.Unix(1_800_000_000, 0), Files: 3, Objectives: 3}
	for i := range 7 {
		d.Problems = append(d.Problems, fmt.Sprintf("shop.yaml:%d:3: <b>spec</b>: unknown key; http://ann:hunter2@prom", i+1))
	}
	cfg := w.config()
	cfg.Definitions = func() web.Definitions { return d }
	h := web.New(cfg).Handler()
	for _, path := range []string{"/", "/objectives/checkout-latency", "/decisions", "/control", "/gate", "/nowhere"} {
		body := get(t, h, path).body
		for _, says := range []string{"The definitions read last are refused.", "stay in force", "shop.yaml:5:3", "&lt;b&gt;", "and 2 more", "7 problems"} {
			if !strings.Contains(body, says) {
				t.Errorf("%s does not say %q", path, says)
			}
		}
		if strings.Contains(body, "hunter2") || strings.Contains(body, "shop.yaml:6") {
			t.Errorf("%s shows a secret or too many problems", path)
		}
	}
	var got client.Definitions
	decode(t, get(t, h, "/v1/definitions"), &got)
	if got.OK || len(got.Problems) != 7 || !got.Since.Equal(d.Since) || !got.Tried.Equal(d.Tried) || got.Files != 3 || strings.Contains(strings.Join(got.Problems, ""), "hunter2") {
		t.Errorf("definitions: %+v", got)
	}
	if body := get(t, h, "/metrics").body; !strings.Contains(body, "setpoint_config_last_reload_successful 0\n") || !strings.Contains(body, "setpoint_config_last_reload_success_timestamp_seconds 1800000000\n") {
		t.Errorf("metrics:\n%s", body)
	}
	d = web.Definitions{OK: true, Tried: d.Tried, Since: d.Tried}
	if strings.Contains(get(t, h, "/").body, "refused") || !strings.Contains(get(t, h, "/metrics").body, "setpoint_config_last_reload_successful 1\n") {
		t.Error("definitions in order are not said to be so")
	}
}

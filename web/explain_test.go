package web_test

import (
	"html"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// TestExplain shows how what is left comes out, what would be left with
// another target, and what the definition says.
func TestExplain(t *testing.T) {
	w, s := incident(time.Minute)
	h := s.Handler()
	for query, says := range map[string]string{
		"":              "1 − ",
		"?target=90":    "With 90 % it would be ",
		"?target=100":   "A target is a number of percent between 0 and 100.",
		"?target=<b>":   "A target is a number of percent between 0 and 100.",
		"?target=99.95": "would be allowed",
	} {
		a := get(t, h, "/objectives/checkout-availability"+query)
		if body := html.UnescapeString(a.body); a.code != 200 || !strings.Contains(body, says) || strings.Contains(a.body, "<b>") {
			t.Errorf("%s: status %d, want %q", query, a.code, says)
		}
	}
	w.set.Objectives[0].Position = slo.Position{File: "slos.yaml", Line: 12}
	body := html.UnescapeString(get(t, h, "/objectives/checkout-availability").body)
	for _, says := range []string{"declared at slos.yaml:12", `"name": "checkout-availability"`, "in all × 0.5 %) = "} {
		if !strings.Contains(body, says) {
			t.Errorf("the page does not say %q", says)
		}
	}
}

// TestEnvironments shows the gate of each environment that policies name, and
// how many went only since a policy is tried.
func TestEnvironments(t *testing.T) {
	w, s := incident(time.Minute)
	w.set.Policies[0].Environments = []string{"prod"}
	w.report.Alerts = []loop.Alert{{Objective: "checkout-latency", Severity: "page", Phase: loop.AlertFiring, Since: time.Now()}}
	body := get(t, s.Handler(), "/gate").body
	if !strings.Contains(body, `<a href="/gate?environment=prod&amp;service=checkout">prod <span class="badge deny">`) {
		t.Error("the page does not show the gate of prod")
	}
	if body := get(t, s.Handler(), "/").body; !strings.Contains(body, `<span class="tag">alert: page</span>`) || !strings.Contains(body, "% good, ") {
		t.Error("the overview does not show that an alert fires, or the indicator")
	}
}

package web_test

import (
	"html"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/loop"
)

// TestOverviewOfLate shows how each budget burned, for how long all may still
// be bad, and what changed in the last hour.
func TestOverviewOfLate(t *testing.T) {
	w, s := incident(2 * time.Minute)
	w.report.Orders = []loop.Order{
		{ID: "a", At: time.Now().Add(-time.Minute), Kind: loop.OrderFreeze, Target: "reporting", By: "ann", Why: "<i>audit</i>"},
		{ID: "b", At: time.Now().Add(-2 * time.Hour), Kind: loop.OrderFreeze, Target: "other", By: "bob", Why: "long ago"},
	}
	w.report.States[2].Newest = time.Now().Add(-3 * time.Hour)
	body := get(t, s.Handler(), "/").body
	for _, says := range []string{
		`class="spark"`, "burn rate over the last", "reporting-timeout: 30 s → 1 s", "checkout-freeze: open → frozen", "freeze of reporting by ann: &lt;i&gt;audit&lt;/i&gt;", "data 3 h old", "What changed in the last hour",
	} {
		if !strings.Contains(body, says) {
			t.Errorf("the overview does not say %q", says)
		}
	}
	_, hour, _ := strings.Cut(body, `class="hour"`)
	hour, _, _ = strings.Cut(hour, "</details>")
	if strings.Contains(hour, "long ago") {
		t.Error("what was two hours ago is said to be of the last hour")
	}
	calmly, _ := incident(-time.Minute)
	w.report = calmly.report
	if body := html.UnescapeString(get(t, s.Handler(), "/").body); !strings.Contains(body, "of outage left") {
		t.Error("the overview does not say for how long all may be bad")
	}
}

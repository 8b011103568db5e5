package web_test

import (
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/slo"
)

// TestAlertConditionsAreShown: which hold now, and that nobody is told.
func TestAlertConditionsAreShown(t *testing.T) {
	w, s := incident(70 * time.Second)
	w.set.Objectives[0].Alerts = []slo.AlertPolicy{{
		Name:    "pager",
		Targets: []slo.NotificationTarget{{Name: "on-call", Target: "email"}},
		Conditions: []slo.AlertCondition{
			{Name: "fast", Severity: "page", Burn: slo.NewDecimal(5, 0), Window: time.Minute, After: 5 * time.Minute},
			{Name: "hopeless", Severity: "ticket", Burn: slo.NewDecimal(150, 0), Window: time.Minute},
		},
	}}
	page := get(t, s.Handler(), "/objectives/checkout-availability").body
	for _, want := range []string{
		`<li class="in"><p>burn of 5× over 1 min, for 5 min → <strong>page</strong> <span class="tag">holds now</span>`,
		`<li><p>burn of 150× over 1 min → <strong>ticket</strong></p>`,
		`policy pager · to on-call (email) · shown here only, nothing is sent yet`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	if page := get(t, s.Handler(), "/objectives/checkout-latency").body; strings.Contains(page, "wants to be told") {
		t.Errorf("an objective without alert policies has some:\n%s", page)
	}
}

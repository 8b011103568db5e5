package web_test

import (
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// TestPageOfAll shows a target of 100 %, before and after its first bad event:
// no figure is without bound.
func TestPageOfAll(t *testing.T) {
	for name, c := range map[string]struct {
		status    budget.Status
		remaining float64
		burn      float64
		says      []string
	}{
		"all good":      {budget.OK, 1, 0, []string{"100 %"}},
		"one bad event": {budget.Exhausted, 0, budget.Boundless, []string{"without bound", "0 %"}},
	} {
		w, s := incident(time.Minute)
		w.set.Objectives[0].Target = slo.NewDecimal(1, 0)
		st := &w.report.States[0]
		st.Target, st.Status, st.Remaining, st.Budget.Burn = slo.NewDecimal(1, 0), c.status, c.remaining, c.burn
		for i := range st.Windows {
			st.Windows[i].Burn = c.burn
		}
		for _, path := range []string{"/", "/objectives/checkout-availability", "/v1/objectives", "/metrics"} {
			body := get(t, s.Handler(), path).body
			for _, no := range []string{"1,000,000,000", "NaN", "1000000000×"} {
				if strings.Contains(body, no) {
					t.Errorf("%s: %s shows %s", name, path, no)
				}
			}
			for _, says := range c.says {
				if strings.HasPrefix(path, "/objectives") && !strings.Contains(body, says) {
					t.Errorf("%s: %s does not say %q", name, path, says)
				}
			}
		}
	}
}

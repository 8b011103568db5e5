package ledgertest

import (
	"testing"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// Alerts are kept as a whole, by the newest leader.
func alerts(t *testing.T, l Ledger) {
	epoch := mustLead(t, l)
	kept := func(what string, want []loop.Alert) {
		t.Helper()
		got, err := l.KeptAlerts(t.Context())
		check(t, "KeptAlerts", err)
		diff(t, what, got, want)
	}
	kept("before any", nil)
	first := loop.Alert{
		Key: "checkout/pager/fast", Objective: "checkout", Policy: "pager", Condition: "fast", Severity: "page",
		Burn: slo.NewDecimal(144, 1), Phase: loop.AlertFiring, Since: at(0), Fired: at(2), Told: true, Why: "burns at 20 \u2192 14.4",
	}
	second := loop.Alert{Key: "checkout/pager/slow", Phase: loop.AlertPending, Since: at(1)}
	check(t, "KeepAlerts", l.KeepAlerts(t.Context(), loop.Term{Epoch: epoch}, []loop.Alert{first, second}))
	kept("both", []loop.Alert{first, second})
	first.Phase, first.Ended = loop.AlertResolved, at(9)
	check(t, "KeepAlerts", l.KeepAlerts(t.Context(), loop.Term{Epoch: epoch + 1}, []loop.Alert{first}))
	kept("one by the next leader", []loop.Alert{first})
	wantErr(t, "KeepAlerts of a deposed leader", l.KeepAlerts(t.Context(), loop.Term{Epoch: epoch}, nil), loop.ErrDeposed)
	kept("after a refusal", []loop.Alert{first})
	check(t, "KeepAlerts of none", l.KeepAlerts(t.Context(), loop.Term{Epoch: epoch + 1}, nil))
	kept("none", nil)
}

package web_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// alarmed is an incident that somebody wants to be told of.
func alarmed(t *testing.T) (*world, web.Config) {
	t.Helper()
	w, _ := incident(70 * time.Second)
	w.set.Objectives[0].Alerts = []slo.AlertPolicy{{
		Name: "pager", Title: "CheckoutBurns", Breaching: true, Inhibit: true,
		NoData:  slo.NoDataAlert{On: true, Severity: "ticket", After: 10 * time.Minute},
		Targets: []slo.NotificationTarget{{Name: "mail", Target: "email"}, {Name: "on-call", Target: slo.Alertmanager, URL: "http://alertmanager"}},
		Conditions: []slo.AlertCondition{
			{Name: "fast", Severity: "page", Burn: slo.NewDecimal(5, 0), Share: slo.NewDecimal(2, 2), Window: time.Minute, Short: 10 * time.Second, MinBad: 10},
			{Name: "slow", Severity: "ticket", Burn: slo.NewDecimal(2, 0), Window: 2 * time.Minute},
			{Name: "waits", Severity: "page", Burn: slo.NewDecimal(4, 0), Window: time.Minute, After: 5 * time.Minute},
			{Name: "hopeless", Severity: "ticket", Burn: slo.NewDecimal(150, 0), Window: time.Minute},
			{Name: "spent", Severity: "ticket", Spent: slo.NewDecimal(99, 2), Burn: slo.NewDecimal(99, 2), Window: time.Hour},
			{Name: "off", Severity: "ticket", Off: true},
		},
	}}
	w.report.Alerts = loop.Alarms(w.set.Objectives, w.report.States, nil, w.report.At)
	c := w.config()
	c.Deliveries = func() []web.Delivery {
		return []web.Delivery{{Target: "on-call", Way: slo.Alertmanager, Sent: 3, Failed: 2, Waiting: 1, Lost: 4, Failing: w.report.At, Error: "reach on-call: connection refused"}}
	}
	return w, c
}

// The pages say which alerts there are, why, since when, who is told, and who
// cannot be.
func TestAlertsAreShown(t *testing.T) {
	_, c := alarmed(t)
	s := web.New(c)
	for path, wants := range map[string][]string{
		"/objectives/checkout-availability": {
			`<li class="in"><p>burn of 5× over 1 min and 10 s (2 % of the budget), 10 bad events at least → <strong>page</strong> <span class="tag">firing</span>`,
			`burn of 2× over 2 min → <strong>ticket</strong> <span class="tag">firing, nobody is told: fast fires already</span>`,
			`burn of 4× over 1 min, for 5 min → <strong>page</strong> <span class="tag">pending</span>`,
			`<li><p>burn of 150× over 1 min → <strong>ticket</strong></p>`,
			`99 % of the budget used up → <strong>ticket</strong></p>`,
			`switched off →`, `no data for 10 min → <strong>ticket</strong></p>`,
			`checkout-availability burns at 44.0 over 1m and 12.0 over 10s, 5 is the limit`,
			`policy pager · to mail (email, which is shown only) and on-call (alertmanager)</p>`,
		},
		"/": {
			`<strong>page</strong> CheckoutBurns · <a href="/objectives/checkout-availability">checkout-availability</a> <span class="tag">firing</span>`,
			`Somebody is not told of alerts.</strong> The alertmanager on-call has not taken what it was sent since`,
			`reach on-call: connection refused. It is tried again.`,
		},
	} {
		page := get(t, s.Handler(), path).body
		for _, want := range wants {
			if !strings.Contains(page, want) {
				t.Errorf("%s lacks %q:\n%s", path, want, page)
			}
		}
	}
	if page := get(t, s.Handler(), "/objectives/checkout-latency").body; strings.Contains(page, "Who is told when") {
		t.Errorf("an objective without alert policies has some:\n%s", page)
	}
}

func TestAlertMetrics(t *testing.T) {
	_, c := alarmed(t)
	got := scrape(t, web.New(c))
	for series, want := range map[string]float64{
		`setpoint_alert{objective=checkout-availability,service=checkout,policy=pager,condition=fast,severity=page,state=firing}`:   1,
		`setpoint_alert{objective=checkout-availability,service=checkout,policy=pager,condition=waits,severity=page,state=pending}`: 1,
		`setpoint_notification_target_up{target=on-call,way=alertmanager}`:                                                          0,
		`setpoint_notifications_waiting{target=on-call,way=alertmanager}`:                                                           1,
		`setpoint_notifications_lost_total{target=on-call,way=alertmanager}`:                                                        4,
		`setpoint_notification_requests_total{target=on-call,way=alertmanager,outcome=accepted}`:                                    3,
		`setpoint_notification_requests_total{target=on-call,way=alertmanager,outcome=failed}`:                                      2,
	} {
		if value, ok := got[series]; !ok || value != want {
			t.Errorf("%s = %v (there: %t), want %v", series, value, ok, want)
		}
	}
}

// The API says what the pages say.
func TestAlertsInStatus(t *testing.T) {
	w, c := alarmed(t)
	var s client.Status
	if err := json.Unmarshal([]byte(get(t, web.New(c).Handler(), "/v1/status").body), &s); err != nil {
		t.Fatal(err)
	}
	if len(s.Alerts) != 3 || s.Alerts[0].State != "firing" || !s.Alerts[0].Told || !s.Alerts[0].Fired.Equal(w.report.At) || s.Alerts[1].Quiet != "fast fires already" {
		t.Errorf("alerts %+v", s.Alerts)
	}
}

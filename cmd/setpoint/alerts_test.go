//go:build linux

package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"setpoint.dev/setpoint/notify"
	"setpoint.dev/setpoint/sli/promql/promtest"
)

const alertedShop = `apiVersion: openslo/v1
kind: SLO
metadata: {name: alerted, annotations: {setpoint.dev/slice: 5s}}
spec:
  service: checkout
  budgetingMethod: Occurrences
  timeWindow: [{duration: 10m, isRolling: true}]
  objectives: [{targetPercent: 90}]
  indicator:
    metadata: {name: alerted}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {metricSourceRef: metrics, spec: {query: 'checkout_good_total{shop="SHOP"}'}}}
        total: {metricSource: {metricSourceRef: metrics, spec: {query: 'checkout_requests_total{shop="SHOP"}'}}}
  alertPolicies:
  - kind: AlertPolicy
    metadata: {name: pager, displayName: CheckoutBurns, labels: {team: shop}}
    spec:
      alertWhenBreaching: true
      alertWhenResolved: true
      conditions:
      - kind: AlertCondition
        metadata: {name: fast, annotations: {setpoint.dev/shortWindow: 5s}}
        spec: {severity: page, condition: {threshold: 2, lookbackWindow: 1m}}
      notificationTargets:
      - kind: AlertNotificationTarget
        metadata: {name: alertmanager}
        spec: {target: alertmanager}
      - kind: AlertNotificationTarget
        metadata: {name: hook, annotations: {setpoint.dev/url: '${HOOK_URL}', setpoint.dev/secret: '${HOOK_SECRET}'}}
        spec: {target: webhook}
---
apiVersion: setpoint.dev/v1
kind: Report
metadata: {name: weekly}
spec:
  period: week
  notificationTargets:
  - metadata: {name: hook, annotations: {setpoint.dev/url: '${HOOK_URL}', setpoint.dev/secret: '${HOOK_SECRET}'}}
    spec: {target: webhook}
`

// A hearer is a webhook that keeps what it is told.
type hearer struct {
	*httptest.Server
	mu   sync.Mutex
	told []notify.Message
}

func newHearer(t *testing.T) *hearer {
	h := &hearer{}
	h.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var m notify.Message
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			t.Error(err)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.told = append(h.told, m)
	}))
	t.Cleanup(h.Close)
	return h
}

// heard are the IDs of the messages of a type, each once.
func (h *hearer) heard(kind string) (ids []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range h.told {
		if m.Type == kind && !slices.Contains(ids, m.ID) {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// An incident is told to a real Alertmanager and to a webhook; the server dies
// in the middle of it, and the next one goes on with the same alert, whose end
// it tells. All of it is on the page.
func TestAlertsAreTold(t *testing.T) {
	t.Parallel()
	s, h := openShop(t), newHearer(t)
	am := promtest.StartAlertmanager(t, "route: {receiver: none}\nreceivers: [{name: none}]\n", "")
	v := newServer(s, "observe", "1s")
	file := filepath.Join(t.TempDir(), "alerts.yaml")
	must(t, os.WriteFile(file, []byte(strings.ReplaceAll(alertedShop, "SHOP", s.name)), 0o600))
	v.args = append(v.args, file)
	v.env = append(v.env, "ALERTMANAGER_URL="+am.URL, "HOOK_URL="+h.URL, "HOOK_SECRET=a secret of the hook")
	v.start()
	v.inSight()
	s.burning()
	var first managedAlert
	v.within(60*time.Second, "Alertmanager and the webhook are told", func() bool {
		all := alertsAt(t, am.URL)
		if len(all) == 1 {
			first = all[0]
		}
		return len(all) == 1 && len(h.heard("alert.firing")) == 1
	})
	if first.Labels["slo"] != "alerted" || first.Labels["alertname"] != "CheckoutBurns" || first.Labels["team"] != "shop" || first.GeneratorURL != v.url+"/objectives/alerted" {
		t.Errorf("alert %+v", first)
	}
	if page := v.page("/objectives/alerted"); !strings.Contains(page, `<span class="tag">firing</span>`) || !strings.Contains(page, "alertmanager (alertmanager) and hook (webhook)") {
		t.Errorf("the page of the objective:\n%s", page)
	}
	if r := v.post("/reports/weekly/send", url.Values{"by": {"ann"}, "why": {"to see it"}, "confirm": {"yes"}}, v.url); r.StatusCode != http.StatusSeeOther {
		t.Errorf("a report is sent by hand: status %d", r.StatusCode)
	}
	v.within(30*time.Second, "the report arrives, and the page says so", func() bool {
		return len(h.heard("report")) > 0 && strings.Contains(v.page("/reports"), "ann: to see it") && strings.Contains(v.page("/v1/reports"), `"state":"sent"`)
	})
	v.kill()
	v.start()
	v.within(30*time.Second, "the next one has looked twice", func() bool { return len(v.status().Alerts) == 1 })
	if all := alertsAt(t, am.URL); len(all) != 1 || !all[0].StartsAt.Equal(first.StartsAt) || len(h.heard("alert.firing")) != 1 {
		t.Errorf("after the death of the server: alerts %+v (was %+v), messages %v", all, first, h.heard("alert.firing"))
	}
	s.healthy()
	v.within(60*time.Second, "the end is told", func() bool {
		return len(alertsAt(t, am.URL)) == 0 && len(h.heard("alert.resolved")) == 1
	})
	if r := v.run("status"); !strings.Contains(r.out, "alert resolved: page CheckoutBurns") {
		t.Errorf("status: %s", r)
	}
}

type managedAlert struct {
	Labels       map[string]string
	StartsAt     time.Time
	GeneratorURL string
}

func alertsAt(t *testing.T, am string) (out []managedAlert) {
	t.Helper()
	resp, err := http.Get(am + "/api/v2/alerts")
	must(t, err)
	defer resp.Body.Close()
	must(t, json.NewDecoder(resp.Body).Decode(&out))
	return out
}

// page is a page of the server.
func (v *server) page(path string) string {
	v.t.Helper()
	resp, err := http.Get(v.url + path)
	must(v.t, err)
	defer resp.Body.Close()
	var b strings.Builder
	_, err = io.Copy(&b, resp.Body)
	must(v.t, err)
	return b.String()
}

package notify_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/notify"
	"setpoint.dev/setpoint/sli/promql/promtest"
	"setpoint.dev/setpoint/slo"
)

// A pager is whom a real Alertmanager tells.
type pager struct {
	*httptest.Server
	mu   sync.Mutex
	told []string // "firing checkout", …
}

func newPager(t *testing.T) *pager {
	p := &pager{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var m struct {
			Alerts []struct {
				Status string
				Labels map[string]string
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			t.Error(err)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, a := range m.Alerts {
			p.told = append(p.told, a.Status+" "+a.Labels["slo"])
		}
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *pager) heard() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.told)
}

// alertmanager is one that tells p at once.
func alertmanager(t *testing.T, p *pager, address string) *promtest.Server {
	return promtest.StartAlertmanager(t, fmt.Sprintf(`route:
  receiver: pager
  group_by: [alertname, slo]
  group_wait: 100ms
  group_interval: 1s
  repeat_interval: 1h
receivers:
- name: pager
  webhook_configs: [{url: %q, send_resolved: true}]
`, p.URL), address)
}

func target(url string) slo.NotificationTarget {
	return slo.NotificationTarget{Name: "on-call", Target: slo.Alertmanager, URL: slo.Secret(url)}
}

// An alert as Alertmanager has it.
type had struct {
	Labels, Annotations map[string]string
	StartsAt, EndsAt    time.Time
	GeneratorURL        string
	Status              struct{ State string }
}

func alertsOf(t *testing.T, am string) (out []had) {
	t.Helper()
	resp, err := http.Get(am + "/api/v2/alerts")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// A real Alertmanager has an alert once, however often it is sent; it tells of
// it once, and of its end.
func TestAlertmanager(t *testing.T) {
	p := newPager(t)
	am := alertmanager(t, p, "")
	n := start(t, notify.Config{URL: "http://setpoint.example/", Every: 400 * time.Millisecond})
	since := time.Now().Add(-time.Minute).UTC().Truncate(time.Millisecond)
	r := firing("checkout", since, target(am.URL))
	n.Tell(r)
	eventually(t, "the pager hears", func() bool { return len(p.heard()) > 0 })
	all := alertsOf(t, am.URL)
	if len(all) != 1 || !all[0].StartsAt.Equal(since) || all[0].GeneratorURL != "http://setpoint.example/objectives/checkout" || all[0].EndsAt.Before(time.Now()) {
		t.Errorf("alerts %+v", all)
	}
	wantLabels := map[string]string{
		"alertname": "BudgetBurn", "severity": "page", "slo": "checkout", "service": "shop", "policy": "pager", "condition": "fast",
		"team": "shop", "cost_center": "7",
	}
	wantNotes := map[string]string{"summary": "checkout burns its error budget too fast", "description": r.Alerts[0].Why, "runbook": "https://wiki.example/1"}
	if diff := cmp.Diff(wantLabels, all[0].Labels) + cmp.Diff(wantNotes, all[0].Annotations); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for range 3 { // with other figures: it is the same alert
		r.Alerts[0].Why = "other figures " + time.Now().String()
		sent := n.Deliveries()[0].Sent
		eventually(t, "it is sent again", func() bool { n.Tell(r); return n.Deliveries()[0].Sent > sent })
	}
	if all := alertsOf(t, am.URL); len(all) != 1 {
		t.Errorf("after four sendings there are %d alerts", len(all))
	}
	n.Tell(ended(r, time.Now()))
	eventually(t, "the pager hears the end", func() bool { return slices.Contains(p.heard(), "resolved checkout") })
	if diff := cmp.Diff([]string{"firing checkout", "resolved checkout"}, p.heard()); diff != "" {
		t.Errorf("the pager heard (-want +got):\n%s", diff)
	}
}

// What people have silenced stays silent.
func TestAlertmanagerSilence(t *testing.T) {
	p := newPager(t)
	am := alertmanager(t, p, "")
	body := fmt.Sprintf(`{"matchers": [{"name": "slo", "value": "quiet", "isRegex": false, "isEqual": true}], "startsAt": %q, "endsAt": %q, "createdBy": "ann", "comment": "known"}`,
		time.Now().Add(-time.Hour).Format(time.RFC3339), time.Now().Add(time.Hour).Format(time.RFC3339))
	resp, err := http.Post(am.URL+"/api/v2/silences", "application/json", bytes.NewReader([]byte(body)))
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("silence: %v %v", resp, err)
	}
	resp.Body.Close()
	n := start(t, notify.Config{})
	quiet, loud := firing("quiet", time.Now(), target(am.URL)), firing("loud", time.Now(), target(am.URL))
	quiet.Alerts = append(quiet.Alerts, loud.Alerts...)
	n.Tell(quiet)
	eventually(t, "the loud one is told", func() bool { return slices.Contains(p.heard(), "firing loud") })
	eventually(t, "the quiet one is there, suppressed", func() bool {
		return slices.ContainsFunc(alertsOf(t, am.URL), func(a had) bool { return a.Labels["slo"] == "quiet" && a.Status.State == "suppressed" })
	})
	if diff := cmp.Diff([]string{"firing loud"}, p.heard()); diff != "" {
		t.Errorf("the pager heard (-want +got):\n%s", diff)
	}
}

// An Alertmanager that is not there yet is told when it is; nobody waits for
// it meanwhile, and its address is in no message.
func TestAlertmanagerComesLate(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	var mu sync.Mutex
	var said []string
	n := start(t, notify.Config{Failed: func(name string, err error) {
		mu.Lock()
		defer mu.Unlock()
		said = append(said, fmt.Sprintf("%s: %t", name, err == nil))
	}})
	began := time.Now()
	n.Tell(firing("checkout", time.Now(), target("http://ann:hunter2@"+address+"/hunter2")))
	if took := time.Since(began); took > time.Second {
		t.Errorf("Tell waited for %s", took)
	}
	eventually(t, "it fails", func() bool { return !n.Deliveries()[0].Failing.IsZero() })
	if d := n.Deliveries()[0]; !strings.Contains(d.Error, "connection refused") || strings.Contains(fmt.Sprintf("%+v", d), "hunter2") {
		t.Errorf("delivery %+v", d)
	}
	n.Tell(firing("checkout", time.Now(), target("http://"+address)))
	eventually(t, "it fails at its other address", func() bool { return !n.Deliveries()[0].Failing.IsZero() })
	p := newPager(t)
	alertmanager(t, p, address)
	eventually(t, "the pager hears", func() bool { return slices.Contains(p.heard(), "firing checkout") })
	eventually(t, "it is well", func() bool { return n.Deliveries()[0].Failing.IsZero() })
	n.Close()
	if diff := cmp.Diff([]string{"on-call: false", "on-call: false", "on-call: true"}, said); diff != "" {
		t.Errorf("said (-want +got):\n%s", diff)
	}
}

// Only the leader tells, and what it told goes on under the next one.
func TestOnlyTheLeaderTells(t *testing.T) {
	p := newPager(t)
	am := alertmanager(t, p, "")
	old, next := start(t, notify.Config{}), start(t, notify.Config{})
	r := firing("checkout", time.Now().Add(-time.Second), target(am.URL))
	follower := r
	follower.Leader = false
	next.Tell(follower)
	old.Tell(r)
	eventually(t, "the pager hears", func() bool { return len(p.heard()) > 0 })
	deposed := ended(r, time.Now()) // it would be news, of one that leads
	deposed.Leader = false
	old.Tell(deposed)
	next.Tell(r)
	eventually(t, "the next leader sends", func() bool { return next.Deliveries()[0].Sent == 1 })
	next.Tell(ended(r, time.Now()))
	eventually(t, "the pager hears the end", func() bool { return slices.Contains(p.heard(), "resolved checkout") })
	if diff := cmp.Diff([]string{"firing checkout", "resolved checkout"}, p.heard()); diff != "" || old.Deliveries()[0].Sent != 1 {
		t.Errorf("the old leader sent %d; the pager heard (-want +got):\n%s", old.Deliveries()[0].Sent, diff)
	}
}

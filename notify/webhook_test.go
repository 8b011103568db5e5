package notify_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/notify"
	"setpoint.dev/setpoint/slo"
)

// A receiver answers requests with statuses in turn, the last one over and
// over; 0 is no answer at all.
type receiver struct {
	mu       sync.Mutex
	statuses []int
	header   http.Header
	got      []string // time, kind and objective of what was accepted
	ids      []string
	tried    []time.Duration // since the first request
	first    time.Time
	bad      []string
}

const key = "a secret of the webhook"

func (r *receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.first.IsZero() {
		r.first = time.Now()
	}
	r.tried = append(r.tried, time.Since(r.first))
	status := r.statuses[0]
	r.statuses = r.statuses[min(1, len(r.statuses)-1):]
	body, _ := io.ReadAll(req.Body)
	var m notify.Message
	if err := json.Unmarshal(body, &m); err != nil || m.ID != req.Header.Get("Webhook-Id") || !signed(req, body) {
		r.bad = append(r.bad, fmt.Sprintf("%v %s %s", err, req.Header, body))
	}
	if status == 0 {
		return nil, errors.New("connection refused")
	}
	if status/100 == 2 {
		r.got, r.ids = append(r.got, m.Type+" "+m.Objective), append(r.ids, m.ID)
	}
	return &http.Response{StatusCode: status, Header: r.header.Clone(), Body: io.NopCloser(strings.NewReader("said by the receiver")), Request: req}, nil
}

// signed checks a request as a receiver does.
func signed(req *http.Request, body []byte) bool {
	mac := hmac.New(sha256.New, []byte(key))
	fmt.Fprintf(mac, "%s.%s.%s", req.Header.Get("Webhook-Id"), req.Header.Get("Webhook-Timestamp"), body)
	return hmac.Equal([]byte("v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil))), []byte(req.Header.Get("Webhook-Signature")))
}

func hook() slo.NotificationTarget {
	return slo.NotificationTarget{Name: "hook", Target: slo.Webhook, URL: "https://hook.example/hunter2", Key: key}
}

// hooked is a Notifier that a receiver hears; play runs in a bubble of time.
func hooked(t *testing.T, r *receiver, cfg notify.Config, play func(n *notify.Notifier)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := notify.New(cfg)
		n.Over(r)
		play(n)
		n.Close()
	})
	if len(r.bad) > 0 {
		t.Errorf("not as they should be: %s", r.bad)
	}
}

// A webhook hears of the beginning and of the end, once each, in order and
// signed, also after failures; the next leader says the same.
func TestWebhook(t *testing.T) {
	r := &receiver{statuses: []int{503, 0, 200}}
	var before []string
	hooked(t, r, notify.Config{}, func(n *notify.Notifier) {
		report := firing("checkout", time.Now(), hook())
		for range 3 {
			n.Tell(report)
			time.Sleep(time.Second / 4)
		}
		n.Tell(ended(report, time.Now()))
		time.Sleep(time.Minute)
		n.Tell(ended(report, time.Now()))
		synctest.Wait()
		if d := n.Deliveries()[0]; d.Sent != 2 || d.Failed != 2 || d.Waiting != 0 || !d.Failing.IsZero() {
			t.Errorf("delivery %+v", d)
		}
		before = r.ids
		next := notify.New(notify.Config{})
		next.Over(r)
		next.Tell(report)
		synctest.Wait()
		next.Close()
	})
	if diff := cmp.Diff([]string{"alert.firing checkout", "alert.resolved checkout", "alert.firing checkout"}, r.got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(before) != 2 || before[0] == before[1] || before[0] != r.ids[2] {
		t.Errorf("IDs %v: the next leader's message is not known as the first one", r.ids)
	}
	if diff := cmp.Diff([]time.Duration{0, time.Second, 3 * time.Second}, r.tried[:3]); diff != "" {
		t.Errorf("tried (-want +got):\n%s", diff)
	}
}

// A target that is down is tried ever more seldom, up to once a minute, or
// when it says to; nobody waits for it.
func TestWebhookDown(t *testing.T) {
	r := &receiver{statuses: []int{0}}
	hooked(t, r, notify.Config{}, func(n *notify.Notifier) {
		began := time.Now()
		for range 5 * 60 {
			n.Tell(firing("checkout", began, hook()))
			time.Sleep(time.Second)
		}
		if d := n.Deliveries()[0]; d.Failing != began || d.Error != "reach hook: connection refused" || d.Waiting != 1 {
			t.Errorf("delivery %+v", d)
		}
	})
	var want []time.Duration
	for _, s := range []int{0, 1, 3, 7, 15, 31, 63, 123, 183, 243} {
		want = append(want, time.Duration(s)*time.Second)
	}
	if diff := cmp.Diff(want, r.tried); diff != "" {
		t.Errorf("tried (-want +got):\n%s", diff)
	}
	r = &receiver{statuses: []int{429, 200}, header: http.Header{"Retry-After": {"40"}}}
	hooked(t, r, notify.Config{}, func(n *notify.Notifier) {
		n.Tell(firing("checkout", time.Now(), hook()))
		time.Sleep(2 * time.Minute)
	})
	if diff := cmp.Diff([]time.Duration{0, 40 * time.Second}, r.tried); diff != "" {
		t.Errorf("asked to wait, tried (-want +got):\n%s", diff)
	}
}

// What a receiver refuses for good is given up, and what follows goes on;
// what is too much is lost, the oldest first.
func TestWebhookGivesUp(t *testing.T) {
	r := &receiver{statuses: []int{400, 200}}
	hooked(t, r, notify.Config{}, func(n *notify.Notifier) {
		report := firing("checkout", time.Now(), hook())
		n.Tell(ended(report, time.Now()))
		synctest.Wait()
		if d := n.Deliveries()[0]; d.Lost != 1 || d.Sent != 1 || d.Waiting != 0 {
			t.Errorf("delivery %+v", d)
		}
	})
	r = &receiver{statuses: []int{0, 0, 200}}
	hooked(t, r, notify.Config{Most: 2}, func(n *notify.Notifier) {
		report := firing("first", time.Now(), hook())
		n.Tell(report)
		synctest.Wait()
		for _, name := range []string{"second", "third"} {
			report.Alerts = append(report.Alerts, firing(name, time.Now(), hook()).Alerts...)
		}
		n.Tell(report)
		time.Sleep(10 * time.Second)
		if d := n.Deliveries()[0]; d.Lost != 1 || d.Sent != 2 {
			t.Errorf("delivery %+v", d)
		}
	})
	if diff := cmp.Diff([]string{"alert.firing second", "alert.firing third"}, r.got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Nobody is told by a follower, of what is pending, of what the policy keeps
// to itself, or of an end that nobody wants to hear of; a redirect is none
// that is followed.
func TestNotTold(t *testing.T) {
	tests := []struct {
		name   string
		change func(*loop.Report)
		want   []string
	}{
		{"a follower", func(r *loop.Report) { r.Leader = false }, nil},
		{"pending", func(r *loop.Report) { r.Alerts[0].Phase = loop.AlertPending }, nil},
		{"kept quiet", func(r *loop.Report) { r.Alerts[0].Told = false }, nil},
		{"no end", func(r *loop.Report) {
			*r = ended(*r, time.Now())
			r.Alerts[0].Rule.Resolved = false
		}, []string{"alert.firing checkout"}},
		{"another way", func(r *loop.Report) { r.Alerts[0].Rule.Targets[0].Target = "email" }, nil},
	}
	for _, tt := range tests {
		r := &receiver{statuses: []int{200}}
		hooked(t, r, notify.Config{}, func(n *notify.Notifier) {
			report := firing("checkout", time.Now(), hook())
			tt.change(&report)
			n.Tell(report)
			synctest.Wait()
		})
		if diff := cmp.Diff(tt.want, r.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	r := &receiver{statuses: []int{302}, header: http.Header{"Location": {"http://169.254.169.254/"}}}
	hooked(t, r, notify.Config{}, func(n *notify.Notifier) {
		n.Tell(firing("checkout", time.Now(), hook()))
		synctest.Wait()
		if d := n.Deliveries()[0]; len(r.tried) != 1 || d.Error != "hook answers 302 Found said by the receiver" {
			t.Errorf("tried %d times, delivery %+v", len(r.tried), d)
		}
	})
}

// Secrets are in nothing that can be printed.
func TestSecretsStaySecret(t *testing.T) {
	r := &receiver{statuses: []int{0}}
	said := ""
	hooked(t, r, notify.Config{Failed: func(_ string, err error) { said += fmt.Sprintf("%+v", err) }}, func(n *notify.Notifier) {
		report := firing("checkout", time.Now(), hook())
		n.Tell(report)
		synctest.Wait()
		text, _ := json.Marshal(report.Alerts[0].Rule)
		said += fmt.Sprintf("%+v %#v %s %x %q", n.Deliveries(), report.Alerts[0].Rule.Targets, text, hook(), hook().Key)
	})
	for _, secret := range []string{"hunter2", key, fmt.Sprintf("%x", key)} {
		if strings.Contains(said, secret) {
			t.Errorf("%q is in %s", secret, said)
		}
	}
}

// TestTargetsRefused sends alerts nowhere that a definition must not lead to,
// and says why without the address.
func TestTargetsRefused(t *testing.T) {
	n := start(t, notify.Config{})
	metadata := hook()
	metadata.URL = "http://169.254.169.254/latest/hunter2"
	n.Tell(firing("checkout", time.Now(), metadata))
	eventually(t, "the target fails", func() bool { return n.Deliveries()[0].Failed > 0 })
	if d := n.Deliveries()[0]; d.Sent != 0 || !strings.Contains(d.Error, "may not be connected to") || strings.Contains(d.Error, "hunter2") {
		t.Errorf("delivery %+v", d)
	}
}

// TestTextIsNoTemplate sends words as they are: nothing in a name is run,
// filled in, or ends the text that it is in.
func TestTextIsNoTemplate(t *testing.T) {
	const name = "{{ .Key }} ${HOOK_SECRET} \"}],\"x\":\" <script> %s \n\u202e"
	n := notify.New(notify.Config{})
	got := make(chan notify.Message, 1)
	n.Over(roundTrip(func(req *http.Request) (*http.Response, error) {
		var m notify.Message
		err := json.NewDecoder(req.Body).Decode(&m)
		got <- m
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: req}, err
	}))
	n.Tell(firing(name, time.Now(), hook()))
	if m := <-got; m.Objective != name || !strings.Contains(m.Description, name) {
		t.Errorf("message %+v", m)
	}
	n.Close()
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

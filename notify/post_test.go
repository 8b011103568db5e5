package notify_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/notify"
	"setpoint.dev/setpoint/slo"
)

// A message of somebody else goes out once, signed; what came of it says when
// it may be sent again, and names no address.
func TestPost(t *testing.T) {
	for _, c := range []struct {
		status int
		header map[string][]string
		again  time.Duration
		says   string
	}{
		{200, nil, 0, ""}, {0, nil, time.Second, "reach hook: connection refused"}, {503, nil, time.Second, "hook answers 503"},
		{429, map[string][]string{"Retry-After": {"40"}}, 40 * time.Second, "429"}, {400, nil, 0, "hook answers 400"}, {302, nil, time.Second, "302"},
	} {
		r := &receiver{statuses: []int{c.status}, header: c.header}
		hooked(t, r, notify.Config{}, func(n *notify.Notifier) {
			again, err := n.Post(context.Background(), hook(), "report_1", []byte(`{"id":"report_1","type":"report"}`))
			if again != c.again || (err == nil) != (c.says == "") || err != nil && (!strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hunter2")) {
				t.Errorf("%d: again after %s, %v", c.status, again, err)
			}
		})
		if len(r.bad) > 0 || len(r.tried) != 1 {
			t.Errorf("%d: %v, tried %v", c.status, r.bad, r.tried)
		}
	}
	n := notify.New(notify.Config{})
	defer n.Close()
	if again, err := n.Post(t.Context(), slo.NotificationTarget{Name: "mail", Target: "email"}, "report_1", nil); again != 0 || err == nil {
		t.Errorf("what is no webhook: %s, %v", again, err)
	}
}

// No message goes where Config.Egress does not let it.
func TestPostIsBound(t *testing.T) {
	n := notify.New(notify.Config{})
	defer n.Close()
	to := hook()
	to.URL = "http://169.254.169.254/latest"
	again, err := n.Post(t.Context(), to, "report_1", []byte("{}"))
	if err == nil || !strings.Contains(err.Error(), "may not be connected to") || again == 0 {
		t.Errorf("again after %s, %v", again, err)
	}
}

// Package notify tells people, through others, which alerts fire and which
// have ended.
//
//	loop.Report ─► Tell ─► for each target a courier of its own:
//	                         alertmanager   all alerts at once, again every minute, while they last
//	                         webhook        one signed message for each beginning and each end
//
// Post sends a webhook one message that somebody else keeps, such as a report
// of a period (web/sending.go).
//
// Only the leader tells: on another instance Tell clears what waits. Alerts
// are part of what the loop remembers over restarts and changes of the
// leader, since when they fire included, so that the next leader says the same
// of them: Alertmanager takes it as the alert that it has, and a message of a
// webhook has the ID that it had before.
//
// # When a target is down
//
// Its courier tries again after a second, then after two, four, … up to a
// minute, or when the target says to. Tell never waits. An Alertmanager is
// always sent what is so now. For a webhook up to 1000 messages wait in order;
// what is more is lost, the oldest first, and counted. Deliveries says how
// each target does, for the page and for /metrics.
//
// When this program dies, Alertmanager ends its alerts after a few minutes,
// unless another instance goes on with them.
//
// # What is not told
//
// Addresses and secrets are not in errors. No redirect is followed, so that
// nothing is sent where nobody said it should be; and no address is dialled that
// Config.Egress refuses.
package notify

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"setpoint.dev/setpoint/egress"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// A Config says how a Notifier tells. Its zero value is sensible.
type Config struct {
	URL      string                         // of the page, to which messages link
	Every    time.Duration                  // how often an Alertmanager is sent alerts that last; 0 = 1 min
	Most     int                            // messages that wait for a webhook; 0 = 1000
	Patience time.Duration                  // for one answer; 0 = 10 s
	Egress   egress.Policy                  // where targets may be
	Failed   func(target string, err error) // called when a target begins to fail, and with nil when it is well again
}

// A Delivery is how a target does.
type Delivery struct {
	Target  string
	Way     string    // slo.Alertmanager or slo.Webhook
	Sent    int64     // requests that were accepted
	Failed  int64     // requests that were not
	Lost    int64     // messages that were given up
	Waiting int       // messages that wait
	Last    time.Time // of the newest request that was accepted; zero = none
	Failing time.Time // since when none is; zero = it does well
	Error   string    // why
}

// A Notifier tells of alerts. Its methods may be called at the same time.
type Notifier struct {
	cfg    Config
	client *http.Client

	mu       sync.Mutex
	couriers map[slo.NotificationTarget]*courier
	ctx      context.Context // of the couriers; nil until Run
	end      context.CancelFunc
	all      sync.WaitGroup
}

// New prepares a Notifier. Nothing is sent before Run.
func New(cfg Config) *Notifier {
	cfg.Every, cfg.Most, cfg.Patience = cmp.Or(cfg.Every, time.Minute), cmp.Or(cfg.Most, 1000), cmp.Or(cfg.Patience, 10*time.Second)
	n := &Notifier{cfg: cfg, client: newClient(cfg), couriers: map[slo.NotificationTarget]*courier{}}
	n.ctx, n.end = context.WithCancel(context.Background())
	return n
}

// newClient follows no redirect.
func newClient(cfg Config) *http.Client {
	return &http.Client{
		Timeout:       cfg.Patience,
		Transport:     cfg.Egress.Transport(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Run keeps the couriers going until ctx ends.
func (n *Notifier) Run(ctx context.Context) error {
	<-ctx.Done()
	n.Close()
	return nil
}

// Close ends the couriers; what waits is left.
func (n *Notifier) Close() {
	n.end()
	n.all.Wait()
	n.client.CloseIdleConnections()
}

// Tell takes in the alerts of a report. It does not wait.
func (n *Notifier) Tell(r loop.Report) {
	by := map[slo.NotificationTarget][]loop.Alert{}
	for _, t := range declared(r.Set) {
		by[t] = nil
	}
	for _, a := range r.Alerts {
		for _, t := range targets(a) {
			alerts := by[t]
			if told(a) {
				alerts = append(alerts, a)
			}
			by[t] = alerts
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for t, alerts := range by {
		n.courier(t).take(letter{alerts, r.Leader})
	}
	for t, c := range n.couriers {
		if _, there := by[t]; !there {
			c.end()
			delete(n.couriers, t)
		}
	}
}

// told reports whether an alert is of concern to those who are told.
func told(a loop.Alert) bool {
	return a.Told && (a.Phase == loop.AlertFiring || a.Phase == loop.AlertResolved)
}

// targets are those of an alert that something can be sent to, each once.
func targets(a loop.Alert) (out []slo.NotificationTarget) {
	for _, t := range a.Rule.Targets {
		if t = address(t); t.Delivers() && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// declared are the targets of all objectives.
func declared(set *slo.Set) (out []slo.NotificationTarget) {
	if set == nil {
		return nil
	}
	seen := map[slo.NotificationTarget]bool{}
	for _, o := range set.Objectives {
		for _, p := range o.Alerts {
			for _, t := range p.Targets {
				if t = address(t); t.Delivers() && !seen[t] {
					seen[t] = true
					out = append(out, t)
				}
			}
		}
	}
	return out
}

// address is what tells one target from another.
func address(t slo.NotificationTarget) slo.NotificationTarget {
	return slo.NotificationTarget{Name: t.Name, Target: t.Target, URL: t.URL, Key: t.Key}
}

// courier is the courier of a target, which goes from now on.
func (n *Notifier) courier(t slo.NotificationTarget) *courier {
	c := n.couriers[t]
	if c == nil {
		c = newCourier(n, t)
		n.couriers[t] = c
		n.all.Go(c.run)
	}
	return c
}

// Deliveries says how each target does, sorted by name.
func (n *Notifier) Deliveries() []Delivery {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := []Delivery{}
	for _, c := range n.couriers {
		out = append(out, c.delivery())
	}
	slices.SortFunc(out, func(a, b Delivery) int {
		return cmp.Or(strings.Compare(a.Target, b.Target), strings.Compare(a.Way, b.Way))
	})
	return out
}

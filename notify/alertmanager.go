package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// lives is for how many sendings an alert goes on without another one.
const lives = 4

// A manager is an Alertmanager. It is sent all alerts whenever one begins or
// ends, and again from time to time while they last: what is not sent again
// it ends by itself. It tells one alert from another by its labels.
type manager struct {
	cfg    Config
	url    slo.Secret
	alerts []loop.Alert
	marks  string        // of the alerts
	sent   string        // marks of what it was sent last
	last   time.Time     // when that was
	heard  time.Time     // of the newest letter
	gap    time.Duration // between letters
}

// take keeps the newest alerts.
func (m *manager) take(l letter, now time.Time) {
	if !m.heard.IsZero() {
		m.gap = now.Sub(m.heard)
	}
	m.heard = now
	if m.alerts = l.alerts; !l.leader {
		m.alerts, m.sent = nil, ""
	}
	var marks strings.Builder
	for _, a := range m.alerts {
		fmt.Fprintf(&marks, "%s %s %d\n", a.Key, a.Phase, a.Fired.UnixNano())
	}
	m.marks = marks.String()
}

// next is a request when something changed, or the last one is long ago.
func (m *manager) next(ctx context.Context, now time.Time) (*http.Request, error) {
	if len(m.alerts) == 0 || m.marks == m.sent && now.Sub(m.last) < m.cfg.Every {
		return nil, nil
	}
	until := now.Add(lives * max(m.cfg.Every, m.gap))
	body := []managed{}
	for _, a := range m.alerts {
		body = append(body, m.managed(a, until))
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("write alerts: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(m.url.Reveal(), "/")+"/api/v2/alerts", bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("address an Alertmanager: not an address")
	}
	return r, nil
}

func (m *manager) done(err error, now time.Time) {
	if err == nil || final(err) { // what it does not take now it takes no better at once
		m.sent, m.last = m.marks, now
	}
}

// managed is an alert in the words of Alertmanager's API v2.
type managed struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

func (m *manager) managed(a loop.Alert, until time.Time) managed {
	out := managed{Labels: labels(a), Annotations: annotations(a), StartsAt: a.Fired, EndsAt: until, GeneratorURL: link(m.cfg, a)}
	if a.Phase == loop.AlertResolved {
		out.EndsAt = a.Ended
	}
	return out
}

// labels tell one alert from another. They stay the same as long as it lasts:
// figures are annotations.
func labels(a loop.Alert) map[string]string {
	out := map[string]string{}
	for name, value := range a.Labels {
		name = regexp.MustCompile(`[^a-zA-Z0-9_]`).ReplaceAllString(name, "_")
		if name != "" && name[0] >= '0' && name[0] <= '9' {
			name = "_" + name
		}
		if value != "" {
			out[name] = strings.ToValidUTF8(value, "�")
		}
	}
	own := map[string]string{
		"alertname": a.Name, "severity": a.Severity, "slo": a.Objective, "service": a.Service, "policy": a.Policy, "condition": a.Condition,
	}
	maps.DeleteFunc(own, func(_, value string) bool { return value == "" })
	maps.Copy(out, own)
	return out
}

func annotations(a loop.Alert) map[string]string {
	out := map[string]string{"summary": summary(a), "description": a.Why}
	maps.Copy(out, a.Rule.Notes)
	return out
}

// summary is an alert in a few words.
func summary(a loop.Alert) string {
	if a.Burn.Sign() == 0 {
		return a.Objective + " cannot be seen"
	}
	return a.Objective + " burns its error budget too fast"
}

// link is the page of an alert's objective.
func link(cfg Config, a loop.Alert) string {
	if cfg.URL == "" {
		return ""
	}
	return strings.TrimRight(cfg.URL, "/") + "/objectives/" + url.PathEscape(a.Objective)
}

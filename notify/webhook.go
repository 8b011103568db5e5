package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// A hook is a webhook. It is sent one message when an alert begins to fire
// and one when it ends, in order, each until it is accepted or refused for
// good.
type hook struct {
	cfg     Config
	url     slo.Secret
	key     slo.Secret
	waiting []message
	seen    map[string]bool // IDs of messages about the alerts of the newest letter
	lost    int64
	count   func(waiting int, lost int64)
}

// A message is one thing that is told.
type message struct {
	id   string
	body []byte
}

// take makes messages of what is new in a letter. What was told of an alert
// is forgotten when the alert is.
func (h *hook) take(l letter, _ time.Time) {
	if !l.leader {
		h.waiting, h.seen = nil, map[string]bool{}
		h.count(0, h.lost)
		return
	}
	seen := map[string]bool{}
	for _, a := range l.alerts {
		for _, p := range phases(a) {
			id := ID(a, p)
			if seen[id] = true; !h.seen[id] {
				h.waiting = append(h.waiting, message{id, h.body(a, p, id)})
			}
		}
	}
	h.seen = seen
	if over := len(h.waiting) - h.cfg.Most; over > 0 {
		h.waiting, h.lost = h.waiting[over:], h.lost+int64(over)
	}
	h.count(len(h.waiting), h.lost)
}

// phases are those of an alert that somebody wants to be told of: one that
// has ended had begun.
func phases(a loop.Alert) []loop.AlertPhase {
	switch {
	case a.Phase == loop.AlertFiring:
		return []loop.AlertPhase{loop.AlertFiring}
	case a.Rule.Resolved:
		return []loop.AlertPhase{loop.AlertFiring, loop.AlertResolved}
	}
	return []loop.AlertPhase{loop.AlertFiring}
}

// ID names one message, by which a receiver knows one that it has had: it is
// the same whoever sends it, and however often.
func ID(a loop.Alert, phase loop.AlertPhase) string {
	sum := sha256.Sum256([]byte(a.Key + "\n" + a.Fired.UTC().Format(time.RFC3339Nano) + "\n" + string(phase)))
	return "msg_" + hex.EncodeToString(sum[:16])
}

// A Message is what a webhook is sent, as JSON.
type Message struct {
	ID          string            `json:"id"`
	Type        string            `json:"type"` // alert.firing or alert.resolved
	Name        string            `json:"name"`
	Severity    string            `json:"severity"`
	Objective   string            `json:"objective"`
	Service     string            `json:"service"`
	Policy      string            `json:"policy"`
	Condition   string            `json:"condition"`
	Summary     string            `json:"summary"`
	Description string            `json:"description"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Fired       time.Time         `json:"fired"`
	Ended       time.Time         `json:"ended,omitzero"`
	Link        string            `json:"link,omitempty"`
}

func (h *hook) body(a loop.Alert, phase loop.AlertPhase, id string) []byte {
	m := Message{
		ID: id, Type: "alert." + string(phase), Name: a.Name, Severity: a.Severity, Objective: a.Objective, Service: a.Service,
		Policy: a.Policy, Condition: a.Condition, Summary: summary(a), Description: a.Why, Labels: a.Labels, Annotations: a.Rule.Notes,
		Fired: a.Fired, Link: link(h.cfg, a),
	}
	if phase == loop.AlertResolved {
		m.Ended = a.Ended
	}
	text, _ := json.Marshal(m) // of texts and times
	return text
}

// next is the oldest message, signed.
func (h *hook) next(ctx context.Context, now time.Time) (*http.Request, error) {
	if len(h.waiting) == 0 {
		return nil, nil
	}
	return h.waiting[0].to(ctx, h.url, h.key, now)
}

// to is a message as a request to a webhook, signed.
func (m message) to(ctx context.Context, url, key slo.Secret, now time.Time) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url.Reveal(), bytes.NewReader(m.body))
	if err != nil {
		return nil, fmt.Errorf("address a webhook: not an address")
	}
	Sign(r, key, m.id, m.body, now)
	return r, nil
}

// Sign signs a request with a body as Standard Webhooks says
// (standardwebhooks.com): HMAC-SHA256 over ID, timestamp and body.
func Sign(r *http.Request, key slo.Secret, id string, body []byte, now time.Time) {
	stamp := strconv.FormatInt(now.Unix(), 10)
	r.Header.Set("Webhook-Id", id)
	r.Header.Set("Webhook-Timestamp", stamp)
	r.Header.Set("Webhook-Signature", "v1,"+signature(key, id, stamp, body))
}

// signature is that of one message. A key that begins with whsec_ is in
// base64; others are used as they are.
func signature(key slo.Secret, id, stamp string, body []byte) string {
	raw := []byte(key.Reveal())
	if encoded, found := strings.CutPrefix(key.Reveal(), "whsec_"); found {
		if decoded, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			raw = decoded
		}
	}
	mac := hmac.New(sha256.New, raw)
	fmt.Fprintf(mac, "%s.%s.%s", id, stamp, body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// done forgets a message that was accepted, or refused for good.
func (h *hook) done(err error, _ time.Time) {
	if len(h.waiting) == 0 || err != nil && !final(err) {
		return
	}
	h.waiting = h.waiting[1:]
	if err != nil {
		h.lost++
	}
	h.count(len(h.waiting), h.lost)
}

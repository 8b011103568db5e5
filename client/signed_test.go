package client_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/client"
)

// signed is an answer that a key signs.
func signed(key ed25519.PrivateKey, at time.Time, more string) client.SignedAnswer {
	body := fmt.Sprintf(`{"verdict":"allow","allowed":true,"service":"checkout","environment":"prod","release":"v1","at":%q,"words":"allow: fine"%s}`, at.Format(time.RFC3339), more)
	return client.SignedAnswer{Body: json.RawMessage(body), Signature: base64.StdEncoding.EncodeToString(ed25519.Sign(key, client.SignedText([]byte(body))))}
}

// TestRecall has an answer stand in for as long as it may, for what it was
// about, and only when the server signed every byte of it.
func TestRecall(t *testing.T) {
	pub, key, _ := ed25519.GenerateKey(nil)
	other, foreign, _ := ed25519.GenerateKey(nil)
	at := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	q := client.Question{Service: "checkout", Environment: "prod", Release: "v2"}
	altered := signed(key, at, "")
	altered.Body = json.RawMessage(strings.Replace(string(altered.Body), "v1", "v3", 1))
	for _, c := range []struct {
		name string
		s    client.SignedAnswer
		q    client.Question
		now  time.Time
		keys []ed25519.PublicKey
		fine bool
	}{
		{"as it was", signed(key, at, ""), q, at.Add(time.Minute), []ed25519.PublicKey{other, pub}, true},
		{"to the last second", signed(key, at, ""), q, at.Add(time.Hour), []ed25519.PublicKey{pub}, true},
		{"too old", signed(key, at, ""), q, at.Add(time.Hour + 1), []ed25519.PublicKey{pub}, false},
		{"of the future", signed(key, at, ""), q, at.Add(-time.Hour), []ed25519.PublicKey{pub}, false},
		{"no key", signed(key, at, ""), q, at, nil, false},
		{"another's", signed(foreign, at, ""), q, at, []ed25519.PublicKey{pub}, false},
		{"altered", altered, q, at, []ed25519.PublicKey{pub}, false},
		{"not signed", client.SignedAnswer{Body: altered.Body}, q, at, []ed25519.PublicKey{pub}, false},
		{"another service", signed(key, at, ""), client.Question{Service: "cart", Environment: "prod"}, at, []ed25519.PublicKey{pub}, false},
		{"another environment", signed(key, at, ""), client.Question{Service: "checkout"}, at, []ed25519.PublicKey{pub}, false},
		{"another class", signed(key, at, ""), client.Question{Service: "checkout", Environment: "prod", Change: "rollback"}, at, []ed25519.PublicKey{pub}, false},
		{"override of a release", signed(key, at, `,"reasons":[{"code":"overridden"}]`), q, at, []ed25519.PublicKey{pub}, false},
		{"bound to a release", signed(key, at, `,"boundUntil":"2026-03-14T13:00:00Z"`), q, at, []ed25519.PublicKey{pub}, false},
		{"override of this release", signed(key, at, `,"reasons":[{"code":"overridden"}]`), client.Question{Service: "checkout", Environment: "prod", Release: "v1"}, at, []ed25519.PublicKey{pub}, true},
	} {
		a, err := c.s.Recall(c.q, c.now, time.Hour, c.keys...)
		if (err == nil) != c.fine {
			t.Errorf("%s: %+v, %v", c.name, a, err)
		}
		if err == nil && (!a.Degraded || !slices.Contains(a.DegradedBy, client.LastAnswer) || a.Release != c.q.Release || !strings.Contains(a.Words, "away")) {
			t.Errorf("%s: %+v does not say that it stands in", c.name, a)
		}
	}
}

// TestSecretIsNotPrinted keeps the token of a client out of whatever prints
// it, and sends it where it belongs.
func TestSecretIsNotPrinted(t *testing.T) {
	c := client.Client{URL: "http://127.0.0.1:1", Token: "hunter2"}
	text, err := json.Marshal(c.Token)
	said := fmt.Sprintf("%v %+v %#v %s %q %x", c, c, c, c.Token, c.Token, c.Token) + string(text)
	_, gone := c.Gate(t.Context(), client.Question{Service: "checkout"})
	if said += gone.Error(); err != nil || strings.Contains(said, "hunter2") || strings.Contains(said, "68756e74657232") {
		t.Errorf("%v: %s", err, said)
	}
}

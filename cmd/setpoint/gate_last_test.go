//go:build linux

package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// TestLastAnswer asks a server that signs, and then nobody: the last answer
// stands in as long as it may.
func TestLastAnswer(t *testing.T) {
	t.Parallel()
	s := storage{state: t.TempDir()}
	key, err := s.signingKey()
	must(t, err)
	again, err := s.signingKey()
	must(t, err)
	if info, err := os.Stat(s.state + "/gate.key"); err != nil || info.Mode().Perm() != 0o600 || !key.Equal(again) {
		t.Errorf("the key is not kept, or not well: %v", err)
	}
	set := &slo.Set{Policies: []slo.ReleasePolicy{{Name: "p", Service: "checkout", OnNoData: slo.Allow}}}
	server := httptest.NewServer(web.New(web.Config{Set: func() *slo.Set { return set }, Sign: func(text []byte) []byte { return ed25519.Sign(key, text) }}).Handler())
	pin := base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))
	env := []string{"SETPOINT_URL=" + server.URL, "XDG_CACHE_HOME=" + t.TempDir()}
	ask := func(more ...string) result {
		return command(t, env, append([]string{"gate", "checkout", "-o", "json"}, more...)...)
	}
	if r := ask("--last-for", "1h", "--pin", pin); r.code != 0 || r.err != "" {
		t.Errorf("the server is there: %s", r)
	}
	server.Close()
	r := ask("--last-for", "1h", "--pin", pin, "--release", "v2")
	var a client.Answer
	if err := json.Unmarshal([]byte(r.out), &a); r.code != 0 || err != nil || a.Verdict != client.Allow || a.Release != "v2" || !strings.Contains(a.Words, "away") {
		t.Errorf("the server is away: %v: %s", err, r)
	}
	other := base64.StdEncoding.EncodeToString(make([]byte, 32))
	time.Sleep(time.Millisecond) // older than the shortest length of time
	for says, r := range map[string]result{
		"no answer from Setpoint": ask(),
		"none of the pinned keys": ask("--last-for", "1h", "--pin", other),
		"too long ago":            ask("--last-for", "1ns", "--pin", pin),
		"no answer was kept":      ask("--last-for", "1h", "--pin", pin, "--environment", "prod"),
		"without fresh data":      ask("--last-for", "1h", "--pin", pin, "--fail-on-no-data"),
	} {
		if r.code != 4 || !strings.Contains(r.err, says) {
			t.Errorf("want %q: %s", says, r)
		}
	}
	if r := ask("--last-for", "1h"); r.code != usage || !strings.Contains(r.err, "needs --pin") {
		t.Errorf("without a key: %s", r)
	}
}

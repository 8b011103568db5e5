//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
)

// TestAuth runs a server that asks who calls: the first token is made on the
// command line, a revoked one is refused seconds later, and with the ledger
// gone those that are known go on.
func TestAuth(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	v := newServer(s, "observe", "1s")
	v.dsn = clustertest.DSN(t)
	v.env = append(v.env, "DATABASE_URL="+v.dsn)
	v.args = append(v.args, "--auth")
	admin, gate := v.makeToken("ann", "--scope", "admin"), v.makeToken("ci", "--scope", "gate", "--for", "1h")
	v.token = admin
	v.start()
	ask := func(token string) int {
		_, err := client.Client{URL: v.url, Token: client.Secret(token)}.Gate(t.Context(), client.Question{Service: "checkout"})
		if p := (&client.Problem{}); errors.As(err, &p) {
			return p.Status
		}
		must(t, err)
		return http.StatusOK
	}
	if got := [3]int{ask(admin), ask(gate), ask("")}; got != [3]int{200, 200, 401} {
		t.Errorf("statuses with the token of an admin, of a pipeline, and without: %v", got)
	}
	if r := v.run("freeze", "checkout", "--why", "a fair", "--by", "mallory"); r.code != 0 || v.status().Orders[0].By != "ann" {
		t.Errorf("%s\norders %+v", r, v.status().Orders)
	}
	v.within(30*time.Second, "it is kept that the token was used", func() bool {
		var all []struct{ Name, Used string }
		r := v.run("tokens", "list")
		must(t, json.Unmarshal([]byte(v.run("tokens", "list", "-o", "json").out), &all))
		return len(all) == 2 && strings.Count(r.out, "–") == 0 && !strings.Contains(r.out, gate)
	})
	if r := v.run("tokens", "revoke", "ci"); r.code != 0 || !strings.Contains(r.out, "is revoked") {
		t.Errorf("%s", r)
	}
	v.within(30*time.Second, "the revoked token is refused", func() bool { return ask(gate) == 401 })
	if r := v.run("tokens", "revoke", "ci"); r.code != 1 || !strings.Contains(r.err, "there is no token ci") {
		t.Errorf("%s", r)
	}
	keepsTokens(t, v, admin, gate)
}

// makeToken makes a token on the command line.
func (v *server) makeToken(args ...string) string {
	v.t.Helper()
	r := v.run(append([]string{"tokens", "make"}, args...)...)
	secret := strings.TrimSpace(r.out)
	if r.code != 0 || !strings.HasPrefix(secret, "spt_") || !strings.Contains(r.err, "not shown again") {
		v.t.Fatalf("%s", r)
	}
	return secret
}

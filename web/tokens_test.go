package web_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

const madeSecret = "spt_id_the secret of a token that was made"

// tokenBook keeps tokens in memory.
type tokenBook struct{ all []client.Token }

func (b *tokenBook) Tokens(context.Context) ([]client.Token, error) { return b.all, nil }

func (b *tokenBook) MakeToken(_ context.Context, t client.Token) (client.Token, slo.Secret, error) {
	t.ID = "id-of-" + t.Name
	b.all = append(b.all, t)
	return t, madeSecret, nil
}

func (b *tokenBook) RevokeToken(_ context.Context, which, by string, now time.Time) (client.Token, error) {
	for i, t := range b.all {
		if t.ID == which {
			b.all[i].Revoked, b.all[i].Revoker = now, by
			return b.all[i], nil
		}
	}
	return client.Token{}, web.ErrNotFound
}

// TestTokens makes, lists and revokes tokens; the secret is shown once.
func TestTokens(t *testing.T) {
	b := &tokenBook{}
	cfg := newWorld().config()
	cfg.Tokens = b
	cfg.Caller = func(_ context.Context, key slo.Secret, _ time.Time) (web.Caller, error) {
		return map[slo.Secret]web.Caller{"a": {Name: "ann", Scopes: []web.Scope{web.ScopeAdmin}}, "o": {Name: "ops", Scopes: []web.Scope{web.ScopeRead, web.ScopeGate, web.ScopeOverride}, Teams: []string{"*"}}}[key], nil
	}
	h := web.New(cfg).Handler()
	as := func(key, method, path, body string) answer {
		return do(t, h, method, path, body, "Authorization", "Bearer "+key, "Content-Type", "application/json")
	}
	const good = `{"name":"ci","scopes":["gate"],"teams":["shop"],"for":"12h"}`
	for _, ask := range [][3]string{{"GET", "/v1/tokens", ""}, {"POST", "/v1/tokens", good}, {"DELETE", "/v1/tokens/x", ""}} {
		if a := as("o", ask[0], ask[1], ask[2]); a.code != 403 {
			t.Errorf("%v without the scope admin: status %d", ask, a.code)
		}
	}
	for body, code := range map[string]int{
		`{`: 400, `{"scopes":["gate"]}`: 422, `{"name":"a"}`: 422, `{"name":"a","scopes":["root"]}`: 422, `{"name":"a","scopes":["gate"],"for":"-1h"}`: 422,
		`{"name":"a\nb","scopes":["gate"]}`: 400, `{"name":"` + strings.Repeat("a", 201) + `","scopes":["gate"]}`: 422, `{"name":"a","scopes":["gate"],"teams":["a\u202eb"]}`: 400,
	} {
		if a := as("a", "POST", "/v1/tokens", body); a.code != code {
			t.Errorf("%s: status %d, want %d: %s", body, a.code, code, a.body)
		}
	}
	var made client.MadeToken
	a := as("a", "POST", "/v1/tokens", good)
	decode(t, a, &made)
	if a.code != 201 || made.Secret != madeSecret || made.By != "ann" || made.Expires.Sub(made.At) != 12*time.Hour || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("status %d: %+v", a.code, made)
	}
	if a := as("a", "GET", "/v1/tokens", ""); a.code != 200 || strings.Contains(a.body, madeSecret) || !strings.Contains(a.body, `"id-of-ci"`) {
		t.Errorf("list: %d %s", a.code, a.body)
	}
	if a := as("a", "DELETE", "/v1/tokens/id-of-ci", ""); a.code != 200 || b.all[0].Revoker != "ann" {
		t.Errorf("revoke: %d %s", a.code, a.body)
	}
	if a := as("a", "DELETE", "/v1/tokens/other", ""); a.code != 404 {
		t.Errorf("revoke another: %d %s", a.code, a.body)
	}
}

// TestTokensNeedAuth: a server that asks nobody makes no token.
func TestTokensNeedAuth(t *testing.T) {
	cfg := newWorld().config()
	cfg.Tokens = &tokenBook{}
	if a := do(t, web.New(cfg).Handler(), "POST", "/v1/tokens", `{"name":"ci","scopes":["admin"]}`, "Content-Type", "application/json"); a.code != 403 || !strings.Contains(a.body, "no-auth") {
		t.Errorf("status %d: %s", a.code, a.body)
	}
}

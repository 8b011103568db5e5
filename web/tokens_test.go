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

// TestTokensPage makes and revokes tokens by forms, for the scope admin only;
// the secret stands in the one answer.
func TestTokensPage(t *testing.T) {
	b := &tokenBook{}
	cfg := newWorld().config()
	cfg.Tokens = b
	cfg.Caller = func(_ context.Context, key slo.Secret, _ time.Time) (web.Caller, error) {
		return map[slo.Secret]web.Caller{"a": {Name: "ann", Scopes: []web.Scope{web.ScopeAdmin}}, "o": {Name: "ops", Scopes: []web.Scope{web.ScopeRead, web.ScopeOverride}, Teams: []string{"*"}}}[key], nil
	}
	h := web.New(cfg).Handler()
	as := func(key, method, path, form string) answer {
		return do(t, h, method, path, form, "Authorization", "Bearer "+key, "Content-Type", "application/x-www-form-urlencoded")
	}
	for _, ask := range [][2]string{{"GET", "/tokens"}, {"POST", "/tokens"}, {"POST", "/tokens/revoke"}} {
		if a := as("o", ask[0], ask[1], "name=x&scope=read&token=x"); a.code != 403 || len(b.all) > 0 {
			t.Errorf("%v without the scope admin: status %d", ask, a.code)
		}
	}
	if a := as("a", "POST", "/tokens", "name=%3Cb%3Eci&teams=shop"); a.code != 422 || !strings.Contains(a.body, "a token has a scope") || !strings.Contains(a.body, `value="&lt;b&gt;ci"`) {
		t.Errorf("without a scope: status %d; want what is wrong, and what was written", a.code)
	}
	made := as("a", "POST", "/tokens", "name=%3Cb%3Eci&teams=shop,+search&scope=gate&scope=read&for=12h")
	if made.code != 201 || !strings.Contains(made.body, madeSecret) || len(b.all) != 1 || b.all[0].By != "ann" || strings.Join(b.all[0].Teams, "+") != "shop+search" || strings.Join(b.all[0].Scopes, "+") != "gate+read" {
		t.Errorf("made: status %d, %+v", made.code, b.all)
	}
	listed := as("a", "GET", "/tokens", "")
	if listed.code != 200 || strings.Contains(listed.body, madeSecret) || !strings.Contains(listed.body, "&lt;b&gt;ci") || !strings.Contains(listed.body, "gate, read") {
		t.Errorf("listed: status %d", listed.code)
	}
	if a := as("a", "POST", "/tokens/revoke", "token=id-of-%3Cb%3Eci"); a.code != 422 || !b.all[0].Revoked.IsZero() {
		t.Errorf("revoked without the box: status %d", a.code)
	}
	if a := as("a", "POST", "/tokens/revoke", "token=id-of-%3Cb%3Eci&confirm=yes"); a.code != 200 || b.all[0].Revoker != "ann" || !strings.Contains(a.body, "revoked by ann") {
		t.Errorf("revoked: status %d, %+v", a.code, b.all)
	}
	if a := as("a", "POST", "/tokens/revoke", "token=nobody&confirm=yes"); a.code != 404 {
		t.Errorf("one that is not there: status %d", a.code)
	}
	if a := get(t, web.New(newWorld().config()).Handler(), "/tokens"); a.code != 403 || !strings.Contains(a.body, "asks nobody for a token") {
		t.Errorf("where nobody is asked: status %d", a.code)
	}
	if a := as("a", "GET", "/", ""); !strings.Contains(a.body, `href="/tokens"`) {
		t.Error("who administers tokens is not shown the way")
	}
}

package web_test

import (
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// An issuer is an identity provider: it answers for one person, with tokens
// that it really signs.
type issuer struct {
	*httptest.Server
	key *rsa.PrivateKey

	mu     sync.Mutex
	asked  url.Values                                   // how the last login began
	claims map[string]any                               // of the next ID token, over the usual ones
	forge  func(*issuer, map[string]any) (token string) // makes the next ID token; nil = sign
	signer *rsa.PrivateKey
	kid    string // of the key that is published
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key := newKey(t)
	i := &issuer{key: key, signer: key, kid: "k1"}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{"issuer": i.URL, "authorization_endpoint": i.URL + "/auth", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		n := base64.RawURLEncoding.EncodeToString(i.key.N.Bytes())
		reply(w, map[string]any{"keys": []any{map[string]any{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": i.kid, "n": n, "e": "AQAB"}}})
	})
	mux.HandleFunc("POST /token", i.token)
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

func newKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// token exchanges a code, when the verifier is that of the login's challenge.
func (i *issuer) token(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	id, secret, _ := r.BasicAuth()
	if base64.RawURLEncoding.EncodeToString(sum[:]) != i.asked.Get("code_challenge") || r.PostFormValue("code") != "c0de" || id != "setpoint" || secret != "client-hunter2" {
		w.WriteHeader(http.StatusBadRequest)
		reply(w, map[string]string{"error": "invalid_grant", "error_description": "no " + r.PostFormValue("code") + " of " + secret})
		return
	}
	claims := map[string]any{"iss": i.URL, "aud": "setpoint", "sub": "u-17", "exp": time.Now().Add(time.Minute).Unix(), "iat": time.Now().Unix(), "nonce": i.asked.Get("nonce"),
		"email": "ann@shop.example", "email_verified": true, "groups": []string{"shop-devs", "else"}}
	maps.Copy(claims, i.claims)
	forge := i.forge
	if forge == nil {
		forge = (*issuer).sign
	}
	reply(w, map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": forge(i, claims)})
}

// unsigned is a JSON Web Token without its signature.
func (i *issuer) unsigned(alg string, claims map[string]any) string {
	part := func(v any) string {
		text, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	return part(map[string]string{"alg": alg, "kid": i.kid}) + "." + part(claims)
}

func (i *issuer) sign(claims map[string]any) string {
	text := i.unsigned("RS256", claims)
	sum := sha256.Sum256([]byte(text))
	signature, _ := rsa.SignPKCS1v15(rand.Reader, i.signer, crypto.SHA256, sum[:])
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// none is a token that says that it needs no signature.
func (i *issuer) none(claims map[string]any) string { return i.unsigned("none", claims) + "." }

// hashed makes tokens that are signed with what is no secret between the
// issuer and nobody else.
func hashed(key []byte) func(*issuer, map[string]any) string {
	return func(i *issuer, claims map[string]any) string {
		text := i.unsigned("HS256", claims)
		m := hmac.New(sha256.New, key)
		m.Write([]byte(text))
		return text + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
	}
}

// sessions are keys that logins made, by their text.
type sessions map[string]web.Caller

// loginServer asks who calls, and lets people log in at an issuer.
func loginServer(i *issuer, failed ...func(error)) (sessions, http.Handler) {
	made := sessions{}
	_, h := guarded(func(c *web.Config) {
		for _, f := range failed {
			c.Failed = f
		}
		c.URL = "http://127.0.0.1:8321"
		before := c.Caller
		c.Caller = func(ctx context.Context, key slo.Secret, now time.Time) (web.Caller, error) {
			if s, ok := made[key.Reveal()]; ok {
				return s, nil
			}
			return before(ctx, key, now)
		}
		c.Sessions = web.Sessions{
			Begin: func(_ context.Context, c web.Caller, now time.Time) (slo.Secret, time.Time, error) {
				made["session-key"] = c
				return "session-key", now.Add(time.Hour), nil
			},
			End: func(_ context.Context, key slo.Secret) error {
				delete(made, key.Reveal())
				return nil
			},
			Provider: &web.Provider{Issuer: i.URL, ClientID: "setpoint", Secret: "client-hunter2", HTTP: i.Client(),
				Groups: map[string]web.Grant{"shop-devs": {Scopes: []web.Scope{web.ScopeRead, web.ScopeOverride}, Teams: []string{"shop"}}}},
		}
	})
	return made, h
}

// begins begins a login and returns the cookie of the browser and the state.
func (i *issuer) begins(t *testing.T, h http.Handler) (cookie, state string) {
	t.Helper()
	a := get(t, h, "/login/oidc")
	to, err := url.Parse(a.header.Get("Location"))
	if a.code != 303 || err != nil || !strings.HasPrefix(to.String(), i.URL+"/auth?") || to.Query().Get("code_challenge_method") != "S256" {
		t.Fatalf("begin: status %d to %q", a.code, a.header.Get("Location"))
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asked = to.Query()
	cookie, _, _ = strings.Cut(a.header.Get("Set-Cookie"), ";")
	if !strings.Contains(a.header.Get("Set-Cookie"), "HttpOnly; SameSite=Lax") {
		t.Errorf("cookie %q", a.header.Get("Set-Cookie"))
	}
	return cookie, to.Query().Get("state")
}

// TestLogin logs somebody in at an identity provider, whose groups say what
// they may do, and out again.
func TestLogin(t *testing.T) {
	i := newIssuer(t)
	made, h := loginServer(i)
	if a := get(t, h, "/control"); a.code != 401 || !strings.Contains(a.body, "/login/oidc") {
		t.Errorf("before: status %d: %.300s", a.code, a.body)
	}
	cookie, state := i.begins(t, h)
	a := get(t, h, "/login/callback?code=c0de&state="+state, "Cookie", cookie)
	session := "setpoint=session-key"
	if a.code != 303 || a.header.Get("Location") != "/" || !strings.Contains(strings.Join(a.header["Set-Cookie"], "\n"), session+";") {
		t.Fatalf("callback: status %d, %v: %s", a.code, a.header, a.body)
	}
	if c := made["session-key"]; c.Name != "ann@shop.example" || len(c.Teams) != 1 || c.Teams[0] != "shop" {
		t.Errorf("logged in as %+v", c)
	}
	if a := get(t, h, "/", "Cookie", session); a.code != 200 || !strings.Contains(a.body, "ann@shop.example") {
		t.Errorf("after: status %d", a.code)
	}
	if a := do(t, h, "POST", "/v1/orders", `{"kind":"freeze","target":"checkout","why":"w"}`, "Content-Type", "application/json", "Cookie", session); a.code != 201 || !strings.Contains(a.body, "ann@shop.example") {
		t.Errorf("order: status %d: %s", a.code, a.body)
	}
	if a := do(t, h, "POST", "/v1/orders", `{"kind":"stop","why":"w"}`, "Content-Type", "application/json", "Cookie", session, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"); a.code != 403 || !strings.Contains(a.body, "cross-origin") {
		t.Errorf("order of another site: status %d: %s", a.code, a.body)
	}
	if a := do(t, h, "POST", "/logout", "", "Cookie", session); a.code != 303 || len(made) != 0 {
		t.Errorf("logout: status %d, sessions %v", a.code, made)
	}
	if a := get(t, h, "/", "Cookie", session); a.code != 401 {
		t.Errorf("after the logout: status %d", a.code)
	}
}

// TestLoginRefused lets nobody in with an answer that is not the provider's to
// this browser, nor who is in no group.
func TestLoginRefused(t *testing.T) {
	i, other := newIssuer(t), newKey(t)
	for name, spoil := range map[string]func(i *issuer, cookie, state, code *string){
		"no cookie":        func(_ *issuer, cookie, _, _ *string) { *cookie = "" },
		"another browser":  func(_ *issuer, cookie, _, _ *string) { *cookie = "setpoint_login=a.b.c" },
		"made-up state":    func(_ *issuer, _, state, _ *string) { *state = "made-up" },
		"made-up code":     func(_ *issuer, _, _, code *string) { *code = "made-up" },
		"no code":          func(_ *issuer, _, _, code *string) { *code = "" },
		"another's nonce":  func(i *issuer, _, _, _ *string) { i.claims = map[string]any{"nonce": "other"} },
		"another's key":    func(i *issuer, _, _, _ *string) { i.signer = other },
		"another client":   func(i *issuer, _, _, _ *string) { i.claims = map[string]any{"aud": "other"} },
		"another issuer":   func(i *issuer, _, _, _ *string) { i.claims = map[string]any{"iss": "https://evil.example"} },
		"another's answer": func(_ *issuer, _, _, code *string) { *code += "&iss=https://evil.example" },
		"for another party": func(i *issuer, _, _, _ *string) {
			i.claims = map[string]any{"aud": []string{"setpoint", "other"}, "azp": "other"}
		},
		"expired": func(i *issuer, _, _, _ *string) {
			i.claims = map[string]any{"exp": time.Now().Add(-time.Second).Unix()}
		},
		"not valid yet":  func(i *issuer, _, _, _ *string) { i.claims = map[string]any{"nbf": time.Now().Add(time.Hour).Unix()} },
		"no ID token":    func(i *issuer, _, _, _ *string) { i.forge = func(*issuer, map[string]any) string { return "" } },
		"not signed":     func(i *issuer, _, _, _ *string) { i.forge = (*issuer).none },
		"HMAC by secret": func(i *issuer, _, _, _ *string) { i.forge = hashed([]byte("client-hunter2")) },
		"HMAC by key": func(i *issuer, _, _, _ *string) {
			public, _ := x509.MarshalPKIXPublicKey(&i.key.PublicKey)
			i.forge = hashed(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
		},
		"no group of ours": func(i *issuer, _, _, _ *string) { i.claims = map[string]any{"groups": []string{"else"}} },
		"no name":          func(i *issuer, _, _, _ *string) { i.claims = map[string]any{"email": "a\nb"} },
	} {
		i.claims, i.forge, i.signer = nil, nil, i.key
		logged := ""
		made, h := loginServer(i, func(err error) { logged += err.Error() })
		cookie, state := i.begins(t, h)
		code := "c0de"
		spoil(i, &cookie, &state, &code)
		a := get(t, h, "/login/callback?code="+code+"&state="+url.QueryEscape(state), "Cookie", cookie)
		if a.code != 403 || len(made) > 0 || strings.Contains(a.body+logged, "hunter2") || strings.Contains(a.body+logged, code) && code != "" {
			t.Errorf("%s: status %d, sessions %v, logged %q: %.300s", name, a.code, made, logged, a.body)
		}
	}
}

// TestLoginAfterRotation believes what the provider's next key signed, and
// what the last one did no more.
func TestLoginAfterRotation(t *testing.T) {
	i := newIssuer(t)
	made, h := loginServer(i)
	login := func() int {
		clear(made)
		cookie, state := i.begins(t, h)
		return get(t, h, "/login/callback?code=c0de&state="+state, "Cookie", cookie).code
	}
	if code := login(); code != 303 {
		t.Fatalf("before: status %d", code)
	}
	old := i.key
	i.key, i.kid = newKey(t), "k2"
	i.signer = i.key
	if code := login(); code != 303 || len(made) != 1 {
		t.Errorf("with the next key: status %d", code)
	}
	i.signer = old
	if code := login(); code != 403 || len(made) != 0 {
		t.Errorf("with the last key under the name of the next: status %d", code)
	}
}

// TestLoginTakesNoSession gives who logs in a key of their own, whatever one
// their browser was given before.
func TestLoginTakesNoSession(t *testing.T) {
	i := newIssuer(t)
	made, h := loginServer(i)
	cookie, state := i.begins(t, h)
	a := get(t, h, "/login/callback?code=c0de&state="+state, "Cookie", cookie+"; setpoint=planted")
	if _, planted := made["planted"]; a.code != 303 || planted || !strings.Contains(strings.Join(a.header["Set-Cookie"], "\n"), "setpoint=session-key;") {
		t.Errorf("status %d, sessions %v, cookies %q", a.code, made, a.header["Set-Cookie"])
	}
	if a := get(t, h, "/", "Cookie", "setpoint=planted"); a.code != 401 {
		t.Errorf("with the planted key: status %d", a.code)
	}
}

// TestCookiesAreGuarded: cookies that hold keys are out of reach of scripts and
// of other sites, and go over nothing that is not encrypted once the server is
// known by https.
func TestCookiesAreGuarded(t *testing.T) {
	for address, secure := range map[string]bool{"http://127.0.0.1:8321": false, "https://setpoint.example": true} {
		_, h := guarded(func(c *web.Config) { c.URL = address })
		r := httptest.NewRequest("POST", "/login", strings.NewReader("token=key-read"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		kept := serve(h, r).header.Get("Set-Cookie")
		if !strings.Contains(kept, "; HttpOnly; ") || !strings.Contains(kept, "SameSite=Lax") || strings.Contains(kept, "Secure") != secure {
			t.Errorf("%s: %s", address, kept)
		}
	}
}

// TestUnverifiedName names nobody by an address that the provider did not
// verify.
func TestUnverifiedName(t *testing.T) {
	i := newIssuer(t)
	i.claims = map[string]any{"email": "boss@shop.example", "email_verified": false}
	made, h := loginServer(i)
	cookie, state := i.begins(t, h)
	get(t, h, "/login/callback?code=c0de&state="+state, "Cookie", cookie)
	if c := made["session-key"]; c.Name != "u-17" {
		t.Errorf("logged in as %q", c.Name)
	}
}

// TestLoginByToken keeps a good token in the browser, and a bad one not.
func TestLoginByToken(t *testing.T) {
	_, h := guarded()
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	if a := do(t, h, "POST", "/login", "token=nothing", form...); a.code != 401 || len(a.header["Set-Cookie"]) > 0 {
		t.Errorf("bad token: status %d, %v", a.code, a.header)
	}
	a := do(t, h, "POST", "/login?next=//evil.example", "token=key-read&next=//evil.example", append(form, "Referer", "https://evil.example/", "X-Forwarded-Host", "evil.example")...)
	if a.code != 303 || a.header.Get("Location") != "/" || !strings.HasPrefix(a.header.Get("Set-Cookie"), "setpoint=key-read;") {
		t.Errorf("good token: status %d, %v", a.code, a.header)
	}
	if a := get(t, h, "/", "Cookie", "setpoint=key-read"); a.code != 200 {
		t.Errorf("with the cookie: status %d", a.code)
	}
	for _, path := range []string{"/login/oidc", "/login/callback?code=a&state=b"} {
		if a := get(t, h, path); a.code != 404 {
			t.Errorf("%s without a provider: status %d", path, a.code)
		}
	}
}

// TestCertificates knows callers by certificates that an authority signed.
func TestCertificates(t *testing.T) {
	_, h := guarded(func(c *web.Config) {
		c.Certificates = map[string]web.Grant{"pipeline": {Scopes: []web.Scope{web.ScopeGate}}}
	})
	for name, want := range map[string]int{"pipeline": 200, "else": 401, "": 401} {
		r := newRequest("checkout", "")
		r.TLS = &tls.ConnectionState{}
		if name != "" {
			r.TLS.VerifiedChains = [][]*x509.Certificate{{{Subject: pkix.Name{CommonName: name}, SerialNumber: big.NewInt(1)}}}
		}
		r.RemoteAddr = "127.0.0.1:4"
		if a := serve(h, r); a.code != want {
			t.Errorf("certificate of %q: status %d, want %d", name, a.code, want)
		}
	}
	r := newRequest("checkout", "")
	r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{Subject: pkix.Name{CommonName: "pipeline"}}}}
	if a := serve(h, r); a.code != 401 {
		t.Errorf("a certificate that nobody signed: status %d", a.code)
	}
}

// TestParseGrant reads what groups and certificates may do.
func TestParseGrant(t *testing.T) {
	for text, want := range map[string]string{"read": "[read] []", "read,override@shop,stock": "[read override] [shop stock]", "admin@*": "[admin] [*]"} {
		if g, err := web.ParseGrant(text); err != nil || fmt.Sprint(g.Scopes, g.Teams) != want {
			t.Errorf("%q: %v, %v", text, g, err)
		}
	}
	for _, text := range []string{"", "all", "read@", "read,", "@shop", "read@a,,b"} {
		if g, err := web.ParseGrant(text); err == nil {
			t.Errorf("%q: %v", text, g)
		}
	}
}

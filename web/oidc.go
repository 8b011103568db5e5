package web

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"setpoint.dev/setpoint/slo"
)

// A Grant is what the members of a group may do.
type Grant struct {
	Scopes []Scope
	Teams  []string
}

// ParseGrant reads a grant: scopes, and after an @ the teams, each with commas
// between: "read,override@shop,stock".
func ParseGrant(text string) (g Grant, err error) {
	scopes, teams, with := strings.Cut(text, "@")
	for name := range strings.SplitSeq(scopes, ",") {
		if !slices.Contains(Scopes(), Scope(name)) {
			return g, fmt.Errorf("read grant %q: %q is none of %v", text, name, Scopes())
		}
		g.Scopes = append(g.Scopes, Scope(name))
	}
	if with {
		g.Teams = strings.Split(teams, ",")
	}
	if slices.Contains(g.Teams, "") {
		return g, fmt.Errorf("read grant %q: a team has no name", text)
	}
	return g, nil
}

// add is two grants together.
func (g Grant) add(more Grant) Grant {
	return Grant{append(slices.Clone(g.Scopes), more.Scopes...), append(slices.Clone(g.Teams), more.Teams...)}
}

// A Provider is where people log in (OpenID Connect Core 1.0, authorization
// code flow with PKCE, RFC 7636).
type Provider struct {
	Issuer   string
	ClientID string
	Secret   slo.Secret       // of the client; "" = a public one
	Name     string           // claim that names people; "" = email, when the provider says that it is verified, else sub
	Groups   map[string]Grant // :: group → what its members may do
	HTTP     *http.Client     // how the provider is reached

	mu    sync.Mutex
	found *oidc.Provider
}

// discover asks the provider for its addresses and keys, until it has
// answered once.
func (p *Provider) discover() (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found == nil {
		found, err := oidc.NewProvider(oidc.ClientContext(context.Background(), p.HTTP), p.Issuer) // its keys outlive the request
		if err != nil {
			return nil, fmt.Errorf("ask the identity provider: %w", err)
		}
		p.found = found
	}
	return p.found, nil
}

func (p *Provider) oauth(found *oidc.Provider, back string) oauth2.Config {
	return oauth2.Config{ClientID: p.ClientID, ClientSecret: p.Secret.Reveal(), Endpoint: found.Endpoint(), RedirectURL: back, Scopes: []string{oidc.ScopeOpenID, "email", "profile", "groups"}}
}

// A journey is a login under way. The browser keeps it, in a cookie that no
// script can read.
type journey struct{ state, nonce, verifier string }

func newJourney() journey {
	return journey{rand.Text(), rand.Text(), oauth2.GenerateVerifier()}
}

func (j journey) text() string { return j.state + "." + j.nonce + "." + j.verifier }

func readJourney(text string) (j journey, ok bool) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return j, false
	}
	return journey{parts[0], parts[1], parts[2]}, true
}

// begin is the address at the provider that a login begins with.
func (p *Provider) begin(back string, j journey) (string, error) {
	found, err := p.discover()
	if err != nil {
		return "", err
	}
	cfg := p.oauth(found, back)
	return cfg.AuthCodeURL(j.state, oidc.Nonce(j.nonce), oauth2.S256ChallengeOption(j.verifier)), nil
}

// errForeignLogin refuses an answer that is not to the question of this
// browser.
var errForeignLogin = errors.New("the answer of the identity provider is not to this browser's question")

// finish finds out who came back from the provider, and what they may do. An
// answer may name its issuer (RFC 9207).
func (p *Provider) finish(ctx context.Context, back string, answer url.Values, j journey) (Caller, error) {
	mine := answer.Get("iss") == "" || answer.Get("iss") == p.Issuer
	if !mine || subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(j.state)) != 1 {
		return Caller{}, errForeignLogin
	}
	found, err := p.discover()
	if err != nil {
		return Caller{}, err
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, p.HTTP), 10*time.Second)
	defer cancel()
	cfg := p.oauth(found, back)
	token, err := cfg.Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(j.verifier))
	if err != nil {
		return Caller{}, fmt.Errorf("exchange the code of a login: %w", bare(err))
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := found.Verifier(&oidc.Config{ClientID: p.ClientID}).Verify(ctx, raw)
	if err != nil {
		return Caller{}, fmt.Errorf("verify the ID token of a login: %w", err)
	}
	if id.Nonce != j.nonce {
		return Caller{}, errForeignLogin
	}
	return p.caller(id)
}

// bare is the error of an exchange without what the provider said, in which
// the code is.
func bare(err error) error {
	var r *oauth2.RetrieveError
	if errors.As(err, &r) {
		return fmt.Errorf("the identity provider says %q", r.ErrorCode)
	}
	return err
}

// caller is who an ID token is about.
func (p *Provider) caller(id *oidc.IDToken) (Caller, error) {
	var claims struct {
		Party    string   `json:"azp"` // the client that it was made for, of several that may read it
		Verified bool     `json:"email_verified"`
		Groups   []string `json:"groups"`
	}
	var all map[string]any
	if err := errors.Join(id.Claims(&claims), id.Claims(&all)); err != nil {
		return Caller{}, fmt.Errorf("read the claims of a login: %w", err)
	}
	if claims.Party != "" && claims.Party != p.ClientID {
		return Caller{}, errForeignLogin
	}
	name := id.Subject
	if text, ok := all["email"].(string); ok && p.Name == "" && claims.Verified {
		name = text
	} else if text, ok := all[p.Name].(string); ok && p.Name != "" {
		name = text
	}
	if _, err := named("name", name); err != nil || name == "" {
		return Caller{}, fmt.Errorf("read the claims of a login: %q is no name", name)
	}
	var g Grant
	for _, group := range claims.Groups {
		g = g.add(p.Groups[group])
	}
	return Caller{Name: name, Scopes: g.Scopes, Teams: g.Teams}, nil
}

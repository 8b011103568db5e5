package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/slo"
)

// A TokenBook keeps the tokens that callers are known by, without their
// secrets. Its errors are those of a Reader.
type TokenBook interface {
	// Tokens lists all, revoked ones too, the oldest first.
	Tokens(ctx context.Context) ([]client.Token, error)
	// MakeToken makes one, and its secret, which is kept nowhere.
	MakeToken(ctx context.Context, t client.Token) (client.Token, slo.Secret, error)
	// RevokeToken ends the one of an ID, or of a name that one has only.
	RevokeToken(ctx context.Context, which, by string, now time.Time) (client.Token, error)
}

// tokenLasts is how long a token lasts unless it is said.
const tokenLasts = "90d"

// tokens lists the tokens.
func (s *Server) tokens(w http.ResponseWriter, r *http.Request) {
	serveJSON(s, w, r, s.asTokens, func(r *http.Request, b TokenBook) (map[string][]client.Token, error) {
		all, err := patient(r.Context(), s, b.Tokens)
		return map[string][]client.Token{"tokens": append([]client.Token{}, all...)}, err
	})
}

// makeToken makes a token and shows its secret, this once.
func (s *Server) makeToken(w http.ResponseWriter, r *http.Request) {
	var n client.NewToken
	_, err := s.asTokens(r)
	if err == nil {
		err = readJSON(r, &n)
	}
	if err != nil {
		s.problem(w, r, err)
		return
	}
	made, err := s.madeToken(r, n, time.Now())
	if err != nil {
		s.problem(w, r, err)
		return
	}
	s.writeJSON(w, r, http.StatusCreated, made)
}

func (s *Server) madeToken(r *http.Request, n client.NewToken, now time.Time) (made client.MadeToken, err error) {
	b, err := s.asTokens(r)
	if err != nil {
		return made, err
	}
	t, err := newToken(n, now)
	if err != nil {
		return made, err
	}
	t.By = callerOf(r.Context()).Name
	var secret slo.Secret
	t, err = patient(r.Context(), s, func(ctx context.Context) (client.Token, error) {
		kept, text, err := b.MakeToken(ctx, t)
		secret = text
		return kept, err
	})
	return client.MadeToken{Token: t, Secret: secret.Reveal()}, err
}

// revokeToken ends a token.
func (s *Server) revokeToken(w http.ResponseWriter, r *http.Request) {
	serveJSON(s, w, r, s.asTokens, func(r *http.Request, b TokenBook) (client.Token, error) {
		which, err := param(r, "token")
		if err != nil {
			return client.Token{}, err
		}
		by := callerOf(r.Context()).Name
		return patient(r.Context(), s, func(ctx context.Context) (client.Token, error) { return b.RevokeToken(ctx, which, by, time.Now()) })
	})
}

// asTokens is the book of tokens, where callers are asked for them: else
// whoever reaches the server could make one for the day when they are.
func (s *Server) asTokens(*http.Request) (TokenBook, error) {
	switch {
	case s.cfg.Caller == nil:
		return nil, refuse(http.StatusForbidden, "no-auth", "this server asks nobody for a token, so it makes none", "serve --auth, or 'setpoint tokens' beside the ledger")
	case s.cfg.Tokens == nil:
		return nil, errNoLedger
	}
	return s.cfg.Tokens, nil
}

// newToken checks what is asked for.
func newToken(n client.NewToken, now time.Time) (t client.Token, err error) {
	if _, err := named("name", n.Name); err != nil {
		return t, err
	}
	lasts, err := slo.ParseDuration(cmp.Or(n.For, tokenLasts))
	switch {
	case strings.TrimSpace(n.Name) == "" || len(n.Name) > 200:
		return t, refuse(http.StatusUnprocessableEntity, "bad-token", "a token has a name of up to 200 bytes: of who will hold it", "")
	case err != nil || lasts <= 0:
		return t, refuse(http.StatusUnprocessableEntity, "bad-token", "for is no length of time", "write it like 12h or 365d")
	case len(n.Scopes) == 0:
		return t, refuse(http.StatusUnprocessableEntity, "bad-token", "a token has a scope", "read, gate, override or admin")
	}
	for _, scope := range n.Scopes {
		if !slices.Contains(Scopes(), Scope(scope)) {
			return t, refuse(http.StatusUnprocessableEntity, "bad-token", "there is no scope of this name", "read, gate, override or admin")
		}
	}
	for _, team := range n.Teams {
		if _, err := named("team", team); err != nil {
			return t, err
		}
	}
	return client.Token{Name: n.Name, Scopes: n.Scopes, Teams: n.Teams, At: now, Expires: now.Add(lasts)}, nil
}

package main

import (
	"context"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/slo"
)

// tokenBook is the tokens of the ledger in the terms of the web room.
type tokenBook struct{ *ledger.Postgres }

// Tokens implements web.TokenBook.
func (b tokenBook) Tokens(ctx context.Context) (out []client.Token, err error) {
	all, err := b.Postgres.Tokens(ctx)
	for _, t := range all {
		out = append(out, shownToken(t))
	}
	return out, err
}

// MakeToken implements web.TokenBook.
func (b tokenBook) MakeToken(ctx context.Context, n client.Token) (client.Token, slo.Secret, error) {
	t, secret := ledger.NewToken(ledger.Token{Name: n.Name, Scopes: n.Scopes, Teams: n.Teams, By: n.By, At: n.At, Expires: n.Expires})
	return shownToken(t), secret, b.AddToken(ctx, t)
}

// RevokeToken implements web.TokenBook.
func (b tokenBook) RevokeToken(ctx context.Context, which, by string, now time.Time) (client.Token, error) {
	t, err := b.Postgres.RevokeToken(ctx, which, by, now)
	return shownToken(t), inWords(err)
}

// shownToken is a token without the hash of its secret.
func shownToken(t ledger.Token) client.Token {
	return client.Token{ID: t.ID, Name: t.Name, Scopes: t.Scopes, Teams: t.Teams, By: t.By, At: t.At, Expires: t.Expires, Revoked: t.Revoked, Revoker: t.Revoker, Used: t.Used}
}

package client

import (
	"context"
	"fmt"
	"time"
)

// A Token is a key by which a program or a person is known, without its
// secret.
type Token struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Scopes  []string  `json:"scopes"`          // read, gate, override, admin
	Teams   []string  `json:"teams,omitempty"` // whose services it may command; * = all
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Expires time.Time `json:"expires"`
	Revoked time.Time `json:"revoked,omitzero"`
	Revoker string    `json:"revoker,omitempty"`
	Used    time.Time `json:"used,omitzero"` // last, to within some seconds; zero = never
}

// A NewToken is what a token is asked to be.
type NewToken struct {
	Name   string   `json:"name"`
	Scopes []string `json:"scopes"`
	Teams  []string `json:"teams,omitempty"`
	For    string   `json:"for,omitempty"` // how long it lasts, such as 12h or 365d; "" = 90d
}

// A MadeToken is a new token with its secret, which is told this once.
type MadeToken struct {
	Token
	Secret string `json:"secret"`
}

// Tokens lists all tokens, revoked ones too. It needs the scope admin.
func (c Client) Tokens(ctx context.Context) ([]Token, error) {
	var list struct {
		Tokens []Token `json:"tokens"`
	}
	if err := c.get(ctx, "/v1/tokens", &list); err != nil {
		return nil, fmt.Errorf("read tokens: %w", err)
	}
	return list.Tokens, nil
}

// MakeToken makes a token. It needs the scope admin.
func (c Client) MakeToken(ctx context.Context, n NewToken) (MadeToken, error) {
	var made MadeToken
	if err := c.post(ctx, "/v1/tokens", n, &made); err != nil {
		return MadeToken{}, fmt.Errorf("make token %s: %w", n.Name, err)
	}
	return made, nil
}

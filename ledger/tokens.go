package ledger

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/slo"
)

// A Token is a key by which a program or a person is known. Of its secret
// only the hash is kept.
type Token struct {
	ID      string    `json:"id"`   // part of the secret's text, no secret itself
	Name    string    `json:"name"` // of who holds it; orders given with it are by this name
	Sum     Hash      `json:"sum"`  // SHA-256 of the secret's text
	Scopes  []string  `json:"scopes"`
	Teams   []string  `json:"teams,omitempty"` // whose services it may command; * = all
	By      string    `json:"by"`              // who made it
	At      time.Time `json:"at"`
	Expires time.Time `json:"expires"`
	Revoked time.Time `json:"revoked,omitzero"`
	Revoker string    `json:"revoker,omitempty"`

	Used time.Time `json:"-"` // last, to within some seconds; zero = never
}

// tokenPrefix begins every secret, so that scanners of source code find one
// that was committed.
const tokenPrefix = "spt_"

// NewToken makes the secret of a token, 256 random bits, and completes t with
// its ID and hash. The text is told to who will hold it and kept nowhere.
func NewToken(t Token) (Token, slo.Secret) {
	var id [10]byte
	var key [32]byte
	_, _ = rand.Read(id[:]) // never fails
	_, _ = rand.Read(key[:])
	code := base32.StdEncoding.WithPadding(base32.NoPadding)
	t.ID = strings.ToLower(code.EncodeToString(id[:]))
	text := tokenPrefix + t.ID + "_" + strings.ToLower(code.EncodeToString(key[:]))
	t.Sum = sha256.Sum256([]byte(text))
	return t, slo.Secret(text)
}

// TokenID is the ID in the text of a secret.
func TokenID(text string) (id string, ok bool) {
	rest, ok := strings.CutPrefix(text, tokenPrefix)
	id, key, found := strings.Cut(rest, "_")
	return id, ok && found && name(id) && key != "" && len(text) < 200
}

// Holds reports whether a text is the token's secret. It takes the same time
// whatever is wrong with the text.
func (t Token) Holds(text string) bool {
	sum := sha256.Sum256([]byte(text))
	return subtle.ConstantTimeCompare(sum[:], t.Sum[:]) == 1
}

// Lives reports whether a token may be used.
func (t Token) Lives(now time.Time) bool { return t.Revoked.IsZero() && now.Before(t.Expires) }

// AddToken records a token that was made.
func (p *Postgres) AddToken(ctx context.Context, t Token) error {
	body, err := checked(t, checkToken)
	if err == nil {
		err = p.write(ctx, func(ctx context.Context, tx pgx.Tx) error { return addToken(ctx, tx, t.ID, body) })
	}
	return wrap(err, "record token %s", t.Name)
}

func addToken(ctx context.Context, tx pgx.Tx, id string, body []byte) error {
	if err := lock(ctx, tx, "tokens"); err != nil {
		return err
	}
	known, err := tokenRows(ctx, tx, `where id = $1 and revoked is null`, id)
	if err != nil {
		return err
	}
	if len(known) > 0 {
		return same(known[0].body, body)
	}
	return appendRow(ctx, tx, tokensTable(), body)
}

// RevokeToken ends the token whose ID or, when only one that lives has it,
// whose name is which. One that is revoked already stays as it is.
// ErrNotFound, ErrAmbiguous.
func (p *Postgres) RevokeToken(ctx context.Context, which, by string, now time.Time) (t Token, err error) {
	err = p.write(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
		t, err = revokeToken(ctx, tx, which, by, now)
		return err
	})
	return t, wrap(err, "revoke token %s", which)
}

func revokeToken(ctx context.Context, tx pgx.Tx, which, by string, now time.Time) (Token, error) {
	if err := lock(ctx, tx, "tokens"); err != nil {
		return Token{}, err
	}
	rows, err := tokenRows(ctx, tx, `where id = $1 or name = $1 order by seq`, which)
	if err != nil {
		return Token{}, err
	}
	t, err := meant(newestTokens(rows), which, now)
	if err != nil || !t.Revoked.IsZero() {
		return t, err
	}
	t.Revoked, t.Revoker = moment(now), by
	body, err := checked(t, checkToken)
	if err != nil {
		return t, err
	}
	return t, appendRow(ctx, tx, tokensTable(), body)
}

// meant is the one of some tokens that an ID or a name means.
func meant(all []Token, which string, now time.Time) (Token, error) {
	if i := slices.IndexFunc(all, func(t Token) bool { return t.ID == which }); i >= 0 {
		return all[i], nil
	}
	lives := slices.DeleteFunc(all, func(t Token) bool { return !t.Lives(now) })
	switch len(lives) {
	case 0:
		return Token{}, ErrNotFound
	case 1:
		return lives[0], nil
	}
	return Token{}, fmt.Errorf("%w: %d tokens have this name", ErrAmbiguous, len(lives))
}

// Tokens returns all tokens as they stand now, oldest first.
func (p *Postgres) Tokens(ctx context.Context) ([]Token, error) {
	var all []Token
	err := p.do(ctx, func(ctx context.Context) error {
		rows, err := tokenRows(ctx, p.pool, `order by seq`)
		if err != nil {
			return err
		}
		all = newestTokens(rows)
		return p.addUses(ctx, all)
	})
	return all, wrap(err, "read tokens")
}

// TokensAfter returns the rows of tokens after one, in order, and the number
// of the newest of them. Those of tokens that have expired are left out.
func (p *Postgres) TokensAfter(ctx context.Context, seq int64) (all []Token, newest int64, err error) {
	newest = seq
	err = p.do(ctx, func(ctx context.Context) error {
		rows, err := tokenRows(ctx, p.pool, `where seq > $1 and expires > now() order by seq`, seq)
		all = nil
		for _, r := range rows {
			all, newest = append(all, r.token), r.seq
		}
		return err
	})
	return all, newest, wrap(err, "read tokens after %d", seq)
}

// newestTokens is each token as its newest row says, in the order of making.
func newestTokens(rows []tokenRow) (all []Token) {
	place := map[string]int{}
	for _, r := range rows {
		if i, known := place[r.token.ID]; known {
			all[i] = r.token
			continue
		}
		place[r.token.ID] = len(all)
		all = append(all, r.token)
	}
	return all
}

func (p *Postgres) addUses(ctx context.Context, all []Token) error {
	rows, err := p.pool.Query(ctx, `select id, at from token_uses`)
	if err != nil {
		return err
	}
	var id string
	var at time.Time
	uses := map[string]time.Time{}
	_, err = pgx.ForEachRow(rows, []any{&id, &at}, func() error {
		uses[id] = at.UTC()
		return nil
	})
	for i := range all {
		all[i].Used = uses[all[i].ID]
	}
	return err
}

// UseTokens keeps when tokens were used.
func (p *Postgres) UseTokens(ctx context.Context, uses map[string]time.Time) error {
	ids, times := make([]string, 0, len(uses)), make([]time.Time, 0, len(uses))
	for id, at := range uses {
		ids, times = append(ids, id), append(times, at)
	}
	err := p.do(ctx, func(ctx context.Context) error {
		_, err := p.pool.Exec(ctx, `insert into token_uses (id, at) select * from unnest($1::text[], $2::timestamptz[]) u (id, at) order by id
			on conflict (id) do update set at = greatest(token_uses.at, excluded.at)`, ids, times)
		return err
	})
	return wrap(err, "keep uses of tokens")
}

// A tokenRow is one row of the chain of tokens.
type tokenRow struct {
	seq   int64
	body  []byte
	token Token
}

// A querier is a connection, a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func tokenRows(ctx context.Context, q querier, where string, args ...any) ([]tokenRow, error) {
	rows, err := q.Query(ctx, `select seq, body from tokens `+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (r tokenRow, err error) {
		var body string
		if err := row.Scan(&r.seq, &body); err != nil {
			return r, err
		}
		r.body = []byte(body)
		r.token, err = decode[Token](r.body)
		return r, err
	})
}

func tokensTable() table {
	return table{"tokens", `id, name, at, expires, revoked`,
		from(func(t Token) []any { return []any{t.ID, t.Name, t.At, t.Expires, optional(t.Revoked)} })}
}

func checkToken(t Token) error {
	return broke("token", []rule{
		{name(t.ID), "has an ID"},
		{strings.TrimSpace(t.Name) != "" && len(t.Name) <= 200, "has a name of up to 200 bytes"},
		{t.Sum != Hash{}, "has the hash of a secret"},
		{len(t.Scopes) > 0, "has a scope"},
		{strings.TrimSpace(t.By) != "", "says who made it"},
		{!t.At.IsZero() && t.Expires.After(t.At), "expires after it was made"},
	})
}

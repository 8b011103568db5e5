package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrNoToken says that a text is the secret of no token that may be used:
// there is none, or it has expired or was revoked.
var ErrNoToken = errors.New("no token that may be used")

// A Keyring knows the tokens of a ledger, so that showing one costs no
// question to the database. Run keeps it up to date: a token that is revoked
// anywhere is refused here Every later. While the ledger is out of reach the
// tokens that are known go on for Trust; nobody knows then which of them were
// revoked. It may be used from many goroutines at once.
type Keyring struct {
	tokens  TokenBook
	cfg     KeyringConfig
	reading chan struct{} // held while the ledger is asked

	mu    sync.Mutex
	known map[string]Token // by ID
	seq   int64            // newest row that was read
	asked time.Time        // when the ledger answered last
	used  map[string]time.Time
}

// A KeyringConfig says how old the knowledge of a Keyring may be.
type KeyringConfig struct {
	Every time.Duration // between two looks for changes; 0 = 2 s
	Trust time.Duration // how long tokens are believed without the ledger; 0 = 15 min
}

// A TokenBook is where tokens are on record.
type TokenBook interface {
	// TokensAfter returns what was recorded after a row, in order, and the
	// number of the newest row.
	TokensAfter(ctx context.Context, seq int64) ([]Token, int64, error)
	// UseTokens keeps when tokens were used last.
	UseTokens(ctx context.Context, uses map[string]time.Time) error
}

// NewKeyring makes an empty keyring; the first question or Run fills it.
func NewKeyring(tokens TokenBook, cfg KeyringConfig) *Keyring {
	cfg.Every, cfg.Trust = orDefault(cfg.Every, 2*time.Second), orDefault(cfg.Trust, 15*time.Minute)
	return &Keyring{tokens: tokens, cfg: cfg, reading: make(chan struct{}, 1), known: map[string]Token{}, used: map[string]time.Time{}}
}

// Run looks for tokens that were made and revoked, and keeps when they were
// used, until ctx ends. failed is told of errors.
func (k *Keyring) Run(ctx context.Context, failed func(error)) error {
	ticker := time.NewTicker(k.cfg.Every)
	defer ticker.Stop()
	for {
		if err := errors.Join(k.Refresh(ctx), k.keepUses(ctx)); err != nil && ctx.Err() == nil {
			failed(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// Token returns the token of a secret. One that is not known here is looked
// for in the ledger: it may have been made a moment ago. ErrNoToken; ErrDown
// when the ledger is out of reach and what is known does not answer it.
func (k *Keyring) Token(ctx context.Context, text string, now time.Time) (Token, error) {
	id, ok := TokenID(text)
	if !ok {
		return Token{}, ErrNoToken
	}
	t, believed := k.look(id, now)
	if !believed {
		if err := k.Refresh(ctx); err != nil {
			return Token{}, fmt.Errorf("look for a token: %w", err)
		}
		t, _ = k.look(id, now)
	}
	if !t.Holds(text) || !t.Lives(now) {
		return Token{}, ErrNoToken
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.used[t.ID] = now
	return t, nil
}

// look finds a token among the known ones, and says whether that is to be
// believed.
func (k *Keyring) look(id string, now time.Time) (t Token, believed bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	t, known := k.known[id]
	return t, known && now.Sub(k.asked) < k.cfg.Trust
}

// Refresh reads what was recorded since the last time. One reads at a time:
// whoever makes up tokens keeps one connection busy and no more.
func (k *Keyring) Refresh(ctx context.Context) error {
	select {
	case k.reading <- struct{}{}:
		defer func() { <-k.reading }()
	case <-ctx.Done():
		return fmt.Errorf("read tokens: %w", ctx.Err())
	}
	k.mu.Lock()
	after := k.seq
	k.mu.Unlock()
	began := time.Now()
	rows, seq, err := k.tokens.TokensAfter(ctx, after)
	if err != nil {
		return fmt.Errorf("read tokens: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, t := range rows {
		k.known[t.ID] = t
	}
	for id, t := range k.known {
		if !t.Expires.After(began) {
			delete(k.known, id)
		}
	}
	k.seq, k.asked = max(k.seq, seq), began
	return nil
}

// keepUses writes when tokens were used since the last time.
func (k *Keyring) keepUses(ctx context.Context) error {
	k.mu.Lock()
	uses := k.used
	k.used = map[string]time.Time{}
	k.mu.Unlock()
	if len(uses) == 0 {
		return nil
	}
	err := k.tokens.UseTokens(ctx, uses)
	if err == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, at := range uses {
		if at.After(k.used[id]) {
			k.used[id] = at
		}
	}
	return fmt.Errorf("keep uses of tokens: %w", err)
}

package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"setpoint.dev/setpoint/ledger"
)

// made is a token that lives for an hour from at on, and its secret.
func made(name string, at time.Time) (ledger.Token, string) {
	t, secret := ledger.NewToken(ledger.Token{Name: name, Scopes: []string{"gate"}, Teams: []string{"shop"}, By: "ann", At: at, Expires: at.Add(time.Hour)})
	return t, secret.Reveal()
}

// TestTokensOnRecord makes, finds and revokes tokens; the secret itself is
// nowhere in the database.
func TestTokensOnRecord(t *testing.T) {
	dsn := fresh(t)
	p, ctx, now := open(t, dsn), t.Context(), time.Now().UTC().Truncate(time.Microsecond)
	ci, secret := made("ci", now)
	must(t, p.AddToken(ctx, ci))
	must(t, p.AddToken(ctx, ci))
	other, _ := made("ci", now)
	must(t, p.AddToken(ctx, other))
	ci.Name = "else"
	if err := p.AddToken(ctx, ci); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("other content under an ID: %v", err)
	}
	if _, err := p.RevokeToken(ctx, "ci", "ben", now); !errors.Is(err, ledger.ErrAmbiguous) {
		t.Errorf("revoke by a name that two have: %v", err)
	}
	for range 2 {
		revoked, err := p.RevokeToken(ctx, other.ID, "ben", now.Add(time.Minute))
		if err != nil || revoked.Revoker != "ben" || !revoked.Revoked.Equal(now.Add(time.Minute)) {
			t.Errorf("revoked %+v, %v", revoked, err)
		}
	}
	if _, err := p.RevokeToken(ctx, "nobody", "ben", now); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("revoke what there is not: %v", err)
	}
	must(t, p.UseTokens(ctx, map[string]time.Time{ci.ID: now.Add(2 * time.Second)}))
	must(t, p.UseTokens(ctx, map[string]time.Time{ci.ID: now.Add(time.Second)}))
	all, err := p.Tokens(ctx)
	if err != nil || len(all) != 2 || !all[0].Used.Equal(now.Add(2*time.Second)) || all[0].Lives(now) != true || all[1].Lives(now) {
		t.Errorf("tokens %+v, %v", all, err)
	}
	var text string
	must(t, connect(t, dsn).QueryRow(ctx, `select string_agg(body, '') from setpoint.tokens`).Scan(&text))
	if key := secret[strings.LastIndex(secret, "_")+1:]; strings.Contains(text, key) {
		t.Errorf("the secret is on record")
	}
	if faults, err := p.Verify(ctx); err != nil || len(faults) > 0 {
		t.Errorf("verify: %v, %v", faults, err)
	}
}

// TestSecrets tells the right text from every other.
func TestSecrets(t *testing.T) {
	token, secret := made("ci", noon())
	again, other := made("ci", noon())
	if again.ID == token.ID || again.Sum == token.Sum {
		t.Errorf("tokens %s and %s", token.ID, again.ID)
	}
	end := strings.LastIndex(secret, "_") + 1 // of what is no secret
	kinds := map[rune]bool{}
	for _, r := range secret[end:] {
		kinds[r] = true
	}
	if secret[end:] == other[end:] || len(secret[end:]) != 52 || len(kinds) < 10 { // 256 bits, 5 a character
		t.Errorf("secrets %q and %q", secret, other)
	}
	if id, ok := ledger.TokenID(secret); !ok || id != token.ID || !token.Holds(secret) {
		t.Errorf("ID %q of the secret of %s", id, token.ID)
	}
	for _, wrong := range []string{"", "spt_", secret[:len(secret)-1], secret + "a", strings.ToUpper(secret), "spt_" + token.ID + "_", "Bearer " + secret, secret + strings.Repeat("a", 200)} {
		if _, ok := ledger.TokenID(wrong); ok && token.Holds(wrong) {
			t.Errorf("%q is taken for the secret", wrong)
		}
	}
}

// A book is a ledger of tokens that can be out of reach.
type book struct {
	mu    sync.Mutex
	rows  []ledger.Token
	uses  map[string]time.Time
	asked int
	down  bool
}

func (b *book) TokensAfter(_ context.Context, seq int64) ([]ledger.Token, int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asked++; b.down {
		return nil, 0, ledger.ErrDown
	}
	return b.rows[seq:], int64(len(b.rows)), nil
}

func (b *book) UseTokens(_ context.Context, uses map[string]time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.down {
		return ledger.ErrDown
	}
	if b.uses == nil {
		b.uses = map[string]time.Time{}
	}
	for id, at := range uses {
		b.uses[id] = at
	}
	return nil
}

func (b *book) set(down bool, rows ...ledger.Token) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.down, b.rows = down, append(b.rows, rows...)
}

func (b *book) questions() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked
}

func (b *book) used(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.uses[id].IsZero()
}

// TestKeyring plays two hours: a token is made, used, outlives an outage of
// the ledger for as long as it is trusted, and is revoked.
func TestKeyring(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &book{}
		k := ledger.NewKeyring(b, ledger.KeyringConfig{})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- k.Run(ctx, func(error) {}) }()
		token, secret := made("ci", time.Now())
		expect := func(when string, want error) {
			t.Helper()
			synctest.Wait()
			got, err := k.Token(ctx, secret, time.Now())
			if !errors.Is(err, want) || err == nil && got.Name != "ci" {
				t.Errorf("%s: %q, %v, want %v", when, got.Name, err, want)
			}
		}
		expect("before it is made", ledger.ErrNoToken)
		b.set(false, token)
		expect("at once", nil)
		b.set(true)
		time.Sleep(14 * time.Minute)
		expect("in an outage", nil)
		time.Sleep(2 * time.Minute)
		expect("in a long outage", ledger.ErrDown)
		b.set(false)
		expect("after it", nil)
		asked := b.questions()
		expect("from memory", nil)
		if b.questions() != asked {
			t.Errorf("a known token cost a question to the ledger")
		}
		revoked := token
		revoked.Revoked = time.Now()
		time.Sleep(time.Second)
		b.set(false, revoked)
		time.Sleep(3 * time.Second)
		if !b.used(token.ID) {
			t.Errorf("it is not kept that the token was used")
		}
		expect("revoked", ledger.ErrNoToken)
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestKeyringWantsTheSecret lets nobody in who knows the ID of a token, which is
// shown, and not the rest of its secret; nor with the secret of another.
func TestKeyringWantsTheSecret(t *testing.T) {
	b := &book{}
	now := time.Now()
	token, secret := made("ci", now)
	other, foreign := made("else", now)
	b.set(false, token, other)
	k := ledger.NewKeyring(b, ledger.KeyringConfig{})
	if _, err := k.Token(t.Context(), secret, now); err != nil {
		t.Fatal(err)
	}
	end := strings.LastIndex(secret, "_") + 1
	for _, text := range []string{secret[:end] + "a", secret[:len(secret)-1], secret + "a", secret[:end] + foreign[strings.LastIndex(foreign, "_")+1:], strings.ToUpper(secret), token.ID, token.Sum.String(), secret[:end] + token.Sum.String()} {
		if got, err := k.Token(t.Context(), text, now); !errors.Is(err, ledger.ErrNoToken) {
			t.Errorf("%q of %q is the key of %q, %v", text, secret, got.Name, err)
		}
	}
}

// TestKeyringExpiry refuses a token from the second on in which it expires.
func TestKeyringExpiry(t *testing.T) {
	b := &book{}
	now := time.Now()
	token, secret := made("ci", now)
	b.set(false, token)
	for after, want := range map[time.Duration]error{0: nil, time.Hour - 1: nil, time.Hour: ledger.ErrNoToken} {
		k := ledger.NewKeyring(b, ledger.KeyringConfig{Trust: 2 * time.Hour})
		if _, err := k.Token(t.Context(), secret, now.Add(after)); !errors.Is(err, want) {
			t.Errorf("after %s: %v, want %v", after, err, want)
		}
	}
}

// FuzzTokenID reads IDs of anything.
func FuzzTokenID(f *testing.F) {
	f.Add("spt_a_b")
	f.Fuzz(func(t *testing.T, text string) {
		if id, ok := ledger.TokenID(text); ok && !strings.HasPrefix(text, fmt.Sprintf("spt_%s_", id)) {
			t.Errorf("ID %q of %q", id, text)
		}
	})
}

// TestTextIsNoSQL keeps texts as they are, whatever they would mean to a
// database.
func TestTextIsNoSQL(t *testing.T) {
	p, now := open(t, fresh(t)), time.Now()
	const hostile = `x'; drop table setpoint.tokens; --$1 $$ %s \ ` + "\u2019"
	token, _ := made(hostile, now)
	must(t, p.AddToken(t.Context(), token))
	if _, err := p.RevokeToken(t.Context(), "' or true --", hostile, now); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("revoke what there is not: %v", err)
	}
	if got, err := p.RevokeToken(t.Context(), hostile, hostile, now); err != nil || got.ID != token.ID || got.Revoker != hostile {
		t.Errorf("%+v, %v", got, err)
	}
	if found, err := p.OrderHistory(t.Context(), hostile, 10); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("%v, %v", found, err)
	}
	if found, err := p.Decisions(t.Context(), ledger.DecisionFilter{Actuator: hostile}); err != nil || len(found) != 0 {
		t.Errorf("%v, %v", found, err)
	}
}

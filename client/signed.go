package client

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// SignatureHeader is the header in which a server signs an answer of the gate.
const SignatureHeader = "Setpoint-Signature"

// LastAnswer is the code in Answer.DegradedBy of an answer that was given
// before, and that stands in for one that nobody gave.
const LastAnswer = "last-answer"

// A SignedAnswer is an answer of the gate as it came, with the server's
// signature. Kept, it stands in for the server when that is away: see Recall.
type SignedAnswer struct {
	Body      json.RawMessage `json:"body"`
	Signature string          `json:"signature"` // Ed25519 (RFC 8032) over SignedText(Body), in base64; "" = the server does not sign
}

// SignedText is what a signature of an answer is over.
func SignedText(body []byte) []byte {
	return append([]byte("setpoint gate answer 1\n"), body...)
}

// ParseKey reads the public key of a server as 'setpoint serve' shows it.
func ParseKey(text string) (ed25519.PublicKey, error) {
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("read key %q: a public key is %d bytes in base64", text, ed25519.PublicKeySize)
	}
	return key, nil
}

// GateSigned is Gate, and gives the answer as it came too.
func (c Client) GateSigned(ctx context.Context, q Question) (Answer, SignedAnswer, error) {
	if q.Service == "" {
		return Answer{}, SignedAnswer{}, errors.New("ask gate: no service named")
	}
	a, s, err := c.askGate(ctx, q)
	if err != nil {
		return Answer{}, SignedAnswer{}, fmt.Errorf("ask gate of %s: %w", q.Service, err)
	}
	return a, s, nil
}

func (c Client) askGate(ctx context.Context, q Question) (a Answer, s SignedAnswer, err error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	path := query("/v1/gate/"+url.PathEscape(q.Service), url.Values{
		"environment": {q.Environment}, "change": {q.Change}, "release": {q.Release}, "region": {q.Region}, "size": {sized(q.Size)}, "wait": {waiting(q.Wait)},
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.address(path), nil)
	if err != nil {
		return a, s, err
	}
	res, err := c.call(c.HTTP, req, &s.Body)
	if err != nil {
		return a, s, err
	}
	s.Signature = res.Header.Get(SignatureHeader)
	if a, err = s.read(q); err != nil {
		return a, s, fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	return a, s, nil
}

func (s SignedAnswer) read(q Question) (a Answer, err error) {
	if err := json.Unmarshal(s.Body, &a); err != nil {
		return Answer{}, err
	}
	return a, a.consistent(q)
}

// Signed reports whether one of some keys signed the answer.
func (s SignedAnswer) Signed(keys ...ed25519.PublicKey) bool {
	signature, err := base64.StdEncoding.DecodeString(s.Signature)
	return err == nil && slices.ContainsFunc(keys, func(key ed25519.PublicKey) bool {
		return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, SignedText(s.Body), signature)
	})
}

// Recall is an answer that was given before, as one to q at now: when one of
// the keys signed it, it is about the same service, environment, region and class
// of change, and no smaller one, and it is not older than lasts. One that was about one release only
// (an override, a bound verdict) counts for that release only. It is marked as
// degraded by LastAnswer.
func (s SignedAnswer) Recall(q Question, now time.Time, lasts time.Duration, keys ...ed25519.PublicKey) (Answer, error) {
	if !s.Signed(keys...) {
		return Answer{}, errors.New("recall answer: none of the pinned keys signed it")
	}
	a, err := s.read(q)
	if err != nil {
		return Answer{}, fmt.Errorf("recall answer: %w", err)
	}
	age := now.Sub(a.At)
	switch {
	case a.Environment != q.Environment || a.Region != q.Region || a.Change != q.Change:
		return Answer{}, errors.New("recall answer: it is about another environment, region or class of change")
	case q.Size != nil && (a.Size == nil || *a.Size < *q.Size):
		return Answer{}, errors.New("recall answer: it was about a smaller change")
	case a.Release != q.Release && (!a.BoundUntil.IsZero() || slices.ContainsFunc(a.Reasons, func(r Reason) bool { return r.Code == "overridden" })):
		return Answer{}, errors.New("recall answer: it was for another release only")
	case age > lasts || age < -time.Minute:
		return Answer{}, fmt.Errorf("recall answer: it is of %s, which is too long ago", a.At.UTC().Format(time.RFC3339))
	}
	a.Release, a.Degraded, a.DegradedBy = q.Release, true, append(a.DegradedBy, LastAnswer)
	a.Words += fmt.Sprintf(" (the server is away; this is its answer of %s)", a.At.UTC().Format(time.RFC3339))
	return a, nil
}

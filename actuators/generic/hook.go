package generic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"setpoint.dev/setpoint/egress"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/notify"
	"setpoint.dev/setpoint/slo"
)

// A hook is told a setting by POST and asked for it by GET. Both carry a
// signature (Standard Webhooks), and the POST the decision as idempotency key.
type hook struct {
	url, from slo.Secret
	key       slo.Secret
	client    http.Client
}

func newHook(a slo.Actuator, reach egress.Policy) *hook {
	return &hook{url: a.Place.URL, from: a.Place.ReadURL, key: a.Place.Secret, client: http.Client{Transport: reach.Transport(), CheckRedirect: noRedirect}}
}

// noRedirect hands redirects back: a login page is no acknowledgement.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func (h *hook) read(ctx context.Context) (state, error) {
	status, text, err := h.send(ctx, http.MethodGet, h.from, "read", nil)
	switch {
	case err != nil:
		return state{}, err
	case status == http.StatusNotFound:
		return state{}, nil
	case status != http.StatusOK:
		return state{}, fmt.Errorf("the read address answers with status %d", status)
	}
	var k kept
	if err := json.Unmarshal(text, &k); err != nil {
		return state{}, fmt.Errorf("%w: %w", errStrange, err)
	}
	return k.state()
}

// write tells the setting. 409 says that the receiver knows a newer move.
func (h *hook) write(ctx context.Context, m move, _ state) error {
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	status, _, err := h.send(ctx, http.MethodPost, h.url, m.Decision, body)
	switch {
	case err != nil:
		return err
	case status == http.StatusConflict:
		return fmt.Errorf("the receiver knows a newer move: %w", loop.ErrDeposed)
	case status < 200 || status > 299:
		return fmt.Errorf("the receiver answers with status %d", status)
	}
	return nil
}

// send does not quote the address in errors: it may hold a secret.
func (h *hook) send(ctx context.Context, method string, to slo.Secret, id string, body []byte) (status int, text []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, method, to.Reveal(), bytes.NewReader(body))
	if err != nil {
		return 0, nil, errors.New("the address of the webhook is none")
	}
	notify.Sign(req, h.key, id, body, time.Now())
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", id)
	}
	return visit(&h.client, req)
}

// visit sends a request and reads the answer. Its error tells the cause
// without the address.
func visit(c *http.Client, req *http.Request) (status int, text []byte, err error) {
	res, err := c.Do(req)
	if err != nil {
		return 0, nil, unaddressed(err)
	}
	defer res.Body.Close()
	text, err = io.ReadAll(io.LimitReader(res.Body, maxText+1))
	if err == nil && len(text) > maxText {
		err = fmt.Errorf("%w: the answer is longer than %d bytes", errStrange, maxText)
	}
	return res.StatusCode, text, err
}

// unaddressed is what is wrong, without the address that url.Error quotes.
func unaddressed(err error) error {
	var wrapped interface{ Unwrap() error }
	if errors.As(err, &wrapped) {
		return wrapped.Unwrap()
	}
	return err
}

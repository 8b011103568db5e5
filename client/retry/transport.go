package retry

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"setpoint.dev/setpoint/client"
)

// The headers of the contract: see the package doc.
const (
	timeoutHeader = "Setpoint-Timeout"
	attemptHeader = "Setpoint-Attempt"
	retryHeader   = "Setpoint-Retry"
)

// A Transport repeats calls that failed, within a contract. Only calls that
// may be made twice are: of methods that are idempotent, or with an
// Idempotency-Key, and with a body that can be sent again. It repeats after
// errors of the connection and after 429, 502, 503 and 504, as long as the
// request's context leaves time for the pause.
type Transport struct {
	Terms   *Terms
	Next    http.RoundTripper // nil = http.DefaultTransport
	Attempt time.Duration     // how long one attempt may take, its answer read; 0 = as long as the request's context lets it
	Random  func() float64    // in [0, 1); nil = math/rand/v2
}

// RoundTrip is that of http.RoundTripper. What the last attempt gave is what
// it returns.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	t.Terms.called()
	for attempt := 1; ; attempt++ {
		res, err := t.try(req, attempt)
		wait, again := t.again(req, res, err, attempt)
		if !again {
			return res, err
		}
		drain(res)
		if err := sleep(req.Context(), wait); err != nil {
			return nil, err
		}
	}
}

// try makes one attempt.
func (t *Transport) try(req *http.Request, attempt int) (*http.Response, error) {
	ctx, cancel := t.patience(req.Context())
	res, err := t.send(req.Clone(ctx), attempt)
	if err != nil {
		cancel()
		return nil, err
	}
	res.Body = &body{res.Body, cancel}
	return res, nil
}

func (t *Transport) patience(ctx context.Context) (context.Context, context.CancelFunc) {
	if t.Attempt > 0 {
		return context.WithTimeout(ctx, t.Attempt)
	}
	return context.WithCancel(ctx)
}

// A body ends the patience of its attempt when it is closed.
type body struct {
	io.ReadCloser
	end context.CancelFunc
}

// Close closes the body.
func (b *body) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}

// send sends one attempt with what the service should know of it.
func (t *Transport) send(out *http.Request, attempt int) (*http.Response, error) {
	if deadline, has := out.Context().Deadline(); has {
		out.Header.Set(timeoutHeader, strconv.FormatInt(max(time.Until(deadline).Milliseconds(), 0), 10))
	}
	if attempt > 1 {
		out.Header.Set(attemptHeader, strconv.Itoa(attempt))
		if out.GetBody != nil {
			again, err := out.GetBody()
			if err != nil {
				return nil, err
			}
			out.Body = again
		}
	}
	next := t.Next
	if next == nil {
		next = http.DefaultTransport
	}
	return next.RoundTrip(out)
}

// again decides on another attempt, and takes it from the budget. The contract
// is that of now: it may have been tightened since the call began.
func (t *Transport) again(req *http.Request, res *http.Response, err error, attempt int) (wait time.Duration, again bool) {
	c := t.Terms.Contract()
	if attempt >= c.Attempts || !repeatable(req) || !failed(res, err) || req.Context().Err() != nil {
		return 0, false
	}
	wait = pause(c, attempt, unreachable(err), randomly(t.Random))
	if after, told := retryAfter(res, time.Now()); told {
		wait = max(wait, after)
	}
	return wait, inTime(req.Context(), c, wait) && t.Terms.spend()
}

// inTime reports whether waiting leaves time for an attempt. Without a
// deadline nobody waits longer than the contract says.
func inTime(ctx context.Context, c client.Retry, wait time.Duration) bool {
	if deadline, has := ctx.Deadline(); has {
		return time.Until(deadline) > wait
	}
	return wait <= seconds(max(c.Cap, c.Spread))
}

// repeatable reports whether a request may be made twice (RFC 9110, 9.2.2).
func repeatable(req *http.Request) bool {
	body := req.Body == nil || req.Body == http.NoBody || req.GetBody != nil
	safe := slices.Contains([]string{"", "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"}, req.Method)
	return body && (safe || req.Header.Get("Idempotency-Key") != "")
}

// failed reports whether an attempt is worth another.
func failed(res *http.Response, err error) bool {
	if err != nil {
		return true
	}
	if res.Header.Get(retryHeader) == "no" {
		return false
	}
	switch res.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// unreachable reports whether there was not even a connection.
func unreachable(err error) bool {
	op := (*net.OpError)(nil)
	return errors.As(err, &op) && op.Op == "dial"
}

// retryAfter reads the header of that name: seconds or a date.
func retryAfter(res *http.Response, now time.Time) (d time.Duration, told bool) {
	if res == nil {
		return 0, false
	}
	text := res.Header.Get("Retry-After")
	if s, err := strconv.Atoi(text); err == nil && s >= 0 && s < 1e6 {
		return time.Duration(s) * time.Second, true
	}
	at, err := http.ParseTime(text)
	return max(at.Sub(now), 0), err == nil
}

// drain lets the connection be used again.
func drain(res *http.Response) {
	if res == nil {
		return
	}
	_, _ = io.CopyN(io.Discard, res.Body, 64<<10)
	_ = res.Body.Close()
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

package promql

import (
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"setpoint.dev/setpoint/sli"
)

// exchange asks one question and has the answer read, if it is one.
func (s *source) exchange(ctx context.Context, text string, g grid, at time.Time, read func(io.Reader) error) error {
	form := g.parameters(at)
	form.Set("query", text)
	form.Set("timeout", s.declared.Timeout.String())
	resp, err := s.post(ctx, wholeAnswers(*s.base.JoinPath(g.path()), s.cfg), form)
	if err != nil {
		return err
	}
	defer func() {
		_, _ = io.CopyN(io.Discard, resp.Body, 4<<10) // so that the connection can be used again
		_ = resp.Body.Close()
	}()
	if err := s.judge(resp, at); err != nil {
		return err
	}
	return read(resp.Body)
}

// post sends a question. Some proxies allow only GET.
func (s *source) post(ctx context.Context, to *url.URL, form url.Values) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header["Idempotency-Key"] = nil // a query may be sent again over another connection
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	switch resp.StatusCode {
	case http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusNotImplemented:
	default:
		return resp, nil
	}
	_ = resp.Body.Close()
	for name, values := range to.Query() {
		form[name] = values
	}
	to.RawQuery = form.Encode()
	if req, err = http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil); err != nil {
		return nil, err
	}
	return s.client.Do(req)
}

// judge judges an answer before it is read: status, content type, the
// backend's clock.
func (s *source) judge(resp *http.Response, until time.Time) error {
	if err := judgeStatus(resp); err != nil {
		return err
	}
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if media == "application/stream+json" || resp.Header.Get("X-Server-Hostname") != "" {
		s.remembers.Store(true)
	}
	switch media {
	case "application/json":
	case "application/stream+json": // only VictoriaMetrics, and only for raw samples
	default:
		return faultf(sli.ReasonNotJSON, "the answer is %q, not application/json%s", plain(media), said(resp.Body))
	}
	if clock, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		return judgeClock(clock, until, time.Now())
	}
	return nil
}

// mostAhead is how far a backend's clock may be ahead of ours.
const mostAhead = time.Minute

// judgeClock refuses what a backend says whose clock, in whole seconds, has not
// reached the end of the time asked about, so that samples would be missing; or
// is far ahead, so that what is newest here was long over there.
func judgeClock(clock, until, now time.Time) error {
	at := clock.UTC().Format(time.TimeOnly)
	switch {
	case !clock.Add(time.Second).After(until):
		return faultf(sli.ReasonClock, "by the backend's clock it is %s, before %s: set the clocks, or raise the source's delay", at, until.UTC().Format(time.TimeOnly))
	case clock.Sub(now) > mostAhead:
		return faultf(sli.ReasonClock, "by the backend's clock it is %s, %s ahead of ours: set the clocks", at, clock.Sub(now).Truncate(time.Second))
	}
	return nil
}

// judgeStatus makes an error of every status but 200.
func judgeStatus(resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	f := fault{reason: sli.ReasonStatus, words: "status " + strconv.Itoa(resp.StatusCode) + said(resp.Body)}
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		f.reason = sli.ReasonUnauthorized
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		f.reason, f.retryAfter = sli.ReasonOverloaded, retryAfter(resp.Header)
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		f.reason = sli.ReasonRejected
	}
	return f
}

// said is what an answer that is none says, as far as it can be read.
func said(from io.Reader) string {
	body, _ := io.ReadAll(io.LimitReader(from, 64<<10))
	var answer struct{ Error string }
	if json.Unmarshal(body, &answer) == nil && answer.Error != "" {
		return ": " + plain(answer.Error)
	}
	if len(body) == 0 {
		return ""
	}
	return ": " + plain(string(body))
}

// longestRetry caps what a backend can ask for.
const longestRetry = 10 * time.Minute

// retryAfter reads for how long a backend wants to be left alone, in seconds
// or as a date after its own.
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, longestRetry)
	}
	then, err := http.ParseTime(text)
	now, err2 := http.ParseTime(h.Get("Date"))
	if err != nil || err2 != nil {
		return 0
	}
	return min(max(then.Sub(now), 0), longestRetry)
}

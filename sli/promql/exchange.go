package promql

import (
	"bytes"
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/api"

	"setpoint.dev/setpoint/sli"
)

// An exchange is the API client for one question. It judges what the typed
// client above it does not look at: status, content type, the backend's clock.
type exchange struct {
	api.Client
	until        time.Time // asked about the time up to this
	allowPartial bool
	remembers    *atomic.Bool // set when the backend is VictoriaMetrics
}

// Do sends the request and judges the answer.
func (x exchange) Do(ctx context.Context, req *http.Request) (*http.Response, []byte, error) {
	resp, body, err := x.Client.Do(ctx, req)
	if err == nil {
		err = x.judge(resp, body)
	}
	return resp, body, err
}

func (x exchange) judge(resp *http.Response, body []byte) error {
	if err := judgeStatus(resp, body); err != nil {
		return err
	}
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if media == "application/stream+json" || resp.Header.Get("X-Server-Hostname") != "" {
		x.remembers.Store(true)
	}
	switch media {
	case "application/json":
	case "application/stream+json": // only VictoriaMetrics, and only for raw samples
	default:
		return faultf(sli.ReasonNotJSON, "the answer is %q, not application/json: %s", plain(media), plain(string(body)))
	}
	if !x.allowPartial && bytes.Contains(body[:min(len(body), 512)], []byte(`"isPartial":true`)) {
		return faultf(sli.ReasonPartial, "the backend marks its answer as partial")
	}
	// The Date header counts whole seconds.
	if clock, err := http.ParseTime(resp.Header.Get("Date")); err == nil && !clock.Add(time.Second).After(x.until) {
		return faultf(sli.ReasonClock, "by the backend's clock it is %s, before %s: set the clocks, or raise the source's delay",
			clock.UTC().Format(time.TimeOnly), x.until.UTC().Format(time.TimeOnly))
	}
	return nil
}

// judgeStatus makes an error of every status but 200. The typed client tries
// GET after 403, 405 and 501, whatever the error.
func judgeStatus(resp *http.Response, body []byte) error {
	f := fault{reason: sli.ReasonStatus, words: "status " + strconv.Itoa(resp.StatusCode) + said(body)}
	switch resp.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		f.reason = sli.ReasonUnauthorized
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		f.reason, f.retryAfter = sli.ReasonOverloaded, retryAfter(resp.Header)
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		f.reason = sli.ReasonRejected
	}
	return f
}

// said is what an answer that is an error says, as far as it can be read.
func said(body []byte) string {
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

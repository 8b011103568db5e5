package client

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"time"
)

const (
	// watchWait is how long the server may keep a watching call open.
	watchWait = 30 * time.Second
	// watchPace is the shortest time between the starts of two calls, so
	// that a proxy that answers at once is not asked in a circle.
	watchPace = time.Second
	// Pauses after failures double from the first to the last.
	firstPause = 500 * time.Millisecond
	lastPause  = 30 * time.Second
)

// Watch calls fn with the setting of an actuator: first with the present
// one, then with each change. When the server is away fn is called once
// with the last value, Stale and the Cause, once more with the safe value and
// Lapsed when the lease of the setting ends, and again when the server is
// back. A setting that the server itself calls stale is not confirmed either,
// and neither is one of a leader that was replaced. Before the first value is known fn is not called, so a service
// starts with its own default and keeps it. Calls of fn do not overlap.
// Watch returns only when ctx is done, with its error.
func (c Client) Watch(ctx context.Context, actuator string, fn func(Setting)) error {
	return c.watch(ctx, settingPath(actuator), func(s Setting) bool { return s.Actuator == actuator }, fn)
}

// WatchRetry is Watch for the contract between a caller and a service: see
// RetryContract.
func (c Client) WatchRetry(ctx context.Context, service, caller string, fn func(Setting)) error {
	return c.watch(ctx, retryPath(service, caller), func(s Setting) bool { return s.Service == service && s.Retry != nil }, fn)
}

func (c Client) watch(ctx context.Context, path string, about func(Setting) bool, fn func(Setting)) error {
	w := watcher{client: c, path: path, about: about, tell: fn}
	failures := 0
	for {
		begun := time.Now()
		err := w.poll(ctx)
		pause := watchPace - time.Since(begun)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			w.away(err)
			pause = backoff(failures)
			failures++
		default:
			failures = 0
		}
		if err := w.sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// A watcher remembers what fn was last told.
type watcher struct {
	client Client
	path   string
	about  func(Setting) bool // whether an answer is about what was asked for
	tell   func(Setting)
	last   Setting
	etag   string    // of the last answer; "" = none yet
	until  time.Time // end of the lease; zero = none
	newest Setting   // of the newest leader that answered
}

// poll asks once, waiting at the server, and tells what is new.
func (w *watcher) poll(ctx context.Context) error {
	wait := w.wait()
	ctx, cancel := w.bounded(ctx, wait+patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.client.address(w.path), nil)
	if err != nil {
		return err
	}
	values := req.URL.Query()
	values.Set("wait", wait.String())
	req.URL.RawQuery = values.Encode()
	if w.etag != "" {
		req.Header.Set("If-None-Match", w.etag)
	}
	var s Setting
	res, err := w.client.call(w.patient(), req, &s)
	if err != nil {
		return err
	}
	return w.heard(res, s)
}

// wait is how long the server may keep a call open: a third of the lease, so
// that it is confirmed in time with one answer lost.
func (w *watcher) wait() time.Duration {
	if lease := w.lease(); lease > 0 {
		return min(watchWait, lease/3)
	}
	return watchWait
}

func (w *watcher) lease() time.Duration { return time.Duration(w.last.Lease * float64(time.Second)) }

// bounded ends a call after d, and when the lease ends.
func (w *watcher) bounded(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if left := time.Until(w.until); !w.until.IsZero() && left > 0 {
		d = min(d, left)
	}
	return context.WithTimeout(ctx, d)
}

// heard takes in an answer. Status 304 says that nothing changed.
func (w *watcher) heard(res *http.Response, s Setting) error {
	if res.StatusCode == http.StatusNotModified && w.etag != "" {
		w.confirm()
		return nil
	}
	switch {
	case !w.about(s):
		return fmt.Errorf("%w: the answer is about %q", ErrNoAnswer, s.Actuator)
	case s.Epoch > 0 && s.Older(w.newest):
		return fmt.Errorf("%w: timeline %d, epoch %d is older than %d, %d, which answered before", ErrNoAnswer, s.Timeline, s.Epoch, w.newest.Timeline, w.newest.Epoch)
	case s.Epoch > 0:
		w.newest = s
	}
	w.etag = res.Header.Get("ETag")
	if w.last.Lapsed && s.Stale { // what is safe stays until something is sure
		return nil
	}
	before := w.last
	w.last, before.At, before.Decision, before.Epoch, before.Timeline = s, s.At, s.Decision, s.Epoch, s.Timeline // read or decided anew is no change
	w.confirm()
	if !reflect.DeepEqual(s, before) {
		w.tell(s)
	}
	return nil
}

// confirm begins the lease anew, unless the server is not sure of the setting.
func (w *watcher) confirm() {
	if lease := w.lease(); lease > 0 && !w.last.Stale {
		w.until = time.Now().Add(lease)
	}
}

// away marks the last value stale, once.
func (w *watcher) away(err error) {
	w.etag = "" // ask anew: the next answer comes at once
	if w.last.Actuator == "" || w.last.Stale {
		return
	}
	w.last.Stale, w.last.Cause = true, err.Error()
	w.tell(w.last)
}

// sleep pauses, and sees to it that the lease ends in time.
func (w *watcher) sleep(ctx context.Context, pause time.Duration) error {
	left := time.Until(w.until)
	if w.until.IsZero() || left >= pause {
		return sleep(ctx, pause)
	}
	if err := sleep(ctx, left); err != nil {
		return err
	}
	w.lapse()
	return sleep(ctx, pause-max(left, 0))
}

// lapse goes over to the safe value.
func (w *watcher) lapse() {
	w.until = time.Time{}
	s := w.last
	s.Value, s.Retry, s.Stale, s.Lapsed = s.Safe, s.SafeRetry, true, true
	if s.Cause == "" {
		s.Cause = "nobody confirmed it for " + w.lease().String()
	}
	w.last, w.etag = s, ""
	w.tell(s)
}

// patient is the client without its own timeout, which a waiting call
// would run into.
func (w *watcher) patient() *http.Client {
	if w.client.HTTP == nil {
		return nil
	}
	own := *w.client.HTTP
	own.Timeout = 0
	return &own
}

// backoff is a random pause that grows with each failure ("full jitter":
// many clients that lost one server do not come back all at once).
func backoff(failures int) time.Duration {
	most := min(lastPause, firstPause<<min(failures, 10))
	return firstPause/2 + rand.N(most)
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

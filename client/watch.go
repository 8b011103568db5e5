package client

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
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
// with the last value, Stale and the Cause, and again when the server is
// back. Before the first value is known fn is not called, so a service
// starts with its own default and keeps it. Calls of fn do not overlap.
// Watch returns only when ctx is done, with its error.
func (c Client) Watch(ctx context.Context, actuator string, fn func(Setting)) error {
	w := watcher{client: c, actuator: actuator, tell: fn}
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
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// A watcher remembers what fn was last told.
type watcher struct {
	client   Client
	actuator string
	tell     func(Setting)
	last     Setting
	etag     string // of the last answer; "" = none yet
}

// poll asks once, waiting at the server, and tells what is new.
func (w *watcher) poll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, watchWait+patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.client.address(settingPath(w.actuator)+"?wait="+watchWait.String()), nil)
	if err != nil {
		return err
	}
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

// heard takes in an answer. Status 304 says that nothing changed.
func (w *watcher) heard(res *http.Response, s Setting) error {
	if res.StatusCode == http.StatusNotModified && w.etag != "" {
		return nil
	}
	if s.Actuator != w.actuator {
		return fmt.Errorf("%w: the answer is about %q", ErrNoAnswer, s.Actuator)
	}
	w.etag = res.Header.Get("ETag")
	before := w.last
	w.last, before.At, before.Decision = s, s.At, s.Decision // read or decided anew is no change
	if s != before {
		w.tell(s)
	}
	return nil
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

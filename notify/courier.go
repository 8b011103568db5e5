package notify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// The bounds of waiting after a failure.
const (
	firstWait  = time.Second
	longWait   = time.Minute
	longestAsk = 5 * time.Minute // that a target may ask for
)

// A letter is what a courier has to tell: the alerts there are now.
type letter struct {
	alerts []loop.Alert
	leader bool
}

// A way is how a target is told. It is used by one courier, one call at a
// time.
type way interface {
	// take takes in the newest letter.
	take(l letter, now time.Time)
	// next is the request to send now, nil when there is none.
	next(ctx context.Context, now time.Time) (*http.Request, error)
	// done says how the request of next ended.
	done(err error, now time.Time)
}

// A courier tells one target, in a goroutine of its own.
type courier struct {
	target slo.NotificationTarget
	way    way
	client *http.Client
	failed func(string, error)
	mail   chan letter // the newest only
	ctx    context.Context
	end    context.CancelFunc

	mu    sync.Mutex
	state Delivery
}

func newCourier(n *Notifier, t slo.NotificationTarget) *courier {
	c := &courier{
		target: t, client: n.client, failed: n.cfg.Failed, mail: make(chan letter, 1),
		state: Delivery{Target: t.Name, Way: t.Target},
	}
	c.way = &manager{cfg: n.cfg, url: t.URL}
	if t.Target == slo.Webhook {
		c.way = &hook{cfg: n.cfg, url: t.URL, key: t.Key, seen: map[string]bool{}, count: c.count}
	}
	c.ctx, c.end = context.WithCancel(n.ctx)
	return c
}

// take puts a letter in the place of one that was not taken up yet.
func (c *courier) take(l letter) {
	for {
		select {
		case c.mail <- l:
			return
		default:
		}
		select {
		case <-c.mail:
		default:
		}
	}
}

// run delivers until the courier ends. After a failure it waits, while
// letters go on coming in.
func (c *courier) run() {
	var free <-chan time.Time // nil: nothing to wait for
	fails := 0
	for {
		select {
		case <-c.ctx.Done():
			return
		case l := <-c.mail:
			c.way.take(l, time.Now())
			if !l.leader {
				free, fails = nil, 0
				c.idle()
			}
			if fails > 0 {
				continue
			}
		case <-free:
		}
		err := c.deliver()
		free, fails = nil, next(fails, err)
		if fails > 0 {
			free = time.After(wait(fails, err))
		}
	}
}

func next(fails int, err error) int {
	if err == nil {
		return 0
	}
	return fails + 1
}

// wait is how long a target is left alone after so many failures.
func wait(fails int, err error) time.Duration {
	var r refusal
	if errors.As(err, &r) && r.after > 0 {
		return min(r.after, longestAsk)
	}
	return min(firstWait<<min(fails-1, 10), longWait)
}

// deliver sends what there is to send, until there is no more or a request
// fails.
func (c *courier) deliver() error {
	for {
		r, err := c.way.next(c.ctx, time.Now())
		if r == nil && err == nil {
			return nil
		}
		if err == nil {
			err = post(c.client, c.target.Name, r)
		}
		if c.ctx.Err() != nil {
			return nil
		}
		now := time.Now()
		c.way.done(err, now)
		c.note(err, now)
		if err != nil && !final(err) {
			return err
		}
	}
}

// post sends a request to a target; only an answer of 2xx is none to repeat.
func post(client *http.Client, target string, r *http.Request) error {
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "setpoint")
	resp, err := client.Do(r)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) { // it would say the address
			err = u.Err
		}
		return fmt.Errorf("reach %s: %w", target, err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 300))
	if resp.StatusCode/100 == 2 {
		return nil
	}
	return refusal{target: target, status: resp.StatusCode, after: retryAfter(resp), text: strings.Join(strings.Fields(string(text)), " ")}
}

// A refusal is an answer that is none of 2xx.
type refusal struct {
	target string
	status int
	after  time.Duration // that it asks to wait
	text   string
}

func (r refusal) Error() string {
	return strings.TrimSpace(fmt.Sprintf("%s answers %d %s %s", r.target, r.status, http.StatusText(r.status), r.text))
}

// final reports whether sending the same again would end the same.
func final(err error) bool {
	var r refusal
	if !errors.As(err, &r) {
		return false
	}
	again := r.status == http.StatusRequestTimeout || r.status == http.StatusTooEarly || r.status == http.StatusTooManyRequests
	return r.status/100 == 4 && !again
}

func retryAfter(resp *http.Response) time.Duration {
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, 3600)) * time.Second
}

// note counts how a request ended, and tells when that changes.
func (c *courier) note(err error, now time.Time) {
	c.mu.Lock()
	was := c.state.Failing.IsZero()
	switch {
	case err == nil:
		c.state.Sent++
		c.state.Last, c.state.Failing, c.state.Error = now, time.Time{}, ""
	default:
		c.state.Failed++
		c.state.Error = err.Error()
		if was {
			c.state.Failing = now
		}
	}
	is := c.state.Failing.IsZero()
	c.mu.Unlock()
	if is != was && c.failed != nil {
		c.failed(c.target.Name, err)
	}
}

// idle forgets a failure: somebody else tells now.
func (c *courier) idle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state.Failing, c.state.Error = time.Time{}, ""
}

// count notes what waits, and what was given up.
func (c *courier) count(waiting int, lost int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state.Waiting, c.state.Lost = waiting, lost
}

func (c *courier) delivery() Delivery {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

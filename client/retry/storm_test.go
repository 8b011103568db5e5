package retry_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/client/retry"
)

// A pipe is a listener inside the process, whose connections wait in the time
// of a bubble.
type pipe struct {
	accepts chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func newPipe() *pipe { return &pipe{accepts: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.accepts:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipe) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipe) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (p *pipe) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.accepts <- there:
		return here, nil
	case <-p.closed:
		return nil, &net.OpError{Op: "dial", Err: net.ErrClosed}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// The plant of these tests: 4 workers that need 50 ms for a call bear 80
// calls a second. For 10 s each call takes four times as long.
const (
	workers  = 4
	usually  = 50 * time.Millisecond
	quiet    = 3 * time.Second
	trigger  = 10 * time.Second
	after    = 15 * time.Second
	patience = 300 * time.Millisecond // of each attempt
)

// storm plays load calls a second against the plant over a contract. It
// returns after how long nearly all calls of each second were good again, −1
// for never, and how many calls the service was asked for each one wanted.
func storm(t *testing.T, load int, contract client.Retry) (recovered time.Duration, amplified float64) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		slow := func() bool { d := time.Since(begun); return d >= quiet && d < quiet+trigger }
		var asked, wanted atomic.Int64
		var serving sync.WaitGroup
		work := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			d := usually
			if slow() {
				d *= 4
			}
			time.Sleep(d)
		})
		inner := retry.NewServer(retry.ServerConfig{Terms: retry.NewTerms(contract), Next: work, Workers: workers, Queue: 1 << 20})
		l := newPipe()
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			serving.Add(1)
			defer serving.Done()
			inner.ServeHTTP(w, r)
		})}
		go func() { _ = srv.Serve(l) }()
		base := &http.Transport{DialContext: l.dial, MaxIdleConnsPerHost: 1000}
		c := &http.Client{Transport: &retry.Transport{Terms: retry.NewTerms(contract), Next: base, Attempt: patience}}
		bad := make([]atomic.Int64, int((quiet+trigger+after)/time.Second)+1)
		var calls sync.WaitGroup
		for time.Since(begun) < quiet+trigger+after {
			calls.Go(func() {
				wanted.Add(1)
				second := int(time.Since(begun) / time.Second)
				if !good(c) {
					bad[second].Add(1)
				}
			})
			time.Sleep(time.Second / time.Duration(load))
		}
		calls.Wait()
		base.CloseIdleConnections()
		_ = srv.Close()
		serving.Wait() // what is left of the queue
		recovered, amplified = since(bad, int64(load/20)), float64(asked.Load())/float64(wanted.Load())
	})
	return recovered, amplified
}

// since is the time from the end of the trigger to the first second from which
// on no second had more bad calls than are allowed.
func since(bad []atomic.Int64, allowed int64) time.Duration {
	end := int((quiet + trigger) / time.Second)
	final := len(bad) - 2 // the one after it is not whole
	last := final
	for last >= end && bad[last].Load() <= allowed {
		last--
	}
	if last == final {
		return -1
	}
	return time.Duration(last+1-end) * time.Second
}

func good(c *http.Client) bool {
	res, err := c.Get("http://service/")
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, res.Body)
	return res.Body.Close() == nil && err == nil && res.StatusCode == http.StatusOK
}

// TestStorm: with jitter alone the service stays down long after what slowed
// it has gone; with the contract it is back at once, at both loads.
func TestStorm(t *testing.T) {
	jitter := client.Retry{Attempts: 4, Budget: 4, Base: 0.05, Cap: 10}
	contract := client.Retry{Attempts: 3, Budget: 0.1, Base: 0.05, Cap: 10, DropExpired: true}
	for _, c := range []struct {
		name     string
		load     int
		contract client.Retry
		within   time.Duration // of recovering; −1 = never
	}{
		{"jitter alone at 75 %", 60, jitter, -1},
		{"contract at 75 %", 60, contract, 2 * time.Second},
		{"contract at 90 %", 72, contract, 5 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, amplified := storm(t, c.load, c.contract)
			t.Logf("recovered after %v, %.2f calls for each", got, amplified)
			if c.within < 0 && got >= 0 || c.within >= 0 && (got < 0 || got > c.within) {
				t.Errorf("recovered after %v, want %v", got, c.within)
			}
			if c.within >= 0 && amplified > 1.15 {
				t.Errorf("%.2f calls for each that was wanted", amplified)
			}
		})
	}
}

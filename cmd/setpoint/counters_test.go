package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"setpoint.dev/setpoint/sli/promql/promtest"
)

// shared is the metrics backend of this test process and the counters that it
// scrapes. A variable of the package, because tests have nothing else in
// common; starting one for each of them would take longer than the tests.
var shared backend

type backend struct {
	once     sync.Once
	counters counters
	target   *httptest.Server
	server   *promtest.Server
	dir      string
	err      error
}

// metricsURL is where the real metrics backend answers.
func metricsURL(t *testing.T) string {
	t.Helper()
	shared.once.Do(shared.start)
	if shared.err != nil {
		t.Fatalf("%v\nThis test needs a real metrics backend: `make parts` fetches one.", shared.err)
	}
	return shared.server.URL
}

func (b *backend) start() {
	if b.dir, b.err = os.MkdirTemp("", "setpoint-metrics-"); b.err != nil {
		return
	}
	b.target = httptest.NewServer(&b.counters)
	b.server, b.err = promtest.Run(promtest.Config{Targets: []string{b.target.Listener.Addr().String()}, Dir: b.dir})
}

func (b *backend) stop() error {
	if b.target == nil {
		return nil
	}
	var err error
	if b.server != nil {
		err = b.server.Stop()
	}
	b.target.Close()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	return errors.Join(err, os.RemoveAll(b.dir))
}

// counters are the counters of all shops, on one page. They grow with time,
// at rates that the tests set.
type counters struct {
	mu    sync.Mutex
	shops map[string]traffic
}

// traffic is what a shop has served up to an instant, and serves since then.
type traffic struct {
	good, bad         float64
	goodRate, badRate float64 // events a second
	at                time.Time
}

func (f traffic) until(now time.Time) traffic {
	s := now.Sub(f.at).Seconds()
	f.good, f.bad, f.at = f.good+s*f.goodRate, f.bad+s*f.badRate, now
	return f
}

// flow sets the rates of a shop, from now on.
func (c *counters) flow(shop string, good, bad float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	f, known := c.shops[shop]
	if !known {
		f.at = now
	}
	f = f.until(now)
	f.goodRate, f.badRate = good, bad
	if c.shops == nil {
		c.shops = map[string]traffic{}
	}
	c.shops[shop] = f
}

func (c *counters) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	for name, f := range c.shops {
		f = f.until(now)
		good, all := int64(f.good), int64(f.good)+int64(f.bad)
		fmt.Fprintf(w, "checkout_good_total{shop=%q} %d\ncheckout_requests_total{shop=%q} %d\n", name, good, name, all)
	}
}

package promql_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A target exposes requests_total by code, as one process of a service does.
type target struct {
	*httptest.Server
	mu      sync.Mutex
	counts  map[string]int64
	gauges  map[string]float64
	served  []map[string]float64 // the gauges of each scrape that was answered
	down    bool
	scrapes int // answered with counts
	refused int // answered while down
}

func newTarget(t *testing.T, codes map[string]int64) *target {
	g := &target{counts: codes}
	g.Server = httptest.NewServer(g)
	t.Cleanup(g.Close)
	return g
}

func (g *target) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.down {
		g.refused++
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	g.scrapes++
	fmt.Fprintln(w, "# TYPE requests_total counter")
	for code, n := range g.counts {
		fmt.Fprintf(w, "requests_total{code=%q} %d\n", code, n)
	}
	for name, v := range g.gauges {
		fmt.Fprintf(w, "%s %s\n", name, strconv.FormatFloat(v, 'f', -1, 64))
	}
	g.served = append(g.served, maps.Clone(g.gauges))
}

func (g *target) address() string { return strings.TrimPrefix(g.URL, "http://") }

func (g *target) add(code string, n int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.counts[code] += n
}

func (g *target) set(name string, v float64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.gauges == nil {
		g.gauges = map[string]float64{}
	}
	g.gauges[name] = v
}

func (g *target) restart() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.counts = map[string]int64{"200": 0}
}

func (g *target) setDown(down bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.down, g.refused = down, 0
}

// scraped waits for n more scrapes, so that what was counted is in a sample.
func (g *target) scraped(t *testing.T, n int) {
	t.Helper()
	g.mu.Lock()
	want := g.scrapes + n
	g.mu.Unlock()
	until(t, func() bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.scrapes >= want
	})
}

// missed waits for n scrapes that find the target down.
func (g *target) missed(t *testing.T, n int) {
	t.Helper()
	until(t, func() bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.refused >= n
	})
}

// until polls a condition.
func until(t *testing.T, done func() bool) {
	t.Helper()
	late := time.After(30 * time.Second)
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for !done() {
		select {
		case <-poll.C:
		case <-late:
			t.Fatal("waited 30 s in vain")
		}
	}
}

package quota

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"setpoint.dev/setpoint/client"
)

// A Gate admits calls of tenants. It may be used by many goroutines.
type Gate struct {
	mu    sync.Mutex
	quota client.Quota
	mark  float64 // watermark in force, as a share of the capacity
	rest  float64 // watermark at rest

	lease client.Lease
	until time.Time // end of the lease; zero = there is none

	busy  map[string]int // calls under way :: tenant
	total int

	peak    int // most calls at once since the last ask
	refused int // calls that were refused since
	stats   Stats
}

// Stats are what a gate did so far.
type Stats struct {
	Guaranteed int64 // calls admitted within a guarantee
	Borrowed   int64 // calls admitted beyond one
	Refused    int64
}

// NewGate is a gate that goes by a quota and a watermark until Setpoint is
// heard. rest is the watermark at rest.
func NewGate(q client.Quota, mark, rest float64) *Gate {
	return &Gate{quota: q, mark: mark, rest: rest, busy: map[string]int{}}
}

// Follow takes in a setting; it is for Client.Watch. One without a quota
// changes nothing.
func (g *Gate) Follow(s client.Setting) {
	if s.Quota == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.quota, g.mark, g.rest = *s.Quota, s.Value, s.Rest
}

// Granted takes in a lease that was asked for at asked: it is good from then
// on, which is never longer than whoever gave it counts. A lease of an older
// leader than the one before is not taken.
func (g *Gate) Granted(l client.Lease, asked time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if l.Older(g.lease) {
		return
	}
	g.lease, g.until = l, asked.Add(time.Duration(l.Seconds*float64(time.Second)))
}

// Ask is what the gate tells of itself at now. It begins to look for a new
// peak.
func (g *Gate) Ask(name string, now time.Time) client.LeaseAsk {
	g.mu.Lock()
	defer g.mu.Unlock()
	a := client.LeaseAsk{Gate: name, Wants: float64(g.peak + g.refused)}
	if now.Before(g.until) {
		a.Has, a.Left = g.lease.Capacity, g.until.Sub(now).Seconds()
	}
	g.peak, g.refused = g.total, 0
	return a
}

// Stats returns what was done so far.
func (g *Gate) Stats() Stats {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.stats
}

// Handler admits calls to next, and answers 429 for the others. They may come
// back in a second or two.
func (g *Gate) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		done, ok := g.Admit(r.Header.Get(g.header()), time.Now())
		if !ok {
			w.Header().Set("Retry-After", strconv.Itoa(1+rand.IntN(2)))
			http.Error(w, "over quota", http.StatusTooManyRequests)
			return
		}
		defer done()
		next.ServeHTTP(w, r)
	})
}

func (g *Gate) header() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.quota.Header
}

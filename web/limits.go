package web

import (
	"math"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"setpoint.dev/setpoint/client"
)

const (
	missesRate  = 1     // requests a second of one address that show no good key
	missesBurst = 30    // of them at once
	mostMetered = 10000 // callers that are remembered
)

// A meter bounds how often each caller may ask. It is a leaky bucket kept as
// the time at which it will be empty (GCRA, ITU-T I.371). The zero meter is
// ready.
type meter struct {
	mu    sync.Mutex
	empty map[string]time.Time // :: caller → when all that they asked is paid off
}

// take lets one more request of a caller pass, or says when to come again.
// rate is in requests a second, burst how many may come at once.
func (m *meter) take(who string, rate float64, burst int, now time.Time) error {
	cost := time.Duration(float64(time.Second) / rate)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.empty == nil {
		m.empty = map[string]time.Time{}
	}
	at := m.empty[who]
	if at.Before(now) {
		at = now
	}
	if wait := at.Add(cost).Sub(now) - time.Duration(burst)*cost; wait > 0 {
		return &slowDown{wait}
	}
	if len(m.empty) >= mostMetered {
		m.forget(now)
	}
	m.empty[who] = at.Add(cost)
	return nil
}

// forget makes room: who has nothing to pay off goes, and when that is not
// enough everybody begins anew.
func (m *meter) forget(now time.Time) {
	for who, at := range m.empty {
		if !at.After(now) {
			delete(m.empty, who)
		}
	}
	if len(m.empty) >= mostMetered {
		clear(m.empty)
	}
}

// slowDown refuses a request that came too early.
type slowDown struct{ wait time.Duration }

// Error says how long to wait.
func (s *slowDown) Error() string { return "too many requests; the next one in " + s.wait.String() }

// problem is what the caller is told.
func (s *slowDown) problem() *client.Problem {
	return refuse(http.StatusTooManyRequests, "too-many-requests", "too many requests from here", "ask again in "+s.after()+" s")
}

// after is the number of whole seconds to wait.
func (s *slowDown) after() string { return strconv.Itoa(int(math.Ceil(s.wait.Seconds()))) }

// paced refuses what a caller asks beyond Config.Rate.
func (s *Server) paced(who string, now time.Time) error {
	if s.cfg.Rate == 0 {
		return nil
	}
	return s.calls.take(who, s.cfg.Rate, int(math.Ceil(2*s.cfg.Rate)), now)
}

// remote is the address of the machine that asks. What proxies say of those
// behind them is not believed: anybody can say it.
func remote(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

package retry

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// A Server is the side of a contract that is called. It gives each request
// the deadline of its caller, drops those that nobody waits for any more
// before they cost anything, refuses retries over the budget, and sends back
// what there is no room for.
type Server struct {
	terms   *Terms
	next    http.Handler
	workers chan struct{} // nil = no bound
	queue   int64
	random  func() float64
	waiting atomic.Int64
}

// A ServerConfig is what a Server needs. Terms and Next are required.
type ServerConfig struct {
	Terms   *Terms
	Next    http.Handler
	Workers int            // requests that are handled at once; 0 = no bound, and nobody waits
	Queue   int            // requests that wait for a worker; 0 = 100 for each worker
	Random  func() float64 // in [0, 1); nil = math/rand/v2
}

// NewServer returns the middleware.
func NewServer(cfg ServerConfig) *Server {
	s := &Server{terms: cfg.Terms, next: cfg.Next, queue: int64(cfg.Queue), random: randomly(cfg.Random)}
	if cfg.Workers > 0 {
		s.workers = make(chan struct{}, cfg.Workers)
	}
	if s.queue == 0 {
		s.queue = 100 * int64(cfg.Workers)
	}
	return s
}

// ServeHTTP hands a request on, or answers 503: with Retry-After where there
// is no room, with "Setpoint-Retry: no" where a repetition would not help.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.counted(r) {
		Forbid(w.Header())
		http.Error(w, "too many retries", http.StatusServiceUnavailable)
		return
	}
	ctx, cancel := s.patience(r)
	defer cancel()
	done, ok := s.begin(ctx)
	switch {
	case ok:
		defer done()
		s.next.ServeHTTP(w, r.WithContext(ctx))
	case ctx.Err() != nil:
		Forbid(w.Header())
		http.Error(w, "the caller has given up", http.StatusServiceUnavailable)
	default:
		w.Header().Set("Retry-After", s.retryAfter())
		http.Error(w, "overloaded", http.StatusServiceUnavailable)
	}
}

// counted keeps the budget: a first attempt earns a share of a retry, a
// retry is paid for.
func (s *Server) counted(r *http.Request) bool {
	if n, err := strconv.Atoi(r.Header.Get(attemptHeader)); err == nil && n > 1 {
		return s.terms.spend()
	}
	s.terms.called()
	return true
}

// patience gives a request the deadline of its caller. Where expired calls
// are worked on, neither the deadline nor that the caller left ends them.
func (s *Server) patience(r *http.Request) (context.Context, context.CancelFunc) {
	ctx := r.Context()
	if !s.terms.Contract().DropExpired {
		return context.WithCancel(context.WithoutCancel(ctx))
	}
	if ms, err := strconv.ParseInt(r.Header.Get(timeoutHeader), 10, 32); err == nil && ms >= 0 {
		return context.WithTimeout(ctx, time.Duration(ms)*time.Millisecond)
	}
	return context.WithCancel(ctx)
}

// begin waits for a worker. It returns false when the queue is full, or when
// ctx ends before.
func (s *Server) begin(ctx context.Context) (done func(), ok bool) {
	if s.workers == nil {
		return func() {}, ctx.Err() == nil
	}
	if s.waiting.Add(1) > s.queue+int64(cap(s.workers)) {
		s.waiting.Add(-1)
		return nil, false
	}
	free := func() { s.waiting.Add(-1) }
	select {
	case s.workers <- struct{}{}:
	case <-ctx.Done():
		free()
		return nil, false
	}
	done = func() { <-s.workers; free() }
	if ctx.Err() != nil { // both were ready
		done()
		return nil, false
	}
	return done, true
}

// retryAfter is a random whole number of seconds within the spread of the
// contract, at least 1.
func (s *Server) retryAfter() string {
	return strconv.Itoa(int(math.Ceil(max(float64(s.terms.Contract().Spread*s.random()), 1))))
}

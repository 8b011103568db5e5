package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

const (
	shopWorkers      = 8
	goodCheckout     = 250 * time.Millisecond // answered within, the wait for a worker included
	checkoutPatience = 2 * time.Second        // waited for a worker
	checkoutLimit    = 5 * time.Second        // for its statements
	reportPatience   = 5 * time.Second        // waited for a worker
	reportUse        = 10 * time.Second       // from the question to the answer: later nobody waits for it
	reportLimit      = 40 * time.Second       // for its statement; nothing in the load comes near
	reportLongest    = 30.0                   // seconds that may be asked for
)

// The outcomes of a report, as its metrics and the summary name them.
const (
	reportFinished  = "finished"  // answered within reportUse
	reportLate      = "late"      // finished when nobody waited any more
	reportCancelled = "cancelled" // by Postgres: pg_cancel_backend or statement_timeout
	reportNoWorker  = "no_worker" // gave up waiting
	reportFailed    = "failed"    // anything else
)

var errNoWorker = errors.New("no worker came free")

// shop is the application: eight workers in front of two ways into Postgres.
type shop struct {
	workers  chan struct{}
	sessions *sessions
	metrics  *shopMetrics
	truth    *truth
}

// reportAnswer is the body of every answer to GET /report.
type reportAnswer struct {
	Outcome    string  `json:"outcome"`
	RanSeconds float64 `json:"ran_seconds"` // with a worker held
	Orders     int64   `json:"orders"`
	Words      string  `json:"words,omitempty"`
}

func newShop(sessions *sessions, seen *truth) *shop {
	return &shop{
		workers:  make(chan struct{}, shopWorkers),
		sessions: sessions,
		metrics:  newShopMetrics(),
		truth:    seen,
	}
}

func (s *shop) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /checkout", s.checkout)
	mux.HandleFunc("GET /report", s.report)
	mux.HandleFunc("GET /summary", s.summary)
	mux.Handle("GET /metrics", s.metrics.handler())
	return mux
}

func (s *shop) checkout(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	item, err := strconv.Atoi(r.FormValue("item"))
	if err != nil || item < 1 || item > shopItems {
		http.Error(w, fmt.Sprintf("item must be 1 to %d", shopItems), http.StatusBadRequest)
		return
	}
	err = s.placeOrder(r.Context(), item)
	s.metrics.checkout(err == nil && time.Since(began) <= goodCheckout)
	if err != nil {
		http.Error(w, "checkout: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusCreated)
}

func (s *shop) placeOrder(ctx context.Context, item int) error {
	release, err := s.worker(ctx, checkoutRole, checkoutPatience)
	if err != nil {
		return err
	}
	defer release()
	ctx, cancel := context.WithTimeout(ctx, checkoutLimit)
	defer cancel()
	return s.sessions.placeOrder(ctx, item)
}

func (s *shop) report(w http.ResponseWriter, r *http.Request) {
	seconds, err := strconv.ParseFloat(r.FormValue("seconds"), 64)
	if err != nil || !(seconds >= 0 && seconds <= reportLongest) {
		http.Error(w, fmt.Sprintf("seconds must be 0 to %g", reportLongest), http.StatusBadRequest)
		return
	}
	answer := s.runReport(context.WithoutCancel(r.Context()), seconds, time.Now())
	s.metrics.report(answer)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(answer.status())
	json.NewEncoder(w).Encode(answer)
}

// runReport answers whatever happens; began is when the report was asked for.
func (s *shop) runReport(ctx context.Context, seconds float64, began time.Time) reportAnswer {
	release, err := s.worker(ctx, reportsRole, reportPatience)
	if err != nil {
		return reportAnswer{Outcome: reportNoWorker, Words: err.Error()}
	}
	defer release()
	started := time.Now()
	ctx, cancel := context.WithTimeout(ctx, reportLimit)
	defer cancel()
	orders, err := s.sessions.report(ctx, seconds)
	ended := time.Now()
	answer := reportAnswer{Outcome: reportOutcome(err, ended.Sub(began)), RanSeconds: ended.Sub(started).Seconds(), Orders: orders}
	if err != nil {
		answer.Words = err.Error()
	}
	return answer
}

func reportOutcome(err error, took time.Duration) string {
	switch {
	case cancelled(err):
		return reportCancelled
	case err != nil:
		return reportFailed
	case took > reportUse:
		return reportLate
	}
	return reportFinished
}

// status tells a cancelled report from a busy shop: the first must not be tried again.
func (a reportAnswer) status() int {
	switch a.Outcome {
	case reportFinished, reportLate:
		return http.StatusOK
	case reportCancelled:
		return http.StatusGatewayTimeout
	}
	return http.StatusServiceUnavailable
}

// worker waits in line for one of the eight; release gives it back.
func (s *shop) worker(ctx context.Context, path string, patience time.Duration) (release func(), err error) {
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case s.workers <- struct{}{}:
	case <-wait.Done():
		return nil, fmt.Errorf("wait for a worker %s: %w", patience, errNoWorker)
	}
	s.metrics.busy(path, +1)
	return func() {
		s.metrics.busy(path, -1)
		<-s.workers
	}, nil
}

// summary answers what the customers saw in the first ?within=120s (all of it by default).
func (s *shop) summary(w http.ResponseWriter, r *http.Request) {
	within := maxLoad
	if text := r.FormValue("within"); text != "" {
		parsed, err := time.ParseDuration(text)
		if err != nil || parsed <= 0 {
			http.Error(w, "within must be a duration such as 120s", http.StatusBadRequest)
			return
		}
		within = parsed
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(s.truth.summary(within).json())
}

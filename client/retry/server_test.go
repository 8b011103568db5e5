package retry_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/client/retry"
)

// serve asks s and returns status, and headers that matter.
func serve(s http.Handler, headers ...string) string {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return fmt.Sprintf("%d %s%s", w.Code, w.Header().Get("Retry-After"), w.Header().Get("Setpoint-Retry"))
}

// TestServerDrops: what nobody waits for any more is not worked on, unless the
// contract says so.
func TestServerDrops(t *testing.T) {
	for drop, want := range map[bool]string{true: "[200  503 no 200 ] 2 handled in 2s", false: "[200  200  200 ] 3 handled in 3s"} {
		synctest.Test(t, func(t *testing.T) {
			handled, begun := 0, time.Now()
			work := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				time.Sleep(time.Second)
				handled++
			})
			c := normal()
			c.DropExpired = drop
			s := retry.NewServer(retry.ServerConfig{Terms: retry.NewTerms(c), Next: work, Workers: 1})
			got := make([]string, 3)
			var calls sync.WaitGroup
			for i, patience := range []string{"5000", "500", "5000"} {
				calls.Go(func() { got[i] = serve(s, "Setpoint-Timeout", patience) })
				synctest.Wait()
			}
			calls.Wait()
			if got := fmt.Sprintf("%v %d handled in %v", got, handled, time.Since(begun)); got != want {
				t.Errorf("drop %v: %s, want %s", drop, got, want)
			}
		})
	}
}

// TestServerDeadline gives the handler the deadline of the caller.
func TestServerDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var left time.Duration
		s := retry.NewServer(retry.ServerConfig{Terms: retry.NewTerms(normal()), Next: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			deadline, _ := r.Context().Deadline()
			left = time.Until(deadline)
		})})
		for header, want := range map[string]time.Duration{"1500": 1500 * time.Millisecond, "nonsense": 0, "-3": 0} {
			if left = 0; serve(s, "Setpoint-Timeout", header) != "200 " || max(left, 0) != want {
				t.Errorf("%s: the handler has %v, want %v", header, left, want)
			}
		}
		if got := serve(s, "Setpoint-Timeout", "0"); got != "503 no" {
			t.Errorf("a call that is expired on arrival: %s", got)
		}
	})
}

// TestServerFull sends back what has no room, spread over the time that the
// contract computes.
func TestServerFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := make(chan struct{})
		s := retry.NewServer(retry.ServerConfig{Terms: retry.NewTerms(normal()), Workers: 1, Queue: 1, Random: half, Next: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stop })})
		var calls sync.WaitGroup
		for range 2 {
			calls.Go(func() { serve(s) })
		}
		synctest.Wait()
		if got := serve(s); got != "503 30" {
			t.Errorf("a third call: %s, want 503 with half of the spread", got)
		}
		close(stop)
		calls.Wait()
		if got := serve(s); got != "200 " {
			t.Errorf("with room again: %s", got)
		}
	})
}

// TestServerBudget refuses retries over the budget, whoever sends them.
func TestServerBudget(t *testing.T) {
	s := retry.NewServer(retry.ServerConfig{Terms: retry.NewTerms(normal()), Next: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})})
	got := []string{serve(s, "Setpoint-Attempt", "2"), serve(s, "Setpoint-Attempt", "2"), serve(s), serve(s), serve(s, "Setpoint-Attempt", "3"), serve(s, "Setpoint-Attempt", "2")}
	if want := "[200  503 no 200  200  200  503 no]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

type state string

func (s state) Error() string    { return "statement" }
func (s state) SQLState() string { return string(s) }

func TestKilled(t *testing.T) {
	for err, want := range map[error]bool{nil: false, errors.New("57014"): false, state("40001"): false, fmt.Errorf("query: %w", state("57014")): true} {
		if got := retry.Killed(err); got != want {
			t.Errorf("Killed(%v) = %v", err, got)
		}
	}
}

// TestReal has a caller and a service over a socket of this machine: work
// that was killed is not repeated, work that failed is.
func TestReal(t *testing.T) {
	var attempts atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("/killed", func(w http.ResponseWriter, _ *http.Request) {
		attempts.Add(1)
		retry.Forbid(w.Header())
		http.Error(w, "killed", http.StatusServiceUnavailable)
	})
	mux.HandleFunc("/failed", func(w http.ResponseWriter, _ *http.Request) {
		if attempts.Add(1) == 1 {
			http.Error(w, "failed", http.StatusServiceUnavailable)
		}
	})
	contract := client.Retry{Attempts: 2, Budget: 1, Base: 0.001, Cap: 0.001, DropExpired: true}
	srv := httptest.NewServer(retry.NewServer(retry.ServerConfig{Terms: retry.NewTerms(contract), Next: mux, Workers: 1}))
	defer srv.Close()
	c := http.Client{Transport: &retry.Transport{Terms: retry.NewTerms(contract), Attempt: 30 * time.Second}}
	for path, want := range map[string]string{"/killed": "503 after 1", "/failed": "200 after 2"} {
		attempts.Store(0)
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, srv.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if got := fmt.Sprintf("%d after %d", res.StatusCode, attempts.Load()); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

package promql_test

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/slo"
)

func failed(r sli.Reason, retry time.Duration) *sli.ReadError {
	return &sli.ReadError{Reason: r, Source: "shop", RetryAfter: retry, Err: errors.New("oh no")}
}

// asks plays a minute's worth of questions, one a second, each of which ends
// as it would for the second, and shows which were asked: x failed, o was
// answered, . was not asked.
func asks(b *promql.Breaker, seconds int, end func(second int) *sli.ReadError) string {
	var shown strings.Builder
	for n := range seconds {
		if b.Enter(at(n)) != nil {
			shown.WriteByte('.')
			continue
		}
		err := end(n)
		b.Leave(err, at(n))
		shown.WriteByte(map[bool]byte{true: 'o', false: 'x'}[err == nil])
	}
	return shown.String()
}

// A backend that fails is left alone, longer each time, and asked as always
// as soon as it has answered once.
func TestBreaker(t *testing.T) {
	down := failed(sli.ReasonUnreachable, 0)
	tests := []struct {
		name string
		end  func(second int) *sli.ReadError
		want string
	}{
		{"fine", func(int) *sli.ReadError { return nil }, "oooooooooooooooooooooooooooooo"},
		{"down", func(int) *sli.ReadError { return down }, "xxx.....x..........x.........."},
		{"back after ten seconds", func(n int) *sli.ReadError {
			if n < 8 {
				return down
			}
			return nil
		}, "xxx.....oooooooooooooooooooooo"},
		{"now and then", func(n int) *sli.ReadError {
			if n%3 > 0 {
				return down
			}
			return nil
		}, "oxxoxxoxxoxxoxxoxxoxxoxxoxxoxx"},
		{"the query's own fault", func(int) *sli.ReadError { return failed(sli.ReasonRejected, 0) }, strings.Repeat("x", 30)},
		{"given up", func(int) *sli.ReadError { return failed(sli.ReasonCanceled, 0) }, strings.Repeat("x", 30)},
		{"asks to be left alone", func(int) *sli.ReadError { return failed(sli.ReasonOverloaded, 20*time.Second) }, "x...................x........."},
	}
	for _, tt := range tests {
		if got := asks(&promql.Breaker{}, 30, tt.end); got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

// However long it goes on, a pause is a minute and a quarter at most, and one
// question at a time finds out.
func TestBreakerLetsOneThrough(t *testing.T) {
	b := &promql.Breaker{}
	last := -1
	for n := range 3600 {
		if b.Enter(at(n)) != nil {
			continue
		}
		if second := b.Enter(at(n)); n > 10 && second == nil {
			t.Fatalf("at %d s two questions were let through", n)
		}
		if n-last > 75 {
			t.Fatalf("a pause of %d s", n-last)
		}
		last = n
		b.Leave(failed(sli.ReasonTimeout, 0), at(n))
	}
}

// What is not asked says why, until when, and whose turn it is.
func TestABackendThatIsDownIsLeftAlone(t *testing.T) {
	var asked atomic.Int64
	sources := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		says(503, "text/plain", "overloaded", "Retry-After", "300")(w, r)
	}), promql.Config{Concurrency: 1}, slo.Source{})
	for range 5 {
		_, err := sources.Counts(t.Context(), objective(), at(0), at(60))
		var read *sli.ReadError
		if !errors.As(err, &read) || read.Reason != sli.ReasonOverloaded || read.RetryAfter < 299*time.Second || read.Query == "" || read.Curl == "" {
			t.Errorf("got %+v", err)
		}
		if asked.Load() == 1 && !strings.Contains(err.Error(), "status 503: overloaded") {
			t.Errorf("got %v", err)
		}
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
	_, err := sources.Counts(t.Context(), objective(), at(0), at(60))
	if err == nil || !strings.Contains(err.Error(), "left alone until ") || !strings.Contains(err.Error(), "after 1 failed in a row: status 503") {
		t.Errorf("got %v", err)
	}
}

package retry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/client/retry"
)

// A service answers attempts one after the other, and keeps what it was asked.
type service struct {
	answers []any // an error, a status, or a header of a 503
	asked   []*http.Request
	bodies  []string
}

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked = append(s.asked, r)
	text := ""
	if r.Body != nil {
		b, _ := io.ReadAll(r.Body)
		text = string(b)
	}
	s.bodies = append(s.bodies, text)
	answer := s.answers[min(len(s.asked), len(s.answers))-1]
	res := &http.Response{StatusCode: 503, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("x"))}
	switch a := answer.(type) {
	case error:
		return nil, a
	case int:
		res.StatusCode = a
	case http.Header:
		res.Header = a
	}
	return res, nil
}

func half() float64 { return 0.5 }

func normal() client.Retry {
	return client.Retry{Level: "normal", Attempts: 3, Budget: 0.5, Base: 1, Cap: 8, Spread: 60, DropExpired: true}
}

// call makes one call and returns how it ended, and after how long.
func call(s *service, c client.Retry, ask func(context.Context) *http.Request, patience time.Duration) (string, time.Duration) {
	terms := retry.NewTerms(c)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	begun := time.Now()
	res, err := (&retry.Transport{Terms: terms, Next: s, Random: half}).RoundTrip(ask(ctx))
	if err != nil {
		return "error", time.Since(begun)
	}
	res.Body.Close()
	return fmt.Sprint(res.StatusCode), time.Since(begun)
}

func asks(method, text string) func(context.Context) *http.Request {
	return func(ctx context.Context) *http.Request {
		r, err := http.NewRequestWithContext(ctx, method, "http://service/", strings.NewReader(text))
		if err != nil {
			panic(err)
		}
		return r
	}
}

func TestTransport(t *testing.T) {
	reset, refused := errors.New("connection reset"), &net.OpError{Op: "dial", Err: errors.New("refused")}
	post, once := asks("POST", "order"), asks("PUT", "")
	keyed := func(ctx context.Context) *http.Request {
		r := post(ctx)
		r.Header.Set("Idempotency-Key", "7")
		return r
	}
	unsendable := func(ctx context.Context) *http.Request {
		r := asks("PUT", "x")(ctx)
		r.GetBody = nil
		return r
	}
	for _, c := range []struct {
		name     string
		answers  []any
		ask      func(context.Context) *http.Request
		patience time.Duration
		attempts int
		want     string
		took     time.Duration
	}{
		{"well", []any{200}, once, time.Minute, 1, "200", 0},
		{"bad request", []any{400}, once, time.Minute, 1, "400", 0},
		{"server error", []any{500}, once, time.Minute, 1, "500", 0},
		{"overloaded once", []any{503, 200}, once, time.Minute, 2, "200", 500 * time.Millisecond},
		{"error of the connection", []any{reset, 200}, once, time.Minute, 2, "200", 500 * time.Millisecond},
		{"not reached: spread", []any{refused, 200}, once, time.Minute, 2, "200", 30 * time.Second},
		{"not reached, no time for it", []any{refused, 200}, once, 29 * time.Second, 1, "error", 0},
		{"post", []any{503, 200}, post, time.Minute, 1, "503", 0},
		{"post with a key", []any{503, 200}, keyed, time.Minute, 2, "200", 500 * time.Millisecond},
		{"body that cannot be sent again", []any{503}, unsendable, time.Minute, 1, "503", 0},
		{"told when", []any{http.Header{"Retry-After": {"17"}}, 200}, once, time.Minute, 2, "200", 17 * time.Second},
		{"told when, too late", []any{http.Header{"Retry-After": {"61"}}, 200}, once, time.Minute, 1, "503", 0},
		{"told not to", []any{http.Header{"Setpoint-Retry": {"no"}}, 200}, once, time.Minute, 1, "503", 0},
		{"budget of one", []any{503}, once, time.Minute, 2, "503", 500 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &service{answers: c.answers}
				got, took := call(s, normal(), c.ask, c.patience)
				if got != c.want || took != c.took || len(s.asked) != c.attempts {
					t.Errorf("%s after %v and %d attempts, want %s after %v and %d", got, took, len(s.asked), c.want, c.took, c.attempts)
				}
			})
		})
	}
}

// TestTransportSays sends the same body again, and says which attempt it is
// and how long it will be waited for.
func TestTransportSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{answers: []any{503, 200}}
		call(s, normal(), asks("PUT", "order"), 10*time.Second)
		var got []string
		for i, r := range s.asked {
			got = append(got, r.Header.Get("Setpoint-Timeout")+" "+r.Header.Get("Setpoint-Attempt")+" "+s.bodies[i])
		}
		if want := "[10000  order 9500 2 order]"; fmt.Sprint(got) != want {
			t.Errorf("sent %v, want %s", got, want)
		}
	})
}

// TestBudget repeats one call in ten when all fail, whatever the attempts,
// and none once the contract says so.
func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{answers: []any{503}}
		terms := retry.NewTerms(client.Retry{Attempts: 3, Budget: 0.1, Base: 0.001, Cap: 0.001})
		c := http.Client{Transport: &retry.Transport{Terms: terms, Next: s}}
		calls := func(n int) (attempts int) {
			before := len(s.asked)
			for range n {
				res, err := c.Get("http://service/")
				if err != nil {
					t.Fatal(err)
				}
				res.Body.Close()
			}
			return len(s.asked) - before
		}
		if got := calls(1000); got < 1099 || got > 1102 {
			t.Errorf("%d attempts of 1000 calls, want 1100", got)
		}
		terms.Follow(client.Setting{Retry: &client.Retry{Level: "none", Attempts: 1}})
		if got := calls(100); got != 100 {
			t.Errorf("%d attempts of 100 calls without retries", got)
		}
		terms.Follow(client.Setting{})
		if got := terms.Contract().Level; got != "none" {
			t.Errorf("a setting without a contract made it %q", got)
		}
		terms.Follow(client.Setting{Retry: &client.Retry{Level: "normal", Attempts: 3, Budget: 0.1}})
		if got := calls(100); got < 109 || got > 112 {
			t.Errorf("%d attempts of 100 calls after retries came back, want 111", got)
		}
	})
}

// TestZeroTerms repeats nothing.
func TestZeroTerms(t *testing.T) {
	s := &service{answers: []any{503}}
	c := http.Client{Transport: &retry.Transport{Terms: &retry.Terms{}, Next: s}}
	res, err := c.Get("http://service/")
	if err != nil || res.StatusCode != 503 || len(s.asked) != 1 {
		t.Errorf("%v, %d attempts", err, len(s.asked))
	}
	res.Body.Close()
}

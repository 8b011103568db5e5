package web_test

import (
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// An answer is what a handler wrote.
type answer struct {
	code   int
	header http.Header
	body   string
}

// do sends a request to a handler. Headers come in pairs.
func do(t *testing.T, h http.Handler, method, path, body string, headers ...string) answer {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = "127.0.0.1:8321"
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	text, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{w.Code, w.Result().Header, string(text)}
}

func get(t *testing.T, h http.Handler, path string, headers ...string) answer {
	t.Helper()
	return do(t, h, http.MethodGet, path, "", headers...)
}

// order posts JSON to /v1/orders.
func order(t *testing.T, h http.Handler, body string) answer {
	t.Helper()
	return do(t, h, http.MethodPost, "/v1/orders", body, "Content-Type", "application/json")
}

// incident is a server in the middle of an incident: a surge began a while
// ago, and the newest tick was now.
func incident(ago time.Duration) (*world, *web.Server) {
	w := newWorld()
	s := web.New(w.config())
	now := time.Now().Truncate(tick)
	w.play(now.Add(-ago-2*time.Minute), now, surge(now.Add(-ago)), func(r loop.Report) { s.Ticked(r, 40*time.Millisecond) })
	return w, s
}

// newRequest is a question to the gate, or nil when it is no valid address.
func newRequest(service, query string) *http.Request {
	u, err := url.Parse("http://127.0.0.1:8321/v1/gate/" + url.PathEscape(service))
	if err != nil {
		return nil
	}
	u.RawQuery = query
	return &http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: http.Header{}, Body: http.NoBody, Proto: "HTTP/1.1"}
}

func serve(h http.Handler, r *http.Request) answer {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return answer{w.Code, w.Result().Header, w.Body.String()}
}

// newPost is a POST to a host by which the server may or may not be known.
func newPost(path, host, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Host = host
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// exported lets cmp look into decimals.
func exported() cmp.Option { return cmp.AllowUnexported(slo.Decimal{}) }

func newRequestFor(path string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = "127.0.0.1:8321"
	return r
}

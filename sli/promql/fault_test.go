package promql_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/slo"
)

// says answers every request alike.
func says(status int, contentType, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// matrix is an answer with these streams.
func matrix(streams string) string {
	return `{"status":"success","data":{"resultType":"matrix","result":[` + streams + `]}}`
}

const (
	js     = "application/json"
	stream = `{"metric":{"__name__":"total"},"values":[[1767225570,"1"],[1767225600,"2"],[1767225630,"3"],[1767225660,"5"]]}`
)

func endless(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", js)
	for r.Context().Err() == nil {
		if _, err := w.Write([]byte(strings.Repeat(" ", 4096))); err != nil {
			return
		}
	}
}

func gzipBomb(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", js)
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	spaces := bytes.Repeat([]byte{' '}, 1<<20)
	for range 64 {
		_, _ = z.Write(spaces)
	}
	_ = z.Close()
}

// cut sends part of an answer and closes the connection.
func cut(reset bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		if tcp, ok := conn.(*net.TCPConn); ok && reset {
			_ = tcp.SetLinger(0)
		}
		_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n" + `{"status":`))
		_ = conn.Close()
	}
}

func hang(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm() // the server notices a client that hangs up once the body is read
	<-r.Context().Done()
}

func hangInBody(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	w.Header().Set("Content-Type", js)
	_, _ = w.Write([]byte(`{"status":`))
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func TestFaults(t *testing.T) {
	tests := []struct {
		name    string
		backend http.HandlerFunc
		reason  sli.Reason
		words   string
	}{
		{"hangs", hang, sli.ReasonTimeout, "no whole answer within 100ms"},
		{"hangs in the body", hangInBody, sli.ReasonTimeout, "no whole answer within 100ms"},
		{"closes in the body", cut(false), sli.ReasonUnreachable, "unexpected EOF"},
		{"resets in the body", cut(true), sli.ReasonUnreachable, ""},
		{"HTML", says(200, "text/html; charset=utf-8", "<html>Sign in\n to  continue</html>"), sli.ReasonNotJSON, `"text/html", not application/json: <html>Sign in to continue</html>`},
		{"no content type", says(200, "", matrix(stream)), sli.ReasonNotJSON, ""},
		{"HTML that says it is JSON", says(200, js, "<html>"), sli.ReasonMalformed, "invalid character '<'"},
		{"truncated JSON", says(200, js, matrix(stream)[:90]), sli.ReasonMalformed, ""},
		{"no JSON at all", says(200, js, ""), sli.ReasonMalformed, ""},
		{"no content", says(204, js, ""), sli.ReasonStatus, "status 204"},
		{"empty object", says(200, js, "{}"), sli.ReasonMalformed, "the answer holds no result"},
		{"null", says(200, js, "null"), sli.ReasonMalformed, "the answer holds no result"},
		{"other JSON", says(200, js, `{"status":"success","data":{"resultType":"cake"}}`), sli.ReasonMalformed, ""},
		{"deep JSON", says(200, js, strings.Repeat(`{"data":`, 20000)), sli.ReasonMalformed, ""},
		{"scalar", says(200, js, `{"status":"success","data":{"resultType":"scalar","result":[1767225660,"1"]}}`), sli.ReasonWrongType, "the answer is a scalar, not a matrix"},
		{"string", says(200, js, `{"status":"success","data":{"resultType":"string","result":[1767225660,"1"]}}`), sli.ReasonWrongType, "the answer is a string, not a matrix"},
		{"vector", says(200, js, `{"status":"success","data":{"resultType":"vector","result":[]}}`), sli.ReasonWrongType, "the answer is a vector, not a matrix"},
		{"native histogram", says(200, js, matrix(`{"metric":{"__name__":"h"},"histograms":[[1767225660,{"count":"1","sum":"1","buckets":[]}]]}`)), sli.ReasonWrongType, "h{} is a native histogram"},
		{"duplicate series", says(200, js, matrix(stream+","+stream)), sli.ReasonDuplicate, "series total{} is listed twice"},
		{"number out of range", says(200, js, matrix(`{"metric":{},"values":[[1767225660,"1e400"]]}`)), sli.ReasonMalformed, "out of range"},
		{"sample after the end", says(200, js, matrix(`{"metric":{"__name__":"x"},"values":[[1767225661,"1"]]}`)), sli.ReasonMalformed, "series x{}: a sample at 2026-01-01T00:01:01Z was not asked for"},
		{"sample before the beginning", says(200, js, matrix(`{"metric":{},"values":[[1767225449,"1"]]}`)), sli.ReasonMalformed, "was not asked for"},
		{"warnings", says(200, js, `{"status":"success","warnings":["store 2 is\u001b[31m away"],"data":{"resultType":"matrix","result":[]}}`), sli.ReasonPartial, "the backend warns: store 2 is [31m away"},
		{"partial", says(200, js, `{"status":"success","isPartial":true,"data":{"resultType":"matrix","result":[]}}`), sli.ReasonPartial, "marks its answer as partial"},
		{"endless", endless, sli.ReasonTooLarge, "longer than 1048576 bytes"},
		{"gzip bomb", gzipBomb, sli.ReasonTooLarge, "longer than 1048576 bytes"},
		{"error with status 200", says(200, js, `{"status":"error","errorType":"execution","error":"oh no"}`), sli.ReasonRejected, "oh no"},
		{"timeout in the backend", says(200, js, `{"status":"error","errorType":"timeout","error":"too slow"}`), sli.ReasonTimeout, "too slow"},
		{"bad query", says(400, js, `{"status":"error","errorType":"bad_data","error":"parse error"}`), sli.ReasonRejected, "status 400: parse error"},
		{"too many samples", says(422, js, `{"status":"error","errorType":"execution","error":"too many samples"}`), sli.ReasonRejected, "status 422: too many samples"},
		{"unauthorized", says(401, "text/plain", "who are you?"), sli.ReasonUnauthorized, "status 401: who are you?"},
		{"forbidden", says(403, "text/plain", ""), sli.ReasonUnauthorized, "status 403"},
		{"not found", says(404, "text/plain", "404 page not found\n"), sli.ReasonStatus, "status 404: 404 page not found"},
		{"broken", says(500, js, strings.Repeat("x", 1000)), sli.ReasonStatus, "x …"},
		{"busy", says(503, js, `{"status":"error","error":"queue is full"}`), sli.ReasonOverloaded, "status 503: queue is full"},
		{"redirect to another host", says(307, js, "", "Location", "http://elsewhere.invalid/api/v1/query"), sli.ReasonRedirected, "to http://elsewhere.invalid, which is another server"},
		{"redirect that drops the query", says(302, js, "", "Location", "/login"), sli.ReasonRedirected, "from POST to GET, which drops the query"},
		{"redirect in a circle", says(307, js, "", "Location", "/api/v1/query"), sli.ReasonRedirected, "more than 3 times"},
		{"redirect to nowhere", says(307, js, ""), sli.ReasonStatus, "status 307"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sources := serve(t, tt.backend, promql.Config{MaxBytes: 1 << 20}, slo.Source{Timeout: patience(tt.reason), Scrape: 30 * time.Second})
			slices, err := sources.Counts(t.Context(), objective(), at(0), at(60))
			if slices != nil || reason(err) != tt.reason || !strings.Contains(err.Error(), tt.words) {
				t.Errorf("got %v, %v;\nwant %s: … %s", slices, err, tt.reason, tt.words)
			}
		})
	}
}

// patience is short only where a timeout is what is waited for.
func patience(r sli.Reason) time.Duration {
	if r == sli.ReasonTimeout {
		return 100 * time.Millisecond
	}
	return 10 * time.Second
}

func TestBelievableAnswers(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"invalid samples", matrix(`{"metric":{"__name__":"total"},"values":[[1767225570,"1"],[1767225600,"2"],[1767225615,"NaN"],[1767225620,"+Inf"],[1767225630,"-1"],[1767225660,"5"]]}`), "0/3 60s invalid"},
		{"infos", `{"status":"success","infos":["fine"],"data":{"resultType":"matrix","result":[` + stream + `]}}`, "0/3 60s"},
		{"the beginning of a closed range", matrix(`{"metric":{"__name__":"total"},"values":[[1767225450,"0"],[1767225570,"1"],[1767225600,"2"],[1767225630,"3"]]}`), "0/1 60s"},
		{"samples in any order", matrix(`{"metric":{"__name__":"total"},"values":[[1767225660,"5"],[1767225570,"1"],[1767225630,"3"],[1767225600,"2"]]}`), "0/3 60s"},
	}
	for _, tt := range tests {
		sources := serve(t, says(200, "application/json; charset=utf-8", tt.body), promql.Config{}, slo.Source{Scrape: 30 * time.Second})
		got, err := sources.Counts(t.Context(), objective(), at(0), at(60))
		if err != nil || show(got) != tt.want {
			t.Errorf("%s: got %s, %v; want %s", tt.name, show(got), err, tt.want)
		}
	}
}

func TestPartialAnswersCanBeAllowed(t *testing.T) {
	body := `{"status":"success","isPartial":true,"warnings":["store away"],"data":{"resultType":"matrix","result":[` + stream + `]}}`
	sources := serve(t, says(200, js, body), promql.Config{AllowPartial: true}, slo.Source{Scrape: 30 * time.Second})
	got, err := sources.Counts(t.Context(), objective(), at(0), at(60))
	if want := "0/3 60s"; err != nil || show(got) != want {
		t.Errorf("got %s, %v; want %s", show(got), err, want)
	}
}

func TestWholeAnswersAreAskedFor(t *testing.T) {
	for _, allow := range []bool{false, true} {
		var asked atomic.Value
		sources := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Store(r.FormValue("partial_response") + r.FormValue("deny_partial_response") + r.FormValue("tenant") + r.FormValue("timeout"))
			says(200, js, matrix(""))(w, r)
		}), promql.Config{AllowPartial: allow}, slo.Source{URL: "/select/0/prometheus?tenant=7", Timeout: 7 * time.Second})
		if _, err := sources.Counts(t.Context(), objective(), at(0), at(60)); err != nil {
			t.Fatal(err)
		}
		want := map[bool]string{false: "false177s", true: "77s"}[allow]
		if got := asked.Load(); got != want {
			t.Errorf("allow %v: got %v, want %v", allow, got, want)
		}
	}
}

func TestRefused(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	sources, err := promql.New([]slo.Source{{Name: "shop", URL: server.URL}}, promql.Config{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = sources.Counts(t.Context(), objective(), at(0), at(60))
	if reason(err) != sli.ReasonUnreachable || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("got %v, want unreachable: … connection refused", err)
	}
}

// A certificate that is not trusted is no connection.
// TestBackendsRefused asks nothing where no metrics are, whatever the
// definitions say.
func TestBackendsRefused(t *testing.T) {
	for _, url := range []string{"http://169.254.169.254", "http://[fd00:ec2::254]", "http://0.0.0.0:80", "http://[::ffff:169.254.169.254]:80"} {
		sources, err := promql.New([]slo.Source{{Name: "shop", URL: url}}, promql.Config{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sources.Counts(t.Context(), objective(), at(0), at(60)); reason(err) != sli.ReasonUnreachable || !strings.Contains(err.Error(), "may not be connected to") {
			t.Errorf("%s: %v, want a refusal", url, err)
		}
		sources.Close()
	}
}

func TestUntrustedCertificate(t *testing.T) {
	server := httptest.NewUnstartedServer(says(200, js, matrix("")))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	sources, err := promql.New([]slo.Source{{Name: "shop", URL: server.URL}}, promql.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer sources.Close()
	_, err = sources.Counts(t.Context(), objective(), at(0), at(60))
	if reason(err) != sli.ReasonUnreachable || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v, want unreachable: … certificate", err)
	}
}

func TestCanceled(t *testing.T) {
	sources := serve(t, http.HandlerFunc(hang), promql.Config{Concurrency: 1}, slo.Source{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	for range 2 { // one asks, one waits for its turn
		go func() {
			_, err := sources.Counts(ctx, objective(), at(0), at(60))
			done <- err
		}()
	}
	cancel()
	for range 2 {
		if err := <-done; reason(err) != sli.ReasonCanceled {
			t.Errorf("got %v, want canceled", err)
		}
	}
}

func TestBackendClockBehind(t *testing.T) {
	tests := []struct {
		date string
		want sli.Reason
	}{
		{"Thu, 01 Jan 2026 00:00:58 GMT", sli.ReasonClock},
		{"Thu, 01 Jan 2026 00:00:59 GMT", sli.ReasonClock}, // 59.0 to 59.999
		{"Thu, 01 Jan 2026 00:01:00 GMT", ""},
		{"Thu, 01 Jan 2026 00:05:00 GMT", ""},
	}
	for _, tt := range tests {
		sources := serve(t, says(200, js, matrix(""), "Date", tt.date), promql.Config{}, slo.Source{})
		_, err := sources.Counts(t.Context(), objective(), at(0), at(60))
		if reason(err) != tt.want {
			t.Errorf("at %s: got %v, want %q", tt.date, err, tt.want)
		}
	}
}

func TestBackendClockAhead(t *testing.T) {
	for ahead, want := range map[time.Duration]sli.Reason{-5 * time.Minute: "", 30 * time.Second: "", 5 * time.Minute: sli.ReasonClock} {
		date := time.Now().Add(ahead).UTC().Format(http.TimeFormat)
		sources := serve(t, says(200, js, matrix(""), "Date", date), promql.Config{}, slo.Source{})
		_, err := sources.Counts(t.Context(), objective(), at(0), at(60))
		if reason(err) != want {
			t.Errorf("%s ahead: got %v, want %q", ahead, err, want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	tests := []struct {
		header string
		want   time.Duration
	}{
		{"", 0}, {"30", 30 * time.Second}, {"86400", 10 * time.Minute}, {"-5", 0}, {"soon", 0},
		{"Thu, 01 Jan 2026 00:02:00 GMT", time.Minute}, {"Thu, 01 Jan 2026 00:00:00 GMT", 0}, {"Fri, 01 Jan 2027 00:00:00 GMT", 10 * time.Minute},
	}
	for _, tt := range tests {
		sources := serve(t, says(429, js, "", "Retry-After", tt.header, "Date", "Thu, 01 Jan 2026 00:01:00 GMT"), promql.Config{}, slo.Source{})
		_, err := sources.Counts(t.Context(), objective(), at(0), at(60))
		read, ok := err.(*sli.ReadError)
		if !ok || read.Reason != sli.ReasonOverloaded || read.RetryAfter != tt.want {
			t.Errorf("%q: got %+v, want %v", tt.header, err, tt.want)
		}
	}
}

// Some proxies allow only GET.
func TestGetWherePostIsNotAllowed(t *testing.T) {
	for _, status := range []int{403, 405, 501} {
		b := &backend{series: map[string][]sli.Series{"total": {series("a", "-30:0 0:0 30:1 60:2")}}}
		sources := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet {
				says(status, "text/plain", "no")(w, r)
				return
			}
			b.ServeHTTP(w, r)
		}), promql.Config{}, slo.Source{Scrape: 30 * time.Second})
		got, err := sources.Counts(t.Context(), objective(), at(0), at(60))
		if want := "2/0 60s"; err != nil || show(got) != want {
			t.Errorf("status %d: got %s, %v; want %s", status, show(got), err, want)
		}
	}
}

func TestRedirectOnTheSameServer(t *testing.T) {
	b := &backend{series: map[string][]sli.Series{"total": {series("a", "-30:0 0:0 30:1 60:2")}}}
	sources := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/old") {
			http.Redirect(w, r, strings.TrimPrefix(r.URL.Path, "/old"), http.StatusPermanentRedirect)
			return
		}
		b.ServeHTTP(w, r)
	}), promql.Config{}, slo.Source{URL: "/old", Scrape: 30 * time.Second})
	got, err := sources.Counts(t.Context(), objective(), at(0), at(60))
	if want := "2/0 60s"; err != nil || show(got) != want {
		t.Errorf("got %s, %v; want %s", show(got), err, want)
	}
}

// Neither credentials nor what the URL's query may hide get into errors.
func TestErrorsHideCredentials(t *testing.T) {
	for _, h := range []http.HandlerFunc{hang, cut(false), says(401, "text/html", "no"), says(307, js, "", "Location", "http://elsewhere.invalid/"), says(200, js, "x")} {
		server := httptest.NewServer(h)
		address := strings.Replace(server.URL, "//", "//canary1:canary2@", 1) + "/?token=canary3"
		sources, err := promql.New([]slo.Source{{Name: "shop", URL: address, Timeout: 100 * time.Millisecond}}, promql.Config{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = sources.Counts(t.Context(), objective(), at(0), at(60))
		read, ok := err.(*sli.ReadError)
		if shown := fmt.Sprintf("%v %+v %q", err, read, read.Curl); !ok || strings.Contains(shown, "canary") {
			t.Errorf("got %s", shown)
		}
		sources.Close()
		server.Close()
	}
}

func TestCurl(t *testing.T) {
	sources, err := promql.New([]slo.Source{{Name: "shop", URL: "http://user:pass@127.0.0.1:1/base/?token=x"}}, promql.Config{})
	if err != nil {
		t.Fatal(err)
	}
	o := objective()
	o.Indicator.Bad = `bad_total{x="it's"}`
	o.Indicator.Total = o.Indicator.Bad
	_, err = sources.Counts(t.Context(), o, at(0), at(60))
	want := `curl -sS 'http://127.0.0.1:1/base/api/v1/query' -u '***:***' --data-urlencode 'query=bad_total{x="it'\''s"}[360000ms]' -d latency_offset=1ms -d time=1767225660 -d 'token=***'`
	if read, ok := err.(*sli.ReadError); !ok || read.Curl != want {
		t.Errorf("got  %+v\nwant %s", err, want)
	}
}

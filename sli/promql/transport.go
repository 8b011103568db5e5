package promql

import (
	"compress/gzip"
	"io"
	"net/http"
	"time"

	"setpoint.dev/setpoint/egress"
	"setpoint.dev/setpoint/sli"
)

func newTransport(cfg Config) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            egress.Policy{Loopback: true}.DialContext,
		TLSHandshakeTimeout:    5 * time.Second,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    cfg.Concurrency,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 256 << 10,
		DisableCompression:     true, // it costs the backend more than all else about a query
	}
}

// bounding is a RoundTripper whose answers end with an error after so many
// bytes, decompressed ones where somebody compressed them unasked.
type bounding struct {
	next  http.RoundTripper
	limit int64
}

// RoundTrip asks the next transport.
func (b bounding) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if resp.Header.Get("Content-Encoding") == "gzip" {
		resp.Body = &gzipBody{ReadCloser: resp.Body}
	}
	resp.Body = &boundedBody{ReadCloser: resp.Body, left: b.limit, limit: b.limit}
	return resp, nil
}

// A gzipBody decompresses what is read.
type gzipBody struct {
	io.ReadCloser
	plain *gzip.Reader
}

// Read reads what was compressed.
func (g *gzipBody) Read(p []byte) (n int, err error) {
	if g.plain == nil {
		if g.plain, err = gzip.NewReader(g.ReadCloser); err != nil {
			return 0, err
		}
	}
	return g.plain.Read(p)
}

type boundedBody struct {
	io.ReadCloser
	left, limit int64
}

// Read reads at most one byte more than is allowed, to see that there is one.
func (b *boundedBody) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		b.left = 0
		return 0, faultf(sli.ReasonTooLarge, "the answer is longer than %d bytes", b.limit)
	}
	return n, err
}

// checkRedirect follows redirects on the same scheme and host that keep the
// method, and with it the query.
func checkRedirect(req *http.Request, via []*http.Request) error {
	first := via[0]
	switch {
	case req.URL.Scheme != first.URL.Scheme || req.URL.Host != first.URL.Host:
		return faultf(sli.ReasonRedirected, "to %s, which is another server", plain(req.URL.Scheme+"://"+req.URL.Host))
	case req.Method != first.Method:
		return faultf(sli.ReasonRedirected, "from %s to %s, which drops the query", first.Method, req.Method)
	case len(via) > 3:
		return faultf(sli.ReasonRedirected, "more than 3 times")
	}
	return nil
}

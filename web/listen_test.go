package web_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"setpoint.dev/setpoint/web"
)

func TestCheckListen(t *testing.T) {
	for addr, fine := range map[string]bool{
		"127.0.0.1:8321": true, "127.0.0.1:0": true, "127.9.9.9:80": true, "[::1]:8321": true, "localhost:8321": true,
		":8321": false, "0.0.0.0:8321": false, "[::]:8321": false, "10.0.0.7:8321": false, "example.com:80": false, "[fe80::1%lo]:80": false,
		"127.0.0.1": false, "": false, "localhost": false, "127.0.0.1.nip.io:80": false, "[::ffff:127.0.0.1]:80": true,
	} {
		err := web.CheckListen(addr, false)
		if (err == nil) != fine {
			t.Errorf("%q: %v", addr, err)
		}
		if err := web.CheckListen(addr, true); (err == nil) != strings.Contains(addr, ":") {
			t.Errorf("%q with authentication: %v", addr, err)
		}
		if err != nil && !strings.Contains(err.Error(), addr) {
			t.Errorf("%q is not named: %v", addr, err)
		}
	}
	if err := web.CheckListen("0.0.0.0:80", false); !errors.Is(err, web.ErrOpen) {
		t.Errorf("0.0.0.0:80: %v", err)
	}
	if _, err := web.Listen(t.Context(), "0.0.0.0:0", false); !errors.Is(err, web.ErrOpen) {
		t.Errorf("listen on 0.0.0.0:0: %v", err)
	}
}

// TestServe serves over a real socket and stops within its grace even while
// a caller waits for a change.
func TestServe(t *testing.T) {
	_, s := incident(time.Minute)
	ctx, stop := context.WithCancel(t.Context())
	l, err := web.Listen(ctx, "127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- web.Serve(ctx, l, s.Handler()) }()
	c := &http.Client{Transport: &http.Transport{}}
	defer c.CloseIdleConnections()
	res, err := c.Get(web.Address(l) + "/v1/settings/reporting-timeout")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	waits := make(chan int, 1)
	go func() { waits <- waitOver(c, web.Address(l), res.Header.Get("ETag")) }()
	stop()
	select {
	case err := <-served:
		if err != nil {
			t.Errorf("served: %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it goes on serving")
	}
	if code := <-waits; code == http.StatusOK {
		t.Errorf("the caller who waited was told %d", code)
	}
}

// waitOver waits for a change; 0 means that no answer came.
func waitOver(c *http.Client, address, etag string) int {
	req, err := http.NewRequest(http.MethodGet, address+"/v1/settings/reporting-timeout?wait=60s", nil)
	if err != nil {
		return 0
	}
	req.Header.Set("If-None-Match", etag)
	res, err := c.Do(req)
	if err != nil {
		return 0
	}
	res.Body.Close()
	return res.StatusCode
}

// pipes listens inside the process, so that a slow caller costs no time.
type pipes struct{ conns chan net.Conn }

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (p pipes) Close() error   { close(p.conns); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// TestSlowCallers hangs up on who does not finish a request, and refuses
// headers without end.
func TestSlowCallers(t *testing.T) {
	for _, c := range []struct {
		name, send string
		within     time.Duration
		says       string
	}{
		{"half a header", "GET / HTTP/1.1\r\nHost: loc", 6 * time.Second, ""},
		{"half a body", "POST /v1/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{", 16 * time.Second, "400"},
		{"endless header", "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", time.Second, "431"},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			l := pipes{make(chan net.Conn)}
			served := make(chan error, 1)
			go func() { served <- web.Serve(ctx, l, web.New(web.Config{}).Handler()) }()
			ours, theirs := net.Pipe()
			l.conns <- theirs
			go func() { _, _ = ours.Write([]byte(c.send)) }()
			begun := time.Now()
			line, _ := bufio.NewReader(ours).ReadString('\n')
			if took := time.Since(begun); took > c.within || !strings.Contains(line, c.says) {
				t.Errorf("%s: %q after %s, want %q within %s", c.name, line, took, c.says, c.within)
			}
			ours.Close()
			stop()
			if err := <-served; err != nil {
				t.Errorf("%s: served: %v", c.name, err)
			}
		})
	}
}

package web_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"setpoint.dev/setpoint/web"
)

// TestSmuggling sends requests that two servers in a row could read in two
// ways. None is answered as if it were sound, and what hides in the body of
// one is never a request of its own.
func TestSmuggling(t *testing.T) {
	const hidden = "GET /v1/orders HTTP/1.1\r\nHost: localhost\r\n\r\n"
	for name, send := range map[string]string{
		"two lengths":            "POST /v1/orders HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\n" + hidden,
		"length is no number":    "POST /v1/orders HTTP/1.1\r\nHost: localhost\r\nContent-Length: +44\r\n\r\n" + hidden,
		"coding that is none":    "POST /v1/orders HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n" + hidden,
		"two codings":            "POST /v1/orders HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + hidden,
		"space before the colon": "POST /v1/orders HTTP/1.1\r\nHost: localhost\r\nContent-Length : 44\r\n\r\n" + hidden,
		"two hosts":              "GET /v1/status HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
		"no host":                "GET /v1/status HTTP/1.1\r\n\r\n",
		"control in the path":    "GET /v1/\x01status HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"bad chunk":              "POST /v1/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n" + hidden,
		"length and coding":      "POST /v1/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n2c\r\n" + hidden[:44] + "\r\n0\r\n\r\n",
	} {
		if answers := overWire(t, send); len(answers) != 1 || !strings.Contains(answers[0], " 4") && !strings.Contains(answers[0], " 5") {
			t.Errorf("%s: answers %q, want one refusal", name, answers)
		}
	}
}

// TestFoldedHeader reads a header that goes on in the next line as one header,
// as RFC 9112 lets it: what is in the second line is none.
func TestFoldedHeader(t *testing.T) {
	got := overWire(t, "POST /v1/orders HTTP/1.1\r\nHost: localhost\r\nX: a\r\n\tTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
	if len(got) != 2 || !strings.Contains(got[0], "415") || !strings.Contains(got[1], "400") {
		t.Errorf("answers %q, want that to a request without a body, and a refusal of what follows", got)
	}
}

// overWire sends bytes to a server and returns the status lines that come
// back until it hangs up or has nothing more to say.
func overWire(t *testing.T, send string) (lines []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		l := pipes{make(chan net.Conn)}
		served := make(chan error, 1)
		go func() { served <- web.Serve(ctx, l, web.New(web.Config{}).Handler()) }()
		ours, theirs := net.Pipe()
		l.conns <- theirs
		go func() { _, _ = ours.Write([]byte(send)) }()
		_ = ours.SetReadDeadline(time.Now().Add(time.Minute))
		in := bufio.NewScanner(ours)
		for in.Scan() {
			if strings.HasPrefix(in.Text(), "HTTP/1.1 ") {
				lines = append(lines, in.Text())
			}
		}
		ours.Close()
		stop()
		if err := <-served; err != nil {
			t.Errorf("served: %v", err)
		}
	})
	return lines
}

// TestManyConnections hands out no more connections than are bounded; one
// that ends makes room, and the end of the listener ends the waiting.
func TestManyConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pipes{make(chan net.Conn, 3)}
		b := web.BoundConns(l, 2)
		for range 3 {
			ours, theirs := net.Pipe()
			defer ours.Close()
			l.conns <- theirs
		}
		first, err := b.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Accept(); err != nil {
			t.Fatal(err)
		}
		got := make(chan error, 2)
		accept := func() { _, err := b.Accept(); got <- err }
		go accept()
		synctest.Wait()
		if len(got) != 0 {
			t.Error("a third connection of two was handed out")
		}
		first.Close()
		first.Close() // makes room once
		if err := <-got; err != nil {
			t.Errorf("the third connection: %v", err)
		}
		go accept()
		synctest.Wait()
		if err := b.Close(); err != nil || !errors.Is(<-got, net.ErrClosed) {
			t.Errorf("close: %v; the waiting went on", err)
		}
	})
}

// TestNoOpenRedirect sends the browser back to this server's own page and
// nowhere else, whatever the form and the headers say.
func TestNoOpenRedirect(t *testing.T) {
	_, s := incident(time.Minute)
	for _, extra := range []string{"next=//evil.example", "next=https://evil.example&return=//evil.example&target=*"} {
		form := "id=a1&by=ann&why=w&confirm=yes&kind=stop&" + extra
		a := do(t, s.Handler(), "POST", "/actions/stop?next=//evil.example", form, "Content-Type", "application/x-www-form-urlencoded", "X-Forwarded-Host", "evil.example", "Referer", "https://evil.example/")
		to, err := url.Parse(a.header.Get("Location"))
		if a.code != http.StatusSeeOther || err != nil || to.Host != "" || to.Path != "/control" || strings.Contains(to.String(), "evil") {
			t.Errorf("%s: status %d to %q", extra, a.code, a.header.Get("Location"))
		}
	}
}

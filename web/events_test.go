package web_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"setpoint.dev/setpoint/web"
)

// follow listens to the news and returns them line by line.
func follow(t testing.TB, ctx context.Context, url string) *bufio.Reader {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Body.Close() })
	if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("status %d, %s", a.StatusCode, a.Header.Get("Content-Type"))
	}
	return bufio.NewReader(a.Body)
}

// next is the next news.
func next(t testing.TB, from *bufio.Reader) string {
	t.Helper()
	for {
		line, err := from.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if data, is := strings.CutPrefix(line, "data: "); is {
			return strings.TrimSpace(data)
		}
	}
}

// TestEvents tells of ticks and of orders, and begins with what is known, so
// that a page that comes late or comes back sees that it is behind.
func TestEvents(t *testing.T) {
	w, s := incident(time.Minute)
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	from := follow(t, ctx, server.URL)
	first := next(t, from)
	if page := get(t, s.Handler(), "/").body; !strings.Contains(page, `data-seen="`+first+`"`) {
		t.Errorf("the page does not know %s", first)
	}
	s.Ticked(w.report, time.Millisecond)
	second := next(t, from)
	order(t, s.Handler(), `{"kind":"stop","by":"a","why":"b"}`)
	third := next(t, from)
	if first == second || second == third || next(t, follow(t, ctx, server.URL)) != third {
		t.Errorf("news %s, %s, %s", first, second, third)
	}
	other := httptest.NewServer(web.New(w.config()).Handler())
	defer other.Close()
	if again := next(t, follow(t, ctx, other.URL)); strings.Split(again, ".")[0] == strings.Split(third, ".")[0] {
		t.Errorf("another process tells %s after %s", again, third)
	}
	cancel()
}

// BenchmarkListeners measures the share of a core that 200 pages cost which
// listen while the loop ticks every 5 s, and nobody looks at them.
func BenchmarkListeners(b *testing.B) {
	w, s := incident(time.Minute)
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	ctx, cancel := context.WithCancel(b.Context())
	var pages sync.WaitGroup
	for range 200 {
		from := follow(b, ctx, server.URL)
		pages.Go(func() { _, _ = io.Copy(io.Discard, from) })
	}
	b.ResetTimer()
	began, before := time.Now(), cpu(b)
	for range b.N {
		for range 2 {
			time.Sleep(5 * time.Second)
			s.Ticked(w.report, time.Millisecond)
		}
	}
	b.ReportMetric(100*(cpu(b)-before).Seconds()/time.Since(began).Seconds(), "%core")
	cancel()
	pages.Wait()
}

// cpu is the CPU time of this process, clients included.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

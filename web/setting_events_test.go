package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"setpoint.dev/setpoint/web"
)

// A transcript can be read while it is written.
type transcript struct {
	*httptest.ResponseRecorder
	mu sync.Mutex
}

func (t *transcript) Write(text []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ResponseRecorder.Write(text)
}

func (t *transcript) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.Body.String()
}

// events listens to a setting in the background, in a bubble, and returns what
// was told so far and how to end it.
func events(s *web.Server, path, last string) (told func() string, end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	r := httptest.NewRequest(http.MethodGet, path, nil).WithContext(ctx)
	r.Header.Set("Accept", "text/event-stream")
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	w, done := &transcript{ResponseRecorder: httptest.NewRecorder()}, make(chan struct{})
	go func() {
		s.Handler().ServeHTTP(w, r)
		close(done)
	}()
	return func() string { synctest.Wait(); return w.text() }, func() { cancel(); <-done }
}

// A setting is told at once and at each change, and confirmed meanwhile as
// long as the loop ticks; who comes back is told what is new only.
func TestSettingEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := web.New(w.config())
		on := func() { w.play(time.Now(), time.Now(), calm, nil); s.Ticked(w.report, 0) }
		on()
		tag := strings.Trim(get(t, s.Handler(), "/v1/settings/reporting-timeout").header.Get("ETag"), `"`)
		told, end := events(s, "/v1/settings/reporting-timeout", "")
		again, endAgain := events(s, "/v1/settings/reporting-timeout", tag)
		if got := told(); !strings.HasPrefix(got, "retry: 1000\nid: "+tag+"\nevent: setting\ndata: {") || strings.Count(got, "\n\n") != 1 {
			t.Errorf("at first: %s", got)
		}
		if got := again(); got != "event: confirmed\ndata: "+tag+"\n\n" {
			t.Errorf("who has it already: %s", got)
		}
		time.Sleep(21 * time.Second)
		if got := told(); strings.Count(got, "event: confirmed") != 1 || strings.Count(got, "event: setting") != 1 {
			t.Errorf("after a third of the lease: %s", got)
		}
		w.setting["reporting-timeout"] = 5
		on()
		if got := told(); strings.Count(got, "event: setting") != 2 || !strings.Contains(got, `"value":12`) {
			t.Errorf("after a change: %s", got)
		}
		time.Sleep(2 * time.Minute) // the loop stands still
		got := told()
		if strings.Count(got, `"stale":true`) != 1 || strings.HasSuffix(got, "event: confirmed\ndata: "+tag+"\n\n") || !strings.HasSuffix(got, ": alive\n\n") {
			t.Errorf("while the loop stands still: %s", got)
		}
		end()
		endAgain()
		if a := get(t, s.Handler(), "/v1/settings/nothing", "Accept", "text/event-stream"); a.code != http.StatusNotFound {
			t.Errorf("a setting that is not there: %d", a.code)
		}
	})
}

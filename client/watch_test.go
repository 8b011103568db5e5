package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"setpoint.dev/setpoint/client"
)

// A keeper answers like Setpoint: it holds one setting, has callers wait for
// a change, and can be away.
type keeper struct {
	mu      sync.Mutex
	setting client.Setting
	away    bool
	hanging bool
	changed chan struct{}
	calls   int
}

func newKeeper() *keeper {
	return &keeper{setting: client.Setting{Actuator: "timeout", Value: 30, Unit: "s"}, changed: make(chan struct{})}
}

// set changes something and wakes who waits.
func (k *keeper) set(change func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	change()
	close(k.changed)
	k.changed = make(chan struct{})
}

// setHanging has questions, those under way too, wait for good.
func (k *keeper) setHanging() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.hanging = true
}

func (k *keeper) hangs() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.hanging
}

// look is the setting with its tag.
func (k *keeper) look() (s client.Setting, tag string, away bool, changed chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s = k.setting
	s.At = time.Now()
	return s, fmt.Sprintf(`"%g"`, s.Value), k.away, k.changed
}

func (k *keeper) serve(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	k.calls++
	k.mu.Unlock()
	s, tag, away, changed := k.look()
	if wait, _ := time.ParseDuration(r.URL.Query().Get("wait")); !away && r.Header.Get("If-None-Match") == tag {
		select {
		case <-changed:
		case <-time.After(wait):
		case <-r.Context().Done():
			return
		}
		s, tag, away, _ = k.look()
	}
	if k.hangs() {
		<-r.Context().Done()
		return
	}
	switch {
	case away:
		http.Error(w, "bad gateway", http.StatusBadGateway)
	case r.Header.Get("If-None-Match") == tag:
		w.WriteHeader(http.StatusNotModified)
	default:
		w.Header().Set("ETag", tag)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(s)
	}
}

// watched runs Watch until the end of a story, and returns what was told.
func watched(t *testing.T, k *keeper, story func()) []string {
	t.Helper()
	var told []string
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := client.Client{URL: "http://setpoint", HTTP: &http.Client{Timeout: time.Second, Transport: handled(k.serve)}}
		begun, ended := time.Now(), make(chan error, 1)
		k.set(func() {}) // its channel belongs to the bubble
		go func() {
			ended <- c.Watch(ctx, "timeout", func(s client.Setting) {
				told = append(told, fmt.Sprintf("%s: %g stale=%t", time.Since(begun).Round(time.Second), s.Value, s.Stale))
				if s.Stale && s.Cause == "" {
					t.Error("stale without a cause")
				}
			})
		}()
		story()
		synctest.Wait()
		cancel()
		if err := <-ended; err != context.Canceled {
			t.Errorf("Watch returned %v", err)
		}
	})
	return told
}

func TestWatch(t *testing.T) {
	k := newKeeper()
	got := watched(t, k, func() {
		time.Sleep(100 * time.Second)
		k.set(func() { k.setting.Value = 5 })
		time.Sleep(10 * time.Second)
		k.set(func() { k.setting.Value = 1 })
		time.Sleep(10 * time.Second)
	})
	if want := []string{"0s: 30 stale=false", "1m40s: 5 stale=false", "1m50s: 1 stale=false"}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("told %q, want %q", got, want)
	}
	if k.calls > 10 {
		t.Errorf("%d calls in two minutes", k.calls)
	}
}

// TestWatchAway keeps the last value while the server is away, says so once,
// and asks with pauses that stay bounded.
func TestWatchAway(t *testing.T) {
	k := newKeeper()
	got := watched(t, k, func() {
		time.Sleep(10 * time.Second)
		k.set(func() { k.away = true })
		time.Sleep(10 * time.Minute)
		k.set(func() { k.away, k.setting.Value = false, 2 })
		time.Sleep(31 * time.Second)
	})
	if len(got) != 3 || got[0] != "0s: 30 stale=false" || got[1] != "10s: 30 stale=true" || got[2][len(got[2])-13:] != "2 stale=false" {
		t.Errorf("told %q", got)
	}
	if k.calls < 20 || k.calls > 120 {
		t.Errorf("%d calls; ten minutes of pauses up to 30 s make 20 to 120", k.calls)
	}
}

// TestWatchBack says that the same value is fresh again.
func TestWatchBack(t *testing.T) {
	k := newKeeper()
	got := watched(t, k, func() {
		time.Sleep(10 * time.Second)
		k.set(func() { k.away = true })
		time.Sleep(time.Second)
		k.set(func() { k.away = false })
		time.Sleep(31 * time.Second)
	})
	if len(got) != 3 || got[1] != "10s: 30 stale=true" || got[2][len(got[2])-14:] != "30 stale=false" {
		t.Errorf("told %q", got)
	}
}

// TestWatchBeforeTheFirst tells nothing while nothing is known.
func TestWatchBeforeTheFirst(t *testing.T) {
	k := newKeeper()
	k.away = true
	if got := watched(t, k, func() { time.Sleep(time.Minute) }); len(got) != 0 {
		t.Errorf("told %q", got)
	}
}

// TestWatchImpatientProxy does not ask in a circle when every answer comes
// at once and without a tag.
func TestWatchImpatientProxy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls, told := 0, 0
		c := client.Client{URL: "http://setpoint", HTTP: &http.Client{Transport: handled(func(w http.ResponseWriter, _ *http.Request) {
			calls++
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(client.Setting{Actuator: "timeout", Value: 3, At: time.Now(), Decision: fmt.Sprint(calls)})
		})}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := c.Watch(ctx, "timeout", func(client.Setting) { told++ }); err != context.DeadlineExceeded {
			t.Errorf("Watch returned %v", err)
		}
		if calls > 61 || told != 1 {
			t.Errorf("%d calls and told %d times in a minute", calls, told)
		}
	})
}

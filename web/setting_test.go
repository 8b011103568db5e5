package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/web"
)

// calm has nothing happen.
func calm(string, time.Time) float64 { return 0 }

// A waiter is a call that waits for a change of a setting.
type waiter struct {
	recorder *httptest.ResponseRecorder
	done     chan struct{}
	cancel   context.CancelFunc
}

// wait calls in the background, in a bubble of synctest.
func wait(s *web.Server, path, etag string) *waiter {
	ctx, cancel := context.WithCancel(context.Background())
	r := httptest.NewRequest(http.MethodGet, path, nil).WithContext(ctx)
	if etag != "" {
		r.Header.Set("If-None-Match", etag)
	}
	w := &waiter{recorder: httptest.NewRecorder(), done: make(chan struct{}), cancel: cancel}
	go func() {
		s.Handler().ServeHTTP(w.recorder, r)
		close(w.done)
	}()
	return w
}

func (w *waiter) answered() bool {
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}

func TestSettingTag(t *testing.T) {
	w, s := incident(time.Minute)
	h := s.Handler()
	first := get(t, h, "/v1/settings/reporting-timeout")
	var v client.Setting
	decode(t, first, &v)
	if v.Actuator != "reporting-timeout" || v.Value != 1 || v.Shown != "1 s" || v.Stale || v.Loop != "protect-checkout" {
		t.Errorf("setting: %+v", v)
	}
	tag := first.header.Get("ETag")
	for _, known := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
		if a := get(t, h, "/v1/settings/reporting-timeout", "If-None-Match", known); a.code != 304 || a.body != "" || a.header.Get("ETag") != tag {
			t.Errorf("If-None-Match %s: status %d, %q", known, a.code, a.body)
		}
	}
	w.report.Settings[0].At = w.report.Settings[0].At.Add(time.Second)
	if a := get(t, h, "/v1/settings/reporting-timeout", "If-None-Match", tag); a.code != 304 {
		t.Errorf("read anew, unchanged: status %d", a.code)
	}
	w.report.Settings[0].Error = "connect to postgres://u:hunter2@db: refused"
	a := get(t, h, "/v1/settings/reporting-timeout", "If-None-Match", tag)
	decode(t, a, &v)
	if a.code != 200 || !v.Stale || v.Cause == "" || v.Error != "connect to postgres://…@db: refused" {
		t.Errorf("unreadable: status %d, %+v", a.code, v)
	}
}

// TestSettingWait waits for a change: the answer comes with the tick that
// brings one, and not with the ticks that do not.
func TestSettingWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := web.New(w.config())
		on := func(r loop.Report) { s.Ticked(r, 0) }
		w.play(time.Now(), time.Now(), calm, on)
		tag := get(t, s.Handler(), "/v1/settings/reporting-timeout").header.Get("ETag")
		c := wait(s, "/v1/settings/reporting-timeout?wait=30s", tag)
		for range 3 {
			time.Sleep(tick)
			w.play(time.Now(), time.Now(), calm, on)
			synctest.Wait()
			if c.answered() {
				t.Fatalf("answered after %s without a change: %d %s", time.Since(w.report.At), c.recorder.Code, c.recorder.Body)
			}
		}
		w.setting["reporting-timeout"] = 5
		w.play(time.Now(), time.Now(), calm, on)
		synctest.Wait()
		if !c.answered() || c.recorder.Code != 200 || c.recorder.Header().Get("ETag") == tag {
			t.Errorf("after the change: done %t, status %d", c.answered(), c.recorder.Code)
		}
	})
}

// TestSettingWaitEnds ends waiting calls without a change: with 304 when the
// time is up, at most a minute, and at once when the caller goes away.
func TestSettingWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		cfg := w.config()
		cfg.Stale = time.Hour
		s := web.New(cfg)
		w.play(time.Now(), time.Now(), calm, nil)
		tag := get(t, s.Handler(), "/v1/settings/reporting-timeout").header.Get("ETag")
		for asked, want := range map[string]time.Duration{"30s": 30 * time.Second, "10m": time.Minute, "0": 0} {
			begun := time.Now()
			c := wait(s, "/v1/settings/reporting-timeout?wait="+asked, tag)
			for !c.answered() {
				time.Sleep(time.Second)
				synctest.Wait()
			}
			if took := time.Since(begun).Truncate(time.Second) - time.Second; c.recorder.Code != 304 || max(took, 0) != max(want-time.Second, 0) {
				t.Errorf("wait=%s: status %d after %s", asked, c.recorder.Code, took)
			}
		}
		gone := wait(s, "/v1/settings/reporting-timeout?wait=30s", tag)
		synctest.Wait()
		gone.cancel()
		synctest.Wait()
		if !gone.answered() {
			t.Error("a caller who went away is still waited for")
		}
	})
}

// TestSettingStale tells callers that wait when the loop stands still.
func TestSettingStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := web.New(w.config())
		w.play(time.Now(), time.Now(), calm, nil)
		tag := get(t, s.Handler(), "/v1/settings/reporting-timeout").header.Get("ETag")
		time.Sleep(61 * time.Second)
		a := get(t, s.Handler(), "/v1/settings/reporting-timeout", "If-None-Match", tag)
		var v client.Setting
		decode(t, a, &v)
		if a.code != 200 || !v.Stale || v.Value != 30 {
			t.Errorf("status %d, %+v", a.code, v)
		}
	})
}

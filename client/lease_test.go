package client_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"setpoint.dev/setpoint/client"
)

// leased runs Watch over a setting with a lease of 30 s, safe value 10, until
// the end of a story, and returns what was told.
func leased(t *testing.T, k *keeper, story func()) []string {
	t.Helper()
	var told []string
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := client.Client{URL: "http://setpoint", HTTP: &http.Client{Transport: handled(k.serve)}}
		ended := make(chan error, 1)
		k.set(func() { k.setting.Lease, k.setting.Safe = 30, 10 })
		k.setting.Retry, k.setting.SafeRetry = &client.Retry{Level: "now"}, &client.Retry{Level: "safe"}
		begun := time.Now()
		go func() {
			ended <- c.Watch(ctx, "timeout", func(s client.Setting) {
				told = append(told, fmt.Sprintf("%s: %g %s stale=%t lapsed=%t", time.Since(begun).Round(time.Second), s.Value, s.Retry.Level, s.Stale, s.Lapsed))
			})
		}()
		story()
		synctest.Wait()
		cancel()
		<-ended
	})
	return told
}

func wantTold(t *testing.T, got []string, want ...string) {
	t.Helper()
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("told %q\nwant %q", got, want)
	}
}

// TestLeaseConfirmed goes on for as long as the server answers, though nothing
// changes.
func TestLeaseConfirmed(t *testing.T) {
	k := newKeeper()
	wantTold(t, leased(t, k, func() { time.Sleep(10 * time.Minute) }), "0s: 30 now stale=false lapsed=false")
}

// TestLeaseEnds falls back to the safe value when the server has been away
// for as long as the lease, and follows again when it is back.
func TestLeaseEnds(t *testing.T) {
	k := newKeeper()
	got := leased(t, k, func() {
		time.Sleep(5 * time.Second)
		k.set(func() { k.away = true })
		time.Sleep(5 * time.Minute)
		k.set(func() { k.away, k.setting.Value = false, 2 })
		time.Sleep(31 * time.Second)
	})
	if len(got) != 4 || !strings.HasSuffix(got[3], ": 2 now stale=false lapsed=false") {
		t.Fatalf("told %q", got)
	}
	wantTold(t, got[:3], "0s: 30 now stale=false lapsed=false", "5s: 30 now stale=true lapsed=false", "30s: 10 safe stale=true lapsed=true")
}

// TestLeaseHangs ends in time though the server takes the question and says
// nothing.
func TestLeaseHangs(t *testing.T) {
	k := newKeeper()
	got := leased(t, k, func() {
		time.Sleep(time.Second)
		k.setHanging()
		time.Sleep(2 * time.Minute)
	})
	wantTold(t, got, "0s: 30 now stale=false lapsed=false", "21s: 30 now stale=true lapsed=false", "30s: 10 safe stale=true lapsed=true")
}

// TestLeaseStale: a server that is not sure of the setting does not confirm
// it, and does not end what is safe.
func TestLeaseStale(t *testing.T) {
	k := newKeeper()
	got := leased(t, k, func() {
		time.Sleep(5 * time.Second)
		k.set(func() { k.setting.Stale, k.setting.Cause, k.setting.Value = true, "unreadable", 29 })
		time.Sleep(5 * time.Minute)
	})
	wantTold(t, got, "0s: 30 now stale=false lapsed=false", "5s: 29 now stale=true lapsed=false", "30s: 10 safe stale=true lapsed=true")
}

// TestLeaseSplit listens to the side whose standby was promoted, whatever
// epoch the old one is in.
func TestLeaseSplit(t *testing.T) {
	k := newKeeper()
	k.setting.Epoch = 7
	got := leased(t, k, func() {
		time.Sleep(5 * time.Second)
		k.set(func() { k.setting.Timeline, k.setting.Epoch, k.setting.Value = 2, 6, 20 })
		time.Sleep(5 * time.Second)
		k.set(func() { k.setting.Timeline, k.setting.Epoch, k.setting.Value = 0, 8, 1 })
		time.Sleep(time.Minute)
	})
	wantTold(t, got, "0s: 30 now stale=false lapsed=false", "5s: 20 now stale=false lapsed=false", "10s: 20 now stale=true lapsed=false", "35s: 10 safe stale=true lapsed=true")
}

// TestLeaseDeposed does not listen to a leader that was replaced.
func TestLeaseDeposed(t *testing.T) {
	k := newKeeper()
	k.setting.Epoch = 7
	got := leased(t, k, func() {
		time.Sleep(5 * time.Second)
		k.set(func() { k.setting.Epoch, k.setting.Value = 6, 1 })
		time.Sleep(time.Minute)
	})
	wantTold(t, got, "0s: 30 now stale=false lapsed=false", "5s: 30 now stale=true lapsed=false", "30s: 10 safe stale=true lapsed=true")
}

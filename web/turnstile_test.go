package web_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// thawing is a well world whose freeze thaws at two releases an hour.
func thawing(r *loop.Report, p *slo.ReleasePolicy) {
	well(r, p)
	for i := range r.Settings {
		if r.Settings[i].Kind == string(slo.Freeze) {
			r.Settings[i].Value = slo.StageThawing
		}
	}
}

func paced(w *world) {
	for i := range w.set.Actuators {
		if w.set.Actuators[i].Kind == slo.Freeze {
			w.set.Actuators[i].Freezing.Thaw = slo.Thaw{For: 24 * time.Hour, Releases: 2, Per: time.Hour}
		}
	}
}

// Releases that waited for a freeze to end go one after the other, however
// many ask at the same time, and whichever server they ask.
func TestQueueDoesNotGoAtOnce(t *testing.T) {
	w, b, h := recording(thawing)
	paced(w)
	var all sync.WaitGroup
	allowed := make([]bool, 20)
	for i := range allowed {
		all.Go(func() { allowed[i] = asking(t, h, "?release=v"+string(rune('a'+i))).Allowed })
	}
	all.Wait()
	went := ""
	for i, ok := range allowed {
		if ok {
			went += string(rune('a' + i))
		}
	}
	if len(went) != 2 {
		t.Fatalf("of twenty, %d went at once (%s), want 2", len(went), went)
	}
	cfg := w.config()
	cfg.Record, cfg.Verdicts = b.record, b
	other := web.New(cfg).Handler()
	a := asking(t, other, "?release=late")
	if a.Verdict != client.Hold || a.State != "thawing" || !a.MayChangeAt.After(a.At) {
		t.Errorf("at another server: %s in state %q until %s, want hold, thawing, later: %s", a.Verdict, a.State, a.MayChangeAt, a.Words)
	}
	if a := asking(t, other, "?release=v"+went[:1]); !a.Allowed {
		t.Errorf("one that went already: %s", a.Words)
	}
	if a := asking(t, other, "?release=mends&change=fix"); !a.Allowed {
		t.Errorf("a fix: %s", a.Words)
	}
	if page := get(t, h, "/gate").body; !strings.Contains(page, ">thawing<") {
		t.Error("the page does not say that it thaws")
	}
}

package web_test

import (
	"context"
	"errors"
	"html"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// filling is a disk that is at 0.6 now and fills by a hundredth a day, judged
// by a limit of 0.8.
func filling(_ context.Context, _ slo.Objective, from, to time.Time, step time.Duration) (out []sli.Sample, _ error) {
	for at := from.Add(step); !at.After(to); at = at.Add(step) {
		out = append(out, sli.Sample{Milli: at.UnixMilli(), Value: 0.6 - 0.01*to.Sub(at).Hours()/24})
	}
	return out, nil
}

func withDisk(w *world) web.Config {
	disk := w.set.Objectives[2]
	disk.Name, disk.Indicator = "disk-has-room", slo.Indicator{Source: "prometheus", Kind: slo.Threshold, Query: "disk_used", Op: slo.LessOrEqual, Value: slo.NewDecimal(8, 1)}
	w.set.Objectives = append(w.set.Objectives, disk)
	cfg := w.config()
	cfg.Levels = filling
	return cfg
}

// TestCapacity says when a level reaches its limit, and when a budget is used
// up that shrinks by a fiftieth a day: of 100 events in 5 s 5 of 1000 may be
// bad, and from day to day more are.
func TestCapacity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { capacity(t) }) // within one hour
}

func capacity(t *testing.T) {
	w, _ := incident(time.Minute)
	cfg := withDisk(w)
	now, asked := w.report.At, atomic.Int64{}
	w.set.Objectives[0].Window.Length, w.set.Objectives[0].Slice = 28*24*time.Hour, time.Hour
	cfg.Slices = byHour(&asked, func(at time.Time) int64 { return 250 + int64(now.Sub(at)/(24*time.Hour))*-4 })
	h := web.New(cfg).Handler()
	body := html.UnescapeString(get(t, h, "/capacity").body)
	in20 := now.Truncate(time.Hour).Add(20 * 24 * time.Hour).Format("2 Jan 2006")
	for _, says := range []string{
		"It reaches its limit in about 3 weeks, on " + in20, "+0.01 a day (+0.01 to +0.01)", `class="line going"`, `class="fan"`, "disk-has-room",
		"If it goes on like this, disk-has-room comes to its end in the time that is drawn.", `aria-current="page">Capacity`,
	} {
		if !strings.Contains(body, says) {
			t.Errorf("the page does not say %q", says)
		}
	}
	if disk, other := strings.Index(body, ">disk-has-room<"), strings.Index(body, ">checkout-latency<"); disk < 0 || disk > other {
		t.Error("what ends first is not first")
	}
	before := asked.Load()
	if get(t, h, "/capacity"); asked.Load() != before || before == 0 {
		t.Errorf("counts were read %d times, then %d: trends are not remembered", before, asked.Load())
	}
}

// byHour answers with slices of an hour of 100,000 events.
func byHour(asked *atomic.Int64, bad func(at time.Time) int64) func(context.Context, ...loop.Stretch) ([][]sli.Slice, error) {
	return func(_ context.Context, asks ...loop.Stretch) ([][]sli.Slice, error) {
		asked.Add(1)
		out := make([][]sli.Slice, len(asks))
		for i, a := range asks {
			for at := a.From.Truncate(time.Hour).Add(time.Hour); at.Before(a.To); at = at.Add(time.Hour) {
				n := sli.Count(max(bad(at), 0))
				out[i] = append(out[i], sli.Slice{Start: at, Counts: sli.Counts{Good: (100_000 - n) * sli.Event, Bad: n * sli.Event, Covered: time.Hour}})
			}
		}
		return out, nil
	}
}

// TestCapacityUnread says what cannot be known, without passwords.
func TestCapacityUnread(t *testing.T) {
	w, _ := incident(time.Minute)
	cfg := withDisk(w)
	cfg.Levels = func(context.Context, slo.Objective, time.Time, time.Time, time.Duration) ([]sli.Sample, error) {
		return nil, errors.New("ask http://u:hunter2@prom: refused")
	}
	h := web.New(cfg).Handler()
	body := get(t, h, "/capacity?service=reporting").body
	for _, says := range []string{"Its past cannot be read: ask http://…@prom: refused", "the ledger cannot be reached", "disk-has-room", " too little is known to tell."} {
		if !strings.Contains(body, says) {
			t.Errorf("the page does not say %q:\n%s", says, body)
		}
	}
	if strings.Contains(body, "comes to its end") {
		t.Error("what is not known is said not to end")
	}
	if strings.Contains(body, "hunter2") || strings.Contains(body, "checkout-latency</a>") {
		t.Error("the page shows a password, or another service")
	}
	for query, want := range map[string]int{"range=7d": 200, "range=90d&q=disk": 200, "range=1h": 400, "page=0": 400, "page=9": 200, "q=nothing": 200} {
		if a := get(t, h, "/capacity?"+query); a.code != want {
			t.Errorf("?%s: status %d, want %d", query, a.code, want)
		}
	}
}

// TestCapacityPages lists every objective once.
func TestCapacityPages(t *testing.T) {
	h, seen := many(30).Handler(), map[string]bool{}
	for path := "/capacity"; path != ""; {
		body := get(t, h, path).body
		for _, name := range listedNames(body) {
			if seen[name] {
				t.Errorf("%s twice", name)
			}
			seen[name] = true
		}
		_, next, more := strings.Cut(body, `rel="prev"`)
		if !more {
			next = body
		}
		_, path, _ = strings.Cut(next, `first <a href="`)
		path, _, _ = strings.Cut(path, `"`)
		path = strings.ReplaceAll(path, "&amp;", "&")
	}
	if len(seen) != 30 {
		t.Errorf("%d objectives of 30", len(seen))
	}
}

package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/web"
)

// counted answers with slices of 100 events, of which bad says how many were
// bad at an instant; below 0 there is no slice.
func counted(bad func(at time.Time) int) func(context.Context, ...loop.Stretch) ([][]sli.Slice, error) {
	return func(_ context.Context, asks ...loop.Stretch) ([][]sli.Slice, error) {
		out := make([][]sli.Slice, len(asks))
		for i, a := range asks {
			for at := a.From.Truncate(tick).Add(tick); at.Before(a.To); at = at.Add(tick) {
				if n := sli.Count(bad(at)); n >= 0 {
					out[i] = append(out[i], sli.Slice{Start: at, Counts: sli.Counts{Good: (100 - n) * sli.Event, Bad: n * sli.Event, Covered: tick}})
				}
			}
		}
		return out, nil
	}
}

// TestHistory shows what used up a budget, and the time before, as they were
// counted: of 72,000 events in the hour 5 of 1000 may be bad, which is 360.
func TestHistory(t *testing.T) {
	w, _ := incident(time.Minute)
	now := w.report.At
	cfg := w.config()
	cfg.Slices = counted(func(at time.Time) int {
		switch ago := now.Sub(at); {
		case ago > 20*time.Minute && ago <= 21*time.Minute:
			return 12 // 12 slices: 144 bad
		case ago > 70*time.Minute && ago <= 71*time.Minute:
			return 3 // 36, before the window
		}
		return 0
	})
	h := web.New(cfg).Handler()
	body := get(t, h, "/objectives/checkout-availability").body
	for _, says := range []string{
		"<strong>40 %</strong> of the budget in 60 s", "144 bad, at most 24×",
		"<tr><td>bad events</td><td>144</td><td>36</td></tr>", "<tr><td>budget used up</td><td>40 %</td><td>10 %</td></tr>", `data-unit="percent"`,
	} {
		if !strings.Contains(body, says) {
			t.Errorf("the page does not say %q", says)
		}
	}
	if t.Failed() {
		t.Log(body)
	}
}

func TestHistoryRanges(t *testing.T) {
	w, _ := incident(time.Minute)
	cfg := w.config()
	cfg.Slices = func(ctx context.Context, asks ...loop.Stretch) ([][]sli.Slice, error) {
		asks[0].From = asks[0].To.Add(-time.Minute) // is enough to draw
		return counted(func(time.Time) int { return 1 })(ctx, asks...)
	}
	h := web.New(cfg).Handler()
	for query, want := range map[string]int{
		"": 200, "range=window": 200, "range=1h": 200, "range=90m": 200, "range=7d": 200, "range=": 200,
		"from=2026-01-01": 200, "from=2026-01-01T00:00&to=2026-01-01T01:00": 200, "from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00%2B01:00&range=": 400,
		"range=0s": 400, "range=-1h": 400, "range=soon": 400, "range=9999d": 400, "range=99999999999999999999d": 400,
		"from=yesterday": 400, "to=2026-01-01": 400, "from=2026-01-02&to=2026-01-01": 400, "from=1026-01-02&to=2026-01-01": 400,
	} {
		if a := get(t, h, "/objectives/checkout-availability?"+query); a.code != want {
			t.Errorf("?%s: status %d, want %d", query, a.code, want)
		}
	}
}

// TestHistoryUnread shows what this process saw itself when the ledger does
// not answer, and says so.
func TestHistoryUnread(t *testing.T) {
	w, _ := incident(time.Minute)
	cfg := w.config()
	cfg.Slices = func(context.Context, ...loop.Stretch) ([][]sli.Slice, error) {
		return nil, errors.New("no answer of hunter2")
	}
	body := get(t, web.New(cfg).Handler(), "/objectives/checkout-availability").body
	if !strings.Contains(body, "What was counted cannot be read") || strings.Contains(body, "hunter2") {
		t.Error("the page does not say that the past cannot be read")
	}
}

// FuzzRange asks for any stretch: it is shown or refused, in no time.
func FuzzRange(f *testing.F) {
	w, _ := incident(time.Minute)
	cfg := w.config()
	cfg.Slices = func(_ context.Context, asks ...loop.Stretch) ([][]sli.Slice, error) {
		return make([][]sli.Slice, len(asks)), nil
	}
	h := web.New(cfg).Handler()
	f.Add("1h", "", "")
	f.Add("", "2026-01-01T00:00", "2026-01-02")
	f.Add("-1d", "2026-01-01T00:00:00Z", "9999-12-31")
	f.Fuzz(func(t *testing.T, length, from, to string) {
		values := url.Values{"range": {length}, "from": {from}, "to": {to}}
		if a := get(t, h, "/objectives/checkout-availability?"+values.Encode()); a.code != 200 && a.code != 400 {
			t.Errorf("%s: status %d", values.Encode(), a.code)
		}
	})
}

// BenchmarkHistory is the page of an objective whose window holds so many
// slices.
func BenchmarkHistory(b *testing.B) {
	for _, n := range []int{720, 40320} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w, _ := incident(time.Minute)
			w.set.Objectives[0].Window.Length = time.Duration(n) * tick
			cfg := w.config()
			var kept [][]sli.Slice
			read := counted(func(at time.Time) int { return int(at.Unix()/5) % 3 })
			cfg.Slices = func(ctx context.Context, asks ...loop.Stretch) ([][]sli.Slice, error) {
				if kept == nil {
					kept, _ = read(ctx, asks...)
				}
				return kept, nil
			}
			h := web.New(cfg).Handler()
			for b.Loop() {
				if a := serve(h, newRequestFor("/objectives/checkout-availability")); a.code != 200 {
					b.Fatal(a.code)
				}
			}
		})
	}
}

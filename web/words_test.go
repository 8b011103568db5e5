package web_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"setpoint.dev/setpoint/web"
)

func TestWords(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{web.About(0), "0 s"}, {web.About(-time.Hour), "0 s"}, {web.About(89 * time.Second), "89 s"}, {web.About(90 * time.Second), "2 min"},
		{web.About(89 * time.Minute), "89 min"}, {web.About(9 * time.Hour), "9 h"}, {web.About(50 * time.Hour), "2 d"},
		{web.Percent(1), "100 %"}, {web.Percent(0.99999), "99.9 %"}, {web.Percent(0.5), "50 %"}, {web.Percent(0), "0 %"}, {web.Percent(0.123), "12.3 %"},
		{web.Percent(-0.001), "−0.1 %"}, {web.Percent(-3.456), "−345.6 %"},
		{web.Count(0), "0"}, {web.Count(0.5), "0.5"}, {web.Count(999), "999"}, {web.Count(1000), "1,000"}, {web.Count(1234567), "1,234,567"}, {web.Count(-1234), "−1,234"},
		{web.Window(5 * time.Minute), "5 min"}, {web.Window(30 * 24 * time.Hour), "30 d"}, {web.Window(90 * time.Second), "1m30s"},
		{web.Redact("dial postgres://ann:secret@db:5432/x: no"), "dial postgres://…@db:5432/x: no"},
		{web.Redact("a://b@c d://e:f@g://h"), "a://…@c d://…@g://h"},
		{web.Redact("host=db password=se@cret sslmode=off"), "host=db password=… sslmode=off"},
		{web.Redact("http://prom:9090/api: user@example.com"), "http://prom:9090/api: user@example.com"},
		{web.Redact("x://p@ss@host"), "x://…@host"},
		{web.Redact(""), ""},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// TestOutIn spends a budget second by second, with traffic that goes on as
// it was, and compares when it is gone.
func TestOutIn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		window := rapid.IntRange(60, 600).Draw(t, "window")
		observed := rapid.IntRange(10, window).Draw(t, "observed")
		left := rapid.Float64Range(0.01, 1).Draw(t, "left")
		burn := rapid.Float64Range(1.05, 500).Draw(t, "burn")
		got, ok := web.OutIn(left, burn, time.Duration(observed)*time.Second, time.Duration(window)*time.Second)
		if !ok {
			t.Fatal("does not run out")
		}
		want := spend(left, burn, observed, window)
		if math.Abs(got.Seconds()-want) > 1.01 {
			t.Fatalf("got %s, want %g s", got, want)
		}
	})
	for _, c := range []struct {
		left, burn float64
		want       time.Duration
		ok         bool
	}{{0, 5, 0, true}, {-1, 0, 0, true}, {1, 1, 0, false}, {0.5, 0.3, 0, false}, {1, 10, 6 * time.Minute, true}} {
		if got, ok := web.OutIn(c.left, c.burn, time.Hour, time.Hour); got != c.want || ok != c.ok {
			t.Errorf("left %g, burn %g: %s, %t", c.left, c.burn, got, ok)
		}
	}
}

// spend is how many seconds a budget lasts. Each second brings one unit of
// traffic, and burn units of its budget are spent in it; what is older than
// the window gives back what was spent then, which was the same each second.
func spend(left, burn float64, observed, window int) float64 {
	spent, total := (1-left)*float64(observed), float64(observed)
	each := 1 - left
	for second := 1; second < 1_000_000; second++ {
		spent, total = spent+burn, total+1
		if total > float64(window) {
			spent, total = spent-each, total-1
		}
		if spent >= total {
			return float64(second)
		}
	}
	return math.Inf(1)
}

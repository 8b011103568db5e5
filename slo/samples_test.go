package slo_test

import (
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/slo"
)

func TestSamples(t *testing.T) {
	for _, test := range []struct{ query, selector string }{
		{`up`, `up`},
		{`((up{b="1",a="2"}))`, `up{a="2",b="1"}`},
		{`{__name__="up"}`, `up`},
		{`{__name__=~"probe_.*"}`, `{__name__=~"probe_.*"}`},
		{`up offset 5m`, ``},
		{`up @ 1700000000`, ``},
		{`sum(up)`, ``},
		{`1 - up`, ``},
		{`scalar(up)`, ``},
		{`-up`, ``},
	} {
		got, err := slo.Samples(test.query)
		if err != nil || got != test.selector {
			t.Errorf("%s: got %q, %v; want %q", test.query, got, err, test.selector)
		}
	}
}

func TestWithMatcher(t *testing.T) {
	const matcher = `setpoint_slice!="1767225660"`
	for _, test := range []struct{ query, want string }{
		{`max(up)`, `max(up{setpoint_slice!="1767225660"})`},
		{`sum(rate(a{x="1"}[5m])) / on (b) max_over_time(c[1h:1m] offset 5m)`, `sum(rate(a{setpoint_slice!="1767225660",x="1"}[5m])) / on (b) max_over_time(c{setpoint_slice!="1767225660"}[1h:1m] offset 5m)`},
		{`time() - up`, `time() - up{setpoint_slice!="1767225660"}`},
	} {
		if got := slo.WithMatcher(test.query, matcher); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.query, got, test.want)
		}
		if got := slo.WithMatcher(test.query, ""); got != test.query {
			t.Errorf("%s without a matcher: got %s", test.query, got)
		}
	}
}

func TestGrid(t *testing.T) {
	for _, test := range []struct{ slice, scrape, want time.Duration }{
		{time.Minute, 15 * time.Second, 15 * time.Second},
		{time.Minute, 25 * time.Second, 30 * time.Second},
		{time.Minute, 0, 15 * time.Second},
		{5 * time.Second, 0, 1250 * time.Millisecond},
		{time.Hour, 0, time.Minute},
		{time.Minute, 2 * time.Minute, time.Minute},
		{7 * time.Second, 2 * time.Second, 3500 * time.Millisecond},
	} {
		if got := slo.Grid(test.slice, test.scrape); got != test.want || test.slice%got != 0 {
			t.Errorf("slice %s, scrape %s: got %s, want %s", test.slice, test.scrape, got, test.want)
		}
	}
}

// FuzzSamples reads whatever there is. What can be read can be asked with one
// more matcher too, and stays what it was: a selector, or an expression.
func FuzzSamples(f *testing.F) {
	for _, seed := range []string{`up`, `sum by (a) (rate(b{c=~"d|e"}[5m])) / 2`, `{"a.b"}`, `x @ end()`, `max_over_time(a[5m:1m])`, `a < bool 1`, `vector(1)`, `"x"`, `histogram_quantile(0.9, rate(a_bucket[5m]))`, `a or on() vector(0)`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		defer lean(t)
		selector, err := slo.Samples(query)
		if err != nil {
			if _, ok := err.(*slo.QueryError); !ok {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		asked := slo.WithMatcher(query, `setpoint_slice!="1"`)
		again, err := slo.Samples(asked)
		if err != nil || (selector == "") != (again == "") {
			t.Fatalf("%q is asked as %q: %q, %v", query, asked, again, err)
		}
		if selector != "" && !strings.Contains(again, "setpoint_slice") {
			t.Fatalf("%q is asked as %q, without the matcher", query, asked)
		}
	})
}

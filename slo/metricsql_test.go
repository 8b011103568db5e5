package slo_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/slo"
)

// TestMetricsSelectors reads sums of counters that only VictoriaMetrics reads.
func TestMetricsSelectors(t *testing.T) {
	for _, tt := range []struct {
		query string
		want  []string
	}{
		{`sum(rate(a_total)) default 0`, []string{`a_total`}},
		{`sum(rate(a_total{code=~"5..",job!~'x|y'}[5m])) default 0`, []string{`a_total{code=~"5..",job!~"x|y"}`}},
		{`sum(increase(a_total)) or 0`, []string{`a_total`}},
		{`sum(increase_pure(a_total[5m])) by (x) keep_metric_names`, nil},
		{`sum(increase_pure(a_total[1.5m])) by (x,)`, []string{`a_total`}},
		{`sum(rate(a_total[$__rate_interval]), rate(b_total[$__interval]))`, []string{`a_total`, `b_total`}},
		{`sum(rate(a_total[5i])) + (sum(rate(b_total{x="1",})) default 0)`, []string{`a_total`, `b_total{x="1"}`}},
		{`sum(rate({__name__=~"a|b", x=` + "`1`" + `})) default 0 # with (a comment`, []string{`{__name__=~"a|b",x="1"}`}},
		{`RATE(with{x="ru(1)"}) default 0`, []string{`with{x="ru(1)"}`}},
		{`sum(rate(foo\-bar{a="b"})) default 0`, []string{`{__name__="foo-bar",a="b"}`}},
	} {
		got, err := slo.Selectors(tt.query)
		if diff := cmp.Diff(tt.want, got); diff != "" || (err != nil) != (tt.want == nil) {
			t.Errorf("%s: %v (-want +got):\n%s", tt.query, err, diff)
		}
	}
}

// TestMetricsSelectorsRefused are expressions that are no sums of raw counters,
// or not MetricsQL, with the place of what is wrong.
func TestMetricsSelectorsRefused(t *testing.T) {
	for query, want := range map[string]string{
		`sum(rate(a_total{x="1" or x="2"}[5m]))`:                 `1:23: or in a selector`,
		`sum(rate(a_total)) default 1`:                           `1:20: default of counters`,
		`sum(rate(a_total) limit 5) default 0`:                   `1:19: not valid PromQL`,
		`sum(rate(a_total)) limit 5`:                             `1:20: limit leaves series out`,
		`avg(rate(a_total)) default 0`:                           `1:1: avg(…) is not a total`,
		`sum(rate(a_total[5m] offset 1h)) default 0`:             `1:5: rate is of something else`,
		`sum(rate(a_total[1h:5m])) default 0`:                    `1:5: rate is of something else`,
		`sum(histogram_share(0.3, sum(rate(b_bucket)) by (le)))`: `1:5: histogram_share(…) is not a total`,
		`(a_total, b_total)`:                                     `1:1: (…) is not a total`,
		`sum(rate(a_total), rate(a_total))`:                      `1:1: a_total occurs twice`,
		`rate(a_total) + increase(b_total)`:                      `1:1: rate and increase [] are added`,
		`rate(a_total) - rate(b_total)`:                          `1:15: - of counters`,
		`rate(a_total) + on(x) rate(b_total)`:                    `1:15: a + that matches labels`,
		`sum(rate({x="1"})) default 0`:                           `1:1: the selector names no metric`,
		`sum(rate(a_bucket)) default 0`:                          `1:1: without le`,
		`sum(rate(a_total{x=~"("})) default 0`:                   `1:18: not valid PromQL`,
		`WITH (x = sum(rate(a_total))) x + x`:                    `1:1: WITH templates are not read`,
		"sum(rate(a_total)) +\n  with (y = b_total) rate(y)":     `2:3: WITH templates are not read`,
		`ru(a, b)`:                                 `1:1: ru(…) is a template`,
		`sum(rate(a_total{x=~y})) default 0`:       `1:21: not valid PromQL`,
		`sum(rate(a_total)) default`:               `1:20: not valid PromQL`,
		`sum(rate(a_total{x="`:                     `1:20: not valid PromQL`,
		"sum(rate(a_total{x=\"\x01\"})) default 0": `1:27: not valid PromQL`,
		strings.Repeat("(", 65) + `a default 0`:    `1:68: not valid PromQL`,
	} {
		got, err := slo.Selectors(query)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, %v; want %s", query, got, err, want)
		}
	}
}

// TestMetricsSamples judges samples of expressions that only VictoriaMetrics
// reads, and refuses those whose value depends on the question.
func TestMetricsSamples(t *testing.T) {
	for query, want := range map[string]string{
		`1 - histogram_share(0.2, sum by (vmrange) (rate(a_bucket[5m])))`: "",
		`max(a{x="1" or y="2"})`:                        "",
		`share_le_over_time(a[1h], 0.5)`:                "",
		`median(a) default 0`:                           "",
		`(1 - histogram_share(1, b)) / (vector(1)[5m])`: "",
		`max_over_time(rate(a[5m])[1h:1m]) if b`:        "",
		`histogram_share(1, rate(a_bucket))`:            "1:20: rate without a range depends",
		`share_le_over_time(a[5i], 1)`:                  "1:21: a range in steps",
		`share_le_over_time(sum(a)[1h], 1)`:             "1:26: a range in steps",
		`range_avg(a)`:                                  "1:1: range_avg(…) depends",
		`topk_max(1, a)`:                                "1:1: topk_max(…) depends",
		`a default now()`:                               "1:11: now(…) depends",
		`1 default 2`:                                   "1:1: a number measures nothing",
		`WITH (x = a) x`:                                "1:1: WITH templates",
	} {
		selector, err := slo.Samples(query)
		if got := fmt.Sprint(err); selector != "" || !strings.HasPrefix(strings.Replace(got, "<nil>", "", 1), want) || (want == "") != (err == nil) {
			t.Errorf("%s: got %q, %v; want %q", query, selector, err, want)
		}
	}
}

// TestMetricsSelector reads the raw samples of a selector that is written as
// MetricsQL lets names be.
func TestMetricsSelector(t *testing.T) {
	if got, err := slo.Samples(`foo\-bar{b="1",a="2"}`); got != `{__name__="foo-bar",a="2",b="1"}` || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestMetricsWithMatcher(t *testing.T) {
	for query, want := range map[string]string{
		`median(a{x=~"y"})`:               `median(a{x=~"y",s!="1"})`,
		`max(a{x="1" or y!~"2"}) if b`:    `max(a{x="1",s!="1" or y!~"2",s!="1"}) if b{s!="1"}`,
		`histogram_share(1, rate(a[5m]))`: `histogram_share(1, rate(a{s!="1"}[5m]))`,
	} {
		if got := slo.WithMatcher(query, `s!="1"`); got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
	want := []string{`a{x=~"y"}`, `b`}
	if diff := cmp.Diff(want, slo.SeriesOf(`median(a{x=~"y"}) + median(b) + median(a{x=~"y"})`)); diff != "" {
		t.Error(diff)
	}
}

// TestHostileMetricsQL reads what takes MetricsQL's parser much: it is refused,
// or read, in little memory, and little of it stays.
func TestHostileMetricsQL(t *testing.T) {
	last := " default 0"
	for what, query := range map[string]string{
		"templates in each other":           strings.Repeat("ru(", 40) + "a" + strings.Repeat(", b)", 40),
		"templates of templates":            "WITH (" + repeat(60, func(i int) string { return fmt.Sprintf("a%d = a%d + a%d, ", i+1, i, i) }) + "a0 = b) a60",
		"parentheses":                       strings.Repeat("(", 8000) + "a" + strings.Repeat(")", 8000) + last,
		"signs":                             strings.Repeat("-", 16000) + "a" + last,
		"a sum":                             strings.Repeat("a + ", 4000) + "a" + last,
		"powers":                            strings.Repeat("2 ^ ", 4000) + "a" + last,
		"a text of texts":                   "label_set(a, " + strings.Repeat(`"x" + `, 2500) + `"x")` + last,
		"filters":                           "a{" + strings.Repeat(`b="c" or `, 1700) + `b="c"}`,
		"a regular expression of 60,000":    `a{b=~"` + strings.Repeat(`\\pL{1000}`, 60) + `"}` + last,
		"a regular expression that is long": `a{b=~"` + strings.Repeat(`(x|y)`, 3000) + `"}` + last,
	} {
		at := time.Now()
		within(t, 64, 5*time.Second, func() {
			_, _ = slo.Selectors(query)
			_, _ = slo.Samples(query)
		})
		t.Log(what, time.Since(at))
	}
}

// FuzzMetricsQL reads queries in every way: what is read is read again as it
// was, with a matcher more.
func FuzzMetricsQL(f *testing.F) {
	for _, seed := range []string{
		`sum(rate(a_total{job="x",code=~"5.."})) default 0`, `1 - histogram_share(0.2, sum by (vmrange) (rate(a[5m])))`, `a{x="1" or y!~'2'} if b`,
		`0@+0@A0`, `WITH (x = y) x`, "a{x=`\\`} # c", `ru(a,b)`, `a\-b{"c"=~"d"+"e"} offset 5i @ end()`, `(a, b) limit 3 keep_metric_names`, `-(a[1h:5m]) ^ 2k`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		defer lean(t)
		_, err := slo.Selectors(query)
		var q *slo.QueryError
		if err != nil && (!errors.As(err, &q) || q.Offset < 0 || q.Offset > len(query)) {
			t.Fatalf("Selectors(%q): bad error %#v", query, err)
		}
		if _, err := slo.Samples(query); err != nil {
			return
		}
		more := slo.WithMatcher(query, `s!="1"`)
		if _, err := slo.Samples(more); err != nil {
			t.Fatalf("%q with a matcher is %q: %v", query, more, err)
		}
		if series := slo.SeriesOf(query); len(series) != len(slo.SeriesOf(more)) {
			t.Fatalf("%q has the series %q, and with a matcher others: %q", query, series, more)
		}
	})
}

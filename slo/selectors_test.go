package slo_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/slo"
)

func TestSelectors(t *testing.T) {
	tests := []struct {
		query string
		want  []string
	}{
		{`a_total`, []string{`a_total`}},
		{`a_total{}`, []string{`a_total`}},
		{`a_total{z="1", b=~"5..", b!="", c!~"x"}`, []string{`a_total{b!="",b=~"5..",c!~"x",z="1"}`}},
		{`a_total{x="1",x="1"}`, []string{`a_total{x="1"}`}},
		{`{__name__="a_total",job="x"}`, []string{`a_total{job="x"}`}},
		{`{__name__=~"a_total|b_total"}`, []string{`{__name__=~"a_total|b_total"}`}},
		{`{"http.requests", job="x"}`, []string{`{__name__="http.requests",job="x"}`}},
		{`sum(a_total)`, []string{`a_total`}},
		{`sum by (code) (a_total)`, []string{`a_total`}},
		{`sum without (pod) (rate(a_total[5m]))`, []string{`a_total`}},
		{`sum(irate(a_total[5m]))`, []string{`a_total`}},
		{`increase(a_total[1h])`, []string{`a_total`}},
		{`((sum((rate((a_total[5m]))))))`, []string{`a_total`}},
		{`sum(rate(b_total[5m])) + sum(rate(a_total[5m]))`, []string{`a_total`, `b_total`}},
		{`sum(rate(b_total[5m]) + rate(a_total[1m])) + rate(c_total[5m])`, []string{`a_total`, `b_total`, `c_total`}},
		{`a_total{code="1"} + a_total{code="2"}`, []string{`a_total{code="1"}`, `a_total{code="2"}`}},
		{`sum(rate(a_total[5m])) or vector(0)`, []string{`a_total`}},
		{`(sum(a_total) or on() vector(0)) + b_total`, []string{`a_total`, `b_total`}},
		{`x_seconds_bucket{le="0.3"}`, []string{`x_seconds_bucket{le="0.3"}`}},
		{"sum(\n  rate(a_total[5m]) # comment\n)", []string{`a_total`}},
		{`a_total{x="q\"uo\\te\n"}`, []string{`a_total{x="q\"uo\\te\n"}`}},
	}
	for _, tt := range tests {
		got, err := slo.Selectors(tt.query)
		if err != nil {
			t.Errorf("Selectors(%s): %v", tt.query, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("Selectors(%s) (-want +got):\n%s", tt.query, diff)
		}
	}
}

func TestSelectorsRefuses(t *testing.T) {
	tests := []struct{ query, want string }{
		{``, "1:1: the query is empty"},
		{`  `, "1:1: the query is empty"},
		{strings.Repeat("a", 17000), "1:1: the query is longer than 16384 bytes"},
		{`sum(rate(a_total[5m])))`, "1:24: not valid PromQL: unexpected right parenthesis"},
		{"sum(\n  rate(a_total[5x]))", "2:16: not valid PromQL"},
		{`rate(a_total[${range}])`, "1:14: not valid PromQL"},
		{`a_total / b_total`, "1:9: a ratio cannot be weighted"},
		{`sum(a_total)  / b_total`, "1:15: a ratio cannot be weighted"},
		{`a_total - b_total`, "1:9: a difference of counters"},
		{`sum(a_total) * 60`, "1:14: a product is not"},
		{`a_total > 0`, "1:9: > is not a total"},
		{`a_total or b_total`, "1:9: or is not a total"},
		{`a_total unless b_total`, "1:9: unless is not a total"},
		{`a_total + on (job) b_total`, "1:9: a + that matches labels"},
		{`a_total + 1`, "1:11: a number is not a counter"},
		{`-a_total`, "1:1: a sign before"},
		{`"x"`, "1:1: a string is not"},
		{`a_total[5m]`, "1:1: a range by itself"},
		{`rate(sum(a_total)[5m:1m])`, "1:6: a subquery cannot"},
		{`rate(a_total[5m] offset 1h)`, "1:6: an offset would"},
		{`a_total offset 1h`, "1:1: an offset would"},
		{`a_total @ 1609746000`, "1:1: @ would"},
		{`a_total @ start()`, "1:1: @ would"},
		{`rate(a_total[5m] anchored)`, "1:6: anchored and smoothed"},
		{`topk(3, a_total)`, "1:1: topk(…) is not a total"},
		{`avg(rate(a_total[5m]))`, "1:1: avg(…) is not a total"},
		{`count(a_total)`, "1:1: count(…) is not a total"},
		{`histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))`, "1:1: a quantile cannot be counted"},
		{`sum(max_over_time(a_total[5m]))`, "1:5: max_over_time(…) is not"},
		{`time()`, "1:1: time(…) is not"},
		{`{job="x"}`, "1:1: the selector names no metric"},
		{`{__name__!="x",job="y"}`, "1:1: the selector names no metric"},
		{`sum(rate(x_bucket[5m]))`, "1:10: without le every event"},
		{`a_total + a_total`, "1:11: a_total occurs twice"},
		{`sum(a_total{x="1",y="2"}) + a_total{y="2",x="1"}`, `1:29: a_total{x="1",y="2"} occurs twice`},
		{`rate(a_total[5m]) + b_total`, "1:21: rate and raw are added"},
		{`increase(a_total[5m]) + increase(b_total[10m])`, "1:34: increase [5m0s] and increase [10m0s] are added"},
	}
	for _, tt := range tests {
		got, err := slo.Selectors(tt.query)
		var q *slo.QueryError
		if !errors.As(err, &q) || !strings.HasPrefix(err.Error(), tt.want) || got != nil {
			t.Errorf("Selectors(%.60s) = %v, %v; want %s", tt.query, got, err, tt.want)
		}
	}
}

func FuzzSelectors(f *testing.F) {
	for _, seed := range []string{
		`sum by (code) (rate(a_total{job="x",code=~"5.."}[5m])) or vector(0)`,
		`a_total + {"http.b",x!="1"} + sum(c_total)`, `a / b`, `rate(a[5m:1m] offset -1h)`, "a{x=\"\\xff\"}", `{__name__="a"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		defer lean(t)
		got, err := slo.Selectors(query)
		var q *slo.QueryError
		if err != nil {
			if !errors.As(err, &q) || q.Offset < 0 || q.Offset > len(query) || q.Line < 1 || q.Col < 1 {
				t.Fatalf("Selectors(%q): bad error %#v", query, err)
			}
			return
		}
		if len(got) == 0 || !slices.IsSorted(got) {
			t.Fatalf("Selectors(%q) = %q", query, got)
		}
		again, err := slo.Selectors(strings.Join(got, " + "))
		if diff := cmp.Diff(got, again); diff != "" || err != nil {
			t.Fatalf("Selectors(%q) is not canonical (%v):\n%s", query, err, diff)
		}
	})
}

package slo_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"

	"setpoint.dev/setpoint/slo"
)

// latency is the indicator of an objective over a classic histogram.
func latency(t *testing.T, query, op, value string) slo.Indicator {
	t.Helper()
	text := fmt.Sprintf(`apiVersion: openslo/v1
kind: SLO
metadata: {name: fast}
spec:
  service: shop
  indicator:
    metadata: {name: latency, annotations: {setpoint.dev/histogram: classic}}
    spec: {thresholdMetric: {metricSource: {spec: {query: '%s'}}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.9, op: %s, value: %s}]
`, query, op, value)
	set, problems := slo.Load([]slo.File{{Name: "a.yaml", Data: []byte(text)}}, env)
	if set == nil {
		t.Fatal(problems)
	}
	return set.Objectives[0].Indicator
}

// A bucket is found however its bound is written, and no other is.
func TestBucketSpellings(t *testing.T) {
	for _, test := range []struct{ value, same, others string }{
		{"0.3", "0.3 0.30 .3 00.3 3e-1 3e-01 3E-1 3.0e-01", "3 0.03 0.31 0.33 3e1 3e-10 3e-011 +Inf 0,3 0x3 1.3 10.3"},
		{"1", "1 1.0 1.00 01 1. 1e0 1e+00 1.0e-0", "10 1.01 11 0.1 1e1 1e01 +Inf"},
		{"300e-3", "0.3", "0.33"},
		{"0.00025", "0.00025 2.5e-04 2.50E-4", "0.0025 2.5e-4.0 2.5e-14 2.5e4 25e04"},
		{"2500000", "2500000 2500000.0 2.5e+06 2.5e6 2.5E06", "250000 2.5e+16 2.5e-06 25000000 2.5e+60"},
		{"10", "10 10.0 1e+01 1e1", "1 100 1e+00 1e+10 1e-1"},
		{"12.5", "12.5 12.50 1.25e+01", "125 1.25 1.25e+02 1205"},
	} {
		in := latency(t, "x", "lte", test.value)
		m := regexp.MustCompile(`le=~"(.*)"`).FindStringSubmatch(in.Good)
		if m == nil {
			t.Fatalf("%s: no le in %s", test.value, in.Good)
		}
		bound := regexp.MustCompile("^(?:" + m[1] + ")$")
		for _, text := range strings.Fields(test.same) {
			if !bound.MatchString(text) {
				t.Errorf("%s: %s does not match %s", test.value, text, m[1])
			}
		}
		for _, text := range strings.Fields(test.others) {
			if bound.MatchString(text) {
				t.Errorf("%s: %s matches %s", test.value, text, m[1])
			}
		}
	}
}

func TestHistogramCounters(t *testing.T) {
	for _, test := range []struct{ query, op, good, bad, total, buckets string }{
		{`a{b="c"}`, "lte", `a_bucket{b="c",le=~"0*1([.]0*)?|1([.]0*)?[eE][+-]?0+"}`, "", `a_count{b="c"}`, `a_bucket{b="c"}`},
		{`({__name__="a",b!="c"})`, "gt", "", `a_bucket{b!="c",le=~"0*1([.]0*)?|1([.]0*)?[eE][+-]?0+"}`, `a_count{b!="c"}`, `a_bucket{b!="c"}`},
	} {
		got := latency(t, test.query, test.op, "1")
		want := slo.Indicator{Name: "latency", Source: "default", Good: test.good, Bad: test.bad, Total: test.total, Bucket: slo.NewDecimal(1, 0), Position: got.Position}
		if got != want || got.Buckets() != test.buckets {
			t.Errorf("%s: got %+v with buckets %s", test.query, got, got.Buckets())
		}
		for _, query := range []string{got.Good + got.Bad, got.Total, got.Buckets()} {
			if _, err := parser.NewParser(parser.Options{}).ParseExpr(query); err != nil {
				t.Errorf("%s: %v", query, err)
			}
		}
	}
	if got := (slo.Indicator{Good: `a_bucket{le="1"}`, Total: "a_count"}).Buckets(); got != "" {
		t.Errorf("of plain counters: got buckets %s", got)
	}
}

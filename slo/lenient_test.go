package slo_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/slo"
)

// loose deviates in every way that a lenient reader takes.
const loose = `apiVersion: openslo/v1
kind: Service
metadata: {name: Web_Shop}
spec: {}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: CheckoutAvailability}
spec:
  service: Web_Shop
  indicator:
    metadata: {name: Requests}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {spec: {query: bad_total}}}
        total: {metricSource: {spec: {query: all_total}}}
  objectives:
  - {target: 0.99, op: lte, value: 1}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: other}
spec:
  service: Web_Shop
  indicator:
    metadata: {name: Requests}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {spec: {query: bad_total}}}
        total: {metricSource: {spec: {query: all_total}}}
  timeWindow: [{duration: 28d}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
`

func TestLenient(t *testing.T) {
	files := []slo.File{{Name: "a.yaml", Data: []byte(loose)}}
	if set, problems := slo.Load(files, env); set != nil || len(problems.Errors()) != 11 {
		t.Errorf("strictly: set %v, %d errors, want 11:\n%v", set, len(problems.Errors()), problems)
	}
	set, problems := slo.LoadLenient(files, env)
	want := `a.yaml:3:18: warning: metadata.name: "Web_Shop" is not a name; web-shop is assumed
a.yaml:8:18: warning: metadata.name: "CheckoutAvailability" is not a name; checkoutavailability is assumed
a.yaml:9:1: warning: spec.timeWindow: missing; a rolling window of 30d is assumed
a.yaml:9:1: warning: spec.budgetingMethod: missing; Occurrences is assumed
a.yaml:10:12: warning: spec.service: "Web_Shop" is not a name; web-shop is assumed
a.yaml:12:22: warning: spec.indicator.metadata.name: "Requests" is not a name; requests is assumed
a.yaml:19:24: warning: spec.objectives[0].op: passed over: it has no part beside a ratio metric
a.yaml:19:36: warning: spec.objectives[0].value: passed over: it has no part beside a ratio metric
a.yaml:25:12: warning: spec.service: "Web_Shop" is not a name; web-shop is assumed
a.yaml:27:22: warning: spec.indicator.metadata.name: "Requests" is not a name; requests is assumed
a.yaml:33:16: warning: spec.timeWindow[0].isRolling: missing; a rolling window is assumed`
	if diff := cmp.Diff(want, problems.Error()); diff != "" {
		t.Errorf("leniently (-want +got):\n%s", diff)
	}
	if set == nil {
		t.Fatal("no set")
	}
	var got []string
	for _, o := range set.Objectives {
		got = append(got, o.Name+" of "+o.Service+" over "+o.Window.String()+" by "+string(o.Method))
	}
	if diff := cmp.Diff([]string{"checkoutavailability of web-shop over 30d by ", "other of web-shop over 28d by "}, got); diff != "" {
		t.Errorf("objectives (-want +got):\n%s", diff)
	}
	if w := set.Objectives[0].Window; w.Length != 30*24*time.Hour || w.Calendar() {
		t.Errorf("window %+v", w)
	}
}

// What a lenient reader does not know is refused all the same, and names that
// become equal are found.
func TestLenientIsNoBlankCheque(t *testing.T) {
	for change, want := range map[string]string{
		"target: 0.99, op: lte|traget: 0.99, op: lte":            "unknown key",
		"name: other|name: checkoutAvailability":                 "is declared already",
		"metadata: {name: Web_Shop}|metadata: {name: 'ü'}":       "is not a name",
		"timeWindow: [{duration: 28d}]|timeWindow: []":           "an empty list",
		"budgetingMethod: Occurrences|budgetingMethod: Occurred": "unknown value",
		"timeWindow: [{duration: 28d}]|timeWindow: [{}]":         "missing; expected a duration-shorthand",
	} {
		old, is, _ := strings.Cut(change, "|")
		text := strings.Replace(loose, old, is, 1)
		set, problems := slo.LoadLenient([]slo.File{{Name: "a.yaml", Data: []byte(text)}}, env)
		if text == loose || set != nil || !strings.Contains(problems.Errors().Error(), want) {
			t.Errorf("%s: set %v, errors %v; want one with %q", change, set, problems.Errors(), want)
		}
	}
}

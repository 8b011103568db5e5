package rules_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/slo/rules"
)

// TestUnsaid lists what rules have no words for, each definition with its
// place.
func TestUnsaid(t *testing.T) {
	for name, want := range map[string][]string{
		"full.yaml":        {"the Actuator checkout-releases is left out", "the ControlLoop releases is left out", "the ReleasePolicy "},
		"exemptions.yaml":  {"the Calendar ", "the Adjustment ", "the SLA "},
		"calendar.yaml":    {"the window of month, each 1M from 2026-01-01 00:00 Europe/Berlin, is left out"},
		"samples.yaml":     {`that time which was not observed counts as "bad" is left out`, "the tier of 14.4 times burn is left out"},
		"alerts-ours.yaml": {"whom standard tells, and whether it tells the end, is left out", "whom parts tells"},
		"metricsql.yaml":   {"the rules of fast are MetricsQL"},
		"groups.yaml":      {"the objective weighed is, with its groups, left out", "that at most 20 groups of "},
	} {
		data, err := os.ReadFile("../testdata/good/" + name)
		if err != nil {
			t.Fatal(err)
		}
		set, problems := slo.Load([]slo.File{{Name: name, Data: data}}, nil)
		if set == nil {
			t.Fatal(problems)
		}
		_, said, err := rules.Write(set)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(said.Error(), w) {
				t.Errorf("%s: %q is not said:\n%v", name, w, said)
			}
		}
		for _, p := range said {
			if p.File == "" || p.Line == 0 {
				t.Errorf("%s: nobody knows where: %v", name, p)
			}
		}
	}
}

const oneOfSeveral = `---
apiVersion: openslo/v1
kind: DataSource
metadata: {name: NAME}
spec: {type: Prometheus, connectionDetails: {url: "http://NAME:9090"}}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: slo-NAME}
spec:
  service: shop
  indicator:
    metadata: {name: slo-NAME}
    spec: {ratioMetric: {counter: true, bad: {metricSource: {metricSourceRef: NAME, spec: {query: bad_total}}}, total: {metricSource: {metricSourceRef: NAME, spec: {query: all_total}}}}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
`

// TestUnsaidSources says of each of several data sources that rules do not
// ask it by name, and nothing of the only one.
func TestUnsaidSources(t *testing.T) {
	for _, names := range [][]string{{"one"}, {"one", "other"}} {
		var text strings.Builder
		for _, name := range names {
			text.WriteString(strings.ReplaceAll(oneOfSeveral, "NAME", name))
		}
		set, problems := slo.Load([]slo.File{{Name: "a.yaml", Data: []byte(text.String())}}, nil)
		if set == nil {
			t.Fatal(problems)
		}
		_, said, err := rules.Write(set)
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range names {
			want := fmt.Sprintf("a.yaml:%d:1: warning: that %s is asked is left out", 2+17*i, name)
			if strings.Contains(said.Error(), want) != (len(names) > 1) {
				t.Errorf("of %v, %q: %v", names, want, said)
			}
		}
	}
}

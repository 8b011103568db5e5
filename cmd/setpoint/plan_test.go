package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/sli/promql/promtest"
)

// planDefinitions is an objective for each of n services, and one whose samples
// are those of an expression.
func planDefinitions(url string, n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `apiVersion: openslo/v1
kind: DataSource
metadata: {name: metrics}
spec:
  type: Prometheus
  connectionDetails: {url: %q, scrapeInterval: 15s}
`, url)
	slo := func(name, indicator string) {
		fmt.Fprintf(&b, `---
apiVersion: openslo/v1
kind: SLO
metadata: {name: %[1]s}
spec:
  service: shop
  budgetingMethod: Occurrences
  timeWindow: [{duration: 30d, isRolling: true}]
  objectives: [{target: 0.999%s}]
  indicator:
    metadata: {name: %[1]s}
    spec:
`, name, map[bool]string{true: ", op: lte, value: 0.5"}[name == "load"])
		b.WriteString(indicator)
	}
	for i := range n {
		slo(fmt.Sprint("service-", i), fmt.Sprintf(`      ratioMetric:
        counter: true
        bad: {metricSource: {metricSourceRef: metrics, spec: {query: 'sum(rate(requests_total{service="s%[1]d",code=~"5.."}[5m]))'}}}
        total: {metricSource: {metricSourceRef: metrics, spec: {query: 'sum(rate(requests_total{service="s%[1]d"}[5m]))'}}}
`, i))
	}
	slo("load", `      thresholdMetric: {metricSource: {metricSourceRef: metrics, spec: {query: 'max(load) / 2'}}}
`)
	return b.String()
}

// TestPlan: what a tick asks is told with the size of real answers, and curl
// repeats each request.
func TestPlan(t *testing.T) {
	server := promtest.Start(t, promtest.Config{Late: time.Hour})
	var samples []promtest.Sample
	for i := range 20 {
		for _, code := range []string{"200", "500"} {
			for age := 300; age > 0; age -= 15 {
				samples = append(samples, promtest.Sample{
					Labels: map[string]string{"__name__": "requests_total", "service": fmt.Sprint("s", i), "code": code},
					Milli:  time.Now().Add(-time.Duration(age) * time.Second).UnixMilli(), Value: float64(300 - age),
				})
			}
		}
	}
	must(t, server.Write(samples))
	file := filepath.Join(t.TempDir(), "slos.yaml")
	must(t, os.WriteFile(file, []byte(planDefinitions(strings.Replace(server.URL, "//", "//user:canary@", 1), 20)), 0o600))
	plan := func(args ...string) string {
		var out bytes.Buffer
		root := newRoot()
		root.SetArgs(append([]string{"plan", file}, args...))
		root.SetOut(&out)
		root.SetErr(&bytes.Buffer{})
		must(t, root.Execute())
		return out.String()
	}
	text := plan("--curl")
	for _, want := range []string{"2 requests for 21 objectives (each by itself: 41), 40 series, ", "raw   1m     20 ", "grid  1m     load", `requests_total{service=~"s0|s1|`, "curl -sS 'http", "***"} {
		if !strings.Contains(text, want) || strings.Contains(text, "canary") {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	var r planned
	must(t, json.Unmarshal([]byte(plan("--output", "json")), &r))
	for _, q := range r.Queries {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", q.Curl).Output()
		if err != nil || int64(len(out)) != q.Bytes || q.Mode == promql.ModeRaw && strings.Count(string(out), `"metric"`) != q.Series {
			t.Errorf("%s\n%v: got %d bytes, want %d of %d series", q.Curl, err, len(out), q.Bytes, q.Series)
		}
	}
}

// What has to be declared is told in the words of the declaration.
func TestPlanWarnsOfSparseSamples(t *testing.T) {
	var out bytes.Buffer
	printPlanned(&out, planned{Objectives: 1, Queries: []promql.Query{{Source: "shop", Query: "x_total", Series: 1, Sparse: 5 * time.Minute, Objectives: []string{"o"}}}}, false)
	if want := "warning: x_total: samples come each 5m. "; !strings.Contains(out.String(), want) || !strings.Contains(out.String(), "Declare scrapeInterval: 5m for the data source shop\n") {
		t.Errorf("no %q in:\n%s", want, &out)
	}
}

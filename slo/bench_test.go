package slo_test

import (
	"fmt"
	"strings"
	"testing"

	"setpoint.dev/setpoint/slo"
)

// BenchmarkLoad reads 10,000 objectives in as many files.
func BenchmarkLoad(b *testing.B) {
	files := make([]slo.File, 10_000)
	for i := range files {
		name := fmt.Sprintf("slo-%d", i)
		files[i] = slo.File{Name: name + ".yaml", Data: []byte(strings.ReplaceAll(oneSLO, "NAME", name))}
	}
	for b.Loop() {
		if set, problems := slo.Load(files, env); set == nil || len(set.Objectives) != len(files) {
			b.Fatal(problems)
		}
	}
}

const oneSLO = `apiVersion: openslo/v1
kind: SLO
metadata:
  name: NAME
  displayName: One of many
  labels: {team: shop, tier: "1"}
spec:
  description: 999 of 1000 requests get an answer.
  service: shop
  indicator:
    metadata: {name: NAME}
    spec:
      ratioMetric:
        counter: true
        bad:
          metricSource:
            type: Prometheus
            spec:
              query: sum(rate(http_requests_total{service="NAME", code=~"5.."}[5m]))
        total:
          metricSource:
            type: Prometheus
            spec:
              query: sum(rate(http_requests_total{service="NAME"}[5m]))
  timeWindow:
  - duration: 28d
    isRolling: true
  budgetingMethod: Occurrences
  objectives:
  - targetPercent: 99.9
`

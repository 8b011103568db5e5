package slo_test

import (
	"strings"
	"testing"

	"setpoint.dev/setpoint/slo"
)

// Objectives whose alert conditions are alike have them in common: of thousands
// they would be a tenth of the memory.
func TestConditionsAreShared(t *testing.T) {
	const sloOf = `---
apiVersion: openslo/v1
kind: SLO
metadata: {name: NAME, annotations: {setpoint.dev/alerts: standard}}
spec:
  service: shop
  indicator:
    metadata: {name: NAME-requests}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {spec: {query: 'sum(rate(bad_total[5m]))'}}}
        total: {metricSource: {spec: {query: 'sum(rate(all_total[5m]))'}}}
  timeWindow: [{duration: WINDOW, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{targetPercent: 99.9}]
`
	text := ""
	for _, o := range [][2]string{{"a", "28d"}, {"b", "28d"}, {"c", "7d"}} {
		text += strings.NewReplacer("NAME", o[0], "WINDOW", o[1]).Replace(sloOf)
	}
	set, problems := slo.Load([]slo.File{{Name: "a.yaml", Data: []byte(text)}}, nil)
	if problems.Err() != nil || len(set.Objectives) != 3 {
		t.Fatal(problems)
	}
	at := func(i int) *slo.AlertCondition { return &set.Objectives[i].Alerts[0].Conditions[0] }
	if at(0) != at(1) || at(1) == at(2) || at(2).Window == at(0).Window {
		t.Errorf("conditions of two objectives alike and of another: %p %p %p", at(0), at(1), at(2))
	}
}

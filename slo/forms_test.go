package slo_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"setpoint.dev/setpoint/slo"
)

const jsonSLO = `{
	"apiVersion": "openslo/v1", "kind": "SLO",
	"metadata": {"name": "a-\u0062", "annotations": {"link": "https:\/\/x.y\/z"}},
	"spec": {
		"description": "\ud83d\ude00",
		"service": "shop",
		"indicator": {"metadata": {"name": "i"}, "spec": {"ratioMetric": {"counter": true,
			"good": {"metricSource": {"spec": {"query": "sum(rate(a_total{code!~\"5..\"}[5m]))"}}},
			"total": {"metricSource": {"spec": {"query": "sum(rate(a_total[5m]))"}}}}}},
		"timeWindow": [{"duration": "28d", "isRolling": true}],
		"budgetingMethod": "Occurrences",
		"objectives": [{"target": 0.999}]
	}
}`

// TestJSON reads definitions in JSON: with tabs, escapes, characters beyond
// 16 bits, as a list, and as a list of Kubernetes.
func TestJSON(t *testing.T) {
	for name, text := range map[string]string{
		"one":        jsonSLO,
		"list":       "[" + jsonSLO + "]",
		"Kubernetes": `{"apiVersion": "v1", "kind": "List", "items": [` + jsonSLO + "]}",
	} {
		set, problems := slo.Load([]slo.File{{Name: "a.json", Data: []byte(text)}}, env)
		if set == nil || len(problems) > 0 || len(set.Objectives) != 1 {
			t.Errorf("%s: %v", name, problems)
			continue
		}
		if o := set.Objectives[0]; o.Name != "a-b" || o.Description != "😀" {
			t.Errorf("%s: got %q, %q", name, o.Name, o.Description)
		}
	}
}

// TestJSONProblems says where in JSON something is wrong.
func TestJSONProblems(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"typo", strings.Replace(jsonSLO, "isRolling", "isRoling", 1),
			"a.json:10:38: spec.timeWindow[0].isRoling: unknown key; expected one of duration, isRolling or calendar; did you mean isRolling?"},
		{"half of a pair", strings.Replace(jsonSLO, `\ud83d`, `\\`, 1), "a.json:5:23: not valid YAML"},
		{"half of a file", jsonSLO[:300], "a.json:"},
		{"a definition without its version", `{"kind": "SLO"}`, "a.json:1:1: apiVersion: missing"},
		{"a misspelt version", `{"apiVersio": "openslo/v1"}`, "a.json:1:2: apiVersio: unknown key"},
		{"a dashboard", `{"panels": [], "title": "x"}`, "a.json:1:1: warning: passed over: no definition"},
	}
	for _, tt := range tests {
		_, problems := slo.Load([]slo.File{{Name: "a.json", Data: []byte(tt.text)}}, env)
		if !strings.HasPrefix(problems.Error(), tt.want) {
			t.Errorf("%s: got %v; want %s", tt.name, problems, tt.want)
		}
	}
}

// TestReadFilesOfJSON reads JSON files of folders too.
func TestReadFilesOfJSON(t *testing.T) {
	files, problems := slo.ReadFiles(fstest.MapFS{"a.json": {Data: []byte("{}")}, "b.jsonl": {}}, ".", "")
	if len(files) != 1 || files[0].Name != "a.json" || problems != nil {
		t.Errorf("got %v, %v", files, problems)
	}
}

package slo_test

import (
	"strings"
	"testing"

	"setpoint.dev/setpoint/slo"
)

// speaking is an SLO over a query that only VictoriaMetrics reads; METRIC says
// where it is asked.
const speaking = `apiVersion: openslo/v1
kind: SLO
metadata: {name: orders}
spec:
  service: shop
  indicator:
    metadata: {name: orders}
    spec: {ratioMetric: {counter: true, bad: {metricSource: {METRIC spec: {query: 'sum(rate(bad_total[5m])) default 0'}}}, total: {metricSource: {METRIC spec: {query: all_total}}}}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
`

func sourceOf(name, kind string) string {
	return "---\napiVersion: openslo/v1\nkind: DataSource\nmetadata: {name: " + name + "}\nspec: {type: " + kind + ", connectionDetails: {url: \"http://" + name + ":8428\"}}\n"
}

// TestDialect reads MetricsQL where the data source does, wherever that is
// declared.
func TestDialect(t *testing.T) {
	const refused = "spec.indicator.spec.ratioMetric.bad.metricSource.spec.query: not valid PromQL: unexpected identifier \"default\"; expected PromQL, or a data source of the type VictoriaMetrics"
	for _, tt := range []struct{ name, metric, sources, want string }{
		{"the only source is one", "", sourceOf("vm", "VictoriaMetrics"), ""},
		{"the only source is one, in other letters", "", sourceOf("vm", "victoriametrics"), ""},
		{"the source that is named is one", "metricSourceRef: vm,", sourceOf("vm", "VictoriaMetrics") + sourceOf("prom", "Prometheus"), ""},
		{"the source is said to be one in place", "type: VictoriaMetrics,", sourceOf("prom", "Prometheus"), ""},
		{"the only source is another", "", sourceOf("prom", "Prometheus"), refused},
		{"the source that is named is another", "metricSourceRef: prom,", sourceOf("vm", "VictoriaMetrics") + sourceOf("prom", "Prometheus"), refused},
		{"no source is declared", "", "", "warning: spec.indicator.spec.ratioMetric.bad.metricSource.spec.query: only VictoriaMetrics can answer this query, for it is MetricsQL: not valid PromQL: unexpected identifier"},
	} {
		var again slo.Reader
		text := strings.ReplaceAll(speaking, "METRIC", tt.metric) + tt.sources
		set, problems := again.Load(filesNamed("f.yaml", text), env)
		if !strings.Contains(problems.Error(), tt.want) || (tt.want == "") != (problems == nil) || (set == nil) != (tt.want == refused) {
			t.Errorf("%s: %v", tt.name, problems)
		}
	}
}

// TestDialectChanges reads a file anew whose text is what it was, since its
// data source became another.
func TestDialectChanges(t *testing.T) {
	var r slo.Reader
	file := strings.ReplaceAll(speaking, "METRIC", "")
	for _, kind := range []string{"VictoriaMetrics", "Prometheus", "VictoriaMetrics"} {
		set, problems := r.Load(filesNamed("f.yaml", file, "source.yaml", sourceOf("metrics", kind)), env)
		if (set != nil) != (kind == "VictoriaMetrics") {
			t.Errorf("%s: %v", kind, problems)
		}
	}
}

package rules_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"setpoint.dev/setpoint/sli/promql/promtest"
)

// TestPromtool lets Prometheus' own tool check the rules of testdata, and play
// the incidents of testdata with them.
func TestPromtool(t *testing.T) {
	tool := promtool(t)
	for _, args := range [][]string{
		{"check", "rules", "testdata/rules.yaml", "testdata/own-alerts-rules.yaml", "testdata/strict-rules.yaml", "testdata/sampled-rules.yaml", "testdata/native-rules.yaml", "testdata/forms-rules.yaml"},
		{"test", "rules", "testdata/incident.yaml", "testdata/own-alerts-incident.yaml", "testdata/strict-incident.yaml", "testdata/sampled-incident.yaml"},
	} {
		if out, err := exec.CommandContext(t.Context(), tool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}

// promtool is beside prometheus, which make parts unpacks.
func promtool(t *testing.T) string {
	t.Helper()
	prometheus, err := promtest.Prometheus.Program()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(filepath.Dir(prometheus), "promtool")
}

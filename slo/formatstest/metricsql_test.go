package formatstest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/VictoriaMetrics/metricsql"
	"go.yaml.in/yaml/v4"
)

// TestMetricsQL reads what we write for Prometheus with VictoriaMetrics'
// parser: each expression of the rules and of the dashboard.
func TestMetricsQL(t *testing.T) {
	for _, expr := range append(ofRules(t), ofDashboard(t)...) {
		if _, err := metricsql.Parse(expr); err != nil {
			t.Errorf("%s: %v", expr, err)
		}
	}
}

func ofRules(t *testing.T) (exprs []string) {
	t.Helper()
	var file struct {
		Groups []struct{ Rules []struct{ Expr string } }
	}
	text, err := os.ReadFile("../rules/testdata/rules.yaml")
	more, wrong := os.ReadFile("../rules/testdata/sampled-rules.yaml")
	if err = errors.Join(err, wrong); err == nil {
		err = yaml.Unmarshal(append(text, bytes.TrimPrefix(more, []byte("groups:\n"))...), &file)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			exprs = append(exprs, r.Expr)
		}
	}
	if len(exprs) < 10 {
		t.Fatalf("%d expressions", len(exprs))
	}
	return exprs
}

func ofDashboard(t *testing.T) (exprs []string) {
	t.Helper()
	var board struct {
		Panels []struct{ Targets []struct{ Expr string } }
	}
	text, err := os.ReadFile("../rules/testdata/dashboard.json")
	if err == nil {
		err = json.Unmarshal(text, &board)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range board.Panels {
		for _, q := range p.Targets {
			exprs = append(exprs, q.Expr)
		}
	}
	if len(exprs) < 5 {
		t.Fatalf("%d expressions", len(exprs))
	}
	return exprs
}

package formatstest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
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

// ofRules are the expressions of all rules but those of native histograms,
// which VictoriaMetrics does not keep.
func ofRules(t *testing.T) (exprs []string) {
	t.Helper()
	names, err := filepath.Glob("../rules/testdata/*rules.yaml")
	if err != nil || len(names) < 6 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		var file struct {
			Groups []struct{ Rules []struct{ Expr string } }
		}
		text, err := os.ReadFile(name)
		if err == nil {
			err = yaml.Unmarshal(text, &file)
		}
		if err != nil {
			t.Fatal(name, err)
		}
		for _, g := range file.Groups {
			for _, r := range g.Rules {
				if !strings.Contains(r.Expr, "histogram_") {
					exprs = append(exprs, r.Expr)
				}
			}
		}
	}
	if len(exprs) < 300 {
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

package rules_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"setpoint.dev/setpoint/slo/rules"
)

const dashboardFile = "testdata/dashboard.json"

// TestDashboard compares the dashboard of testdata/objectives.yaml with
// testdata/dashboard.json.
func TestDashboard(t *testing.T) {
	got, err := rules.Dashboard(load(t, "testdata/objectives.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(dashboardFile, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(dashboardFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestDashboardAsks asks for nothing but what the rules record, with labels
// that they give it, in panels that do not lie on each other.
func TestDashboardAsks(t *testing.T) {
	set := load(t, "testdata/objectives.yaml")
	written, _, err := rules.Write(set)
	if err != nil {
		t.Fatal(err)
	}
	recorded := map[string]bool{"ALERTS": true}
	for _, g := range parse(t, written).Groups {
		for _, r := range g.Rules {
			recorded[r.Record] = true
		}
	}
	asked := map[string]bool{"ALERTS": true}
	for _, p := range board(t).Panels {
		for _, q := range p.Targets {
			for _, m := range selectors(t, q.Expr) {
				asked[m] = true
			}
		}
	}
	delete(recorded, "") // alerts record nothing
	if diff := cmp.Diff(recorded, asked); diff != "" {
		t.Errorf("what is recorded and what is asked for (-recorded +asked):\n%s", diff)
	}
}

// TestDashboardPlaces lays no panel on another.
func TestDashboardPlaces(t *testing.T) {
	taken := map[[2]int]string{}
	for _, p := range board(t).Panels {
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x > 23 {
					t.Fatalf("%s lies on %s at %d,%d", p.Title, other, x, y)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
	}
}

type shownBoard struct {
	Panels []struct {
		Title   string
		GridPos struct{ X, Y, W, H int }
		Targets []struct{ Expr string }
	}
}

func board(t *testing.T) (b shownBoard) {
	t.Helper()
	text, err := os.ReadFile(dashboardFile)
	if err == nil {
		err = json.Unmarshal(text, &b)
	}
	if err != nil || len(b.Panels) == 0 {
		t.Fatal(b, err)
	}
	return b
}

// selectors are the names of the metrics of an expression.
func selectors(t *testing.T, text string) (names []string) {
	t.Helper()
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		v, ok := n.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		names = append(names, v.Name)
		for _, m := range v.LabelMatchers {
			if !slices.Contains([]string{model.MetricNameLabel, "service", "slo", "alertname", "alertstate"}, m.Name) {
				t.Errorf("%s: no rule gives a label %s", text, m.Name)
			}
		}
		return nil
	})
	return names
}

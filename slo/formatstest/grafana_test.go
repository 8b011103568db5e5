package formatstest_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// TestGrafana reads the dashboard as Grafana's own schema has it: no key that
// it does not know, none missing, all values as they may be.
func TestGrafana(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	text, err := os.ReadFile("../rules/testdata/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var board dashboard.Dashboard
	if err := board.UnmarshalJSONStrict(text); err != nil {
		t.Fatal(err)
	}
	if err := board.Validate(); err != nil {
		t.Error(err)
	}
	var wrong dashboard.Dashboard
	if err := wrong.UnmarshalJSONStrict(bytes.Replace(text, []byte(`"gridPos"`), []byte(`"gridpos"`), 1)); err == nil {
		t.Error("a misspelt key is not missed")
	}
	if len(board.Panels) < 7 || len(board.Templating.List) != 3 {
		t.Errorf("%d panels, %d variables", len(board.Panels), len(board.Templating.List))
	}
}

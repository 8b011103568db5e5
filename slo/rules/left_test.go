package rules_test

import (
	"os"
	"strings"
	"testing"

	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/slo/rules"
)

// TestUnsaid lists what rules have no words for, each definition with its
// place.
func TestUnsaid(t *testing.T) {
	for name, want := range map[string][]string{
		"full.yaml":       {"the Actuator checkout-releases is left out", "the ControlLoop releases is left out", "the ReleasePolicy "},
		"exemptions.yaml": {"the Calendar ", "the Adjustment ", "the SLA "},
		"calendar.yaml":   {"the window of month, each 1M from 2026-01-01 00:00 Europe/Berlin, is left out"},
		"metricsql.yaml":  {"the rules of fast are MetricsQL"},
		"groups.yaml":     {"the objective weighed is, with its groups, left out", "that at most 20 groups of "},
	} {
		data, err := os.ReadFile("../testdata/good/" + name)
		if err != nil {
			t.Fatal(err)
		}
		set, problems := slo.Load([]slo.File{{Name: name, Data: data}}, nil)
		if set == nil {
			t.Fatal(problems)
		}
		_, said, err := rules.Write(set)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(said.Error(), w) {
				t.Errorf("%s: %q is not said:\n%v", name, w, said)
			}
		}
		for _, p := range said {
			if p.File == "" || p.Line == 0 {
				t.Errorf("%s: nobody knows where: %v", name, p)
			}
		}
	}
}

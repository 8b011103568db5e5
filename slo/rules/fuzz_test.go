package rules_test

import (
	"os"
	"path/filepath"
	"testing"

	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/slo/rules"
)

// FuzzWrite writes the rules and the dashboard of any definitions: Prometheus
// reads each rule, but for those of queries that it does not read.
func FuzzWrite(f *testing.F) {
	names, err := filepath.Glob("../testdata/good/*.yaml")
	if err != nil || len(names) == 0 {
		f.Fatalf("no definitions: %v", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		set, _ := slo.Load([]slo.File{{Name: "f.yaml", Data: data}}, nil)
		if set == nil {
			return
		}
		made, said, err := rules.Write(set)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range said {
			if p.File == "" || p.Line == 0 {
				t.Fatalf("nobody knows where: %v", p)
			}
		}
		if !anyMetricsQL(set) {
			parse(t, made)
		}
		if _, err := rules.Dashboard(set); err != nil {
			t.Fatal(err)
		}
	})
}

func anyMetricsQL(set *slo.Set) bool {
	for _, o := range set.Objectives {
		if slo.IsMetricsQL(o.Indicator.Query) {
			return true
		}
	}
	for _, g := range set.Groupings {
		if slo.IsMetricsQL(g.Each.Indicator.Query) {
			return true
		}
	}
	return false
}

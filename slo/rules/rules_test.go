package rules_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"

	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/slo/pyrra"
	"setpoint.dev/setpoint/slo/rules"
	"setpoint.dev/setpoint/slo/sloth"
)

var update = flag.Bool("update", false, "write what is got as what is wanted")

func load(t *testing.T, name string) *slo.Set {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	set, problems := slo.Load([]slo.File{{Name: name, Data: data}}, nil, sloth.Importer{}, pyrra.Importer{})
	if set == nil {
		t.Fatal(problems)
	}
	return set
}

// TestWrite compares the rules of definitions in testdata with those beside
// them.
func TestWrite(t *testing.T) {
	for from, to := range map[string]string{"objectives.yaml": "rules.yaml", "own-alerts.yaml": "own-alerts-rules.yaml", "strict.yaml": "strict-rules.yaml",
		"sampled.yaml": "sampled-rules.yaml", "forms.yaml": "forms-rules.yaml", "native.yaml": "native-rules.yaml"} {
		got, problems, err := rules.Write(load(t, "testdata/"+from))
		if err != nil {
			t.Fatal(err)
		}
		parse(t, got)
		text := string(got)
		for _, p := range problems {
			text += "# " + p.String() + "\n"
		}
		if *update {
			if err := os.WriteFile("testdata/"+to, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile("testdata/" + to)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), text); diff != "" {
			t.Errorf("%s (-want +got):\n%s", from, diff)
		}
	}
}

type written struct {
	Groups []struct {
		Name, Interval string
		Rules          []struct {
			Record, Alert, Expr, For string
			Labels, Annotations      map[string]string
		}
	}
}

// parse reads a rule file, and each expression and duration with Prometheus'
// own parser.
func parse(t interface{ Fatalf(string, ...any) }, text []byte) (w written) {
	if err := yaml.Unmarshal(text, &w); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, g := range w.Groups {
		for _, r := range g.Rules {
			if _, err := parser.NewParser(parser.Options{}).ParseExpr(r.Expr); err != nil {
				t.Fatalf("%s %s: %v\n%s", g.Name, r.Record+r.Alert, err, r.Expr)
			}
			if (r.Record == "") == (r.Alert == "") {
				t.Fatalf("a rule records or alerts: %+v", r)
			}
		}
	}
	return w
}

func shown(tiers []rules.Tier) (out []string) {
	for _, t := range tiers {
		c := t.Conditions[0]
		out = append(out, fmt.Sprintf("%s %s %s@%s/%s %s", t.Name, t.Severity, c.Burn, slo.Span(c.Window), slo.Span(c.Short), slo.Span(t.For)))
	}
	return out
}

const slothSLO = "version: prometheus/v1\nservice: a\nslos: [{name: b, objective: 99.9, sli: {events: {error_query: 'rate(bad_total[{{.window}}])', total_query: 'rate(all_total[{{.window}}])'}}%s}]\n"

const slothWindows = "---\napiVersion: sloth.slok.dev/v1\nkind: AlertWindows\nspec:\n  sloPeriod: 30d\n" +
	"  page: {quick: {errorBudgetPercent: 8, shortWindow: 5m, longWindow: 1h}, slow: {errorBudgetPercent: 12.5, shortWindow: 30m, longWindow: 6h}}\n" +
	"  ticket: {quick: {errorBudgetPercent: 20, shortWindow: 2h, longWindow: 1d}, slow: {errorBudgetPercent: 42, shortWindow: 6h, longWindow: 3d}}\n"

const pyrraSLO = "apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\nmetadata: {name: a}\n" +
	"spec: {target: \"99.9\", window: %s, indicator: {ratio: {errors: {metric: bad_total}, total: {metric: all_total}}}%s}\n"

// TestTiers compares the tiers of documents for Sloth and Pyrra with those
// that these tools write for them.
func TestTiers(t *testing.T) {
	page, ticket := []string{"A page 14.4@1h/5m 0s", "A page 6@6h/30m 0s"}, []string{"A ticket 3@1d/2h 0s", "A ticket 1@3d/6h 0s"}
	tests := []struct {
		name, doc string
		want      []string
	}{
		{"Sloth, 30 days", fmt.Sprintf(slothSLO, ", alerting: {name: A}"), slices.Concat(page, ticket)},
		{"Sloth, no tickets", fmt.Sprintf(slothSLO, ", alerting: {name: A, ticket_alert: {disable: true}}"), page},
		{"Sloth, no pages, a severity", fmt.Sprintf(slothSLO, ", alerting: {name: A, page_alert: {disable: true}, ticket_alert: {labels: {severity: slack}}}"),
			[]string{"A slack 3@1d/2h 0s", "A slack 1@3d/6h 0s"}},
		{"Sloth, windows", fmt.Sprintf(slothSLO, ", alerting: {name: A}") + slothWindows,
			[]string{"A page 57.6@1h/5m 0s", "A page 15@6h/30m 0s", "A ticket 6@1d/2h 0s", "A ticket 4.2@3d/6h 0s"}},
		{"nothing is declared", fmt.Sprintf(slothSLO, ""),
			[]string{"ErrorBudgetBurn page 14.4@1h/5m 0s", "ErrorBudgetBurn page 6@6h/30m 0s", "ErrorBudgetBurn ticket 3@1d/2h 0s", "ErrorBudgetBurn ticket 1@3d/6h 0s"}},
		{"Pyrra, 28 days", fmt.Sprintf(pyrraSLO, "28d", ""), []string{
			"ErrorBudgetBurn critical 14@1h/5m 2m", "ErrorBudgetBurn critical 7@6h/30m 15m",
			"ErrorBudgetBurn warning 2@1d/2h 1h", "ErrorBudgetBurn warning 1@4d/6h 3h"}},
		{"Pyrra, 2 weeks", fmt.Sprintf(pyrraSLO, "2w", ", alerting: {name: B, severities: {slowBurn: info}}"), []string{
			"B critical 14@30m/3m 1m", "B critical 7@3h/15m 8m", "B info 2@12h/1h 30m", "B warning 1@2d/3h 1h30m"}},
		{"Sloth, no alerts", fmt.Sprintf(slothSLO, ", alerting: {page_alert: {disable: true}, ticket_alert: {disable: true}}"), nil},
		{"Pyrra, no alerts", fmt.Sprintf(pyrraSLO, "28d", ", alerting: {disabled: true}"), nil},
		{"Pyrra, no burn rates", fmt.Sprintf(pyrraSLO, "28d", ", alerting: {burnrates: false}"), nil},
	}
	for _, tt := range tests {
		set, problems := slo.Load([]slo.File{{Name: "a.yaml", Data: []byte(tt.doc)}}, nil, sloth.Importer{}, pyrra.Importer{})
		if set == nil {
			t.Errorf("%s: %v", tt.name, problems)
			continue
		}
		if diff := cmp.Diff(tt.want, shown(rules.Tiers(set.Objectives[0]))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestImpossible leaves out what could never fire, and says so.
func TestImpossible(t *testing.T) {
	o := slo.Objective{
		Name: "a", Service: "b", Target: slo.NewDecimal(9, 1), Window: slo.Window{Length: time.Hour},
		Labels: map[string]string{"ok": "1", "not ok": "2", "severity": "3"}, Indicator: slo.Indicator{Good: "good_total", Total: "all_total"},
	}
	got, problems, err := rules.Write(&slo.Set{Objectives: []slo.Objective{o}})
	if err != nil {
		t.Fatal(err)
	}
	if w := parse(t, got); len(w.Groups[0].Rules) != 5 {
		t.Errorf("got %d rules, want 3 ratios and 2 alerts:\n%s", len(w.Groups[0].Rules), got)
	}
	said := problems.Error()
	for _, want := range []string{"14.4 times burn is left out: 1.44 of", "6 times burn is left out: its window of 30s", "the label not ok", "the label severity"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said:\n%s", want, said)
		}
	}
}

// TestAnything writes rules that parse, for any target, window and tiers, and
// none with a threshold that cannot be reached.
func TestAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := slo.Objective{
			Name: "a", Service: `b"\`, Target: slo.NewDecimal(rapid.Int64Range(1, 999_999_999).Draw(t, "target"), 9),
			Window:    slo.Window{Length: time.Duration(rapid.Int64Range(60, 63_244_800).Draw(t, "seconds")) * time.Second},
			Indicator: slo.Indicator{Bad: `sum(rate(bad_total{a="\"{}"}[5m])) + rate(worse_total[5m])`, Total: "rate(all_total[1m])"},
		}
		want := 4
		if rapid.Bool().Draw(t, "own") {
			o.Alerts, want = own(t), 2
		}
		got, problems, err := rules.Write(&slo.Set{Objectives: []slo.Objective{o}})
		if err != nil {
			t.Fatal(err)
		}
		alerts := 0
		for _, r := range parse(t, got).Groups[0].Rules {
			if r.Alert != "" {
				alerts++
			}
		}
		if alerts+len(problems) != want {
			t.Fatalf("%d alerts and %d problems; want %d tiers:\n%s", alerts, len(problems), want, got)
		}
	})
}

// own is a policy of two alerts: one of two conditions, one of missing data.
func own(t *rapid.T) []slo.AlertPolicy {
	condition := func(name string) slo.AlertCondition {
		long := time.Duration(rapid.Int64Range(60, 86_400).Draw(t, name)) * time.Second
		return slo.AlertCondition{
			Name: name, Severity: "page", Burn: slo.NewDecimal(rapid.Int64Range(1, 100_000).Draw(t, name+" burn"), 3),
			Window: long, Short: max(long/12, time.Second), MinBad: rapid.Int64Range(0, 9).Draw(t, name+" bad"), After: time.Minute,
		}
	}
	return []slo.AlertPolicy{{
		Name: "own", Breaching: true, All: true, Keep: time.Minute, Conditions: []slo.AlertCondition{condition("a"), condition("b"), {Name: "c", Off: true}},
		NoData: slo.NoDataAlert{On: true, Severity: "ticket", After: 5 * time.Minute}, Labels: map[string]string{"team": "x", "a b": "y"},
	}}
}

// Package slothtest holds alerts that were written for Sloth against Sloth's
// own library. It is a module of its own: the library needs a Prometheus
// that is older than ours.
package slothtest_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	sloth "github.com/slok/sloth/pkg/lib"
	"go.yaml.in/yaml/v4"
)

// ownWindows is a catalogue of alert windows.
const ownWindows = `apiVersion: sloth.slok.dev/v1
kind: AlertWindows
spec:
  sloPeriod: 30d
  page:
    quick: {errorBudgetPercent: 8, shortWindow: 5m, longWindow: 1h}
    slow: {errorBudgetPercent: 12.5, shortWindow: 30m, longWindow: 6h}
  ticket:
    quick: {errorBudgetPercent: 20, shortWindow: 2h, longWindow: 1d}
    slow: {errorBudgetPercent: 42, shortWindow: 6h, longWindow: 3d}
`

const forSloth = `version: prometheus/v1
service: shop
slos:
- {name: whole, objective: 99.9, sli: {events: {error_query: 'rate(bad_total[{{.window}}])', total_query: 'rate(all_total[{{.window}}])'}}, alerting: {name: A}}
- {name: tickets, objective: 97.25, sli: {events: {error_query: 'rate(bad_total[{{.window}}])', total_query: 'rate(all_total[{{.window}}])'}}, alerting: {name: B, page_alert: {disable: true}}}
- {name: pages, objective: 99.995, sli: {raw: {error_ratio_query: 'avg_over_time(share[{{.window}}])'}}, alerting: {name: C, ticket_alert: {disable: true}}}
`

// TestSlothTiers holds the alerts of documents for Sloth against those that
// Sloth writes for them: the same windows and thresholds, which are
// factors times budgets.
func TestSlothTiers(t *testing.T) {
	setpoint := filepath.Join(t.TempDir(), "setpoint")
	if out, err := exec.Command("go", "build", "-C", "../..", "-o", setpoint, "./cmd/setpoint").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	compared := slothTiers(t, setpoint, forSloth, "") + slothTiers(t, setpoint, forSloth, ownWindows)
	for _, name := range slothExamples(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		compared += slothTiers(t, setpoint, string(text), "")
	}
	if compared < 40 {
		t.Errorf("%d tiers were compared, fewer than there were", compared)
	}
}

// slothExamples are the examples of Sloth that need no plugins, one document
// in each.
func slothExamples(t *testing.T) (names []string) {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/slok/sloth").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"getting-started", "home-wifi", "kubernetes-apiserver", "no-alerts", "raw-home-wifi", "victoria-metrics", "k8s-getting-started", "k8s-home-wifi"} {
		names = append(names, filepath.Join(strings.TrimSpace(string(dir)), "examples", name+".yml"))
	}
	return names
}

// slothTiers compares the tiers of one document, and counts them.
func slothTiers(t *testing.T, setpoint, doc, windows string) int {
	t.Helper()
	var cfg sloth.PrometheusSLOGeneratorConfig
	if windows != "" {
		cfg.WindowsFS = fstest.MapFS{"windows.yaml": {Data: []byte(windows)}}
	}
	gen, err := sloth.NewPrometheusSLOGenerator(cfg)
	if err != nil {
		t.Fatal(err)
	}
	made, err := gen.GenerateFromRaw(t.Context(), []byte(doc))
	if err != nil {
		t.Fatalf("Sloth refuses its own: %v", err)
	}
	want, n := map[string][]string{}, 0
	for _, one := range made.SLOResults {
		name := strings.ReplaceAll(strings.ToLower(one.SLO.ID), "_", "-")
		for _, r := range one.PrometheusRules.AlertRules.Rules {
			want[name] = append(want[name], slothAlert(t, r.Alert, r.Expr, r.Labels["sloth_severity"])...)
		}
		n += len(want[name])
	}
	if diff := cmp.Diff(want, ours(t, setpoint, doc, windows)); diff != "" {
		t.Errorf("-Sloth +here:\n%s\n%s", diff, doc)
	}
	return n
}

// slothAlert are the tiers of an alert of Sloth.
func slothAlert(t *testing.T, name, expr, severity string) (tiers []string) {
	t.Helper()
	parts := regexp.MustCompile(`ratio_rate(\w+)\{[^}]*\} > \((\S+) \* ([^)\s]+)\)`).FindAllStringSubmatch(expr, -1)
	if len(parts) != 4 {
		t.Fatalf("the alert is not of four burn rates: %s", expr)
	}
	for i := 0; i < 4; i += 2 {
		short, long := parts[i], parts[i+1]
		if number(t, long[2])*number(t, long[3]) >= 1 {
			continue // it could never fire, which is said here, and left out
		}
		if short[2] != long[2] || short[3] != long[3] {
			t.Fatalf("two thresholds: %s", expr)
		}
		tiers = append(tiers, fmt.Sprintf("%s %s: %.9g over %s and %s", name, severity, number(t, long[2])*number(t, long[3]), long[1], short[1]))
	}
	return tiers
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// ours are the tiers that Setpoint writes for a document, by objective.
func ours(t *testing.T, setpoint, doc, windows string) map[string][]string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"slos.yaml": doc, "windows.yaml": windows} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(setpoint, "convert", dir, "--to", "prometheus-rules").Output()
	if err != nil {
		t.Fatalf("%s: %v", doc, err)
	}
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Labels      map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(out, &file); err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			if r.Alert == "" {
				continue
			}
			name, severity := r.Labels["slo"], "page"
			if strings.HasSuffix(r.Labels["policy"], "-ticket") {
				severity = "ticket"
			}
			limit := regexp.MustCompile(`>= (\S+)`).FindStringSubmatch(r.Expr)
			got[name] = append(got[name], fmt.Sprintf("%s %s: %.9g over %s and %s", r.Alert, severity, number(t, limit[1]), r.Labels["long"], r.Labels["short"]))
		}
	}
	return got
}

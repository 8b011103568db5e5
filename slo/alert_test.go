package slo_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"setpoint.dev/setpoint/slo"
)

const alertedSLO = `apiVersion: openslo/v1
kind: SLO
metadata: {name: a, annotations: {setpoint.dev/alerts: standard}}
spec:
  service: shop
  indicator:
    metadata: {name: a}
    spec: {ratioMetric: {counter: true, bad: {metricSource: {spec: {query: bad_total}}}, total: {metricSource: {spec: {query: all_total}}}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.999}]
`

// aTarget is a target of a name, with an address or without.
func aTarget(name, way, annotations string) string {
	return fmt.Sprintf("---\napiVersion: openslo/v1\nkind: AlertNotificationTarget\nmetadata: {name: %s%s}\nspec: {target: %s}\n", name, annotations, way)
}

// TestTargetAddresses: an Alertmanager without an address is the only one that
// has one, or that of the environment; when there is none a warning says so,
// once.
func TestTargetAddresses(t *testing.T) {
	at := func(url string) string { return ", annotations: {setpoint.dev/url: '" + url + "'}" }
	const none = "alerts are shown, and sent to no Alertmanager"
	tests := []struct {
		name, docs, env, want, said string
	}{
		{"the environment", "", "http://env:9093", "alertmanager http://env:9093", ""},
		{"nothing", "", "", "alertmanager ", none},
		{"no address", "", "env:9093", "alertmanager ", none},
		{"declared without an address", aTarget("am", "alertmanager", ""), "http://env:9093", "am http://env:9093", ""},
		{"the only one", aTarget("am", "Alertmanager", "") + aTarget("other", "alertmanager", at("http://other:9093")), "http://env:9093", "am http://other:9093, other http://other:9093", ""},
		{"several", aTarget("am", "alertmanager", "") + aTarget("b", "alertmanager", at("http://b:9093")) + aTarget("c", "alertmanager", at("http://c:9093")),
			"http://env:9093", "b http://b:9093, c http://c:9093", "several are declared"},
		{"mail only", aTarget("mail", "email", ""), "http://env:9093", "", "nothing is sent there"},
	}
	for _, tt := range tests {
		env := func(name string) (string, bool) {
			v := map[string]string{"ALERTMANAGER_URL": tt.env, "PROMETHEUS_URL": "http://metrics"}[name]
			return v, v != ""
		}
		set, problems := slo.Load([]slo.File{{Name: "a.yaml", Data: []byte(alertedSLO + tt.docs)}}, env)
		if set == nil {
			t.Errorf("%s: %v", tt.name, problems)
			continue
		}
		var got []string
		for _, x := range set.Objectives[0].Alerts[0].Targets {
			got = append(got, x.Name+" "+x.URL.Reveal())
		}
		if strings.Join(got, ", ") != tt.want {
			t.Errorf("%s: targets %q, want %q", tt.name, got, tt.want)
		}
		if said := problems.Error(); strings.Count(said, none) > 1 || !strings.Contains(said, tt.said) || tt.said == "" && len(problems) > 0 {
			t.Errorf("%s: said %q, want %q", tt.name, said, tt.said)
		}
	}
}

// TestStandardTiers: for any window the tiers burn the same shares of its
// budget, in windows that are no shorter than a slice, and all of them can be
// reached; those that cannot are left out with a warning.
func TestStandardTiers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.IntRange(1, 700).Draw(t, "days")
		target := fmt.Sprintf("0.%03d", rapid.IntRange(1, 999).Draw(t, "target"))
		text := strings.NewReplacer("30d", fmt.Sprintf("%dd", days), "0.999", target).Replace(alertedSLO)
		set, problems := slo.Load([]slo.File{{Name: "a.yaml", Data: []byte(text)}}, nil)
		if set == nil {
			t.Fatal(problems)
		}
		o := set.Objectives[0]
		tiers := o.Alerts[0].Conditions
		if missing := strings.Count(problems.Error(), "can never hold"); len(tiers)+missing != 4 {
			t.Fatalf("%d tiers and %d warnings: %v", len(tiers), missing, problems)
		}
		for _, c := range tiers {
			burnt := c.Burn.Float() * c.Window.Seconds() / o.Window.Length.Seconds()
			if diff := burnt - c.Share.Float(); diff > 1e-6 || diff < -1e-6 {
				t.Errorf("%s: %v of the budget burns in %s, want %v", c.Name, burnt, c.Window, c.Share)
			}
			if c.Short < o.Slice || c.Short > c.Window || c.Burn.Float()*o.Budget().Float() >= 1 {
				t.Errorf("%s: %+v", c.Name, c)
			}
		}
	})
}

// TestAlertsDoc reads the policy and the targets that docs/alerts.md has to
// copy.
func TestAlertsDoc(t *testing.T) {
	text, err := os.ReadFile("../docs/alerts.md")
	if err != nil {
		t.Fatal(err)
	}
	var docs []string
	for _, m := range regexp.MustCompile("(?s)```yaml\n(apiVersion.*?)```").FindAllStringSubmatch(string(text), -1) {
		if !strings.Contains(m[1], "kind: SLO") {
			docs = append(docs, m[1])
		}
	}
	set, problems := slo.Load([]slo.File{{Name: "alerts.md", Data: []byte(strings.Join(docs, "---\n"))}}, nil)
	if set == nil || len(problems) > 0 || len(set.AlertPolicies) != 1 || len(set.NotificationTargets) != 2 {
		t.Fatalf("%v\n%s", problems, strings.Join(docs, "---\n"))
	}
	want := slo.NoDataAlert{On: true, Severity: "page", After: 10 * time.Minute}
	if diff := cmp.Diff(want, set.AlertPolicies[0].NoData); diff != "" {
		t.Error(diff)
	}
}

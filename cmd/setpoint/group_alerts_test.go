//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/sli/promql/promtest"
)

// The policy of the alerts of groups, and of a composite.
const groupAlerts = `
  alertPolicies:
  - kind: AlertPolicy
    metadata: {name: POLICY, labels: {team: shop}}
    spec:
      alertWhenBreaching: true
      conditions:
      - kind: AlertCondition
        metadata: {name: fast, annotations: {setpoint.dev/shortWindow: 5s}}
        spec: {severity: page, condition: {threshold: 2, lookbackWindow: 1m}}
      notificationTargets:
      - kind: AlertNotificationTarget
        metadata: {name: alertmanager}
        spec: {target: alertmanager}
`

// Alerts of one group of two, and of a composite, are told to a real
// Alertmanager, by the labels of their objectives and policies.
func TestGroupsAndCompositesAreTold(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	am := promtest.StartAlertmanager(t, "route: {receiver: none}\nreceivers: [{name: none}]\n", "")
	v := newServer(s, "observe", "1s")
	shared.counters.flow(s.name+"-two", 0, 100)
	docs := strings.Split(strings.TrimSuffix(twoShops, "\n"), "\n---\n")
	grouped := strings.Replace(docs[0], "  name: shops\n", "  name: shops\n  labels: {region: eu}\n", 1) + strings.ReplaceAll(groupAlerts, "POLICY", "of-groups")
	composite := strings.Replace(docs[1], "metadata: {name: everything}", "metadata: {name: everything, labels: {scope: all}}", 1) + strings.ReplaceAll(groupAlerts, "POLICY", "of-all")
	file := filepath.Join(t.TempDir(), "groups.yaml")
	must(t, os.WriteFile(file, []byte(strings.ReplaceAll(grouped+"---\n"+composite, "SHOP", s.name)), 0o600))
	v.args = append(v.args, file)
	v.env = append(v.env, "ALERTMANAGER_URL="+am.URL)
	v.start()
	by := map[string]map[string]string{}
	ill := "shops/shop=" + s.name + "-two"
	v.within(100*time.Second, "the alerts of the group that is ill and of the composite are told", func() bool {
		for _, a := range alertsAt(t, am.URL) {
			by[a.Labels["slo"]] = a.Labels
		}
		return by[ill] != nil && by["everything"] != nil
	})
	if got := by[ill]; got["team"] != "shop" || got["region"] != "eu" || got["severity"] != "page" || got["policy"] != "of-groups" || got["service"] != "checkout" {
		t.Errorf("the alert of a group has labels %v", got)
	}
	if got := by["everything"]; got["team"] != "shop" || got["scope"] != "all" || got["policy"] != "of-all" {
		t.Errorf("the alert of a composite has labels %v", got)
	}
	if well := by["shops/shop="+s.name]; well != nil || by["shops"] != nil {
		t.Errorf("told too: %v of the group that is well, %v of all groups together", well, by["shops"])
	}
}

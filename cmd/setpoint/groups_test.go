//go:build linux

package main

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/client"
)

// Two shops of one definition, which the server finds in its metrics: one is
// well, the other is not, any that is down counts, and a composite weighs that.
const twoShops = `apiVersion: openslo/v1
kind: SLO
metadata:
  name: shops
  annotations: {setpoint.dev/slice: 5s, setpoint.dev/groupBy: shop, setpoint.dev/groupAggregate: anyDown}
spec:
  service: checkout
  budgetingMethod: Occurrences
  timeWindow: [{duration: 10m, isRolling: true}]
  objectives: [{targetPercent: 90}]
  indicator:
    metadata: {name: shops}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {metricSourceRef: metrics, spec: {query: 'checkout_good_total{shop=~"SHOP|SHOP-two"}'}}}
        total: {metricSource: {metricSourceRef: metrics, spec: {query: 'checkout_requests_total{shop=~"SHOP|SHOP-two"}'}}}
---
apiVersion: setpoint.dev/v1
kind: CompositeSLO
metadata: {name: everything}
spec:
  service: checkout
  components: [{objective: checkout-fast, weight: 3}, {objective: shops}]
  budgetingMethod: Occurrences
  timeWindow: [{duration: 10m, isRolling: true}]
  objectives: [{targetPercent: 90}]
`

func TestGroupsAndComposites(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	v, f, _ := newFolder(t, s, "observe")
	shared.counters.flow(s.name+"-two", 0, 100)
	v.inSight()
	f.put("shops.yaml", strings.ReplaceAll(twoShops, "SHOP", s.name))
	by := map[string]client.Objective{}
	v.within(100*time.Second, "both shops have budgets", func() bool {
		for _, o := range v.status().Objectives {
			by[o.Name] = o
		}
		return by["shops/shop="+s.name].Budget.Known && by["shops/shop="+s.name+"-two"].Budget.Known && by["everything"].Budget.Known && by["everything"].Remaining < 0
	})
	if well, ill := by["shops/shop="+s.name], by["shops/shop="+s.name+"-two"]; well.Budget.Bad > 0 || ill.Status != "exhausted" || ill.Of != "shops" || ill.Group["shop"] != s.name+"-two" {
		t.Errorf("the shops have %+v and %+v", well, ill)
	}
	sum := 0.0
	for _, c := range by["everything"].Components {
		sum += c.Burnt
	}
	if o := by["everything"]; len(o.Components) != 2 || o.Components[0].Burnt != 0 || sum-(1-o.Remaining) > 1e-9 || (1-o.Remaining)-sum > 1e-9 {
		t.Errorf("of everything %+v, with %g left, the components used up %g", o.Components, o.Remaining, sum)
	}
	if page := v.get("/objectives/" + url.PathEscape("shops/shop="+s.name+"-two")); !strings.Contains(page, `One group of <a href="/objectives/shops">shops</a>`) {
		t.Error("the page of a group does not say what it is a group of")
	}
	if r := v.run("status"); r.code != 0 || !strings.Contains(r.out, "shops/shop="+s.name+"-two") {
		t.Errorf("status: %s", r)
	}
}

package slo_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"setpoint.dev/setpoint/slo"
)

// Whatever a query is made of, it arrives at the page as it is, and nowhere
// else in the address.
func TestPageOf(t *testing.T) {
	const query = `sum(rate(a_total{b="c&d=e#f%41", g=~"h+|</a>\""}[5m])) / 2`
	for _, c := range []struct{ page, begin, key string }{
		{"http://prometheus:9090/graph", "http://prometheus:9090/graph?g0.expr=", "g0.expr"},
		{"https://prometheus.example/prefix/query/", "https://prometheus.example/prefix/query?g0.expr=", "g0.expr"},
		{"http://vm:8428/vmui", "http://vm:8428/vmui/#/?g0.expr=", "#g0.expr"},
		{"https://vm.example/select/0/vmui/#/", "https://vm.example/select/0/vmui/#/?g0.expr=", "#g0.expr"},
		{"https://grafana.example/explore?datasource=P1&orgId=2", "https://grafana.example/explore?orgId=2&panes=", "panes"},
		{"https://other.example/?tab=1&q={query}", "https://other.example/?tab=1&q=", "q"},
	} {
		got, ok := slo.Source{Page: c.page}.PageOf(query)
		u, err := url.Parse(got)
		if !ok || err != nil || !strings.HasPrefix(got, c.begin) || strings.ContainsAny(got, "\"<> ") {
			t.Errorf("%s: %q, %t, %v", c.page, got, ok, err)
			continue
		}
		values := u.Query()
		if key, fragment := strings.CutPrefix(c.key, "#"); fragment {
			_, raw, _ := strings.Cut(got, "#/?")
			if values, err = url.ParseQuery(raw); err != nil {
				t.Fatal(err)
			}
			c.key = key
		}
		is := values.Get(c.key)
		if c.key == "panes" {
			var panes map[string]struct {
				Datasource string
				Queries    []struct{ Expr string }
			}
			if err := json.Unmarshal([]byte(is), &panes); err != nil || panes["setpoint"].Datasource != "P1" || values.Get("datasource") != "" {
				t.Errorf("%v: %s", err, is)
			}
			is = panes["setpoint"].Queries[0].Expr
		}
		if is != query {
			t.Errorf("%s: the query arrives as %q", c.page, is)
		}
	}
	if got, ok := (slo.Source{URL: "http://metrics:9090"}).PageOf(query); ok {
		t.Errorf("without a page: %q", got)
	}
}

package web_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/slo"
)

// TestGroups shows the objective of a group whose label holds anything: its
// page, its links, the API and the metrics.
func TestGroups(t *testing.T) {
	w, s := incident(time.Minute)
	g := slo.Grouping{Objective: "checkout-latency", By: []string{"region", "tenant"}, Limit: 9, Each: w.set.Objectives[1]}
	w.set.Groupings = []slo.Grouping{g}
	w.set = w.set.WithGroups(map[string][]slo.Group{"checkout-latency": {{"eu/west", `a"b<c>`}, {"", "ä b"}}})
	child := w.set.Objectives[2]
	if child.Name != "checkout-latency/region=,tenant=%C3%A4%20b" || child.Of != "checkout-latency" {
		t.Fatalf("the groups are %+v", w.set.Objectives)
	}
	st := w.report.States[1]
	st.Objective = child.Name
	w.report.States = append(w.report.States, st)
	for _, o := range w.set.Objectives {
		page := get(t, s.Handler(), "/objectives/"+url.PathEscape(o.Name))
		if page.code != 200 || !strings.Contains(page.body, "<h1>"+o.Name) {
			t.Errorf("%s: %d", o.Name, page.code)
		}
		if overview := get(t, s.Handler(), "/").body; !strings.Contains(overview, `href="/objectives/`+url.PathEscape(o.Name)+`"`) {
			t.Errorf("the overview does not lead to %s", o.Name)
		}
		var got client.Objective
		if err := json.Unmarshal([]byte(get(t, s.Handler(), "/v1/objectives/"+url.PathEscape(o.Name)).body), &got); err != nil || got.Name != o.Name || got.Of != o.Of || got.Group["region"] != o.Group["region"] {
			t.Errorf("the API says of %s: %+v, %v", o.Name, got, err)
		}
	}
	if body := get(t, s.Handler(), "/metrics").body; !strings.Contains(body, `setpoint_budget_remaining_ratio{objective="`+child.Name+`",service="checkout"}`) {
		t.Errorf("no metrics of %s", child.Name)
	}
	if page := get(t, s.Handler(), "/objectives/checkout-latency").body; !strings.Contains(page, "By region and tenant") || !strings.Contains(page, "region eu/west, tenant a&#34;b&lt;c&gt;") {
		t.Errorf("the page of all groups does not list them:\n%s", page)
	}
}

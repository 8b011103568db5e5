package web_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// TestBothFiguresAreShown: the page, the API and /metrics say what was
// measured beside what is judged, what covers the present, and that a window
// was worse than it should be.
func TestBothFiguresAreShown(t *testing.T) {
	w := newWorld()
	s := web.New(w.config())
	now := time.Now().Truncate(tick)
	w.play(now.Add(-time.Minute), now, surge(now), func(r loop.Report) { s.Ticked(r, time.Millisecond) })
	st := &w.report.States[0]
	st.Raw = &budget.Figures{Status: budget.Exhausted, Budget: st.Budget, Remaining: -1.5}
	st.Raw.Budget.Bad += 4000 * 1000
	st.Unexpected = 3
	st.InForce = []budget.InForce{{Name: "works", Effect: slo.Exclude, Since: now.Add(-time.Hour), Until: now.Add(time.Hour)}}

	w.set.Adjustments = []slo.Adjustment{
		{Name: "probe", Effect: slo.CountAsGood, AppliesTo: slo.Scope{Objectives: []string{"checkout-availability"}}, Author: "ann", Reason: "The probe had <no> route", Category: "measurement", Revoked: true, Stretch: slo.Stretch{From: now.Add(-50 * time.Minute), To: now.Add(-40 * time.Minute)}},
		{Name: "long-ago", AppliesTo: slo.Scope{All: true}, Stretch: slo.Stretch{From: now.Add(-50 * time.Hour), To: now.Add(-40 * time.Hour)}},
	}
	w.set.SLAs = []slo.SLA{{Name: "contract", Objective: "checkout-availability", Target: slo.NewDecimal(99, 2), Credits: []slo.Credit{{Below: slo.NewDecimal(99, 2), Share: slo.NewDecimal(125, 3)}}}}
	month := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	counts := sli.Counts{Good: 98999 * sli.Event, Bad: 1001 * sli.Event, Covered: 300 * time.Hour}
	st.SLAs = []budget.Settlement{
		budget.Settle(w.set.SLAs[0], slo.Occurrences, month.AddDate(0, 1, 0), month.AddDate(0, 2, 0), month.AddDate(0, 1, 10), sli.Counts{}),
		budget.Settle(w.set.SLAs[0], slo.Occurrences, month, month.AddDate(0, 1, 0), month.AddDate(0, 1, 0), counts),
	}
	page := get(t, s.Handler(), "/objectives/checkout-availability").body
	for _, want := range []string{"−150 % as measured", "covered by works from", "nothing is counted", "worse than a calendar expects in 3 slices", "What was adjusted", "The probe had &lt;no&gt; route", "ann, measurement", "revoked",
		"98.9990 % of 99 %", "12.5 % of the fee", "is owed", "no events of 99 %", "1 Mar 2026 00:00 UTC to 1 Apr 2026 00:00 UTC"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	if other := get(t, s.Handler(), "/objectives/checkout-latency").body; strings.Contains(other, "as measured") {
		t.Errorf("an objective that nothing touches is shown with two figures:\n%s", other)
	}
	var o client.Objective
	if err := json.Unmarshal([]byte(get(t, s.Handler(), "/v1/objectives/checkout-availability").body), &o); err != nil || o.Raw == nil || o.Raw.Remaining != -1.5 || o.Unexpected != 3 || len(o.InForce) != 1 || o.InForce[0].Effect != "exclude" || len(o.Adjustments) != 1 || o.Adjustments[0].Name != "probe" ||
		len(o.SLAs) != 2 || o.SLAs[1].Credit != "0.125" || !o.SLAs[1].Over || o.SLAs[1].Met || o.SLAs[0].Credit != "0" || o.SLAs[0].Over {
		t.Errorf("the API says %+v, %v", o, err)
	}
	got := scrape(t, s)
	for series, want := range map[string]float64{
		"setpoint_budget_raw_remaining_ratio{objective=checkout-availability,service=checkout}":                  -1.5,
		"setpoint_sla_credit_ratio{sla=contract,objective=checkout-availability,period=last}":                    0.125,
		"setpoint_unexpected_slices{objective=checkout-availability,service=checkout}":                           3,
		"setpoint_calendar_in_force{objective=checkout-availability,service=checkout,name=works,effect=exclude}": 1,
	} {
		if value, there := got[series]; !there || value != want {
			t.Errorf("%s is %v, %v; want %v", series, value, there, want)
		}
	}
	if _, there := got["setpoint_unexpected_slices{objective=checkout-latency,service=checkout}"]; there {
		t.Error("/metrics has slices that are unexpected where nothing is expected")
	}
}

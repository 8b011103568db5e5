package web_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// buying is a composite of the shop in which one component used up a quarter
// of the budget and the other nothing.
func buying(w *world) {
	o := slo.Objective{
		Name: "buying", Service: "checkout", Target: slo.NewDecimal(99, 2), Window: slo.Window{Length: time.Hour}, Slice: tick,
		Method: slo.RatioTimeslices, TimeSlice: slo.TimeSlice{Length: tick},
		Composite: &slo.Composite{Aggregate: slo.Average, Components: []slo.Component{
			{Objective: "checkout-availability", Weight: slo.NewDecimal(25, 1), NoData: slo.NoDataIgnore},
			{Objective: "checkout-latency", Weight: slo.NewDecimal(1, 0)},
		}},
	}
	w.set.Objectives = append(w.set.Objectives, o)
	const one = sli.Count(1e12) // time slice
	counts := sli.Counts{Good: 720*one - one*9/5, Bad: one * 9 / 5, Covered: time.Hour}
	w.report.States = append(w.report.States, budget.State{
		Objective: o.Name, Service: o.Service, At: w.report.At, Newest: w.report.At, Since: w.report.At.Add(-time.Hour), Slice: tick, Method: o.Method,
		Target: o.Target, Status: budget.OK, Budget: budget.Window{Length: time.Hour, Counts: counts, Burn: 0.25, Known: true}, Remaining: 0.75,
		Components: []budget.Contribution{{Objective: "checkout-availability", Bad: one * 9 / 5, Burnt: 0.25}, {Objective: "checkout-latency"}},
	})
}

// TestComposite shows what a composite is made of and what each component did
// to its budget, and at the components what they are part of.
func TestComposite(t *testing.T) {
	w, s := incident(time.Minute)
	buying(w)
	page := get(t, s.Handler(), "/objectives/buying").body
	for _, says := range []string{
		"What it is made of", "averaged by weight", `<a href="/objectives/checkout-availability">checkout-availability</a>`,
		"<strong>25 %</strong> of the budget used up", "weight 2.5 · without data: ignore", "weight 1 · without data: hold", `width="100.00%"`,
	} {
		if !strings.Contains(page, says) {
			t.Errorf("the page does not say %q:\n%s", says, page)
		}
	}
	if part := get(t, s.Handler(), "/objectives/checkout-latency").body; !strings.Contains(part, `Part of <a href="/objectives/buying">buying</a>.`) || strings.Contains(part, "made of") {
		t.Errorf("a component does not say what it is part of:\n%s", part)
	}
	var o, part client.Objective
	if err := json.Unmarshal([]byte(get(t, s.Handler(), "/v1/objectives/buying").body), &o); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(get(t, s.Handler(), "/v1/objectives/checkout-latency").body), &part); err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, c := range o.Components {
		sum += c.Burnt
	}
	c := o.Components[0]
	if len(o.Components) != 2 || o.Aggregate != "average" || c.Weight != "2.5" || c.WhenNoData != "ignore" || math.Abs(c.Bad-1.8) > 1e-9 || math.Abs(sum-(1-o.Remaining)) > 1e-9 || c.Status == "" {
		t.Errorf("the API says %+v", o)
	}
	if len(part.PartOf) != 1 || part.PartOf[0] != "buying" || part.Components != nil {
		t.Errorf("the API says of a component %+v", part)
	}
	w.report.States = w.report.States[:3]
	if page := get(t, s.Handler(), "/objectives/buying").body; !strings.Contains(page, "what it used up is not known") {
		t.Errorf("before the first measurement the page says:\n%s", page)
	}
}

package web_test

import (
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// TestIndicatorsSay shows how each kind of indicator is counted, and what is
// not known of its budget.
func TestIndicatorsSay(t *testing.T) {
	const path = "/objectives/checkout-availability"
	for _, c := range []struct {
		name string
		in   slo.Indicator
		edit func(*budget.State)
		says []string
	}{
		{"threshold", slo.Indicator{Kind: slo.Threshold, Query: "latency", Op: slo.LessOrEqual, Value: slo.NewDecimal(3, 1)}, nil,
			[]string{"Bad samples", "good when ≤ 0.3; each sample as it was scraped", "<pre>latency</pre>"}},
		{"on a grid", slo.Indicator{Kind: slo.Boolean, Query: "max(up)"}, nil, []string{"good when 1, bad when 0; evaluated every"}},
		{"share", slo.Indicator{Kind: slo.Share, Query: "a / b", Failure: true}, nil, []string{"share of bad events"}},
		{"freshness", slo.Indicator{Kind: slo.Freshness, Query: "last", MaxAge: time.Hour}, nil, []string{"Bad seconds", "good while at most 1h old"}},
		{"deadline", slo.Indicator{Kind: slo.Deadline, Query: "done", Started: "begun", Limit: time.Hour, Every: 24 * time.Hour},
			func(s *budget.State) { s.Pending = 2 },
			[]string{"Bad runs", "<pre>begun</pre>", "good when at most 1h after its start, and due every 1d", "2 runs are under way"}},
		{"too few", slo.Indicator{Total: "all", Bad: "bad"},
			func(s *budget.State) {
				s.Status, s.MinEvents, s.Budget.Good, s.Budget.Bad = budget.TooFew, 100, 11*sli.Event, sli.Event
			},
			[]string{"too few", "only 12 events over 1 h, fewer than the 100 that it takes to judge", "not known"}},
		{"assumed", slo.Indicator{Total: "all", Bad: "bad"},
			func(s *budget.State) {
				s.NoData, s.Budget.Assumed = slo.NoDataBad, &sli.Counts{Covered: 10 * time.Minute}
			},
			[]string{"10 min of it was not observed and counts as bad"}},
	} {
		w, s := incident(time.Minute)
		w.set.Objectives[0].Indicator = c.in
		w.report.States[0].Counted = c.in.Kind
		if c.edit != nil {
			c.edit(&w.report.States[0])
		}
		body := get(t, s.Handler(), path).body
		for _, says := range c.says {
			if !strings.Contains(body, says) {
				t.Errorf("%s: the page does not say %q", c.name, says)
			}
		}
	}
}

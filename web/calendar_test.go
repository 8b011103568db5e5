package web_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// TestACalendarMonthIsShownAsSuch: the page, the API and /metrics say which
// period a budget is of.
func TestACalendarMonthIsShownAsSuch(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld()
	s := web.New(w.config())
	w.set.Objectives[0].Window.Count, w.set.Objectives[0].Window.Unit = 1, slo.Months
	w.set.Objectives[0].Window.Start = time.Date(2026, 1, 1, 0, 0, 0, 0, berlin)
	now := time.Now().Truncate(tick)
	w.play(now.Add(-time.Minute), now, surge(now), func(r loop.Report) { s.Ticked(r, time.Millisecond) })
	from, to := time.Date(2026, 3, 1, 0, 0, 0, 0, berlin), time.Date(2026, 4, 1, 0, 0, 0, 0, berlin)
	w.report.States[0].PeriodStart, w.report.States[0].PeriodEnd = from, to

	page := get(t, s.Handler(), "/objectives/checkout-availability").body
	for _, want := range []string{"good over each month (Europe/Berlin)", "of 1 Mar 2026 00:00 CET to 1 Apr 2026 00:00 CEST"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	if other := get(t, s.Handler(), "/objectives/checkout-latency").body; strings.Contains(other, "CET") || !strings.Contains(other, "good over 1 h") {
		t.Errorf("a window that rolls is shown with a period:\n%s", other)
	}
	var o client.Objective
	if err := json.Unmarshal([]byte(get(t, s.Handler(), "/v1/objectives/checkout-availability").body), &o); err != nil || !o.PeriodStart.Equal(from) || !o.PeriodEnd.Equal(to) {
		t.Errorf("the API says %s to %s, %v", o.PeriodStart, o.PeriodEnd, err)
	}
	got := scrape(t, s)
	if at := got["setpoint_budget_period_end_timestamp_seconds{objective=checkout-availability,service=checkout}"]; at != float64(to.Unix()) {
		t.Errorf("/metrics says that it ends at %v, want %v", at, to.Unix())
	}
	if _, there := got["setpoint_budget_period_end_timestamp_seconds{objective=checkout-latency,service=checkout}"]; there {
		t.Errorf("/metrics has a period of a window that rolls")
	}
}

// A budget that would last beyond the end of its period lasts.
func TestForecastEndsWithThePeriod(t *testing.T) {
	w := newWorld()
	s := web.New(w.config())
	now := time.Now().Truncate(tick)
	w.play(now.Add(-3*time.Minute), now, surge(now.Add(-20*time.Second)), func(r loop.Report) { s.Ticked(r, time.Millisecond) })
	st := &w.report.States[0]
	words := func() string {
		var o client.Objective
		if err := json.Unmarshal([]byte(get(t, s.Handler(), "/v1/objectives/checkout-availability").body), &o); err != nil {
			t.Fatal(err)
		}
		return o.Words
	}
	st.PeriodStart, st.PeriodEnd = st.At.Add(-time.Hour), st.At.Add(24*time.Hour)
	if got := words(); !strings.Contains(got, "out of budget in about") {
		t.Errorf("a day before the end: %s", got)
	}
	st.PeriodEnd = st.At.Add(time.Second)
	if got := words(); !strings.Contains(got, "lasts at this rate") {
		t.Errorf("a second before the end: %s", got)
	}
}

// TestTimeSlicesAreNotCalledEvents: a budget that is kept in time slices is
// shown in time slices, however fine they are counted.
func TestTimeSlicesAreNotCalledEvents(t *testing.T) {
	w := newWorld()
	s := web.New(w.config())
	now := time.Now().Truncate(tick)
	w.play(now.Add(-time.Minute), now, surge(now), func(r loop.Report) { s.Ticked(r, time.Millisecond) })
	st, o := &w.report.States[0], &w.set.Objectives[0]
	st.Method, o.Method = slo.RatioTimeslices, slo.RatioTimeslices
	one := st.One()
	st.Budget.Good, st.Budget.Bad, st.Status = 990*one+one/2, 9*one+one/2, budget.Exhausted
	page := get(t, s.Handler(), "/objectives/checkout-availability").body
	for _, want := range []string{"<dt>Bad time slices</dt><dd>9.5<small>of 5 allowed, 1,000 in all", "out of budget: 9.5 bad time slices where 5 are allowed"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	if got := scrape(t, s)["setpoint_budget_window_events{objective=checkout-availability,service=checkout,kind=bad}"]; got != 9.5 {
		t.Errorf("/metrics says %v bad, want 9.5", got)
	}
	if page := get(t, s.Handler(), "/").body; !strings.Contains(page, "9.5 of 5 bad time slices") || !strings.Contains(page, "bad events") {
		t.Errorf("the overview:\n%s", page)
	}
}

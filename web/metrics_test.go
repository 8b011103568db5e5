package web_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/web"
)

// scrape reads /metrics as Prometheus does, into series with their labels.
func scrape(t *testing.T, s *web.Server) map[string]float64 {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(get(t, s.Handler(), "/metrics").body))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for name, f := range families {
		for _, m := range f.GetMetric() {
			labels := []string{}
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			value := m.GetUntyped().GetValue()
			if h := m.GetHistogram(); h != nil {
				value = float64(h.GetSampleCount())
			}
			out[name+"{"+strings.Join(labels, ",")+"}"] = value
		}
	}
	return out
}

func TestMetrics(t *testing.T) {
	w, s := incident(70 * time.Second)
	for range 3 {
		get(t, s.Handler(), "/v1/gate/checkout")
	}
	get(t, s.Handler(), "/v1/gate/made-up")
	w.report.Missed = 2
	got := scrape(t, s)
	for series, want := range map[string]float64{
		`setpoint_build_info{version=v0.1.0}`: 1, `setpoint_ready{}`: 1, `setpoint_leader{}`: 1, `setpoint_leader_epoch{}`: 3,
		`setpoint_ledger_up{}`: 1, `setpoint_stopped{}`: 0, `setpoint_ticks_missed{}`: 2,
		`setpoint_objective_status{objective=checkout-availability,service=checkout,status=burning}`:          1,
		`setpoint_objective_status{objective=checkout-availability,service=checkout,status=ok}`:               0,
		`setpoint_objective_target_ratio{objective=checkout-availability,service=checkout}`:                   0.995,
		`setpoint_burn_rate{objective=checkout-availability,service=checkout,window=10s}`:                     12,
		`setpoint_budget_window_events{objective=checkout-availability,service=checkout,kind=bad}`:            648,
		`setpoint_actuator_setting{actuator=reporting-timeout,kind=postgresQueryTimeout,unit=s}`:              1,
		`setpoint_actuator_rest{actuator=reporting-timeout,kind=postgresQueryTimeout,unit=s}`:                 30,
		`setpoint_actuator_readable{actuator=reporting-timeout}`:                                              1,
		`setpoint_gate{service=checkout,verdict=deny}`:                                                        1,
		`setpoint_gate{service=checkout,verdict=allow}`:                                                       0,
		`setpoint_gate_answers_total{service=checkout,verdict=deny,degraded=false}`:                           3,
		`setpoint_gate_answers_total{service=,verdict=hold,degraded=false}`:                                   1,
		`setpoint_reaper_cancels_total{actuator=reporting-timeout}`:                                           41,
		`setpoint_decisions_total{loop=freeze-checkout,actuator=checkout-freeze,verb=tighten,reason=burning}`: 1,
	} {
		if value, ok := got[series]; !ok || math.Abs(value-want) > 1e-9 {
			t.Errorf("%s = %v (there: %t), want %v", series, value, ok, want)
		}
	}
	if remaining := got[`setpoint_budget_remaining_ratio{objective=checkout-availability,service=checkout}`]; math.Abs(remaining-0.1) > 1e-9 {
		t.Errorf("remaining %v", remaining)
	}
}

// TestMetricsLeaveOut has no figure for what is not known, and none for what
// is no longer declared or reported.
func TestMetricsLeaveOut(t *testing.T) {
	w, s := incident(5 * time.Minute) // reports-complete is out of sight by now
	w.report.Settings[0].Error = "no route"
	got := scrape(t, s)
	for _, series := range []string{
		`setpoint_budget_remaining_ratio{objective=reports-complete,service=reporting}`,
		`setpoint_burn_rate{objective=reports-complete,service=reporting,window=10s}`,
		`setpoint_actuator_setting{actuator=reporting-timeout,kind=postgresQueryTimeout,unit=s}`,
	} {
		if value, ok := got[series]; ok {
			t.Errorf("%s = %v", series, value)
		}
	}
	if got[`setpoint_objective_status{objective=reports-complete,service=reporting,status=no-data}`] != 1 {
		t.Error("no-data is not shown")
	}
	w.report.States = w.report.States[:1]
	for series := range scrape(t, s) {
		if strings.Contains(series, "objective=reports-complete") {
			t.Errorf("%s is still there", series)
		}
	}
}

// TestMetricsHostile has label values that would break the text format.
func TestMetricsHostile(t *testing.T) {
	w, s := incident(time.Minute)
	for _, name := range []string{"a\"b", "a\nb", `a\`, `a\"`, "}", "a\xffb", `",x="`} {
		w.report.States[0].Objective = name
		w.report.Settings[0].Actuator = name
		s.Ticked(loop.Report{At: time.Now(), Decisions: []loop.Decision{{Actuator: name, Loop: name, Reason: loop.Reason(name)}}}, 0)
		want := `setpoint_objective_target_ratio{objective=` + strings.ToValidUTF8(name, "�") + `,service=checkout}`
		if _, ok := scrape(t, s)[want]; !ok {
			t.Errorf("%q is not there as it is", name)
		}
	}
}

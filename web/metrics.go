package web

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// A tally counts what only grows. What is so now is read from the newest
// report at each scrape, so that what is gone from the definitions is gone
// from /metrics too.
type tally struct {
	set     *metrics.Set
	answers *sync.Map // :: counted → *metrics.Counter: to make a series' name takes longer than to count
}

// A counted is what answers of the gate are counted by.
type counted struct {
	service, verdict string
	degraded         bool
}

func newTally() tally { return tally{metrics.NewSet(), new(sync.Map)} }

// tick counts a tick and its decisions.
func (t tally) tick(r loop.Report, took time.Duration) {
	t.set.GetOrCreateCounter("setpoint_ticks_total").Inc()
	t.took("setpoint_tick_duration_seconds", took)
	t.set.GetOrCreateCounter("setpoint_tick_errors_total").Add(len(r.Errs))
	for _, d := range r.Decisions {
		t.set.GetOrCreateCounter(series("setpoint_decisions_total",
			"loop", d.Loop, "actuator", d.Actuator, "verb", string(d.Verb), "reason", string(d.Reason))).Inc()
	}
}

// gate counts an answer. Names that callers make up are not made labels.
func (t tally) gate(a loop.GateAnswer, took time.Duration) {
	service := a.Service
	for _, r := range a.Reasons {
		switch r.Code {
		case loop.GateUnknownService:
			service = ""
		case loop.GateOverridden, loop.GateDryRun:
			t.set.GetOrCreateCounter(series("setpoint_gate_passed_total", "service", service, "because", r.Code)).Inc()
		}
	}
	t.answered(counted{service, string(a.Verdict), a.Degraded}).Inc()
	t.took("setpoint_gate_duration_seconds", took)
}

// glass counts an order by which somebody goes past what protects others.
func (t tally) glass(o loop.Order) {
	if g := o.Glass; g != nil && g.With == "" {
		t.set.GetOrCreateCounter(series("setpoint_break_glass_total", "team", g.Team, "service", g.Service, "kind", string(o.Kind))).Inc()
	}
}

func (t tally) answered(o counted) *metrics.Counter {
	if c, ok := t.answers.Load(o); ok {
		return c.(*metrics.Counter)
	}
	c := t.set.GetOrCreateCounter(series("setpoint_gate_answers_total", "service", o.service, "verdict", o.verdict, "degraded", fmt.Sprint(o.degraded)))
	t.answers.Store(o, c)
	return c
}

// took adds a duration to its sum and its count: their growth gives the mean.
func (t tally) took(name string, d time.Duration) {
	t.set.GetOrCreateFloatCounter(name + "_sum").Add(d.Seconds())
	t.set.GetOrCreateCounter(name + "_count").Inc()
}

// metrics writes all of it in the Prometheus text format.
func (s *Server) metrics(w http.ResponseWriter, _ *http.Request) {
	l := s.look(time.Now())
	now := gauges{metrics.NewSet()}
	now.loop(l, s.cfg.Version)
	now.definitions(s.readDefinitions())
	for _, st := range l.report.States {
		now.objective(st)
	}
	for _, a := range l.report.Alerts {
		now.alert(a)
	}
	for _, d := range s.deliveries() {
		now.delivery(d)
	}
	for _, v := range l.report.Settings {
		now.setting(l, v)
	}
	for _, d := range l.report.Decisions {
		now.loopAlive(d)
	}
	for _, o := range l.report.Orders {
		now.glass(o)
	}
	for _, service := range l.gated() {
		now.gate(l.gate(loop.GateQuestion{Service: service}))
	}
	if s.cfg.Cancels != nil {
		for actuator, n := range s.cfg.Cancels() {
			now.set.GetOrCreateCounter(series("setpoint_reaper_cancels_total", "actuator", actuator)).Set(n)
		}
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	now.set.WritePrometheus(w)
	s.tally.set.WritePrometheus(w)
}

// gauges are what one scrape reads.
type gauges struct{ set *metrics.Set }

func (g gauges) put(value float64, name string, labels ...string) {
	g.set.GetOrCreateGauge(series(name, labels...), nil).Set(value)
}

func (g gauges) loop(l look, version string) {
	r := l.report
	g.put(1, "setpoint_build_info", "version", version)
	g.put(bit(l.ticked()), "setpoint_ready")
	g.put(bit(r.Leader), "setpoint_leader")
	g.put(float64(r.Epoch), "setpoint_leader_epoch")
	g.put(bit(l.ticked() && r.LedgerErr == nil), "setpoint_ledger_up")
	g.put(bit(l.stop() != nil), "setpoint_stopped")
	g.put(float64(r.Missed), "setpoint_ticks_missed")
	if l.ticked() {
		g.put(l.age.Seconds(), "setpoint_tick_age_seconds")
	}
}

// objective leaves out what is not known: a gap in a graph is honest, a zero
// is not.
func (g gauges) objective(s budget.State) {
	by := []string{"objective", s.Objective, "service", s.Service}
	for _, status := range []budget.Status{budget.OK, budget.Burning, budget.Exhausted, budget.NoTraffic, budget.TooFew, budget.NoData, budget.Partial} {
		g.put(bit(s.Status == status), "setpoint_objective_status", append(by[:4:4], "status", string(status))...)
	}
	if s.Status.Judged() {
		g.put(s.Remaining, "setpoint_budget_remaining_ratio", by...)
	}
	g.put(s.Target.Float(), "setpoint_objective_target_ratio", by...)
	if !s.PeriodEnd.IsZero() {
		g.put(float64(s.PeriodStart.Unix()), "setpoint_budget_period_start_timestamp_seconds", by...)
		g.put(float64(s.PeriodEnd.Unix()), "setpoint_budget_period_end_timestamp_seconds", by...)
	}
	g.put(s.Events(s.Budget.Good), "setpoint_budget_window_events", append(by[:4:4], "kind", "good")...)
	g.put(s.Events(s.Budget.Bad), "setpoint_budget_window_events", append(by[:4:4], "kind", "bad")...)
	if a := s.Budget.Assumed; a != nil && a.Total() > 0 {
		g.put(s.Events(a.Good), "setpoint_budget_assumed_events", append(by[:4:4], "kind", "good")...)
		g.put(s.Events(a.Bad), "setpoint_budget_assumed_events", append(by[:4:4], "kind", "bad")...)
	}
	g.set.GetOrCreateCounter(series("setpoint_slices_corrected_total", by...)).Set(uint64(s.Corrected))
	if !s.Provisional.IsZero() {
		g.put(float64(s.Provisional.Unix()), "setpoint_budget_settled_timestamp_seconds", by...)
	}
	if !s.BadSince.IsZero() {
		g.put(float64(s.BadSince.Unix()), "setpoint_bad_since_timestamp_seconds", by...)
	}
	g.exempt(s, by)
	g.slas(s)
	for _, w := range s.Windows {
		if w.Known {
			g.put(w.Burn, "setpoint_burn_rate", append(by[:4:4], "window", slo.Span(w.Length))...)
		}
	}
}

func (g gauges) setting(l look, v loop.Setting) {
	by := []string{"actuator", v.Actuator, "kind", v.Kind, "unit", v.Unit}
	g.put(bit(v.Error == ""), "setpoint_actuator_readable", by[:2]...)
	g.put(v.Rest, "setpoint_actuator_rest", by...)
	g.put(v.Tight, "setpoint_actuator_tight", by...)
	if v.Error == "" {
		g.put(v.Value, "setpoint_actuator_setting", by...)
	}
}

// loopAlive is the dead man's switch of a loop: when it has last decided. A
// loop that stops to do so is seen by its time standing still.
func (g gauges) loopAlive(d loop.Decision) {
	by := []string{"loop", d.Loop, "actuator", d.Actuator}
	g.put(float64(d.Input.At.Unix()), "setpoint_loop_decided_timestamp_seconds", by...)
	g.put(bit(d.Reason == loop.ReasonNoData || d.Reason == loop.ReasonUnreadable || d.Reason == loop.ReasonLedgerDown), "setpoint_loop_blind", by...)
	g.put(bit(d.Input.Conditions.Demotion != nil), "setpoint_loop_demoted", by...)
}

// glass tells of glass that is broken now: how often its team did so within the
// time that counts, and until when this one lasts.
func (g gauges) glass(o loop.Order) {
	if o.Glass == nil {
		return
	}
	by := []string{"team", o.Glass.Team, "service", o.Glass.Service, "target", o.Target, "kind", string(o.Kind)}
	g.put(float64(o.Glass.Nth), "setpoint_break_glass_used", by...)
	g.put(float64(o.Glass.Most), "setpoint_break_glass_limit", by...)
	g.put(float64(o.Until.Unix()), "setpoint_break_glass_until_timestamp_seconds", by...)
}

func (g gauges) gate(a loop.GateAnswer) {
	for _, v := range []slo.Verdict{slo.Allow, slo.Deny, slo.Hold} {
		g.put(bit(a.Verdict == v), "setpoint_gate", "service", a.Service, "verdict", string(v))
	}
}

// series is a metric's name with its labels, which come in pairs.
func series(name string, labels ...string) string {
	if len(labels) == 0 {
		return name
	}
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	parts := make([]string, 0, len(labels)/2)
	for i := 0; i+1 < len(labels); i += 2 {
		parts = append(parts, labels[i]+`="`+escape.Replace(strings.ToValidUTF8(labels[i+1], "�"))+`"`)
	}
	return name + "{" + strings.Join(parts, ",") + "}"
}

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

package web

import (
	"encoding/json"
	"math"
	"net/url"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// waiting is the status of an objective before its first measurement.
const waiting = "waiting"

func (s *Server) link(parts ...string) string {
	path := s.cfg.URL
	for _, p := range parts {
		path += "/" + url.PathEscape(p)
	}
	return path
}

func (s *Server) wireAnswer(a loop.GateAnswer) client.Answer {
	out := client.Answer{
		ID: a.ID, BoundUntil: a.BoundUntil, Verdict: client.Verdict(a.Verdict), Allowed: a.Allowed, Service: a.Service, At: a.At, Words: redact(a.Words),
		Reasons: []client.Reason{}, State: a.State, Policy: a.Policy, Decision: a.Decision, Link: s.link("gate") + "?service=" + url.QueryEscape(a.Service),
		MayChangeAt: a.MayChangeAt, DataAsOf: a.DataAsOf, DataAge: finite(a.DataAge), Degraded: a.Degraded, DegradedBy: a.DegradedBy,
		Environment: a.Environment, Change: a.Change, Release: a.Release, Region: a.Region, Size: a.Size, Version: a.Version,
	}
	for _, r := range a.Risks {
		out.Risks = append(out.Risks, wireRisk(r))
	}
	if a.Decision != "" {
		out.Link = s.link("decisions", a.Decision)
	}
	for _, r := range a.Reasons {
		out.Reasons = append(out.Reasons, client.Reason{
			Code: r.Code, Verdict: client.Verdict(r.Verdict), Objective: r.Objective, Actuator: r.Actuator, Window: r.Window,
			Value: finite(r.Value), Limit: finite(r.Limit), Until: r.Until, Message: redact(r.Message),
		})
	}
	return out
}

func (s *Server) wireObjective(l look, o slo.Objective) client.Objective {
	out := client.Objective{
		Name: o.Name, Service: o.Service, Title: o.Title, Status: waiting, Words: "not measured yet",
		Method: string(o.Method), Target: json.Number(o.Target.String()), Budget: client.Window{Seconds: o.Window.Length.Seconds()},
		Windows: []client.Window{}, Link: s.link("objectives", o.Name),
	}
	out.Of, out.Group = o.Of, o.Group
	if o.Composite != nil {
		out.Aggregate = string(o.Composite.Aggregate)
	}
	st, ok := l.state(o.Name)
	out.Components = s.wireComponents(l, o, st)
	if !ok {
		return out
	}
	out.Status, out.Words = string(st.Status), stateWords(o, st, l.now)
	out.Remaining, out.Budget, out.Allowed = finite(st.Remaining), wireWindow(st, st.Budget), finite(st.Allowed())
	out.Bound = finite(st.Bound)
	out.At, out.Newest, out.Since, out.Recounted, out.ReadBack = st.At, st.Newest, st.Since, st.Recounted, st.ReadBack
	out.Provisional, out.Corrected, out.CorrectedAt = st.Provisional, st.Corrected, st.CorrectedAt
	out.PeriodStart, out.PeriodEnd = st.PeriodStart, st.PeriodEnd
	for _, w := range st.Windows {
		out.Windows = append(out.Windows, wireWindow(st, w))
	}
	wireExempt(&out, l, o, st)
	return out
}

func wireWindow(st budget.State, w budget.Window) client.Window {
	out := client.Window{
		Seconds: w.Length.Seconds(), Good: st.Events(w.Good), Bad: st.Events(w.Bad),
		Covered: w.Covered.Seconds(), Burn: finite(w.Burn), Known: w.Known,
	}
	for _, e := range w.Earlier {
		out.Earlier = append(out.Earlier, client.Judged{Target: json.Number(e.Target.String()), Total: st.Events(e.Total)})
	}
	return out
}

func (s *Server) wireSetting(l look, v loop.Setting) client.Setting {
	out := client.Setting{
		Actuator: v.Actuator, Service: v.Service, Loop: v.Loop, Mode: string(v.Mode), Kind: v.Kind, Value: finite(v.Value), Rest: v.Rest, Tight: v.Tight,
		Unit: v.Unit, Shown: v.Shown, At: v.At, Error: redact(v.Error), Decision: v.Decision, Left: v.Left,
	}
	s.wireLease(&out, l, v)
	switch {
	case l.stale:
		out.Stale, out.Cause = true, "the loop has not ticked of late"
	case v.Error != "":
		out.Stale, out.Cause = true, "the setting could not be read"
	}
	return out
}

func wireOrder(o loop.Order) client.Order {
	return client.Order{
		ID: o.ID, At: o.At, Kind: client.Kind(o.Kind), Target: o.Target, By: o.By, Why: o.Why,
		Until: o.Until, Setting: o.Setting, Revert: o.Revert, Release: o.Release, Ticket: o.Ticket, Adjust: wireAdjusted(o.Adjust), Note: wireNoted(o.Note),
		Anyway: o.Despite != "", Despite: o.Despite, Glass: wireGlass(o.Glass),
	}
}

// A record is the JSON of a decision: the row of the ledger as it is, whole,
// so that it can be decided again. client.Record reads it.
type record struct {
	Seq      int64          `json:"seq"`
	Decision loop.Decision  `json:"decision"`
	Outcomes []loop.Outcome `json:"outcomes"`
	Stage    loop.Stage     `json:"stage,omitempty"`
	Link     string         `json:"link,omitempty"`
}

func (s *Server) wireRecord(r Record, now time.Time) record {
	return record{Seq: r.Seq, Decision: r.Decision, Outcomes: append([]loop.Outcome{}, r.Outcomes...), Stage: loop.StageOf(r.Decision, r.Outcomes, now), Link: s.link("decisions", r.Decision.ID)}
}

// A status is client.Status, with decisions as they are on record.
type status struct {
	client.Status
	Decisions []loop.Decision `json:"decisions"`
}

func (s *Server) wireStatus(l look) status {
	r := l.report
	out := status{Status: client.Status{
		At: r.At, AgeSeconds: l.age.Seconds(), Stale: l.stale, Version: s.cfg.Version, Leader: r.Leader, Epoch: r.Epoch,
		Ledger: client.Ledger{Up: r.LedgerErr == nil && l.ticked()}, Words: headline(l, l.answers()), Problems: []string{},
		Definitions: wireDefinitions(s.readDefinitions()), Alerts: wireAlerts(l), Objectives: s.wireObjectives(l), Settings: s.wireSettings(l), Gates: s.wireGates(l), Orders: wireOrders(l),
	}, Decisions: r.Decisions}
	if !l.ticked() {
		out.AgeSeconds = -1
	}
	if r.LedgerErr != nil {
		out.Ledger.Error = redact(r.LedgerErr.Error())
	}
	if stop := l.stop(); stop != nil {
		o := wireOrder(*stop)
		out.Stop = &o
	}
	for _, err := range r.Errs {
		out.Problems = append(out.Problems, redact(err.Error()))
	}
	if out.Decisions == nil {
		out.Decisions = []loop.Decision{}
	}
	return out
}

func (s *Server) wireObjectives(l look) []client.Objective {
	out := []client.Objective{}
	parts := partOf(l.set)
	for _, o := range l.set.Objectives {
		w := s.wireObjective(l, o)
		w.PartOf = parts[o.Name]
		out = append(out, w)
	}
	return out
}

func (s *Server) wireSettings(l look) []client.Setting {
	out := []client.Setting{}
	for _, v := range l.report.Settings {
		out = append(out, s.wireSetting(l, v))
	}
	return out
}

func (s *Server) wireGates(l look) []client.Answer {
	out := []client.Answer{}
	for _, service := range l.gated() {
		out = append(out, s.wireAnswer(l.gate(loop.GateQuestion{Service: service})))
	}
	return out
}

func wireOrders(l look) []client.Order {
	out := []client.Order{}
	for _, o := range l.report.Orders {
		out = append(out, wireOrder(o))
	}
	return out
}

// finite makes a number that JSON can hold.
func finite(x float64) float64 {
	switch {
	case math.IsNaN(x):
		return 0
	case math.IsInf(x, 0):
		return math.Copysign(math.MaxFloat64, x)
	}
	return x
}

package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// A decisionRow is a decision in a list.
type decisionRow struct {
	ID, Link, Loop, Actuator, Verb, Reason string
	ReasonWords                            string
	At, Stamp                              string
	From, To                               string
	Moves                                  bool
	Words, Outcome, Stage                  string
	Failed                                 bool // was decided and is not in force
}

func (s *Server) decisionRow(l look, r Record) decisionRow {
	d := r.Decision
	a, _ := l.actuator(d.Actuator)
	row := decisionRow{
		ID: d.ID, Link: "/decisions/" + url.PathEscape(d.ID), Loop: d.Loop, Actuator: d.Actuator, Verb: string(d.Verb), Reason: string(d.Reason),
		ReasonWords: reasonWords(d.Reason), At: clock(d.Input.At, l.now), Stamp: stamp(d.Input.At),
		From: a.Show(d.From), To: a.Show(d.To), Moves: d.Verb != loop.Hold, Words: redact(d.Words),
	}
	row.Stage = string(loop.StageOf(d, r.Outcomes, l.now))
	row.Outcome, row.Failed = outcomeWords(a, d, r.outcome(), l.now)
	return row
}

func outcomeWords(a slo.Actuator, d loop.Decision, o *loop.Outcome, now time.Time) (words string, failed bool) {
	switch {
	case o == nil:
		return "", false
	case d.Verb == loop.Hold && !o.Until.IsZero():
		return fmt.Sprintf("held until %s (%s)", clock(o.Until, now), plural(o.Ticks, "tick", "ticks")), false
	case d.Verb == loop.Hold:
		return "held", false
	case o.Effect != nil:
		return "applied, judged at " + clock(o.At, now) + ": " + string(o.Effect.Judgement) + ", " + redact(o.Effect.Words), false
	case o.Applied:
		return "applied at " + clock(o.At, now) + ", read back as " + a.Show(o.ReadBack), false
	}
	return "not applied: " + redact(cmp.Or(o.Error, "read back as "+a.Show(o.ReadBack))), true
}

// reasonWords say what a reason means.
func reasonWords(r loop.Reason) string {
	words := map[loop.Reason]string{
		loop.ReasonBurning:    "a budget burns",
		loop.ReasonLearned:    "a base was learned while all was well",
		loop.ReasonRecovered:  "no rule asks for this setting any more",
		loop.ReasonAtSetpoint: "the setting is the wanted one",
		loop.ReasonNoData:     "a rule cannot see, so nothing is relaxed",
		loop.ReasonTooFew:     "there are too few events to judge by, so nothing is relaxed",
		loop.ReasonNoTraffic:  "there is no traffic to judge by, so nothing is relaxed",
		loop.ReasonUnreadable: "the setting could not be read",
		loop.ReasonForeign:    "somebody else has set it",
		loop.ReasonStopped:    "emergency stop",
		loop.ReasonReverting:  "emergency stop: walking back to rest",
		loop.ReasonPinned:     "a person set it",
		loop.ReasonObserving:  "only observed: would move, does not",
		loop.ReasonUnapproved: "waits for a person's approval",
		loop.ReasonCooldown:   "moved too short ago to relax",
		loop.ReasonPace:       "tightened too often of late",
		loop.ReasonStep:       "one step at a time",
		loop.ReasonRolledBack: "the move before did not help",
		loop.ReasonExpired:    "no evidence renewed the setting in time",
		loop.ReasonSettling:   "the move before has not shown yet what it does",
		loop.ReasonMoves:      "moved too often of late",
		loop.ReasonDeadBand:   "too short a move to be worth it",
		loop.ReasonLedgerDown: "could not be recorded, so was not done",
	}[r]
	return cmp.Or(words, string(r))
}

// A decisionsView is the record, or as much of it as is in memory.
type decisionsView struct {
	Rows      []decisionRow
	Filter    Filter
	Actuators []string
	From, To  string // of Filter, as a form takes them
	Unread    string // why the ledger could not be read
	Next      string // link to older decisions
	CSV, JSON string // links to all of them as a file
}

func newDecisionsView(l look, f Filter) decisionsView {
	v := decisionsView{Filter: f, Actuators: actuatorNames(l.set)}
	query := url.Values{}
	for name, at := range map[string]time.Time{"from": f.From, "to": f.To} {
		if !at.IsZero() {
			query.Set(name, stamp(at))
		}
	}
	if !f.From.IsZero() {
		v.From = f.From.In(l.now.Location()).Format(formTime)
	}
	if !f.To.IsZero() {
		v.To = f.To.In(l.now.Location()).Format(formTime)
	}
	if f.Actuator != "" {
		query.Set("actuator", f.Actuator)
	}
	if f.Moves {
		query.Set("moves", "1")
	}
	link := func(format string) string {
		query.Set("format", format)
		return "/v1/decisions/export?" + query.Encode()
	}
	v.CSV, v.JSON = link("csv"), link("jsonl")
	return v
}

// A decisionView is the page of one decision.
type decisionView struct {
	decisionRow
	Unread   string
	Run      string // link to the row that this hold continues
	Wanted   string
	Mode     string
	Policy   string
	Epoch    int64
	Pulls    []pullRow
	Checks   []checkRow
	Evidence []evidenceRow
	Orders   []orderRow
	JSON     string
	API      string
	Diff     *diffView
	Check    *checkView // nil = there is no ledger to check it by
}

type pullRow struct {
	Rule, Objective, Wanted, Tier, Why string
	Blind                              string
	Link                               string
	Decisive                           bool
}

type checkRow struct{ Guard, In, Out, Why string }

type evidenceRow struct {
	Objective, Link string
	Status          badge
	Left, Bound     string
	Newest          string
	Late            string
	Windows         []windowRow
}

func (s *Server) decisionView(l look, r Record) decisionView {
	d := r.Decision
	a, _ := l.actuator(d.Actuator)
	v := decisionView{
		decisionRow: s.decisionRow(l, r), Wanted: a.Show(d.Wanted), Mode: modeWords(d.Mode), Policy: d.Input.Policy, Epoch: d.Input.Epoch,
		API: s.link("v1", "decisions", d.ID), Orders: conditionRows(l, d.Input.Conditions),
	}
	for _, p := range d.Pulls {
		v.Pulls = append(v.Pulls, pullRow{
			Rule: p.Rule, Objective: p.Objective, Wanted: a.Show(p.Wanted), Tier: p.Tier, Why: redact(p.Why), Link: "/objectives/" + url.PathEscape(p.Objective),
			Blind: blindWords(p.Blind), Decisive: p.Blind == "" && p.Wanted == d.Wanted && d.Wanted != a.Rest,
		})
	}
	for _, c := range d.Checks {
		v.Checks = append(v.Checks, checkRow{c.Guard, a.Show(c.In), a.Show(c.Out), cmp.Or(redact(c.Why), reasonWords(c.Reason))})
	}
	for _, st := range d.Input.Evidence {
		v.Evidence = append(v.Evidence, evidence(l, st))
	}
	if text, err := json.MarshalIndent(s.wireRecord(r, l.now), "", "  "); err == nil {
		v.JSON = redact(string(text))
	}
	return v
}

func blindWords(r loop.Reason) string {
	if r == "" {
		return ""
	}
	return reasonWords(r)
}

// conditionRows list the orders that a decision had to respect.
func conditionRows(l look, c loop.Conditions) []orderRow {
	var out []orderRow
	for _, o := range conditionOrders(c) {
		out = append(out, orderRowOf(l, o))
	}
	return out
}

func conditionOrders(c loop.Conditions) (out []loop.Order) {
	for _, o := range []*loop.Order{c.Stop, c.Freeze, c.Pin, c.Approval, c.Demotion, c.Promotion} {
		if o != nil {
			out = append(out, *o)
		}
	}
	return out
}

func evidence(l look, st budget.State) evidenceRow {
	row := evidenceRow{Objective: st.Objective, Link: "/objectives/" + url.PathEscape(st.Objective), Status: statusBadge(string(st.Status)), Left: percent(st.Remaining), Bound: boundWords(st)}
	if !st.Newest.IsZero() {
		row.Newest, row.Late = clock(st.Newest, l.now), provisionalWords(st, l.now)
	}
	for _, w := range st.Windows {
		row.Windows = append(row.Windows, windowRow{
			Window: window(w.Length), Bad: count(st.Events(w.Bad)), Total: count(st.Events(w.Total())), Burn: times(w.Burn), Known: w.Known,
		})
	}
	return row
}

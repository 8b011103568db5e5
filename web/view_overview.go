package web

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// An overview is the first page.
type overview struct {
	Headline   string
	Counts     []statusCount
	List       listView
	Actuators  []actuatorCard
	More       int  // actuators that are not in Actuators
	Declared   bool // there are actuators, read or not
	Alerts     []alertLine
	MoreAlerts int // that are not in Alerts
	Gates      []gateCard
	MoreGates  int // services that are not in Gates
	Decisions  []decisionRow
	Hour       []noteRow // what changed in the last hour
}

// A statusCount is how many objectives have a status.
type statusCount struct {
	Status badge
	N      int
	Link   string
	Chosen bool
}

// mostCards is how many actuators and gates the overview shows; those that
// need a person come first.
const mostCards = 8

func (s *Server) overviewView(l look, q listQuery) overview {
	answers := l.answers()
	v := overview{Headline: headline(l, answers), Declared: len(l.set.Actuators) > 0}
	v.Alerts, v.MoreAlerts = alertLines(l)
	v.List, v.Counts = s.listView(l, q)
	v.Hour = s.lastHour(l)
	v.Actuators, v.More = s.pressing(l)
	for _, a := range answers[:min(len(answers), mostCards)] {
		v.Gates = append(v.Gates, s.answerCard(l, a))
	}
	v.MoreGates = len(answers) - len(v.Gates)
	for _, d := range l.report.Decisions {
		if len(v.Decisions) < 2*mostCards {
			v.Decisions = append(v.Decisions, s.decisionRow(l, Record{Decision: d}))
		}
	}
	return v
}

// answers are what the gate says of every service, with those that it does
// not let go first.
func (l look) answers() []loop.GateAnswer {
	var out []loop.GateAnswer
	for _, service := range l.gated() {
		out = append(out, l.gate(loop.GateQuestion{Service: service}))
	}
	if len(out) > mostCards {
		order := []slo.Verdict{slo.Deny, slo.Hold, slo.Allow}
		slices.SortStableFunc(out, func(a, b loop.GateAnswer) int {
			return cmp.Compare(slices.Index(order, a.Verdict), slices.Index(order, b.Verdict))
		})
	}
	return out
}

// pressing are the actuators to look at first, and how many others there are.
func (s *Server) pressing(l look) (out []actuatorCard, more int) {
	calm := func(v loop.Setting) bool {
		return v.Error == "" && v.Value == v.Rest && v.Loop != loop.Unattended && !v.Left
	}
	settings := slices.Clone(l.report.Settings)
	if len(settings) > mostCards {
		slices.SortStableFunc(settings, func(a, b loop.Setting) int { return cmp.Compare(bit(calm(a)), bit(calm(b))) })
	}
	f := s.frame(l.now)
	for _, v := range settings[:min(len(settings), mostCards)] {
		out = append(out, s.actuatorCard(l, f, v))
	}
	return out, len(settings) - len(out)
}

func severity(s budget.Status) int {
	return slices.Index([]budget.Status{budget.Exhausted, budget.Burning, budget.NoData, budget.Partial, "", budget.NoTraffic, budget.TooFew, budget.OK}, s)
}

// headline says how things stand, in two or three short sentences.
func headline(l look, answers []loop.GateAnswer) string {
	if !l.ticked() {
		return "Setpoint is starting."
	}
	words := budgetWords(l)
	if moved := movedWords(l); moved != "" {
		words += " " + moved
	}
	if denied := deniedWords(answers); denied != "" {
		words += " " + denied
	}
	return words
}

func budgetWords(l look) string {
	by := map[budget.Status][]string{}
	for _, o := range l.set.Objectives {
		st, _ := l.state(o.Name)
		by[st.Status] = append(by[st.Status], o.Name)
	}
	all := len(l.set.Objectives)
	var parts []string
	for _, p := range []struct {
		names []string
		words string
	}{
		{by[budget.Exhausted], "out of budget"}, {by[budget.Burning], "burning"},
		{slices.Concat(by[budget.NoData], by[""]), "out of sight"}, {by[budget.Partial], "only partly observed so far"},
	} {
		if len(p.names) > 0 {
			parts = append(parts, naming(p.names, "objectives")+verbFor(p.names)+p.words)
		}
	}
	switch {
	case all == 0:
		return "No objective is declared."
	case len(parts) == 0 && all == 1:
		return l.set.Objectives[0].Name + " is within budget."
	case len(parts) == 0:
		return fmt.Sprintf("All %d objectives are within budget.", all)
	}
	return list(parts) + "."
}

// naming lists up to two names, and counts more.
func naming(names []string, noun string) string {
	if len(names) > 2 {
		return fmt.Sprintf("%d %s", len(names), noun)
	}
	return list(names)
}

func verbFor(names []string) string {
	if len(names) == 1 {
		return " is "
	}
	return " are "
}

func movedWords(l look) string {
	var moved []string
	for _, v := range l.report.Settings {
		if v.Error == "" && v.Value != v.Rest && v.Kind != string(slo.Freeze) {
			moved = append(moved, v.Actuator+" to "+v.Shown)
		}
	}
	if len(moved) == 0 {
		return ""
	}
	return "Setpoint has tightened " + naming(moved, "actuators") + "."
}

func deniedWords(answers []loop.GateAnswer) string {
	var denied, held []string
	for _, a := range answers {
		switch a.Verdict {
		case slo.Deny:
			denied = append(denied, a.Service)
		case slo.Hold:
			held = append(held, a.Service)
		}
	}
	var parts []string
	if len(denied) > 0 {
		parts = append(parts, "releases of "+naming(denied, "services")+" are denied")
	}
	if len(held) > 0 {
		parts = append(parts, "releases of "+naming(held, "services")+" are on hold")
	}
	if len(parts) == 0 {
		return ""
	}
	words := list(parts) + "."
	return "R" + words[1:]
}

// A gateCard is the gate of one service.
type gateCard struct {
	Service, Link string
	Verdict       badge
	Words         string
	Reasons       []gateReason
	Degraded      []string
	Data          string // how old the data is, in words
	MayChange     string
	Policy        string
	State         string // stage of the release freezes, unless they are open
	Decision      string // link to the decision behind a freeze
	Asked         loop.GateQuestion
	Environments  []environmentRow // that policies name
}

type gateReason struct {
	Verdict badge
	Code    string
	Message string
}

func verdictBadge(v slo.Verdict) badge {
	word := map[slo.Verdict]string{slo.Allow: "may go", slo.Deny: "denied", slo.Hold: "on hold"}[v]
	return badge{string(v), word}
}

// gateBadge is the gate of a service in a list; each service is asked once.
func (l look) gateBadge(known map[string]*badge, service string) *badge {
	if service == "" {
		return nil
	}
	if known[service] == nil {
		b := verdictBadge(l.gate(loop.GateQuestion{Service: service}).Verdict)
		known[service] = &b
	}
	return known[service]
}

func (s *Server) gateCard(l look, q loop.GateQuestion) gateCard {
	card := s.answerCard(l, l.gate(q))
	card.Asked = q
	return card
}

// answerCard shows an answer of the gate.
func (s *Server) answerCard(l look, a loop.GateAnswer) gateCard {
	card := gateCard{
		Service: a.Service, Link: "/gate?service=" + url.QueryEscape(a.Service), Verdict: verdictBadge(a.Verdict), Words: redact(a.Words),
		Policy: a.Policy, Data: dataWords(a),
	}
	if a.State != slo.Stage(slo.StageOpen) {
		card.State = a.State
	}
	for _, r := range a.Reasons {
		card.Reasons = append(card.Reasons, gateReason{verdictBadge(r.Verdict), r.Code, redact(r.Message)})
	}
	for _, code := range a.DegradedBy {
		card.Degraded = append(card.Degraded, degradedWords(code))
	}
	if !a.MayChangeAt.IsZero() {
		card.MayChange = clock(a.MayChangeAt, l.now)
	}
	if a.Decision != "" {
		card.Decision = "/decisions/" + url.PathEscape(a.Decision)
	}
	return card
}

func dataWords(a loop.GateAnswer) string {
	if a.DataAge < 0 {
		return "there is no data yet"
	}
	return "data is " + about(seconds(a.DataAge)) + " old"
}

func degradedWords(code string) string {
	switch code {
	case loop.GateNoData:
		return "an objective is not in sight"
	case loop.GateStale:
		return "the loop has not looked of late"
	case loop.GateLedgerDown:
		return "the ledger cannot be reached"
	case loop.GateSpooled:
		return "the answer is on record on this machine's disk, until the ledger is back"
	case loop.GateUnrecorded:
		return "the answer could not be recorded"
	}
	return code
}

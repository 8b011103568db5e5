package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

func (s *Server) overview(w http.ResponseWriter, r *http.Request) {
	q, err := askList(r)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	l := s.look(here(r))
	s.render(w, r, http.StatusOK, "overview", s.page(l, "overview", "Overview", s.overviewView(l, q)).refreshed(r))
}

func (s *Server) objectivePage(w http.ResponseWriter, r *http.Request) {
	name, err := param(r, "name")
	if err != nil {
		s.problem(w, r, err)
		return
	}
	then := s.look(here(r))
	l, today, err := judged(then, r)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	o, ok := l.objective(name)
	if !ok {
		s.problem(w, r, refuse(http.StatusNotFound, "unknown-objective", "there is no objective "+name, "the overview lists them"))
		return
	}
	st, _ := l.state(name)
	at, err := askStretch(r, o, st, l.now)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	v := s.objectiveView(l, o)
	v.Explain = explain(r, o, st)
	v.Past, v.History = s.pastView(r.Context(), then, name, today), s.historyView(r, l, o, at)
	s.render(w, r, http.StatusOK, "objective", s.page(l, "overview", name, v).refreshed(r))
}

// decisionsPage lists the record. Without the ledger it lists what is in
// memory: the newest decision of each loop.
func (s *Server) decisionsPage(w http.ResponseWriter, r *http.Request) {
	l := s.look(here(r))
	f, err := askFilterIn(r, l.now.Location())
	if err != nil {
		s.problem(w, r, err)
		return
	}
	records, err := s.history(r.Context(), f)
	v := newDecisionsView(l, f)
	if err != nil {
		v.Unread, records = problemOf(err).Message, nil
		for _, d := range l.report.Decisions {
			records = append(records, Record{Decision: d})
		}
	}
	for _, rec := range records {
		v.Rows = append(v.Rows, s.decisionRow(l, rec))
	}
	if n := len(records); err == nil && n == f.Limit {
		older := r.URL.Query()
		older.Set("before", strconv.FormatInt(records[n-1].Seq, 10))
		v.Next = "/decisions?" + older.Encode()
	}
	s.render(w, r, http.StatusOK, "decisions", s.page(l, "decisions", "Decisions", v))
}

// decisionPage explains one decision, from the ledger or, while that is
// down, from memory.
func (s *Server) decisionPage(w http.ResponseWriter, r *http.Request) {
	id, err := param(r, "id")
	if err != nil {
		s.problem(w, r, err)
		return
	}
	rec, err := s.recorded(r.Context(), id)
	l := s.look(here(r))
	unread, run := "", ""
	if err != nil {
		i := slices.IndexFunc(l.report.Decisions, func(d loop.Decision) bool { return d.ID == id })
		if i < 0 {
			s.problem(w, r, err)
			return
		}
		rec, unread = Record{Decision: l.report.Decisions[i]}, problemOf(err).Message
		if errors.Is(err, ErrNotFound) {
			run = s.runOf(r.Context(), rec.Decision)
		}
		if run != "" {
			unread = ""
		}
	}
	v := s.decisionView(l, rec)
	if v.Unread, v.Run = unread, run; unread == "" && run == "" {
		v.Diff, v.Check = s.diffView(r.Context(), l, rec), s.checkView(r, rec)
	}
	s.render(w, r, http.StatusOK, "decision", s.page(l, "decisions", "Decision "+id, v))
}

// runOf is a link to the row that a hold of the newest tick continues: equal
// holds in a row are one row of the record.
func (s *Server) runOf(ctx context.Context, d loop.Decision) string {
	if d.Verb != loop.Hold {
		return ""
	}
	found, err := s.history(ctx, Filter{Actuator: d.Actuator, Limit: 1})
	if err != nil || len(found) == 0 || found[0].Decision.Verb != loop.Hold {
		return ""
	}
	return "/decisions/" + url.PathEscape(found[0].Decision.ID)
}

// A gateView is the page of the gates.
type gateView struct {
	Cards    []gateCard
	Asked    *gateCard // the answer to the form
	Services []string
	Changes  []string // classes of change that a policy knows
	Question loop.GateQuestion
	Curl     string

	At, Then   string   // the time of the past that was asked about, as a form takes it and in words
	Missing    []string // what the answer of then could not look at
	ThenBy     string   // by which policies it was made
	ThenUnread string   // why there is none
	Calendar   []plannedRow
	Glass      []orderRow // orders in force that break it
	Tools      []toolRow  // how delivery tools ask

	Given  []verdictRow // the newest answers on record, of the service asked about or of all
	Older  string       // link to those before
	Unread string       // why they could not be read
	DryRun string       // how many of them went only since a policy is tried
}

func (s *Server) gatePage(w http.ResponseWriter, r *http.Request) {
	l := s.look(here(r))
	v := gateView{Services: l.gated(), Changes: changes(l.set)}
	values := r.URL.Query()
	var wrong error
	for name, field := range map[string]*string{"service": &v.Question.Service, "environment": &v.Question.Environment, "region": &v.Question.Region, "change": &v.Question.Change} {
		text, err := named(name, values.Get(name))
		if err != nil {
			wrong = err
		}
		*field = text
	}
	var err error
	if v.Question.Size, err = askSize(values.Get("size")); wrong == nil {
		wrong = err
	}
	if wrong != nil {
		s.problem(w, r, wrong)
		return
	}
	for _, service := range v.Services {
		card := s.gateCard(l, loop.GateQuestion{Service: service})
		card.Environments = s.environments(l, service)
		v.Cards = append(v.Cards, card)
	}
	if v.Question.Service != "" {
		card := s.gateCard(l, v.Question)
		v.Asked, v.Curl = &card, s.curl(v.Question)
	}
	if err := s.askPast(r, l, &v); err != nil {
		s.problem(w, r, err)
		return
	}
	for _, o := range l.report.Orders {
		if o.Glass != nil {
			v.Glass = append(v.Glass, orderRowOf(l, o))
		}
	}
	v.Calendar, v.Tools = planned(l), s.tools(v.Question.Service)
	s.addVerdicts(r, l, &v)
	s.render(w, r, http.StatusOK, "gate", s.page(l, "gate", "Gate", v))
}

// addVerdicts lists what the gate answered of late.
func (s *Server) addVerdicts(r *http.Request, l look, v *gateView) {
	const rows = 20
	before, err := named("before", r.URL.Query().Get("before"))
	var found []loop.Verdict
	if err == nil {
		found, err = s.verdictHistory(r.Context(), VerdictFilter{Service: v.Question.Service, Before: before, Limit: rows})
	}
	if err != nil {
		v.Unread = problemOf(err).Message
		return
	}
	v.DryRun = dryRun(found)
	for _, g := range found {
		v.Given = append(v.Given, s.verdictRow(l, g))
	}
	if len(found) == rows {
		older := r.URL.Query()
		older.Set("before", found[rows-1].ID)
		v.Older = "/gate?" + older.Encode() + "#h-given"
	}
}

// changes lists the classes of change that some policy lets pass.
func changes(set *slo.Set) []string {
	out := []string{"rollback", "security", "fix"}
	for _, p := range set.Policies {
		for _, c := range p.AlwaysAllowed {
			if !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	return out
}

// askedFor is a question as parameters of an address.
func askedFor(q loop.GateQuestion) url.Values {
	values := url.Values{}
	for name, text := range map[string]string{"service": q.Service, "environment": q.Environment, "region": q.Region, "change": q.Change, "size": sizeOf(q)} {
		if text != "" {
			values.Set(name, text)
		}
	}
	return values
}

// sizeOf is the size of a question's change, if it is said.
func sizeOf(q loop.GateQuestion) string {
	if q.Size == nil {
		return ""
	}
	return strconv.FormatInt(*q.Size, 10)
}

// Size is the size that was asked about, as the form takes it.
func (v gateView) Size() string { return sizeOf(v.Question) }

// curl is the question as a command line.
func (s *Server) curl(q loop.GateQuestion) string {
	values := askedFor(q)
	values.Del("service")
	address := s.link("v1", "gate", q.Service)
	if len(values) > 0 {
		address += "?" + values.Encode()
	}
	return "curl -s '" + address + "'"
}

package web

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"setpoint.dev/setpoint/client"
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
		if run = s.runOf(r.Context(), rec.Decision); run != "" && errors.Is(err, ErrNotFound) {
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
	Given    []verdictRow // the newest answers on record, of the service asked about or of all
	Older    string       // link to those before
	Unread   string       // why they could not be read
}

func (s *Server) gatePage(w http.ResponseWriter, r *http.Request) {
	l := s.look(here(r))
	v := gateView{Services: l.gated(), Changes: changes(l.set)}
	values := r.URL.Query()
	var wrong error
	for name, field := range map[string]*string{"service": &v.Question.Service, "environment": &v.Question.Environment, "change": &v.Question.Change} {
		text, err := named(name, values.Get(name))
		if err != nil {
			wrong = err
		}
		*field = text
	}
	if wrong != nil {
		s.problem(w, r, wrong)
		return
	}
	for _, service := range v.Services {
		v.Cards = append(v.Cards, s.gateCard(l, loop.GateQuestion{Service: service}))
	}
	if v.Question.Service != "" {
		card := s.gateCard(l, v.Question)
		v.Asked, v.Curl = &card, s.curl(v.Question)
	}
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

// curl is the question as a command line.
func (s *Server) curl(q loop.GateQuestion) string {
	values := url.Values{}
	for name, text := range map[string]string{"environment": q.Environment, "change": q.Change} {
		if text != "" {
			values.Set(name, text)
		}
	}
	address := s.link("v1", "gate", q.Service)
	if len(values) > 0 {
		address += "?" + values.Encode()
	}
	return "curl -s '" + address + "'"
}

// A controlView is the page by which people command.
type controlView struct {
	Actuators []actuatorCard
	Services  []gateCard
	Frozen    map[string]orderRow   // service → the freeze that a person ordered
	Overrides map[string][]orderRow // service → those that people gave
	Stops     []orderRow
	Orders    []orderRow // in force
	History   []orderRow
	Unread    string // why the history could not be read
	Done      string // what the order just given does
	Wrong     string // why the order just given was refused
	Draft     draft  // that order, to be corrected
	All       bool   // a stop of everything is in force
}

// NewID makes an ID for a form, so that a form sent twice is one order.
func (controlView) NewID() string { return rand.Text() }

func (s *Server) controlPage(w http.ResponseWriter, r *http.Request) {
	l := s.look(here(r))
	v := s.controlView(r.Context(), l)
	v.Done = done(l, r.URL.Query())
	s.render(w, r, http.StatusOK, "control", s.page(l, "control", "Control", v))
}

func (s *Server) controlView(ctx context.Context, l look) controlView {
	v := controlView{Actuators: s.actuatorCards(l), Frozen: map[string]orderRow{}, Overrides: map[string][]orderRow{}, Orders: orderRows(l, l.report.Orders), All: l.stop() != nil}
	for _, service := range l.gated() {
		v.Services = append(v.Services, s.gateCard(l, loop.GateQuestion{Service: service}))
	}
	for _, o := range l.report.Orders {
		switch o.Kind {
		case loop.OrderFreeze:
			v.Frozen[o.Target] = orderRowOf(l, o)
		case loop.OrderOverride:
			v.Overrides[o.Target] = append(v.Overrides[o.Target], orderRowOf(l, o))
		case loop.OrderStop:
			v.Stops = append(v.Stops, orderRowOf(l, o))
		}
	}
	orders, err := ledger(ctx, s, func(ctx context.Context, r Reader) ([]loop.Order, error) { return r.OrderHistory(ctx, "", 20) })
	if err != nil {
		v.Unread = problemOf(err).Message
	}
	v.History = orderRows(l, orders)
	return v
}

// done is the effect of the order that a form gave. The words are made here:
// an address cannot put any into the page.
func done(l look, values url.Values) string {
	o := loop.Order{Kind: loop.OrderKind(values.Get("done")), Target: values.Get("target"), Revert: values.Get("revert") == "1"}
	d := draft{Order: wireOrder(o)}
	if o.Kind == "" || len(d.target(&o, l.set)) > 0 {
		return ""
	}
	return receiptWords(o, values.Get("recorded") == "1")
}

// action takes an order by form. When it is taken the browser is sent back
// to the page that shows it, so that reading anew gives nothing twice.
func (s *Server) action(w http.ResponseWriter, r *http.Request) {
	d, err := draftFromForm(r)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	now := time.Now()
	receipt, err := s.give(r.Context(), d, now)
	if err != nil {
		s.correct(w, r, d, problemOf(err))
		return
	}
	http.Redirect(w, r, "/control?"+outcome(receipt).Encode(), http.StatusSeeOther)
}

func outcome(c client.Receipt) url.Values {
	values := url.Values{"done": {string(c.Order.Kind)}, "target": {c.Order.Target}, "recorded": {"0"}}
	if c.Recorded {
		values.Set("recorded", "1")
	}
	if c.Order.Revert {
		values.Set("revert", "1")
	}
	return values
}

// correct shows the page again with what was wrong and what was written.
func (s *Server) correct(w http.ResponseWriter, r *http.Request, d draft, p *client.Problem) {
	l := s.look(here(r))
	v := s.controlView(r.Context(), l)
	v.Wrong, v.Draft = p.Message, d
	if p.Hint != "" {
		v.Wrong += " (" + p.Hint + ")"
	}
	s.render(w, r, p.Status, "control", s.page(l, "control", "Control", v))
}

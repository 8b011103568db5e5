package web

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

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

	Ordered    []orderRow          // adjustments that were ordered
	Demoted    map[string]orderRow // actuator → the order by which its loop has to ask
	About      string              // what the forms of notes and adjustments begin with
	Begin, End string              // times that they begin with
	Names      []string            // of services and actuators, to choose from
	Objectives []string            // to choose from
	Effects    []choice
	Categories []string
	Glass      glassView
	Who        Caller
	set        *slo.Set
}

// Refused says why whoever looks at the page may not give orders about a
// target, or nothing when they may.
func (v controlView) Refused(target string) string {
	err := v.Who.permits(loop.Order{Kind: loop.OrderStop, Target: target}, v.set)
	if err == nil {
		return ""
	}
	p := problemOf(err)
	return p.Message + " (" + p.Hint + ")"
}

// Mute says why they may not give any order.
func (v controlView) Mute() string {
	if v.Who.may(ScopeOverride) {
		return ""
	}
	return v.Refused("*")
}

// Signed is the name under which orders are given, where the server knows it.
func (v controlView) Signed() string {
	if v.Who.open {
		return ""
	}
	return v.Who.Name
}

// mostOffered is how many names a form offers; others can be written.
const mostOffered = 200

// NewID makes an ID for a form, so that a form sent twice is one order.
func (controlView) NewID() string { return rand.Text() }

func (s *Server) controlPage(w http.ResponseWriter, r *http.Request) {
	l := s.look(here(r))
	v := s.controlView(r.Context(), l)
	v.Done = done(l, r.URL.Query())
	if about, err := named("about", r.URL.Query().Get("about")); err == nil {
		v.About = about
	}
	s.render(w, r, http.StatusOK, "control", s.page(l, "control", "Control", v))
}

func (s *Server) controlView(ctx context.Context, l look) controlView {
	v := controlView{Actuators: s.actuatorCards(l), Frozen: map[string]orderRow{}, Demoted: map[string]orderRow{}, Who: callerOf(ctx), set: l.adjusting(), Overrides: map[string][]orderRow{}, Orders: orderRows(l, l.report.Orders), All: l.stop() != nil}
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
		case loop.OrderDemote:
			v.Demoted[o.Target] = orderRowOf(l, o)
		case loop.OrderAdjust:
			v.Ordered = append(v.Ordered, orderRowOf(l, o))
		}
	}
	v.offer(l)
	orders, err := ledger(ctx, s, func(ctx context.Context, r Reader) ([]loop.Order, error) { return r.OrderHistory(ctx, "", 20) })
	if err != nil {
		v.Unread = problemOf(err).Message
		v.Glass.Unread = v.Unread
	} else {
		s.annotate(ctx, l, v.Actuators)
		v.Glass = s.glassView(ctx, l)
	}
	v.History = orderRows(l, orders)
	return v
}

// offer fills in what the forms of notes and adjustments have to choose from.
func (v *controlView) offer(l look) {
	v.Names = slices.Concat(serviceNames(l.set), actuatorNames(l.set))
	for _, o := range l.set.Objectives {
		if o.Of == "" && len(v.Objectives) < mostOffered {
			v.Objectives = append(v.Objectives, o.Name)
		}
	}
	v.Names = v.Names[:min(len(v.Names), mostOffered)]
	for _, e := range []slo.Effect{slo.Exclude, slo.CountAsGood, slo.Correct, slo.Annotate} {
		v.Effects = append(v.Effects, choice{Value: string(e), Word: effectWords(e)})
	}
	v.Categories, v.End = slo.Categories(), l.now.Format(formTime)
	v.Begin = l.now.Add(-time.Hour).Format(formTime)
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

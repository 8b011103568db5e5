package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// mostSendings is how many sendings are looked at for the page, and a report
// shows sendingsShown of its own.
const (
	mostSendings  = 500
	sendingsShown = 4
)

// A sentView is a report that is sent by itself.
type sentView struct {
	Name, Title, About, Period, Team string
	Targets                          []string
	Next, NextStamp, NextOf          string
	Rows                             []sendingRow
	Refused                          string // why whoever looks may not send it now
}

// A sendingRow is one sending of a report.
type sendingRow struct {
	ID, Of, Target, At, Stamp, By, Why, Error string
	State                                     badge
}

// message is what a sending says, without the file.
func (s *Server) message(r slo.Report, v reportView, m loop.Sending) client.Report {
	out := client.Report{
		ID: m.ID, Type: "report", Report: r.Name, Title: r.Title, Team: r.Team, Period: r.Period, Name: v.Title, From: m.From, To: m.To, Made: m.At,
		Summary: v.Title + ": " + v.Words, Kept: v.Kept, Objectives: []client.ReportedObjective{}, More: v.More, By: m.By, Why: m.Why, Link: s.reportLink(r, m.From),
	}
	for _, row := range v.Rows {
		out.Objectives = append(out.Objectives, row.figures)
	}
	for _, sla := range v.SLAs {
		out.SLAs = append(out.SLAs, client.ReportedSLA{Objective: sla.Objective, SLA: sla.wire})
	}
	return out
}

// reportLink is the page of a report's period, by the report's clocks.
func (s *Server) reportLink(r slo.Report, from time.Time) string {
	day := from.In(r.Zone.Location()).Format(time.DateOnly)
	return s.cfg.URL + "/reports?" + url.Values{"period": {r.Period}, "of": {day}, "team": {r.Team}, "zone": {r.Zone.Location().String()}}.Encode()
}

// scheduled are the reports that are sent by themselves, with how that went.
func (s *Server) scheduled(ctx context.Context, l look) ([]client.ScheduledReport, error) {
	out := []client.ScheduledReport{}
	var all []loop.Sending
	var err error
	if s.cfg.Mail != nil && len(l.set.Reports) > 0 {
		all, err = patient(ctx, s, func(ctx context.Context) ([]loop.Sending, error) {
			return s.cfg.Mail.Sendings(ctx, loop.SendingFilter{Limit: mostSendings})
		})
	}
	for _, r := range l.set.Reports {
		of, next := r.Next(l.now)
		is := client.ScheduledReport{Name: r.Name, Title: r.Title, Team: r.Team, Period: r.Period, NextFrom: of.From, NextTo: of.To, Next: next, Sendings: []client.Sending{}}
		for _, t := range r.Targets {
			is.Targets = append(is.Targets, t.Name)
		}
		for _, m := range all {
			if m.Report == r.Name && len(is.Sendings) < sendingsShown*max(len(r.Targets), 1) {
				is.Sendings = append(is.Sendings, s.wireSending(m))
			}
		}
		out = append(out, is)
	}
	return out, err
}

func (s *Server) wireSending(m loop.Sending) client.Sending {
	out := client.Sending{ID: m.ID, Report: m.Report, Target: m.Target, From: m.From, To: m.To, Due: m.Due, By: m.By, Why: m.Why, At: m.At, State: string(m.End), Error: redact(m.Error)}
	if m.End == "" {
		last := s.postbox.last(m.ID)
		out.State, out.Tries = "on its way", last.times
		if last.err != nil {
			out.Error = redact(last.err.Error())
		}
	}
	return out
}

// sentViews adds to a report those that are sent by themselves.
func (s *Server) sentViews(ctx context.Context, l look, v *reportView) {
	all, err := s.scheduled(ctx, l)
	if err != nil {
		v.SendUnread = problemOf(err).Message
	}
	for i, r := range all {
		declared := l.set.Reports[i]
		row := sentView{Name: r.Name, Title: r.Title, Period: r.Period, Team: r.Team, Targets: r.Targets, Next: clock(r.Next, l.now), NextStamp: stamp(r.Next), NextOf: periodName(declared, r.NextFrom)}
		if err := callerOf(ctx).sends(r.Name, r.Team); err != nil {
			row.Refused = inOne(problemOf(err))
		}
		for _, m := range r.Sendings {
			row.Rows = append(row.Rows, sendingRow{ID: m.ID, Of: periodName(declared, m.From), Target: m.Target, At: clock(m.At, l.now), Stamp: stamp(m.At), By: m.By, Why: m.Why, Error: m.Error, State: sendingBadge(m)})
		}
		v.Sent = append(v.Sent, row)
	}
}

func periodName(r slo.Report, from time.Time) string {
	return reportPeriod{unit: r.Period, from: from.In(r.Zone.Location())}.title()
}

func sendingBadge(m client.Sending) badge {
	switch {
	case m.State == string(loop.Sent):
		return badge{styleGood, "sent"}
	case m.State == string(loop.Unsent):
		return badge{"exhausted", "not sent"}
	case m.Error != "":
		return badge{"burning", "tried again"}
	}
	return badge{styleNone, "on its way"}
}

// Signed is the name under which a report is sent, where the server knows it.
func (v reportView) Signed() string {
	if v.Who.open {
		return ""
	}
	return v.Who.Name
}

// sends says whether a caller may send the report of a team.
func (c Caller) sends(report, team string) error {
	switch {
	case !c.may(ScopeOverride):
		return refuse(http.StatusForbidden, "forbidden", c.Name+" may not send reports", "it needs the scope "+string(ScopeOverride))
	case !c.commands(team):
		return refuse(http.StatusForbidden, "not-your-team", c.Name+" may not send "+report, "it is of another team, or of all of them")
	}
	return nil
}

// sendNow puts on record that a report is to be sent, about the period that
// ended last; the instance that leads sends it seconds later.
func (s *Server) sendNow(r *http.Request, name string, ask client.SendReport, now time.Time) ([]client.Sending, error) {
	l := s.look(now)
	i := slices.IndexFunc(l.set.Reports, func(d slo.Report) bool { return d.Name == name })
	switch {
	case s.cfg.Mail == nil:
		return nil, errNoOrders
	case i < 0:
		return nil, unknown("report", name)
	}
	d, who := l.set.Reports[i], callerOf(r.Context())
	if !who.open {
		ask.By = who.Name
	}
	by := draft{Order: client.Order{By: ask.By, Why: ask.Why}, Confirm: true}
	if wrong := by.person(); len(wrong) > 0 {
		return nil, refuse(http.StatusUnprocessableEntity, "bad-order", "nothing is sent: "+strings.Join(wrong, "; "), "")
	}
	if err := who.sends(d.Name, d.Team); err != nil {
		return nil, err
	}
	of := slo.CalendarPeriod(d.Period, now.In(d.Zone.Location()), 1)
	var all []loop.Sending
	for _, t := range d.Targets {
		m := loop.Sending{Report: d.Name, Target: t.Name, From: of.From, To: of.To, By: ask.By, Why: ask.Why, At: now.UTC().Truncate(time.Microsecond), Until: now.Add(tryFor)}
		m.ID = loop.SendingID(m)
		all = append(all, m)
	}
	if err := s.begin(r.Context(), l, d, all); err != nil {
		return nil, err
	}
	out := []client.Sending{}
	for _, m := range all {
		out = append(out, s.wireSending(m))
	}
	return out, nil
}

// sendByForm sends a report now, and goes back to the page that shows it.
func (s *Server) sendByForm(w http.ResponseWriter, r *http.Request) {
	name, err := param(r, "report")
	if err == nil && r.ParseForm() != nil {
		err = refuse(http.StatusBadRequest, "bad-form", "the form cannot be read", "")
	}
	if err == nil && r.PostForm.Get("confirm") != "yes" {
		err = refuse(http.StatusUnprocessableEntity, "unconfirmed", "the box is not ticked", "tick what sending does")
	}
	if err == nil {
		_, err = s.sendNow(r, name, client.SendReport{By: r.PostForm.Get("by"), Why: r.PostForm.Get("why")}, time.Now())
	}
	if err == nil {
		http.Redirect(w, r, "/reports?"+url.Values{"sent": {name}}.Encode()+"#sent", http.StatusSeeOther)
		return
	}
	l := s.look(here(r))
	v := s.reportView(r.Context(), l, periodOf("", 0, l.now), "", 0)
	p := problemOf(err)
	v.Wrong, v.By, v.Why = inOne(p), r.PostForm.Get("by"), r.PostForm.Get("why")
	s.showReport(w, r, p.Status, l, v)
}

// sentWords say what sending a report by hand did.
func sentWords(l look, name string) string {
	for _, r := range l.set.Reports {
		if r.Name == name {
			return "It is on record that " + r.Name + " is sent now, and it goes out within seconds. How that ended shows below."
		}
	}
	return ""
}

func (s *Server) reports(w http.ResponseWriter, r *http.Request) {
	serveJSON(s, w, r, nothing, func(r *http.Request, _ struct{}) (map[string][]client.ScheduledReport, error) {
		all, err := s.scheduled(r.Context(), s.look(time.Now()))
		return map[string][]client.ScheduledReport{"reports": all}, err
	})
}

func (s *Server) sendReport(w http.ResponseWriter, r *http.Request) {
	name, err := param(r, "report")
	var ask client.SendReport
	if err == nil {
		dec := json.NewDecoder(r.Body)
		dec.DisallowUnknownFields()
		if wrong := dec.Decode(&ask); wrong != nil {
			err = refuse(http.StatusBadRequest, "bad-json", "the body is not JSON as expected", `it is like {"by":"ann","why":"…"}`)
		}
	}
	var all []client.Sending
	if err == nil {
		all, err = s.sendNow(r, name, ask, time.Now())
	}
	if err != nil {
		s.problem(w, r, err)
		return
	}
	s.writeJSON(w, r, http.StatusCreated, map[string][]client.Sending{"sendings": all})
}

package web

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/slo"
)

// mostReported is how many objectives a report lists, mostBack how many periods
// ago it may be, and reportPatience how long it may take: each objective is
// summed from its counts.
const (
	mostReported   = 100
	mostBack       = 100
	reportPatience = 10 * time.Second
)

// fullyObserved is the share of a period from which on its report goes without
// a reservation, as the state of a budget does (budget.Partial).
const fullyObserved = 0.5

// A reportView is how objectives did in a period.
type reportView struct {
	Period, Team, Back string // as asked for
	Periods, Teams     []choice
	Title              string
	From, To           string
	Open               bool // it is not over yet
	Words              string
	Rows               []reportRow
	More               int // objectives that are not in Rows
	SLAs               []reportSLA
	Unread             string
	Before, After      string // addresses of the periods beside
	File               string // address of this report as one file
	Made               string
	Kept               int        // of Rows
	Sent               []sentView // reports that are sent by themselves
	SendUnread         string     // why it is not known how sending went
	Who                Caller
	Done, Wrong        string       // of sending one by hand
	By, Why            string       // to be corrected
	Style              template.CSS // of the file: the style sheet itself
}

// A reportRow is an objective in a period.
type reportRow struct {
	Name, Link, Service, Target string
	Good, Used, Bad, Total      string
	Observed                    string
	Kept                        badge
	Bar                         float64
	Overdrawn                   bool
	Worst                       string // the incident that used up most
	figures                     client.ReportedObjective
}

// A reportSLA is an SLA with what is owed, as of now.
type reportSLA struct {
	Objective string
	slaRow
	wire client.SLA
}

// A reportPeriod is a period of the calendar, so many before the present one,
// by the clocks of its own zone.
type reportPeriod struct {
	unit     string
	from, to time.Time
}

func periodOf(unit string, back int, now time.Time) reportPeriod {
	of := slo.CalendarPeriod(unit, now, back)
	return reportPeriod{cmp.Or(unit, slo.Month), of.From, of.To}
}

// periodAsked reads which period a report is asked for: so many back, or the
// one that a day is in.
func periodAsked(values url.Values, now time.Time) (p reportPeriod, back int, err error) {
	unit := values.Get("period")
	wrong := refuse(http.StatusBadRequest, "bad-report", "period is week, month or quarter, back is how many of them ago, at most 100, and of is a day such as 2026-01-31", "")
	if !slices.Contains([]string{"", slo.Week, slo.Month, slo.Quarter}, unit) {
		return p, 0, wrong
	}
	if text := values.Get("back"); text != "" {
		if back, err = strconv.Atoi(text); err != nil || back < 0 || back > mostBack {
			return p, 0, wrong
		}
	}
	day, err := time.ParseInLocation(time.DateOnly, values.Get("of"), now.Location())
	if values.Get("of") == "" {
		return periodOf(unit, back, now), back, nil
	}
	for back = 0; err == nil && back <= mostBack; back++ {
		if p = periodOf(unit, back, now); !p.from.After(day) && p.to.After(day) {
			return p, back, nil
		}
	}
	return p, 0, wrong
}

func (p reportPeriod) title() string {
	switch p.unit {
	case "week":
		year, week := p.from.ISOWeek()
		return fmt.Sprintf("Week %d of %d", week, year)
	case "quarter":
		return fmt.Sprintf("Quarter %d of %d", (p.from.Month()+2)/3, p.from.Year())
	}
	return p.from.Format("January 2006")
}

// reportPage shows a report, or with ?file=1 hands it out as one file that
// needs no server.
func (s *Server) reportPage(w http.ResponseWriter, r *http.Request) {
	values := r.URL.Query()
	l := s.look(here(r))
	p, back, err := periodAsked(values, l.now)
	team, wrong := named("team", values.Get("team"))
	if err = errors.Join(err, wrong); err != nil {
		s.problem(w, r, err)
		return
	}
	v := s.reportView(r.Context(), l, p, team, back)
	if values.Get("file") == "" {
		v.Done = sentWords(l, values.Get("sent"))
		s.showReport(w, r, http.StatusOK, l, v)
		return
	}
	out, err := s.reportFile(v)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+v.fileName()+`"`)
	_, _ = w.Write(out) // a caller who went away is told nothing
}

// showReport shows a report, with how those that are sent do.
func (s *Server) showReport(w http.ResponseWriter, r *http.Request, status int, l look, v reportView) {
	v.Who = callerOf(r.Context())
	s.sentViews(r.Context(), l, &v)
	s.render(w, r, status, "reports", s.page(l, "reports", "Report: "+v.Title, v))
}

// reportFile is a report as one file that needs no server.
func (s *Server) reportFile(v reportView) ([]byte, error) {
	v.Style = template.CSS(s.files["style.css"].text)
	var out bytes.Buffer
	if err := s.pages["reports"].ExecuteTemplate(&out, "file", v); err != nil {
		return nil, fmt.Errorf("render report: %w", err)
	}
	return out.Bytes(), nil
}

func (v reportView) fileName() string {
	return "setpoint-" + strings.ToLower(strings.ReplaceAll(v.Title, " ", "-")) + ".html"
}

func (s *Server) reportView(ctx context.Context, l look, p reportPeriod, team string, back int) reportView {
	address := func(back int) string {
		return fmt.Sprintf("/reports?period=%s&back=%d&team=%s", p.unit, back, template.URLQueryEscaper(team))
	}
	v := reportView{Period: p.unit, Team: team, Back: fmt.Sprint(back), Title: p.title(), From: moment(p.from), To: moment(p.to), Open: p.to.After(l.now), Before: address(back + 1), File: address(back) + "&file=1", Made: stamp(l.now)}
	if back > 0 {
		v.After = address(back - 1)
	}
	for _, unit := range []string{"week", "month", "quarter"} {
		v.Periods = append(v.Periods, choice{Value: unit, Word: unit, Chosen: unit == p.unit})
	}
	q := listQuery{Team: team, Sort: "service"}
	all := l.listed(q)
	v.Teams = q.facet(all, "team", team, func(o listed) string { return o.team })
	var found []listed
	for _, o := range all {
		if q.has(o, "") && o.objective.Of == "" {
			found = append(found, o)
		}
	}
	slices.SortFunc(found, q.compare)
	half, began := 0, time.Now()
	for i, o := range found {
		if i == mostReported || time.Since(began) > reportPatience {
			v.More = len(found) - i
			break
		}
		row, ok, err := s.reportRow(ctx, l, *o.objective, p)
		if err != nil {
			v.Unread = problemOf(err).Message
			break
		}
		v.Kept += int(bit(ok))
		half += int(bit(ok && row.figures.Observed < fullyObserved))
		v.Rows = append(v.Rows, row)
		wire := wireSLAs(l.set, *o.state)
		for i, sla := range slaRows(l.set, *o.state) {
			v.SLAs = append(v.SLAs, reportSLA{o.objective.Name, sla, wire[i]})
		}
	}
	v.Words = fmt.Sprintf("%d of %s kept their budget", v.Kept, plural(len(v.Rows), "objective", "objectives"))
	if half > 0 {
		v.Words += fmt.Sprintf(", %d of them as far as is known: more than half of the time they were not observed", half)
	}
	v.Words += "."
	return v
}

// reportRow sums an objective over a period.
func (s *Server) reportRow(ctx context.Context, l look, o slo.Objective, p reportPeriod) (row reportRow, kept bool, err error) {
	row = reportRow{Name: o.Name, Link: s.link("objectives", o.Name), Service: o.Service, Target: exactly(o.Target), Good: "not counted", Kept: statusBadge("no-data")}
	row.figures = client.ReportedObjective{Objective: o.Name, Service: o.Service, Target: json.Number(o.Target.String()), Kept: "no-data", Link: row.Link}
	h, err := s.readHistory(ctx, l, o, stretch{frame: frame{p.from, p.to}, whole: true, alone: true})
	if err != nil {
		return row, false, err
	}
	c := h.counts.between(p.from, p.to)
	lived := min(p.to.Sub(p.from), max(l.now.Sub(p.from), time.Second))
	observed := min(c.Covered.Seconds()/lived.Seconds(), 1)
	row.Observed, row.figures.Observed = percent(observed), observed
	if observed > 0 && observed < 0.001 {
		row.Observed = "under 0.1 %"
	}
	if c.Total() == 0 {
		if c.Covered > 0 {
			row.Kept, row.figures.Kept = statusBadge("no-traffic"), "no-traffic"
		}
		return row, false, nil
	}
	used := ratio(c.Bad, c.Total()) / o.Budget().Float()
	one := unitOf(o)
	row.Good, row.Used, row.Bad, row.Total = exact(ratio(c.Good, c.Total())), percent(used), count(one.Events(c.Bad)), count(one.Events(c.Total()))
	row.Bar, row.Overdrawn, kept = 100*within(used), used > 1, used < 1
	row.Kept, row.figures.Kept = badge{"ok", "kept"}, "kept"
	if observed < fullyObserved {
		row.Kept = badge{"partial", "kept, partly seen"}
	}
	if !kept {
		row.Kept, row.figures.Kept = badge{"exhausted", "not kept"}, "not-kept"
	}
	row.figures.Good, row.figures.Used, row.figures.Bad, row.figures.Total = new(ratio(c.Good, c.Total())), new(used), one.Events(c.Bad), one.Events(c.Total())
	if worst := h.incidents(1); len(worst) > 0 && worst[0].share >= 0.01 {
		row.Worst = fmt.Sprintf("%s in %s from %s", percent(worst[0].share), about(worst[0].to.Sub(worst[0].from)), worst[0].from.Format("2 Jan 15:04"))
		row.figures.Worst = row.Worst
	}
	return row, kept, nil
}

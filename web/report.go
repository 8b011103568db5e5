package web

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"setpoint.dev/setpoint/slo"
)

// mostReported is how many objectives a report lists, and reportPatience how
// long it may take: each is summed from its counts.
const (
	mostReported   = 100
	reportPatience = 10 * time.Second
)

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
}

// A reportSLA is an SLA with what is owed, as of now.
type reportSLA struct {
	Objective string
	slaRow
}

// A reportPeriod is a period of the calendar in UTC, so many before the
// present one.
type reportPeriod struct {
	unit     string
	from, to time.Time
}

func periodOf(unit string, back int, now time.Time) reportPeriod {
	year, month, day := now.UTC().Date()
	at := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	switch unit {
	case "week": // from Monday
		monday := at(year, month, day-(int(now.UTC().Weekday())+6)%7-7*back)
		return reportPeriod{unit, monday, monday.AddDate(0, 0, 7)}
	case "quarter":
		first := at(year, month-(month-1)%3-time.Month(3*back), 1)
		return reportPeriod{unit, first, first.AddDate(0, 3, 0)}
	}
	first := at(year, month-time.Month(back), 1)
	return reportPeriod{"month", first, first.AddDate(0, 1, 0)}
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
	unit := values.Get("period")
	back, err := askNumber(values, "back", 0, 100)
	team, wrong := named("team", values.Get("team"))
	if err != nil || wrong != nil || !slices.Contains([]string{"", "week", "month", "quarter"}, unit) {
		s.problem(w, r, refuse(http.StatusBadRequest, "bad-report", "period is week, month or quarter, and back is how many of them ago, at most 100", ""))
		return
	}
	l := s.look(here(r))
	v := s.reportView(r.Context(), l, periodOf(unit, int(back), l.now), team, int(back))
	if values.Get("file") == "" {
		s.render(w, r, http.StatusOK, "reports", s.page(l, "reports", "Report: "+v.Title, v))
		return
	}
	v.Style = template.CSS(s.files["style.css"].text)
	var out bytes.Buffer
	if err := s.pages["reports"].ExecuteTemplate(&out, "file", v); err != nil {
		s.problem(w, r, fmt.Errorf("render report: %w", err))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="setpoint-`+strings.ToLower(strings.ReplaceAll(v.Title, " ", "-"))+`.html"`)
	_, _ = w.Write(out.Bytes()) // a caller who went away is told nothing
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
	kept, began := 0, time.Now()
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
		kept += int(bit(ok))
		v.Rows = append(v.Rows, row)
		for _, sla := range slaRows(l.set, *o.state) {
			v.SLAs = append(v.SLAs, reportSLA{o.objective.Name, sla})
		}
	}
	v.Words = fmt.Sprintf("%d of %s kept their budget.", kept, plural(len(v.Rows), "objective", "objectives"))
	return v
}

// reportRow sums an objective over a period.
func (s *Server) reportRow(ctx context.Context, l look, o slo.Objective, p reportPeriod) (row reportRow, kept bool, err error) {
	row = reportRow{Name: o.Name, Link: s.link("objectives", o.Name), Service: o.Service, Target: exactly(o.Target), Good: "not counted", Kept: statusBadge("no-data")}
	h, err := s.readHistory(ctx, l, o, stretch{frame: frame{p.from, p.to}, whole: true, alone: true})
	if err != nil {
		return row, false, err
	}
	c := h.counts.between(p.from, p.to)
	lived := min(p.to.Sub(p.from), max(l.now.Sub(p.from), time.Second))
	row.Observed = percent(min(c.Covered.Seconds()/lived.Seconds(), 1))
	if c.Total() == 0 {
		if c.Covered > 0 {
			row.Kept = statusBadge("no-traffic")
		}
		return row, false, nil
	}
	used := ratio(c.Bad, c.Total()) / o.Budget().Float()
	one := unitOf(o)
	row.Good, row.Used, row.Bad, row.Total = exact(ratio(c.Good, c.Total())), percent(used), count(one.Events(c.Bad)), count(one.Events(c.Total()))
	row.Bar, row.Overdrawn, kept = 100*within(used), used > 1, used < 1
	row.Kept = badge{"ok", "kept"}
	if !kept {
		row.Kept = badge{"exhausted", "not kept"}
	}
	if worst := h.incidents(1); len(worst) > 0 && worst[0].share >= 0.01 {
		row.Worst = fmt.Sprintf("%s in %s from %s", percent(worst[0].share), about(worst[0].to.Sub(worst[0].from)), worst[0].from.Format("2 Jan 15:04"))
	}
	return row, kept, nil
}

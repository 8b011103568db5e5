package web

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// A plot is a series in figures, for scripts that draw it anew.
type plot struct {
	Times  string // Unix seconds, with commas between
	Values string // empty = not known
	Unit   string // percent, times, events or setting
	Limit  string // a level that matters
	From   int64  // Unix seconds of the chart's edges
	To     int64
	Ends   string // of a setting: at rest and tight, with a comma between
	Words  string // of a setting: how both are shown and the unit, with | between
}

// A historyView is the past of an objective on its page.
type historyView struct {
	Unread    string // why the ledger could not be read
	Empty     bool   // nothing was counted in it
	Range     string
	Ranges    []string
	From, To  string // as a form takes them
	Start     string
	End       string
	Charts    []chart
	Notes     []noteRow
	Incidents []incidentRow
	Compare   []compareRow
	API       string
}

// A noteRow is something that happened, in a list beside the charts.
type noteRow struct {
	At, Stamp, What, Link, Style string
	instant                      time.Time
	until                        time.Time // of a note about a stretch of time
}

// An incidentRow is an incident with what was done meanwhile.
type incidentRow struct {
	From, Stamp, For, Share, Bad, Peak, Link string
	Bar                                      float64
	Meanwhile                                []noteRow
}

// A compareRow is a figure of the stretch and of as long a time before it.
type compareRow struct{ What, Now, Before string }

func (s *Server) historyView(r *http.Request, l look, o slo.Objective, at stretch) historyView {
	v := historyView{Range: at.Range, Ranges: ranges(), From: at.from.In(l.now.Location()).Format(formTime), To: at.to.In(l.now.Location()).Format(formTime), Start: clock(at.from, l.now), End: clock(at.to, l.now)}
	if at.Range != "" && !slices.Contains(v.Ranges, at.Range) {
		v.Ranges = append(v.Ranges, at.Range)
	}
	h, err := s.readHistory(r.Context(), l, o, at)
	if err != nil {
		v.Unread = problemOf(err).Message
		return v
	}
	if h.counts.upTo(at.to) == h.counts.upTo(at.from) {
		v.Empty = true
		return v
	}
	v.Notes = s.notes(r.Context(), l, o, at.frame)
	bands := append(h.bands(l), noteBands(v.Notes, at.frame)...)
	for _, c := range append(h.charts(l), s.settingsPast(r.Context(), l, o, at.frame)...) {
		c.Bands = bands
		c.Marks = marksOf(v.Notes, at.frame)
		v.Charts = append(v.Charts, c)
	}
	v.Incidents, v.Compare = h.incidentRows(l, v.Notes), h.compare()
	return v
}

// settingsPast draws the settings that loops make of an objective. What the
// ledger does not tell is left out.
func (s *Server) settingsPast(ctx context.Context, l look, o slo.Objective, f frame) (out []chart) {
	for _, c := range l.set.Loops {
		v, ok := l.setting(c.Actuator)
		if !ok || len(out) == mostSeen || !slices.Contains(objectivesOf(c), o.Name) {
			continue
		}
		if drawn, unread := s.settingPast(ctx, l, v, f); unread == "" {
			out = append(out, drawn)
		}
	}
	return out
}

// charts draw the budget, the indicator, the events, and each pair of windows
// that something looks at.
func (h history) charts(l look) []chart {
	out := []chart{h.leftChart(), h.goodChart(), h.eventsChart()}
	for _, p := range pairsOf(l.set, h.objective) {
		out = append(out, h.pairChart(p))
	}
	return out
}

func (h history) leftChart() chart {
	points := h.left()
	low := min(0, lowest(points))
	c := h.chart("left", points, between(low, 1), "percent")
	c.Label = "budget left"
	if h.stretch.whole {
		c.Label = "budget left of the window, against spending it evenly"
		even := h.each(func(at time.Time, _ counts) float64 { return 1 - h.stretch.x(at)/100 })
		c.More = []stroke{h.stroke("ideal", even, between(low, 1))}
	}
	c.Now = shown(points, percent)
	c.Title = fmt.Sprintf("%s, from %s to %s", c.Label, shown(points[:1], percent), c.Now)
	c.Grid = []grid{{Y: 0, Label: "100 %"}, {Y: 100 - 100*between(low, 1)(0), Label: "0 %", Style: "limit"}}
	return c
}

func (h history) goodChart() chart {
	points, target := h.good(), h.objective.Target.Float()
	low := min(lowest(points), 1-2*(1-target))
	c := h.chart("sli", points, between(low, 1), "percent")
	c.Label, c.Now = "good "+unitOf(h.objective).Noun(), shown(points, exact)
	c.Title = fmt.Sprintf("Share of %s: at least %s, now %s, promised %s", c.Label, exact(lowest(points)), c.Now, exactly(h.objective.Target))
	c.Grid = []grid{{Y: 0, Label: "100 %"}, {Y: 100 - 100*between(low, 1)(target), Label: exactly(h.objective.Target), Style: "limit"}, {Y: 100, Label: exact(low)}}
	if c.Grid[1].Y < 20 {
		c.Grid[0].Label = "" // there is no room for both
	}
	c.Plot.Limit = strconv.FormatFloat(target, 'g', -1, 64)
	return c
}

func (h history) eventsChart() chart {
	all := h.each(h.perHour(func(good, bad float64) float64 { return good + bad }))
	bad := h.each(h.perHour(func(_, bad float64) float64 { return bad }))
	top := highest(all)
	c := h.chart("events", all, between(0, max(top, 1)), "events")
	c.More = []stroke{h.stroke("bad", bad, between(0, max(top, 1)))}
	c.Label, c.Now = unitOf(h.objective).Noun()+" an hour, the bad ones in red", shown(all, count)
	c.Title = fmt.Sprintf("%s: at most %s, of which bad at most %s", c.Label, count(top), count(highest(bad)))
	c.Grid = []grid{{Y: 0, Label: count(top)}, {Y: 100, Style: "base"}}
	return c
}

// perHour makes of the counts of a bin what comes in an hour, by the time of
// it that was observed.
func (h history) perHour(of func(good, bad float64) float64) func(time.Time, counts) float64 {
	return func(_ time.Time, c counts) float64 {
		if c.Covered <= 0 {
			return math.NaN()
		}
		one := unitOf(h.objective)
		return of(one.Events(c.Good), one.Events(c.Bad)) / c.Covered.Hours()
	}
}

// A pair is two windows that are looked at together, and the burn at which
// something happens.
type pair struct {
	long, short time.Duration
	burn        float64
	why         string
}

// pairsOf are those that rules or alerts look at, the fastest first; without
// any, the standard ones.
func pairsOf(set *slo.Set, o slo.Objective) []pair {
	var out []pair
	add := func(p pair) {
		same := func(q pair) bool { return p.long == q.long && p.short == q.short && p.burn == q.burn }
		if i := slices.IndexFunc(out, same); i >= 0 {
			out[i].why += ", " + p.why
		} else if p.long > 0 && p.long < max(o.Window.Length, 1) && len(out) < 4 {
			out = append(out, p)
		}
	}
	for _, c := range set.Loops {
		for _, r := range c.Rules {
			for _, t := range r.Tiers {
				if r.Objective == o.Name {
					add(pair{t.Long, t.Short, t.Burn.Float(), c.Actuator})
				}
			}
		}
	}
	for _, p := range o.Alerts {
		for _, c := range p.Conditions {
			if !c.Off && c.Burn.Sign() > 0 {
				add(pair{c.Window, c.Short, c.Burn.Float(), "alert " + p.Name})
			}
		}
	}
	if len(out) == 0 {
		for _, t := range budget.Tiers(o.Target, o.Window.Length) {
			add(pair{t.Long, t.Short, t.Burn.Float(), "standard"})
		}
	}
	return out
}

func (h history) pairChart(p pair) chart {
	long := h.burns(p.long)
	top := 1.2 * max(p.burn, highest(long), 2)
	c := h.chart("burn", long, burnScale(top), "times")
	c.Label = fmt.Sprintf("burn over %s, limit %s (%s)", roughly(p.long), times(p.burn), p.why)
	if p.short > 0 {
		c.More = []stroke{h.stroke("short", h.burns(p.short), burnScale(top))}
		c.Label = fmt.Sprintf("burn over %s, thin over %s, limit %s (%s)", roughly(p.long), roughly(p.short), times(p.burn), p.why)
	}
	c.Now = shown(long, times)
	c.Title = fmt.Sprintf("%s: now %s, at most %s", c.Label, c.Now, times(highest(long)))
	c.Grid = burnGrid(burnScale(top), top, []float64{p.burn})
	c.Plot.Limit = strconv.FormatFloat(p.burn, 'g', -1, 64)
	return c
}

func (h history) chart(kind string, points []point, to scale, unit string) chart {
	c := h.stretch.chart(kind)
	c.Line, c.Area = line(points, h.stretch.frame, to, h.gap())
	c.Empty = c.Line == ""
	var at []string
	for _, p := range points {
		at = append(at, strconv.FormatInt(p.at.Unix(), 10))
	}
	c.Plot = &plot{Times: strings.Join(at, ","), Values: figures(points), Unit: unit, From: h.stretch.from.Unix(), To: h.stretch.to.Unix()}
	return c
}

// stroke is a line beside the series.
func (h history) stroke(style string, points []point, to scale) stroke {
	path, _ := line(points, h.stretch.frame, to, h.gap())
	return stroke{path, style, figures(points)}
}

func figures(points []point) string {
	var out []string
	for _, p := range points {
		out = append(out, figure(p.v))
	}
	return strings.Join(out, ",")
}

// figure is empty for what is not known.
func figure(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

// gap is the longest distance between two points that a line bridges.
func (h history) gap() time.Duration {
	return 3 * max(h.stretch.to.Sub(h.stretch.from)/bins, h.objective.Step())
}

// bands are the times that calendars and adjustments are about.
func (h history) bands(l look) (out []band) {
	f := h.stretch.frame
	for _, e := range l.set.Exemption(h.objective).Between(f.from, f.to) {
		for _, s := range e.Stretches {
			x := f.x(s.From)
			title := fmt.Sprintf("%s, %s to %s: %s", e.Name, clock(s.From, l.now), clock(s.To, l.now), effectWords(e.Effect))
			out = append(out, band{X: x, W: max(f.x(s.To)-x, 0.2), Style: "exempt", Title: title})
		}
	}
	return out
}

// notes lists what was done to a service and what moves its actuators, the
// newest first. What the ledger does not tell is left out: the banner says
// that it is away.
func (s *Server) notes(ctx context.Context, l look, o slo.Objective, f frame) []noteRow {
	var out []noteRow
	for _, c := range l.set.Loops {
		a, _ := l.actuator(c.Actuator)
		if !slices.ContainsFunc(c.Rules, func(r slo.Rule) bool { return r.Objective == o.Name }) && (a.Service != o.Service || o.Service == "") {
			continue
		}
		out = append(out, s.moveNotes(ctx, l, c.Actuator, f)...)
	}
	if o.Service != "" {
		out = append(out, s.releaseNotes(ctx, o.Service)...)
		out = append(out, s.deployNotes(ctx, o.Service, f)...)
	}
	orders, _ := s.ordersSince(ctx, f.from)
	for _, g := range orders {
		if concerns(l, g, o.Service, o.Name) {
			out = append(out, orderNote(l, g))
		}
	}
	return noted(l, f, out)
}

// moveNotes are the moves of an actuator.
func (s *Server) moveNotes(ctx context.Context, l look, actuator string, f frame) (out []noteRow) {
	records, _ := s.history(ctx, Filter{Actuator: actuator, Moves: true, From: f.from, To: f.to, Limit: 100})
	for _, rec := range records {
		row := s.decisionRow(l, rec)
		out = append(out, noteRow{What: fmt.Sprintf("%s %s: %s → %s", row.Actuator, moved(rec.Decision.Verb), row.From, row.To), Link: row.Link, Style: string(rec.Decision.Verb), instant: rec.Decision.Input.At})
	}
	return out
}

func moved(v loop.Verb) string {
	return map[loop.Verb]string{loop.Tighten: "tightened", loop.Relax: "relaxed"}[v]
}

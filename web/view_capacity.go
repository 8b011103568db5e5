package web

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// farthest is how far ahead a trend is believed.
const farthest = 365 * 24 * time.Hour

// A capacityView is the page of trends.
type capacityView struct {
	Query           listQuery
	Spans           []choice
	Services, Teams []choice
	Words           string
	Rows            []capacityRow
	Found, All      int
	First, Last     int
	Before, Next    string
}

// A capacityRow is an objective with where it goes.
type capacityRow struct {
	objectiveRow
	Going []projection // its level, where it has a limit, then its budget
}

// A projection is a trend, drawn and in words.
type projection struct {
	Words  string
	Rate   string // how fast, with its uncertainty
	Unread string // why it is not known
	Soon   bool   // it comes to its end within the time that is drawn
	Chart  chart
	in     time.Duration
}

// soon is when the first of its projections ends.
func (r capacityRow) soon() time.Duration {
	in := budget.Never
	for _, p := range r.Going {
		in = min(in, p.in)
	}
	return in
}

func (s *Server) capacityRow(l look, o slo.Objective, t trendOf) capacityRow {
	row := capacityRow{objectiveRow: s.objectiveRow(l, o)}
	if t.level != nil || t.levelBad != "" {
		row.Going = append(row.Going, levelProjection(o, t))
	}
	st, _ := l.state(o.Name)
	row.Going = append(row.Going, budgetProjection(o, st, t))
	return row
}

// levelProjection is when what is measured reaches its limit.
func levelProjection(o slo.Objective, t trendOf) projection {
	limit, falling := o.Indicator.Value.Float(), o.Indicator.Op == slo.GreaterOrEqual || o.Indicator.Op == slo.Greater
	low, high := min(0, limit, lowest(t.level)), 1.1*max(limit, highest(t.level), 0)
	a := axis{limit: limit, falling: falling, to: between(low, high), show: digits, change: digits, label: "worst level, limit " + digits(limit), kind: "level"}
	a.grid = []grid{{Y: 100 - 100*a.to(limit), Label: digits(limit), Style: "limit"}, {Y: 100, Label: digits(low), Style: "base"}}
	p := a.project(t, t.level, t.levelBad)
	if p.Words == "" {
		p.Words = a.words(p.trend, "It is beyond its limit", "It reaches its limit", "It stays within its limit, as far as a year ahead")
	}
	return p.projection
}

// budgetProjection is when a budget is used up.
func budgetProjection(o slo.Objective, st budget.State, t trendOf) projection {
	low := min(0, lowest(t.budget))
	a := axis{falling: true, exact: true, to: between(low, 1), show: percent, change: func(v float64) string { return digits(100*v) + " %" }, label: "budget left", kind: "left"}
	a.grid = []grid{{Y: 0, Label: "100 %"}, {Y: 100 - 100*a.to(0), Label: "0 %", Style: "limit"}}
	p := a.project(t, t.budget, t.budgetBad)
	if p.Words == "" && p.in != budget.Never && !st.PeriodEnd.IsZero() && p.trend.At.Add(p.in).After(st.PeriodEnd) {
		p.Words, p.Soon, p.in = "Its budget lasts until its period ends on "+day(st.PeriodEnd), false, budget.Never
	}
	if p.Words == "" {
		p.Words = a.words(p.trend, "Its budget is used up", "Its budget is used up", "Its budget lasts, as far as a year ahead")
	}
	return p.projection
}

// An axis is what a projection goes along.
type axis struct {
	limit   float64
	falling bool // towards the limit
	to      scale
	show    func(float64) string // a figure
	change  func(float64) string // a change of it
	label   string
	kind    string
	grid    []grid
	exact   bool // the newest figure is no measurement with an error: from there it goes on
}

type projected struct {
	projection
	trend budget.Trend
}

// project draws figures and where they go, as far ahead as they reach back.
// Words are set when there is no trend.
func (a axis) project(t trendOf, points []point, unread string) projected {
	p := projected{projection: projection{Unread: unread, in: budget.Never}}
	whole := frame{t.from, t.to.Add(t.to.Sub(t.from))}
	p.Chart = whole.chart(a.kind)
	p.Chart.Grid, p.Chart.Label, p.Chart.Start, p.Chart.End = a.grid, a.label, day(whole.from), day(whole.to)
	p.Chart.Bands = []band{{X: 50, W: 50, Style: "ahead", Title: "ahead of now"}}
	p.Chart.Line, p.Chart.Area = line(points, whole, a.to, 3*t.to.Sub(t.from)/trendPoints)
	p.Chart.Empty, p.Chart.Now = p.Chart.Line == "", shown(points, a.show)
	var figures []budget.Point
	for _, v := range points {
		figures = append(figures, budget.Point{At: v.at, Value: v.v})
	}
	trend, ok := budget.TrendOf(figures)
	if !ok {
		if p.Words = "Too little of its past is on record for a trend"; unread != "" {
			p.Words = "Its past cannot be read: " + unread
		}
		p.Chart.Title = p.Chart.Label + ": " + p.Words
		return p
	}
	if a.exact {
		trend.Value = newest(points)
	}
	p.trend = trend
	p.in, _, _ = trend.Reaches(a.limit, a.falling)
	p.Soon, p.Rate = p.in <= t.to.Sub(t.from), a.rate(trend)
	p.Chart.More = []stroke{{Path: a.ahead(trend, trend.Slope, whole), Style: "going"}}
	p.Chart.Fan = a.fan(trend, whole)
	p.Chart.Title = fmt.Sprintf("%s: %s now, %s", a.label, p.Chart.Now, p.Rate)
	return p
}

// newest is the last figure that is known.
func newest(points []point) float64 {
	for _, p := range slices.Backward(points) {
		if !math.IsNaN(p.v) {
			return p.v
		}
	}
	return math.NaN()
}

// words say when a line is at its end.
func (a axis) words(t budget.Trend, is, comes, stays string) string {
	in, soonest, latest := t.Reaches(a.limit, a.falling)
	soonest, latest = cutOff(soonest), cutOff(latest)
	switch in = cutOff(in); {
	case in == 0:
		return is
	case soonest == budget.Never:
		return stays
	case in == budget.Never:
		return fmt.Sprintf("%s; at worst until %s, in %s", stays, day(t.At.Add(soonest)), far(soonest))
	case latest == budget.Never:
		return fmt.Sprintf("%s in about %s, on %s; at worst in %s, and it may never be", comes, far(in), day(t.At.Add(in)), far(soonest))
	case far(soonest) == far(latest):
		return fmt.Sprintf("%s in about %s, on %s", comes, far(in), day(t.At.Add(in)))
	}
	return fmt.Sprintf("%s in about %s, on %s; between %s and %s", comes, far(in), day(t.At.Add(in)), far(soonest), far(latest))
}

// cutOff makes what is too far ahead to be believed never.
func cutOff(d time.Duration) time.Duration {
	if d > farthest {
		return budget.Never
	}
	return d
}

// rate is the change a day, and between which changes it is.
func (a axis) rate(t budget.Trend) string {
	signed := func(v float64) string {
		switch text := a.change(math.Abs(v)); {
		case math.IsInf(v, 0):
			return "no bound"
		case v < 0:
			return minus + text
		default:
			return "+" + text
		}
	}
	if t.Slope == 0 && t.Low == 0 && t.High == 0 {
		return "it does not change"
	}
	return fmt.Sprintf("%s a day (%s to %s)", signed(t.Slope), signed(t.Low), signed(t.High))
}

// ahead is the line from the newest figure on, until it leaves the drawing.
func (a axis) ahead(t budget.Trend, slope float64, whole frame) string {
	var p pen
	for _, at := range steps(t.At, whole.to) {
		y := a.to(t.Value + float64(slope*at.Sub(t.At).Hours()/24))
		p.to(whole.x(at), y)
		if y < 0 || y > 1 {
			break
		}
	}
	p.lift()
	return p.path.String()
}

// fan is the area between the steepest and the flattest line; empty where
// nothing bounds them.
func (a axis) fan(t budget.Trend, whole frame) string {
	if math.IsInf(t.Low, 0) || math.IsInf(t.High, 0) {
		return ""
	}
	var out strings.Builder
	all := steps(t.At, whole.to)
	corner := func(at time.Time, slope float64) {
		y := within(a.to(t.Value + float64(slope*at.Sub(t.At).Hours()/24)))
		fmt.Fprintf(&out, "L%.1f %.1f", whole.x(at)*plotWidth/100, plotHeight*(1-y))
	}
	for _, at := range all {
		corner(at, t.High)
	}
	for i := len(all) - 1; i >= 0; i-- {
		corner(all[i], t.Low)
	}
	return "M" + out.String()[1:] + "Z"
}

// steps are instants of a stretch, close enough to draw by.
func steps(from, to time.Time) (out []time.Time) {
	const parts = 20
	for i := range parts + 1 {
		out = append(out, from.Add(to.Sub(from)*time.Duration(i)/parts))
	}
	return out
}

// capacityWords count what ends within the time that is drawn, and of what
// that is not known.
func capacityWords(rows []capacityRow) string {
	var names, unknown []string
	for _, r := range rows {
		if slices.ContainsFunc(r.Going, func(p projection) bool { return p.Soon }) {
			names = append(names, r.Name)
		}
		if slices.ContainsFunc(r.Going, func(p projection) bool { return p.Rate == "" }) {
			unknown = append(unknown, r.Name)
		}
	}
	blind := ""
	if len(unknown) > 0 {
		blind = " Of " + naming(unknown, "objectives") + " too little is known to tell."
	}
	switch {
	case len(rows) == 0:
		return "There is nothing to look ahead for."
	case len(names) == 0 && len(unknown) == len(rows):
		return blind[1:]
	case len(names) == 0 && len(unknown) > 0:
		return "None of the others comes to its end in the time that is drawn." + blind
	case len(names) == 0:
		return "None of these comes to its end in the time that is drawn."
	case len(names) == 1:
		return "If it goes on like this, " + names[0] + " comes to its end in the time that is drawn." + blind
	}
	return "If it goes on like this, " + naming(names, "objectives") + " come to their end in the time that is drawn." + blind
}

// far is a length of time ahead: exact to the day for two weeks, then by weeks
// and months.
func far(d time.Duration) string {
	const week = 7 * 24 * time.Hour
	switch {
	case d < 13*24*time.Hour:
		return about(d)
	case d < 10*week:
		return fmt.Sprintf("%.0f weeks", d.Hours()/week.Hours())
	}
	return fmt.Sprintf("%.0f months", d.Hours()/24/30.44)
}

func day(t time.Time) string { return t.Format("2 Jan 2006") }

// short is a measured figure.
func digits(v float64) string {
	return strings.Replace(strconv.FormatFloat(v, 'g', 3, 64), "-", minus, 1)
}

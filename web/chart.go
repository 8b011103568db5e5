package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// plotWidth and plotHeight are the units of a plot's own coordinates. The
// page stretches a plot to its place; lines keep their width.
const (
	plotWidth  = 1000.0
	plotHeight = 100.0
)

// A chart is a drawing of one series over time. All places are in percent of
// the drawing, so that text and marks keep their size on every screen.
type chart struct {
	Title string // says in words what is to be seen
	Label string // what is drawn
	Now   string // its newest value
	Kind  string // burn, setting or left: the style
	Line  string // path of the series, in plot units
	Area  string // path of the area under it
	Grid  []grid
	Marks []mark
	Start string // time at the left edge
	End   string // time at the right edge
	Empty bool   // there is nothing to draw
	Bands []band // under the series
	More  []stroke
	Fan   string // path of the area in which the series may go on
	Plot  *plot  // the same for scripts, to be read closely; nil = there is no more to it
}

// A band is a time worth a look.
type band struct {
	X, W  float64 // percent
	Style string
	Title string
}

// A stroke is a line beside the series.
type stroke struct {
	Path, Style string
	Values      string // see plot
}

// A grid is a level line with its label.
type grid struct {
	Y     float64 // percent from the top
	Label string
	Style string // "base", "limit" or ""
}

// A mark is an instant worth a look.
type mark struct {
	X     float64 // percent from the left
	Style string  // "tighten", "relax" or "order"
	Title string
}

// A scale places values: 0 at the foot, 1 at the top.
type scale func(v float64) float64

// A frame is the stretch of time that a chart shows.
type frame struct{ from, to time.Time }

// x is the place of an instant, in percent of the width.
func (f frame) x(t time.Time) float64 {
	share := t.Sub(f.from).Seconds() / f.to.Sub(f.from).Seconds()
	return 100 * within(share)
}

// within cuts a share to what can be drawn: 0 to 1, and 0 for none.
func within(share float64) float64 {
	if math.IsNaN(share) {
		return 0
	}
	return min(max(share, 0), 1)
}

// frame is what all charts of a page show: from the oldest point that is
// remembered to now, at least 2 min.
func (s *Server) frame(now time.Time) frame {
	from := s.trail.begin(now)
	if now.Sub(from) < 2*time.Minute {
		from = now.Add(-2 * time.Minute)
	}
	return frame{from, now}
}

// burnScale is logarithmic from 0 to top, since burn rates of interest span
// 0.1 to 1,000: 0, 1, 10 and 100 are about equally far apart.
func burnScale(top float64) scale {
	return func(v float64) float64 { return math.Log1p(max(v, 0)) / math.Log1p(top) }
}

// between is linear from rest at the foot to tight at the top, whichever is
// the greater number.
func between(rest, tight float64) scale {
	return func(v float64) float64 { return (v - rest) / (tight - rest) }
}

// burnChart draws how fast a budget burned. limits are burn rates at which
// something happens.
func (s *Server) burnChart(l look, f frame, objective string, limits []float64) chart {
	points := s.trail.since(burnTrack, objective, f.from)
	top := 10.0
	for _, p := range points {
		if p.v > top {
			top = p.v
		}
	}
	for _, limit := range limits {
		top = max(top, limit)
	}
	top *= 1.2
	to := burnScale(top)
	c := f.chart("burn")
	c.Line, c.Area = line(points, f, to, s.gap(l, objective))
	c.Empty = c.Line == ""
	c.Grid = burnGrid(to, top, limits)
	c.Title, c.Now = burnTitle(objective, points, f)
	c.Label = "burn rate of " + objective
	if st, ok := l.state(objective); ok {
		if w, ok := watched(l.set, st); ok {
			c.Label += " over " + window(w.Length)
		}
	}
	return c
}

// burnTitle says what a burn chart shows, and the newest value.
func burnTitle(objective string, points []point, f frame) (title, now string) {
	peak, last := 0.0, math.NaN()
	for _, p := range points {
		if last = p.v; p.v > peak {
			peak = p.v
		}
	}
	now = "not known"
	if !math.IsNaN(last) {
		now = times(last)
	}
	return fmt.Sprintf("Burn rate of %s over the last %s: now %s, at most %s", objective, about(f.to.Sub(f.from)), now, times(peak)), now
}

func burnGrid(to scale, top float64, limits []float64) []grid {
	out := []grid{{Y: 100, Style: "base"}}
	for _, level := range []float64{1, 10, 100, 1000} {
		near := false
		for _, limit := range limits {
			near = near || math.Abs(to(limit)-to(level)) < 0.12
		}
		if level < top && !near {
			out = append(out, grid{Y: 100 - 100*to(level), Label: strconv.FormatFloat(level, 'g', -1, 64) + "×"})
		}
	}
	for _, limit := range limits {
		out = append(out, grid{Y: 100 - 100*to(limit), Label: strconv.FormatFloat(limit, 'g', -1, 64) + "×", Style: "limit"})
	}
	return out
}

// leftChart draws how much of a budget was left.
func (s *Server) leftChart(l look, f frame, objective string) chart {
	points := s.trail.since(leftTrack, objective, f.from)
	low := 0.0
	for _, p := range points {
		if p.v < low {
			low = p.v
		}
	}
	to := between(low, 1)
	c := f.chart("left")
	c.Line, c.Area = line(points, f, to, s.gap(l, objective))
	c.Empty = c.Line == ""
	c.Title = "Budget left of " + objective + " over the last " + about(f.to.Sub(f.from))
	c.Label, c.Now = "budget left", "not known"
	if n := len(points); n > 0 && !math.IsNaN(points[n-1].v) {
		c.Now = percent(points[n-1].v)
	}
	c.Grid = []grid{{Y: 0, Label: "100 %"}, {Y: 100 - 100*to(0), Label: "0 %", Style: "limit"}}
	if low < -0.2 {
		c.Grid = append(c.Grid, grid{Y: 100, Label: percent(low)})
	}
	return c
}

// settingChart draws how an actuator was set, tight at the top.
func (s *Server) settingChart(l look, f frame, v loop.Setting) chart {
	a := declaredOr(l, v)
	points := s.trail.since(settingTrack, v.Actuator, f.from)
	to := between(a.Rest, a.Tight)
	c := f.chart("setting")
	c.Line, c.Area = stairs(points, f, to)
	c.Empty = c.Line == ""
	c.Grid = []grid{{Y: 0, Label: a.Show(a.Tight)}, {Y: 100, Label: a.Show(a.Rest), Style: "base"}}
	c.Marks = moves(a, points, f)
	c.Label, c.Now = "setting", v.Shown
	c.Title = fmt.Sprintf("Setting of %s over the last %s: now %s", v.Actuator, about(f.to.Sub(f.from)), v.Shown)
	return c
}

// moves marks each change of a setting.
func moves(a slo.Actuator, points []point, f frame) []mark {
	var out []mark
	for i := 1; i < len(points); i++ {
		was, is := points[i-1], points[i]
		switch {
		case is.at.Before(f.from) || math.IsNaN(was.v) || math.IsNaN(is.v):
		case a.Tighter(is.v, was.v):
			out = append(out, mark{f.x(is.at), "tighten", clock(is.at, f.to) + " tightened to " + a.Show(is.v)})
		case a.Tighter(was.v, is.v):
			out = append(out, mark{f.x(is.at), "relax", clock(is.at, f.to) + " relaxed to " + a.Show(is.v)})
		}
	}
	return out
}

func (f frame) chart(kind string) chart {
	return chart{Kind: kind, Start: clock(f.from, f.to), End: clock(f.to, f.to)}
}

// gap is the longest distance between two points that a line bridges: what
// lies further apart was not observed between.
func (s *Server) gap(l look, objective string) time.Duration {
	o, _ := l.objective(objective)
	return max(3*o.Step(), 30*time.Second)
}

// line draws points, with a break where one is not known or they are too far
// apart.
func line(points []point, f frame, to scale, gap time.Duration) (path, area string) {
	var p pen
	var last time.Time
	for _, at := range points {
		if math.IsNaN(at.v) || at.at.Before(f.from) {
			p.lift()
			continue
		}
		if !last.IsZero() && at.at.Sub(last) > gap {
			p.lift()
		}
		p.to(f.x(at.at), to(at.v))
		last = at.at
	}
	p.lift()
	return p.path.String(), p.area.String()
}

// stairs draws a setting, which holds until the next point, and the last one
// until now.
func stairs(points []point, f frame, to scale) (path, area string) {
	var p pen
	for i, at := range points {
		if math.IsNaN(at.v) {
			p.lift()
			continue
		}
		until := f.to
		if i+1 < len(points) {
			until = points[i+1].at
		}
		p.to(f.x(at.at), to(at.v))
		p.to(f.x(until), to(at.v))
	}
	p.lift()
	return p.path.String(), p.area.String()
}

// A pen draws lines and the areas under them.
type pen struct {
	path, area strings.Builder
	down       bool
	from, x    float64
}

// to draws to a place: x in percent of the width, y from 0 at the foot to 1.
func (p *pen) to(x, y float64) {
	x, y = x*plotWidth/100, plotHeight*(1-within(y))
	if !p.down {
		p.down, p.from = true, x
		fmt.Fprintf(&p.path, "M%.1f %.1f", x, y)
		fmt.Fprintf(&p.area, "M%.1f %.0fL%.1f %.1f", x, plotHeight, x, y)
	} else {
		fmt.Fprintf(&p.path, "L%.1f %.1f", x, y)
		fmt.Fprintf(&p.area, "L%.1f %.1f", x, y)
	}
	p.x = x
}

// lift ends a line; a single point becomes a dot.
func (p *pen) lift() {
	if !p.down {
		return
	}
	if p.x == p.from {
		p.path.WriteString("h1")
	}
	fmt.Fprintf(&p.area, "L%.1f %.0fZ", p.x, plotHeight)
	p.down = false
}

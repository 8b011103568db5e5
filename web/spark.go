package web

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// A spark is how fast a budget burned of late, as a small drawing in a row. All
// have the same scale, that of the ladders.
type spark struct {
	Path  string // in a box of 100 by 20
	Title string
}

// sparkPoints is how many points a spark has at most.
const sparkPoints = 50

// spark is nil when too little was seen.
func (s *Server) spark(l look, objective string) *spark {
	f := s.frame(l.now)
	points := s.trail.since(burnTrack, objective, f.from)
	if len(points) < 3 {
		return nil
	}
	worst := make([]float64, sparkPoints) // of each part of the time, so that no peak is lost
	for i := range worst {
		worst[i] = math.NaN()
	}
	for _, p := range points {
		i := min(int(f.x(p.at)/100*sparkPoints), sparkPoints-1)
		if !math.IsNaN(p.v) && !(worst[i] > p.v) && !p.at.Before(f.from) {
			worst[i] = p.v
		}
	}
	path, peak := sparkPath(worst)
	if path == "" {
		return nil
	}
	return &spark{Path: path, Title: fmt.Sprintf("burn rate over the last %s, at most %s", about(f.to.Sub(f.from)), times(peak))}
}

func sparkPath(worst []float64) (path string, peak float64) {
	var out strings.Builder
	to, last := burnScale(ladderTop), -1
	for i, v := range worst {
		if math.IsNaN(v) {
			continue
		}
		peak = max(peak, v)
		pen := "L"
		if last < 0 || i-last > sparkPoints/5 {
			pen = "M"
		}
		fmt.Fprintf(&out, "%s%.0f %.1f", pen, 100*float64(i)/(sparkPoints-1), 19-18*within(to(v)))
		last = i
	}
	return out.String(), peak
}

// outageLeft is for how long all may still be bad, at the traffic that was
// observed; empty when nothing is left, or outages have their own length.
func outageLeft(o slo.Objective, st budget.State) string {
	if !st.Status.Judged() || st.Remaining <= 0 || o.Method != slo.Occurrences || o.Indicator.Kind != slo.Counters {
		return ""
	}
	return about(seconds(st.Remaining * o.Budget().Float() * st.Budget.Covered.Seconds()))
}

// oldData says how old the newest data is, when that is older than it need be.
func oldData(st budget.State, now time.Time) string {
	if age := now.Sub(st.Newest); !st.Newest.IsZero() && age > 5*st.Slice+2*time.Minute {
		return "data " + about(age) + " old"
	}
	return ""
}

// mostNews is how many things of the last hour the overview tells.
const mostNews = 6

// lastHour is what changed in the last hour, the newest first: settings,
// alerts, orders and definitions. All of it is in memory.
func (s *Server) lastHour(l look) []noteRow {
	f := frame{l.now.Add(-time.Hour), l.now}
	var out []noteRow
	for _, v := range l.report.Settings {
		a := declaredOr(l, v)
		points := s.trail.since(settingTrack, v.Actuator, f.from)
		for i := 1; i < len(points); i++ {
			if was, is := points[i-1].v, points[i].v; !same(was, is) && !math.IsNaN(was) && !math.IsNaN(is) {
				out = append(out, noteRow{What: v.Actuator + ": " + a.Show(was) + " → " + a.Show(is), Link: "/actuators/" + v.Actuator, Style: string(loop.Tighten), instant: points[i].at})
			}
		}
	}
	for _, a := range l.report.Alerts {
		out = append(out, noteRow{What: a.Severity + " of " + a.Objective + ": " + phaseWords(a), Link: "/objectives/" + a.Objective, instant: began(a)})
	}
	for _, o := range l.report.Orders {
		out = append(out, orderNote(l, o))
	}
	if d := s.readDefinitions(); d.OK && !d.Since.IsZero() {
		out = append(out, noteRow{What: "the definitions were read", Link: "/health", instant: d.Since})
	}
	out = noted(l, f, slices.Clip(out))
	return out[:min(len(out), mostNews)]
}

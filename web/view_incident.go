package web

import (
	"fmt"
	"math"
	"net/url"
	"strconv"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// counts are those of a bin of a chart.
type counts = sli.Counts

// mostIncidents is how many incidents a page lists.
const mostIncidents = 5

// incidentRows are the incidents that used up at least a hundredth of the
// budget, with what was done from a little before each to its end.
func (h history) incidentRows(l look, notes []noteRow) (out []incidentRow) {
	for _, i := range h.incidents(mostIncidents) {
		if i.share < 0.01 {
			continue
		}
		margin := max(i.to.Sub(i.from)/4, 10*time.Minute)
		around := url.Values{"from": {i.from.Add(-margin).UTC().Format(time.RFC3339)}, "to": {i.to.Add(margin).UTC().Format(time.RFC3339)}}
		row := incidentRow{
			From: clock(i.from, l.now), Stamp: stamp(i.from), For: about(i.to.Sub(i.from)), Share: percent(i.share), Bar: 100 * within(i.share), Peak: times(i.peak),
			Bad: count(unitOf(h.objective).Events(i.bad)), Link: "?" + around.Encode(),
		}
		for _, n := range notes {
			if n.instant.After(i.from.Add(-time.Hour)) && !n.instant.After(i.to) && len(row.Meanwhile) < 4 {
				row.Meanwhile = append(row.Meanwhile, n)
			}
		}
		out = append(out, row)
	}
	return out
}

// compare sets the stretch beside as long a time before it.
func (h history) compare() []compareRow {
	f := h.stretch.frame
	length := f.to.Sub(f.from)
	now, before := h.counts.between(f.from, f.to), h.counts.between(f.from.Add(-length), f.from)
	one := unitOf(h.objective)
	row := func(what string, of func(sli.Counts) string) compareRow {
		r := compareRow{What: what, Now: "not counted", Before: "not counted"}
		if now.Total() > 0 {
			r.Now = of(now)
		}
		if before.Total() > 0 {
			r.Before = of(before)
		}
		return r
	}
	return []compareRow{
		row("good", func(c sli.Counts) string { return exact(ratio(c.Good, c.Total())) }),
		row("budget used up", func(c sli.Counts) string { return percent(ratio(c.Bad, c.Total()) / h.objective.Budget().Float()) }),
		row("bad "+one.Noun(), func(c sli.Counts) string { return count(one.Events(c.Bad)) }),
		row("all "+one.Noun(), func(c sli.Counts) string { return count(one.Events(c.Total())) }),
		row("observed", func(c sli.Counts) string { return percent(c.Covered.Seconds() / length.Seconds()) }),
	}
}

// exact is a share in percent with up to four digits, rounded down, so that
// what is promised does not seem kept when it is not.
func exact(share float64) string {
	if math.IsNaN(share) {
		return "not known"
	}
	return strconv.FormatFloat(math.Floor(share*1e6+1e-6)/1e4, 'f', -1, 64) + " %"
}

// unitOf is a state that knows no more than what an objective counts.
func unitOf(o slo.Objective) budget.State {
	return budget.State{Method: o.Method, Counted: o.Indicator.Kind}
}

// shown is the newest value that is known, in words.
func shown(points []point, words func(float64) string) string {
	for i := len(points) - 1; i >= 0; i-- {
		if !math.IsNaN(points[i].v) {
			return words(points[i].v)
		}
	}
	return "not known"
}

func lowest(points []point) float64 {
	low := math.Inf(1)
	for _, p := range points {
		if p.v < low {
			low = p.v
		}
	}
	if math.IsInf(low, 1) {
		return 0
	}
	return low
}

func highest(points []point) float64 {
	top := 0.0
	for _, p := range points {
		if p.v > top && !math.IsInf(p.v, 0) {
			top = p.v
		}
	}
	return top
}

// outlookWords say how sure the forecast is: what chance alone makes of the
// bad events of the shortest window, and what the longer windows say. The
// number of bad events is within 2 standard deviations of a Poisson count in
// 19 of 20 cases.
func outlookWords(s budget.State) string {
	w, known := shortest(s)
	if !known || w.Bad == 0 || !s.Status.Judged() || s.Remaining <= 0 {
		return ""
	}
	n := s.Events(w.Bad)
	spread := 2 / math.Sqrt(max(n, 1))
	soon, ends := outIn(s.Remaining, w.Burn*(1+spread), s.Budget.Covered, s.Budget.Length)
	if !ends {
		return ""
	}
	words := fmt.Sprintf("not before %s", about(soon))
	if late, ends := outIn(s.Remaining, w.Burn*max(1-spread, 0), s.Budget.Covered, s.Budget.Length); ends {
		words = fmt.Sprintf("between %s and %s", about(soon), about(late))
		if about(soon) == about(late) {
			words = about(soon)
		}
	}
	words = fmt.Sprintf("By the %s bad %s of the last %s: %s", count(n), s.Noun(), roughly(w.Length), words)
	for i := len(s.Windows) - 2; i > 0; i-- {
		long := s.Windows[i]
		if !long.Known || long.Length <= w.Length || long.Length > s.Budget.Length/20 {
			continue
		}
		if d, ends := outIn(s.Remaining, long.Burn, s.Budget.Covered, s.Budget.Length); ends {
			return words + fmt.Sprintf("; at the rate of the last %s in %s.", roughly(long.Length), about(d))
		}
		return words + fmt.Sprintf("; at the rate of the last %s it lasts.", roughly(long.Length))
	}
	return words + "."
}

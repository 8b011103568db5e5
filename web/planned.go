package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// plannedFor is how far the calendar of the gate looks ahead.
const plannedFor = 28 * 24 * time.Hour

// A plannedRow is a calendar, or an ordered freeze, of the next weeks.
type plannedRow struct {
	Name, About, Does, Style string
	Next                     string // its next stretch, or the one that is on
	On                       bool   // it is on now
	More                     int    // stretches after that
	Bands                    []band
	Title                    string // says what is to be seen
	first                    time.Time
}

// planned lists what of the next weeks is known to bear on releases and
// budgets: the first to come first.
func planned(l look) (out []plannedRow) {
	for _, p := range l.set.Policies {
		for _, c := range p.DenyDuring {
			out = append(out, plannedOf(l, plannedRow{Name: c.Name, About: p.Service, Does: "releases are denied by policy " + p.Name, Style: "deny"}, c))
		}
		for _, c := range p.AllowDuring {
			out = append(out, plannedOf(l, plannedRow{Name: c.Name, About: p.Service, Does: "releases may go only then, by policy " + p.Name, Style: "allow"}, c))
		}
	}
	for _, c := range l.set.Calendars {
		out = append(out, plannedOf(l, plannedRow{Name: c.Name, About: aboutWords(l.set, c.AppliesTo), Does: effectWords(c.Effect), Style: "exempt"}, c))
	}
	for _, o := range l.report.Orders {
		if o.Kind == loop.OrderFreeze {
			to := o.Until
			if to.IsZero() {
				to = l.now.Add(plannedFor)
			}
			out = append(out, plannedStretches(l, plannedRow{Name: "ordered by " + o.By, About: o.Target, Does: "releases are frozen: " + o.Why, Style: "deny"}, []slo.Stretch{{From: o.At, To: to}}))
		}
	}
	out = slices.DeleteFunc(out, func(p plannedRow) bool { return len(p.Bands) == 0 })
	slices.SortStableFunc(out, func(a, b plannedRow) int { return a.first.Compare(b.first) })
	return out
}

func plannedOf(l look, row plannedRow, c slo.Calendar) plannedRow {
	return plannedStretches(l, row, c.Stretches(l.now, l.now.Add(plannedFor)))
}

func plannedStretches(l look, row plannedRow, all []slo.Stretch) plannedRow {
	f := frame{l.now, l.now.Add(plannedFor)}
	for i, s := range all {
		if i == 0 {
			row.first, row.On, row.More = s.From, !s.From.After(l.now), len(all)-1
			row.Next = clock(s.From, l.now) + " to " + clock(s.To, l.now)
		}
		x := f.x(s.From)
		row.Bands = append(row.Bands, band{X: x, W: max(f.x(s.To)-x, 0.3), Style: row.Style, Title: clock(s.From, l.now) + " to " + clock(s.To, l.now)})
	}
	row.Title = fmt.Sprintf("%s of %s in the next 4 weeks: %s", row.Name, row.About, plural(len(all), "time", "times"))
	return row
}

// aboutWords names the objectives that a scope is about.
func aboutWords(set *slo.Set, s slo.Scope) string {
	var names []string
	for _, o := range set.Objectives {
		if s.Has(o) {
			names = append(names, o.Name)
		}
	}
	if len(names) == len(set.Objectives) {
		return "all objectives"
	}
	return strings.TrimSpace(naming(names, "objectives"))
}

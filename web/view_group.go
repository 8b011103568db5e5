package web

import (
	"net/url"
	"slices"
	"strings"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// A groupsView lists the groups of an objective.
type groupsView struct {
	By   string
	Rows []groupRow
	None bool
	Made bool // the objective is made of them
}

// A groupRow is the objective of one group.
type groupRow struct {
	Words, Link string
	Status      badge
	Seen        bool
	Left        string
	Remaining   float64
	Burnt       string // share of the budget of all that it used up
}

// groupsView is nil for an objective that is not grouped. The group with the
// least budget left comes first.
func (s *Server) groupsView(l look, all slo.Objective, st budget.State) *groupsView {
	at := slices.IndexFunc(l.set.Groupings, func(g slo.Grouping) bool { return g.Objective == all.Name })
	if at < 0 {
		return nil
	}
	g := l.set.Groupings[at]
	v := &groupsView{By: list(g.By), Made: all.Composite != nil}
	burnt := map[string]string{}
	for _, c := range st.Components {
		burnt[c.Objective] = percent(max(c.Burnt, 0))
	}
	for _, o := range l.set.Objectives {
		if o.Of != all.Name {
			continue
		}
		row := s.objectiveRow(l, o)
		st, _ := l.state(o.Name)
		v.Rows = append(v.Rows, groupRow{
			Words: groupWords(g.By, o), Link: "/objectives/" + url.PathEscape(o.Name), Status: row.Status, Seen: row.Seen, Left: row.Left, Remaining: st.Remaining, Burnt: burnt[o.Name],
		})
	}
	slices.SortStableFunc(v.Rows, func(a, b groupRow) int {
		switch {
		case a.Seen && b.Seen && a.Remaining != b.Remaining:
			if a.Remaining < b.Remaining {
				return -1
			}
			return 1
		case a.Seen != b.Seen && b.Seen:
			return 1
		case a.Seen != b.Seen:
			return -1
		}
		return strings.Compare(a.Words, b.Words)
	})
	v.None = len(v.Rows) == 0
	return v
}

// groupWords are the values of the labels of a group: "region eu, tenant –".
func groupWords(by []string, o slo.Objective) string {
	var words []string
	for _, label := range by {
		value := o.Group[label]
		if value == "" {
			value = "–"
		}
		words = append(words, label+" "+value)
	}
	return strings.Join(words, ", ")
}

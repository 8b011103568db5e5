package web

import (
	"encoding/json"
	"math"
	"net/url"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/slo"
)

// A compositeView says what a composite is made of.
type compositeView struct {
	How  string
	Rows []componentRow
}

// A componentRow is a component and what it does to the budget.
type componentRow struct {
	Name, Link, Weight, WhenNoData string
	Status                         badge
	Burnt                          string  // share of the composite's budget that it used up
	Bar                            float64 // of all that was used up, from 0 to 100
	Seen                           bool
}

// compositeView is nil for an objective that is no composite.
func (s *Server) compositeView(l look, o slo.Objective, st budget.State) *compositeView {
	if o.Composite == nil {
		return nil
	}
	v := &compositeView{How: o.Composite.Aggregate.Words()}
	for _, c := range s.wireComponents(l, o, st) {
		row := componentRow{
			Name: c.Objective, Link: "/objectives/" + url.PathEscape(c.Objective), Weight: c.Weight.String(), WhenNoData: c.WhenNoData,
			Status: statusBadge(c.Status), Burnt: percent(c.Burnt), Seen: len(st.Components) > 0,
		}
		if used := 1 - st.Remaining; used > 0 {
			row.Bar = 100 * within(c.Burnt/used)
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}

// wireComponents are the components of a composite, as the API tells them.
func (s *Server) wireComponents(l look, o slo.Objective, st budget.State) (out []client.Component) {
	if o.Composite == nil {
		return nil
	}
	for i, c := range o.Composite.Components {
		part := client.Component{
			Objective: c.Objective, Weight: json.Number(c.Weight.String()), WhenNoData: c.NoData.String(),
			Status: waiting, Link: s.link("objectives", c.Objective),
		}
		if of, ok := l.state(c.Objective); ok {
			part.Status = string(of.Status)
		}
		if i < len(st.Components) && st.Components[i].Objective == c.Objective {
			part.Burnt, part.Bad = finite(math.Max(st.Components[i].Burnt, 0)), st.Events(st.Components[i].Bad)
		}
		out = append(out, part)
	}
	return out
}

// partOf names the composites of each component.
func partOf(set *slo.Set) map[string][]string {
	out := map[string][]string{}
	for _, o := range set.Objectives {
		if o.Composite == nil {
			continue
		}
		for _, c := range o.Composite.Components {
			out[c.Objective] = append(out[c.Objective], o.Name)
		}
	}
	return out
}

// A linkRow is a name that leads somewhere.
type linkRow struct{ Name, Link string }

func compositeLinks(set *slo.Set, objective string) (out []linkRow) {
	for _, name := range partOf(set)[objective] {
		out = append(out, linkRow{name, "/objectives/" + url.PathEscape(name)})
	}
	return out
}

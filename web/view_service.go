package web

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// A serviceView is all about one service.
type serviceView struct {
	Name, Title, Description string
	Labels                   []string
	Words                    string
	Objectives               []objectiveRow
	Gate                     gateCard
	Actuators                []actuatorCard
	Alerts                   []alertLine
	Needs                    []linkRow // services whose objectives are parts of its composites
	NeededBy                 []linkRow
	Badge, Card              string // addresses to embed
}

func (s *Server) servicePage(w http.ResponseWriter, r *http.Request) {
	name, err := param(r, "service")
	if err != nil {
		s.problem(w, r, err)
		return
	}
	l := s.look(here(r))
	if !slices.Contains(serviceNames(l.set), name) {
		s.problem(w, r, unknown("service", name))
		return
	}
	v := s.serviceView(l, name)
	s.annotate(r.Context(), l, v.Actuators)
	s.render(w, r, http.StatusOK, "service", s.page(l, "overview", name, v).refreshed(r))
}

func (s *Server) serviceView(l look, name string) serviceView {
	v := serviceView{Name: name, Gate: s.gateCard(l, loop.GateQuestion{Service: name}), Badge: s.link("badges", "services", name), Card: s.link("cards", "services", name)}
	if i := slices.IndexFunc(l.set.Services, func(d slo.Service) bool { return d.Name == name }); i >= 0 {
		d := l.set.Services[i]
		v.Title, v.Description = d.Title, d.Description
		for _, key := range slices.Sorted(maps.Keys(d.Labels)) {
			v.Labels = append(v.Labels, key+": "+d.Labels[key])
		}
	}
	q := listQuery{Service: name, Sort: "worst"}
	var found []listed
	for _, o := range l.listed(q) {
		if q.has(o, "") {
			found = append(found, o)
		}
	}
	slices.SortFunc(found, q.compare)
	for _, o := range found {
		v.Objectives = append(v.Objectives, s.objectiveRow(l, *o.objective))
	}
	v.Words = healthWords(found)
	f := s.frame(l.now)
	for _, setting := range l.report.Settings {
		if setting.Service == name {
			v.Actuators = append(v.Actuators, s.actuatorCard(l, f, setting))
		}
	}
	lines, _ := alertLines(l)
	for _, line := range lines {
		if o, ok := l.objective(line.Objective); ok && o.Service == name {
			v.Alerts = append(v.Alerts, line)
		}
	}
	v.Needs, v.NeededBy = dependencies(l.set, name)
	return v
}

// healthWords say how a service stands: as its worst objective does.
func healthWords(found []listed) string {
	if len(found) == 0 {
		return "No objective is declared for it."
	}
	worst := slices.MinFunc(found, func(a, b listed) int {
		return cmp.Or(cmp.Compare(severity(a.state.Status), severity(b.state.Status)), cmp.Compare(a.left(), b.left()))
	})
	words := plural(len(found), "objective", "objectives") + "; the worst is " + worst.objective.Name + ", " + statusBadge(worst.status()).Word
	if worst.state.Status.Judged() {
		words += " with " + percent(worst.state.Remaining) + " of its budget left"
	}
	return words + "."
}

// dependencies are the other services that a service's composites are made
// of, and those whose composites it is part of.
func dependencies(set *slo.Set, service string) (needs, neededBy []linkRow) {
	of := map[string]string{}
	for _, o := range set.Objectives {
		of[o.Name] = o.Service
	}
	add := func(to []linkRow, name string) []linkRow {
		if row := (linkRow{name, "/services/" + url.PathEscape(name)}); name != "" && name != service && !slices.Contains(to, row) {
			to = append(to, row)
		}
		return to
	}
	for _, o := range set.Objectives {
		if o.Composite == nil {
			continue
		}
		for _, c := range o.Composite.Components {
			switch {
			case o.Service == service:
				needs = add(needs, of[c.Objective])
			case of[c.Objective] == service:
				neededBy = add(neededBy, o.Service)
			}
		}
	}
	byName := func(a, b linkRow) int { return strings.Compare(a.Name, b.Name) }
	slices.SortFunc(needs, byName)
	slices.SortFunc(neededBy, byName)
	return needs, neededBy
}

package web

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// perPage is how many objectives a page lists.
const perPage = 50

// A listQuery says which objectives are listed, and in which order. All of it
// stands in the address, so that a list can be kept and handed on.
type listQuery struct {
	Text    string // in names, titles, services and labels, in any case
	Service string
	Team    string
	Status  string
	Label   string   // key=value
	Sort    string   // worst, name, left, burn or service
	Group   string   // service, team or status; empty = not grouped
	Cols    []string // columns that are seen beside the name; nil = the usual ones
	Page    int      // from 1
}

// A choice is a value of a facet with how many objectives have it.
type choice struct {
	Value, Word string
	N           int
	Chosen      bool
}

// A listView is a page of the list.
type listView struct {
	Query         listQuery
	Services      []choice
	Teams         []choice
	Sorts, Groups []choice
	Found, All    int
	Rows          []listRow
	First, Last   int // of Found, from 1
	Before, Next  string
	Columns       []choice
	Sees          map[string]bool // columns that are seen
	Wide          int             // how many columns there are, with that of the name
	Plain         string          // the address of all objectives, with these columns
	Filtered      bool
	Unlabelled    string // the address without the label that is asked for
}

// A listRow is an objective; Group is set where a group begins.
type listRow struct {
	objectiveRow
	Group string
	In    int // objectives in that group
	Team  string
	Tags  []labelRow
	Fresh string // when its newest data is of
	Gate  *badge
	Old   string // how old its data is, when it is old
}

func askList(r *http.Request) (q listQuery, err error) {
	values := r.URL.Query()
	for name, field := range map[string]*string{"q": &q.Text, "service": &q.Service, "team": &q.Team, "status": &q.Status, "label": &q.Label, "sort": &q.Sort, "group": &q.Group} {
		if *field, err = named(name, values.Get(name)); err != nil {
			return q, err
		}
	}
	q.Page = 1
	if text := values.Get("page"); text != "" {
		q.Page, err = strconv.Atoi(text)
	}
	if err != nil || q.Page < 1 || !slices.Contains(sorts(), cmp.Or(q.Sort, "worst")) || !slices.Contains([]string{"", "service", "team", "status"}, q.Group) {
		return q, refuse(http.StatusBadRequest, "bad-list", "sort is "+list(sorts())+", group is service, team or status, and page counts from 1", "")
	}
	q.Sort = cmp.Or(q.Sort, "worst")
	q.Cols, err = askColumns(values["col"])
	return q, err
}

func sorts() []string { return []string{"worst", "name", "left", "burn", "service"} }

// with is the address of the list with another value.
func (q listQuery) with(name, value string) string {
	values := url.Values{}
	for key, v := range map[string]string{"q": q.Text, "service": q.Service, "team": q.Team, "status": q.Status, "label": q.Label, "sort": strings.TrimPrefix(q.Sort, "worst"), "group": q.Group} {
		if v != "" {
			values.Set(key, v)
		}
	}
	if q.Cols != nil {
		values["col"] = q.Cols
	}
	values.Del(name)
	if value != "" {
		values.Set(name, value)
	}
	return "/?" + values.Encode()
}

// A listed is an objective with what lists go by.
type listed struct {
	objective *slo.Objective
	state     *budget.State // of no status when it was not measured yet
	team      string
	asked     bool // it holds the text and has the label that are asked for
}

func (l look) listed(q listQuery) []listed {
	key, value, _ := strings.Cut(q.Label, "=")
	teams := map[string]string{}
	for _, s := range l.set.Services {
		teams[s.Name] = s.Labels[teamLabel]
	}
	out := make([]listed, 0, len(l.set.Objectives))
	for i := range l.set.Objectives {
		o, st := &l.set.Objectives[i], &budget.State{}
		if at, ok := l.stateAt(o.Name); ok {
			st = &l.report.States[at]
		}
		row := listed{objective: o, state: st, team: cmp.Or(teams[o.Service], o.Labels[teamLabel])}
		row.asked = (q.Label == "" || o.Labels[key] == value) && (q.Text == "" || row.holds(q.Text))
		out = append(out, row)
	}
	return out
}

// has reports whether a listed objective passes all but one of the filters,
// so that a facet counts what choosing another of its values would show.
func (q listQuery) has(o listed, but string) bool {
	is := func(name, want, got string) bool { return name == but || want == "" || want == got }
	return o.asked && is("service", q.Service, o.objective.Service) && is("team", q.Team, o.team) && is("status", q.Status, o.status())
}

func (o listed) status() string { return cmp.Or(string(o.state.Status), waiting) }

// holds reports whether each word of a text is somewhere in an objective.
func (o listed) holds(text string) bool {
	in := strings.ToLower(o.objective.Name + " " + o.objective.Title + " " + o.objective.Service + " " + o.team + " " + strings.Join(slices.Collect(maps.Values(o.objective.Labels)), " "))
	for _, word := range strings.Fields(strings.ToLower(text)) {
		if !strings.Contains(in, word) {
			return false
		}
	}
	return true
}

// compare orders two objectives as a query wants: by group, then by the
// order, then by name.
func (q listQuery) compare(a, b listed) int {
	group := 0
	switch q.Group {
	case "":
	case "status":
		group = cmp.Compare(severity(a.state.Status), severity(b.state.Status))
	default:
		group = strings.Compare(q.groupOf(a), q.groupOf(b))
	}
	return cmp.Or(group, q.order(a, b), strings.Compare(a.objective.Name, b.objective.Name))
}

func (q listQuery) order(a, b listed) int {
	switch q.Sort {
	case "left":
		return cmp.Compare(a.left(), b.left())
	case "burn":
		return cmp.Compare(b.burn(), a.burn())
	case "service":
		return strings.Compare(a.objective.Service, b.objective.Service)
	case "name":
		return 0
	}
	return cmp.Or(cmp.Compare(severity(a.state.Status), severity(b.state.Status)), cmp.Compare(a.state.Remaining, b.state.Remaining))
}

// left puts what is not known last.
func (o listed) left() float64 {
	if !o.state.Status.Judged() {
		return 2
	}
	return o.state.Remaining
}

func (o listed) burn() float64 {
	if w, ok := shortest(*o.state); ok {
		return w.Burn
	}
	return -1
}

func (q listQuery) groupOf(o listed) string {
	switch q.Group {
	case "service":
		return cmp.Or(o.objective.Service, "no service")
	case "team":
		return cmp.Or(o.team, "no team")
	case "status":
		return statusBadge(o.status()).Word
	}
	return ""
}

func (s *Server) listView(l look, q listQuery) (listView, []statusCount) {
	all := l.listed(q)
	v := listView{Query: q, All: len(all), Filtered: q.Text+q.Service+q.Team+q.Status+q.Label != "", Unlabelled: q.with("label", "")}
	var found []listed
	for _, o := range all {
		if q.has(o, "") {
			found = append(found, o)
		}
	}
	slices.SortFunc(found, q.compare)
	v.Found = len(found)
	v.Services = q.facet(all, "service", q.Service, func(o listed) string { return o.objective.Service })
	v.Teams = q.facet(all, "team", q.Team, func(o listed) string { return o.team })
	for _, sort := range sorts() {
		v.Sorts = append(v.Sorts, choice{Value: sort, Word: sort, Chosen: sort == q.Sort})
	}
	for _, group := range []string{"", "service", "team", "status"} {
		v.Groups = append(v.Groups, choice{Value: group, Word: cmp.Or(group, "nothing"), Chosen: group == q.Group})
	}
	v.columns()
	s.fillPage(&v, l, found)
	return v, q.states(all)
}

// fillPage takes the rows of one page.
func (s *Server) fillPage(v *listView, l look, found []listed) {
	from := min((v.Query.Page-1)*perPage, len(found))
	to := min(from+perPage, len(found))
	v.First, v.Last = from+1, to
	if from > 0 {
		v.Before = v.Query.with("page", strconv.Itoa(v.Query.Page-1))
	}
	if to < len(found) {
		v.Next = v.Query.with("page", strconv.Itoa(v.Query.Page+1))
	}
	sizes, gates, last := map[string]int{}, map[string]*badge{}, ""
	for _, o := range found {
		sizes[v.Query.groupOf(o)]++
	}
	for _, o := range found[from:to] {
		row := listRow{objectiveRow: s.objectiveRow(l, *o.objective), Gate: l.gateBadge(gates, o.objective.Service), Old: oldData(*o.state, l.now), Team: o.team}
		if v.Sees[colOwner] {
			row.Tags = labelRows(*o.objective)
		}
		if v.Sees[colData] && !o.state.Newest.IsZero() {
			row.Fresh = clock(o.state.Newest, l.now)
		}
		if group := v.Query.groupOf(o); group != last {
			row.Group, row.In, last = group, sizes[group], group
		}
		v.Rows = append(v.Rows, row)
	}
}

// facet counts the values of a facet. Those that nothing has are left out.
func (q listQuery) facet(all []listed, name, chosen string, of func(listed) string) []choice {
	n := map[string]int{}
	for _, o := range all {
		if value := of(o); value != "" && q.has(o, name) {
			n[value]++
		}
	}
	var out []choice
	for _, value := range slices.Sorted(maps.Keys(n)) {
		out = append(out, choice{value, value, n[value], value == chosen})
	}
	return out
}

// states counts objectives by state, the worst first.
func (q listQuery) states(all []listed) (out []statusCount) {
	n := map[string]int{}
	for _, o := range all {
		if q.has(o, "status") {
			n[o.status()]++
		}
	}
	for _, status := range slices.SortedFunc(maps.Keys(n), func(a, b string) int { return cmp.Compare(rank(a), rank(b)) }) {
		link := q.with("status", status)
		if status == q.Status {
			link = q.with("status", "")
		}
		out = append(out, statusCount{Status: statusBadge(status), N: n[status], Link: link, Chosen: status == q.Status})
	}
	return out
}

func rank(status string) int {
	if status == waiting {
		status = ""
	}
	return severity(budget.Status(status))
}

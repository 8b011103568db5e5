package promql

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// A limit bounds one fused query.
type limit struct {
	text  int   // bytes of its selector
	bytes int64 // of its answer, as far as they can be told
	span  int64 // seconds of its range
}

const (
	// longestQuery leaves room for the range and one more matcher in what
	// VictoriaMetrics takes by default: 16 KiB.
	longestQuery = 15 << 10
	fewParts     = 8  // queries that are better than one which may ask for too much
	manyParts    = 64 // queries that are better than one which does ask for too much
)

// A part is one query of a plan: a selector that asks for the series of many.
type part struct {
	text    string      // the selector, canonical
	heads   []*selector // whose series are all asked for
	members []int32     // numbers of these and of selectors whose series are among theirs
	roster  *roster
	last    size
	wanted  int  // series of the last answer that somebody wanted
	exact   bool // cannot ask for fewer series that nobody wants
}

// size is how large an answer was, or why there was none.
type size struct {
	series int
	bytes  int64
	err    error
}

// fuse makes selectors into few queries whose answers hold the series of each.
// They may hold others; which series is whose is decided by the labels of
// each (index). Selectors are fused that have the metric and the labels in
// common: values that differ become the alternatives of a regular expression.
func fuse(heads []*selector, most limit) (parts []*part) {
	groups := map[string][]*selector{}
	var order []string
	for _, s := range heads {
		key := s.form()
		if len(groups[key]) == 0 {
			order = append(order, key)
		}
		groups[key] = append(groups[key], s)
	}
	slices.Sort(order)
	for _, key := range order {
		for _, group := range narrow(groups[key], max(fewParts, len(groups[key])/64)) {
			parts = append(parts, cutGroup(group, most)...)
		}
	}
	return parts
}

// form is what selectors have to share to be fused.
func (s *selector) form() string {
	if s.metric == "" {
		return "\x00" + s.text // by itself
	}
	form := s.metric
	for i, m := range s.matchers {
		if s.varies(i) {
			form += "\x00" + m.Name
		} else {
			form += "\x00" + m.String()
		}
	}
	return form
}

// varies reports whether the value of a matcher may become an alternative of
// others. Negative matchers, and those that match a label which is missing,
// are asked as they are.
func (s *selector) varies(i int) bool {
	m := s.matchers[i]
	if m.Name == model.MetricNameLabel || m.Matches("") || m.Type != labels.MatchEqual && m.Type != labels.MatchRegexp {
		return false
	}
	only := func(j int) bool { return j < 0 || j >= len(s.matchers) || s.matchers[j].Name != m.Name }
	return only(i-1) && only(i+1)
}

// narrow splits selectors of one form so that a query asks for no series that
// nobody wants, where that makes no more than some queries: alternatives of one
// label are just the series wanted, of several labels they are also
// combinations.
func narrow(group []*selector, most int) [][]*selector {
	var differ []int // matchers with several values, those with few first
	distinct := map[int]int{}
	for i := range group[0].matchers {
		values := map[string]bool{}
		for _, s := range group {
			values[s.matchers[i].String()] = true
		}
		if distinct[i] = len(values); len(values) > 1 {
			differ = append(differ, i)
		}
	}
	slices.SortStableFunc(differ, func(a, b int) int { return cmp.Compare(distinct[a], distinct[b]) })
	groups := [][]*selector{group}
	for n := 1; n < len(differ); n++ { // all but the last one, which is fused
		if next := by(group, differ[:n]); len(next) <= most {
			groups = next
		}
	}
	return groups
}

// by groups selectors by some of their matchers.
func by(all []*selector, matchers []int) (groups [][]*selector) {
	index := map[string]int{}
	for _, s := range all {
		key := ""
		for _, i := range matchers {
			key += s.matchers[i].String() + "\x00"
		}
		n, ok := index[key]
		if !ok {
			n = len(groups)
			index[key], groups = n, append(groups, nil)
		}
		groups[n] = append(groups[n], s)
	}
	return groups
}

// cutGroup makes the queries of selectors of one form, as long as is allowed.
func cutGroup(group []*selector, most limit) (parts []*part) {
	slices.SortFunc(group, func(a, b *selector) int { return strings.Compare(a.text, b.text) })
	for len(group) > 0 {
		n, text, bytes := 0, 0, int64(0)
		for ; n < len(group); n++ {
			text += group[n].room()
			bytes += group[n].size.Load() * most.span
			if n > 0 && (text > most.text || bytes > most.bytes) {
				break
			}
		}
		parts = append(parts, &part{text: union(group[:n]), heads: group[:n:n]})
		group = group[n:]
	}
	return parts
}

// room is about how much longer a fused selector becomes with this one.
func (s *selector) room() (n int) {
	for i, m := range s.matchers {
		if s.varies(i) {
			n += len(alternative(m)) + len("|") + strings.Count(m.Value, `"`) + 2*strings.Count(m.Value, `\`)
		}
	}
	return n
}

// union is a selector of all that the selectors, of one form, pick.
func union(group []*selector) string {
	if len(group) == 1 {
		return group[0].text
	}
	var matchers []string
	for i, m := range group[0].matchers {
		values := make([]string, 0, len(group))
		for _, s := range group {
			values = append(values, alternative(s.matchers[i]))
		}
		slices.Sort(values)
		if values = slices.Compact(values); len(values) > 1 {
			m = &labels.Matcher{Type: labels.MatchRegexp, Name: m.Name, Value: strings.Join(values, "|")}
		}
		matchers = append(matchers, m.String())
	}
	return group[0].metric + "{" + strings.Join(matchers, ",") + "}"
}

// alternative is the value of a matcher as part of a regular expression.
func alternative(m *labels.Matcher) string {
	if m.Type == labels.MatchEqual {
		return regexp.QuoteMeta(m.Value)
	}
	return "(?:" + m.Value + ")"
}

// halves splits a part of several selectors in two.
func (p *part) halves() []*part {
	n := len(p.heads) / 2
	return []*part{
		{text: union(p.heads[:n]), heads: p.heads[:n:n]},
		{text: union(p.heads[n:]), heads: p.heads[n:]},
	}
}

// narrower is parts to ask instead of one whose answer was mostly of series
// that nobody wants: itself, if there are none.
func (p *part) narrower() (parts []*part) {
	for _, group := range narrow(p.heads, manyParts) {
		parts = append(parts, &part{text: union(group), heads: group, exact: true})
	}
	return parts
}

package slo

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// A Surveyor is an Importer of a format whose documents say something about
// others of it, in whichever file those stand. It sees all of them before the
// first one is converted.
type Surveyor interface {
	Importer
	// Survey returns the importer that converts docs, which are all documents
	// that the Surveyor reads.
	Survey(docs []Node) Importer
}

// An Alarm is an alert policy in the words that most formats share. What is
// absent is left out of the document.
type Alarm struct {
	At          Node // where it stands
	Name        Node
	Title       Node // name of the alert
	Description Node
	Labels      Node
	Annotations Node
	All         bool // the conditions have to hold together
	Keep        time.Duration
	NoData      bool
	NoDataName  string
	NoDataWord  string // its severity
	NoDataAfter time.Duration
	Conditions  []Watch
	Targets     []Node // notification targets; none = the Alertmanager
}

// A Watch is a condition of an Alarm: a burn rate, a share of the budget that
// burns in Long, or a share of it that is used up.
type Watch struct {
	At       Node // where it stands
	Name     string
	Text     Node // its description
	Severity string
	Burn     Decimal
	Share    Decimal
	Spent    Decimal
	Long     time.Duration
	Short    time.Duration
	After    time.Duration
	Off      bool
}

// Inline is the alert policy as it stands in an SLO.
func (a Alarm) Inline() Node {
	return a.At.Map(Pair{"kind", a.At.Says(alertPolicyName)}, Pair{"metadata", a.metadata()}, Pair{"spec", a.spec()})
}

// Document is the alert policy as a document of its own.
func (a Alarm) Document() Node {
	return a.At.Map(
		Pair{"apiVersion", a.At.Says(openSLO)}, Pair{"kind", a.At.Says(alertPolicyName)},
		Pair{"metadata", a.metadata()}, Pair{"spec", a.spec()},
	)
}

func (a Alarm) metadata() Node {
	var ours []Pair
	note := func(key, text string, there bool) {
		if there {
			ours = append(ours, Pair{"setpoint.dev/" + key, a.At.Says(text)})
		}
	}
	note("conditions", "all", a.All)
	note("keepFiring", Span(a.Keep), a.Keep > 0)
	note("noDataName", a.NoDataName, a.NoData && a.NoDataName != "")
	note("noDataSeverity", a.NoDataWord, a.NoData && a.NoDataWord != "")
	note("noDataAfter", Span(a.NoDataAfter), a.NoData && a.NoDataAfter > 0)
	return a.At.Map(
		Pair{"name", a.Name}, Pair{"displayName", a.Title}, Pair{"labels", a.Labels}, Pair{"annotations", a.Annotations.with(a.At, ours...)},
	)
}

func (a Alarm) spec() Node {
	var conditions []Node
	for _, w := range a.Conditions {
		conditions = append(conditions, w.node())
	}
	targets := a.Targets
	if len(targets) == 0 {
		targets = []Node{TargetNamed(a.At, Alertmanager, Alertmanager)}
	}
	pairs := []Pair{{"description", a.Description}, {"alertWhenBreaching", a.At.Truth()}, {"alertWhenResolved", a.At.Truth()}}
	if a.NoData {
		pairs = append(pairs, Pair{"alertWhenNoData", a.At.Truth()})
	}
	return a.At.Map(append(pairs, Pair{"conditions", a.At.List(conditions...)}, Pair{"notificationTargets", a.At.List(targets...)})...)
}

// TargetNamed is a notification target without an address, which stands at n.
func TargetNamed(n Node, name, way string) Node {
	return n.Map(
		Pair{"kind", n.Says(alertTargetName)}, Pair{"metadata", n.Map(Pair{"name", n.Says(name)})},
		Pair{"spec", n.Map(Pair{"target", n.Says(way)})},
	)
}

func (w Watch) node() Node {
	at := w.At
	var notes []Pair
	condition := []Pair{{"kind", at.Says("burnrate")}, {"op", at.Says("gte")}}
	percent := func(d Decimal) Node { hundred, _ := d.shift(2); return at.Says(hundred.String()) }
	switch {
	case w.Spent.Sign() > 0:
		notes = append(notes, Pair{"setpoint.dev/spentPercent", percent(w.Spent)})
	case w.Share.Sign() > 0:
		notes = append(notes, Pair{"setpoint.dev/budgetPercent", percent(w.Share)})
	default:
		condition = append(condition, Pair{"threshold", at.Number(w.Burn.String())})
	}
	if w.Spent.Sign() == 0 {
		condition = append(condition, Pair{"lookbackWindow", at.Says(minutes(w.Long))})
	}
	if w.Short > 0 {
		notes = append(notes, Pair{"setpoint.dev/shortWindow", at.Says(Span(w.Short))})
	}
	if w.Off {
		notes = append(notes, Pair{"setpoint.dev/disabled", at.Says("true")})
	}
	if w.After > 0 {
		condition = append(condition, Pair{"alertAfter", at.Says(minutes(w.After))})
	}
	return at.Map(
		Pair{"kind", at.Says(alertConditionName)},
		Pair{"metadata", at.Map(Pair{"name", at.Says(w.Name)}, Pair{"annotations", Node{value{file: at.v.file}}.with(at, notes...)})},
		Pair{"spec", at.Map(Pair{"description", w.Text}, Pair{"severity", at.Says(w.Severity)}, Pair{"condition", at.Map(condition...)})},
	)
}

// minutes is a duration as a duration-shorthand, rounded up to minutes.
func minutes(d time.Duration) string {
	d = (d + time.Minute - 1) / time.Minute * time.Minute
	for _, unit := range []string{"d", "h"} {
		if d > 0 && d%unitOf(unit) == 0 {
			return fmt.Sprintf("%d%s", d/unitOf(unit), unit)
		}
	}
	return fmt.Sprintf("%dm", d/time.Minute)
}

// with is the mapping n with more entries; at is where it stands when it is
// absent. Without any entry it is absent.
func (n Node) with(at Node, more ...Pair) Node {
	var pairs []Pair
	for key, value := range n.All() {
		pairs = append(pairs, Pair{key, value})
	}
	if pairs = append(pairs, more...); len(pairs) == 0 {
		return Node{value{file: at.v.file}}
	}
	return at.Map(pairs...)
}

// Duration is the duration that n says; false where it says none.
func (n Node) Duration() (time.Duration, bool) { return n.v.duration() }

// Decimal is the number that n says, exactly; false where it says none.
func (n Node) Decimal() (Decimal, bool) { return n.v.decimal() }

// Renamed are the entries of the mapping n whose keys begin with prefix,
// without it; all but those that are left out.
func (n Node) Renamed(prefix string, leave ...string) Node {
	var pairs []Pair
	for key, value := range n.All() {
		name, found := strings.CutPrefix(key, prefix)
		if found && name != "" && value.Given() && value.v.node.Kind == yaml.ScalarNode && !slices.Contains(leave, name) {
			pairs = append(pairs, Pair{name, value.Says(value.v.node.Value)})
		}
	}
	if len(pairs) == 0 {
		return Node{value{file: n.v.file}}
	}
	return n.Map(pairs...)
}

// survey keeps the documents of Surveyors until all files are read.
func (l *loader) survey(doc value, in Importer) bool {
	s, ok := in.(Surveyor)
	if !ok {
		return false
	}
	l.waiting = append(l.waiting, waiting{doc, s})
	return true
}

// waiting is a document that is converted when all files are read.
type waiting struct {
	doc value
	by  Surveyor
}

// surveyed reads the documents that waited.
func (l *loader) surveyed() {
	all := map[Surveyor][]Node{}
	for _, w := range l.waiting {
		all[w.by] = append(all[w.by], Node{w.doc})
	}
	done := map[Surveyor]Importer{}
	for by, docs := range all {
		done[by] = by.Survey(docs)
	}
	clear(all)
	slos := len(l.slos)
	for i, w := range l.waiting {
		if w.doc.file.visits <= maxVisits { // others are of a file that is refused
			for _, d := range converted(done[w.by], w.doc) {
				l.take(d)
			}
		}
		l.waiting[i] = waiting{}
		if i+1 == len(l.waiting) || l.waiting[i+1].doc.file != w.doc.file {
			l.forget(w.doc.file, l.slos[slos:])
			slos = len(l.slos)
		}
	}
	l.waiting = nil
}

// forget lets go of what was made of the documents of a file, but for what is
// still compared with others, so that many files need little memory.
func (l *loader) forget(f *source, slos []draftSLO) {
	if slices.ContainsFunc(l.composites, func(d *draftComposite) bool { return d.doc.file == f }) {
		return
	}
	kept := map[*yaml.Node]origin{}
	var keep func(*yaml.Node)
	keep = func(n *yaml.Node) {
		if o, made := f.from[n]; made {
			kept[n] = o
		}
		for _, child := range n.Content {
			keep(child)
		}
	}
	for _, d := range slos {
		for _, item := range d.items {
			if item.node != nil && item.file == f {
				keep(item.node)
			}
		}
	}
	f.from = kept
}

// converted are the documents that an importer makes of one.
func converted(in Importer, doc value) (docs []value) {
	for _, n := range in.Convert(Node{doc}) {
		if n.v.good() {
			docs = append(docs, n.v)
		}
	}
	return docs
}

// take reads a document in our own words.
func (l *loader) take(doc value) {
	l.document(doc)
	if l.writer != nil {
		l.writer.write(doc)
	}
}

// All are the entries of the mapping n, in order, each key once. Where aliases
// make too many of them there are none, and the file is refused.
func (n Node) All() iter.Seq2[string, Node] {
	return func(yield func(string, Node) bool) {
		if n.v.node == nil || n.v.node.Kind != yaml.MappingNode || n.v.tiresOf(len(n.v.node.Content)) {
			return
		}
		seen, within := map[string]bool{}, n.v.within()
		for i := 0; i+1 < len(n.v.node.Content); i += 2 {
			key := n.v.node.Content[i]
			if seen[key.Value] {
				continue
			}
			seen[key.Value] = true
			if !yield(key.Value, Node{value{n.v.file, n.v.node.Content[i+1], key, join(within, key.Value)}}) {
				return
			}
		}
	}
}

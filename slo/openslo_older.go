package slo

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// v1alpha reads OpenSLO's first version: the ratio of each objective stands
// in it, and windows are a count and a unit.
type v1alpha struct{}

func (v1alpha) Reads(doc Node) bool { return doc.Get("apiVersion").Text() == "openslo/v1alpha" }

func (v1alpha) Convert(doc Node) []Node {
	version := doc.Get("apiVersion")
	if !doc.Get("kind").OneOf("SLO", "Service") {
		return nil
	}
	version.Warn("read as "+openSLO+": timeWindows, ratioMetrics, incremental and source became timeWindow, indicator, counter and metricSource", "")
	if doc.Get("kind").Text() == "Service" {
		return []Node{doc.replaced(map[string]change{"apiVersion": says(openSLO)})}
	}
	spec, dialect := doc.Get("spec"), isSlothDialect(doc)
	doc.Check(v1alphaSLO(!dialect))
	if dialect {
		version.Warn("written for Sloth, which asks for no budgetingMethod, timeWindows, isRolling and incremental: Occurrences over a window that rolls, of 30 days where none is said, of counters", "")
	}
	var docs []Node
	for i, o := range spec.Get("objectives").Items() {
		docs = append(docs, v1alphaObjective(doc, o, i).Document())
	}
	return docs
}

// isSlothDialect reports whether a document is of the dialect that Sloth
// reads: its queries have a place for Sloth's windows, and it may lack what
// Sloth does not look at.
func isSlothDialect(doc Node) bool {
	for _, o := range doc.Get("spec").Get("objectives").Items() {
		if slothWindow().MatchString(o.Get("ratioMetrics").Get("total").Get("query").Text()) {
			return true
		}
	}
	return false
}

// slothWindow is the place of Sloth's windows in a query; others write it with
// a capital.
func slothWindow() *regexp.Regexp { return regexp.MustCompile(`\{\{-?\s*\.[wW]indow\s*-?\}\}`) }

func v1alphaSLO(strict bool) Table {
	metric := &Table{Name: "metric", Keys: []Key{
		{Name: "source", Is: IsWord, Required: true}, {Name: "queryType", Is: IsWord, Required: true}, {Name: "query", Is: IsWord, Required: true},
		{Name: "metadata", Is: IsAny, Unread: "it is for the data source"},
	}}
	calendar := &Table{Name: "calendar", Keys: []Key{{Name: "startTime", Is: IsWord, Required: true}, {Name: "timeZone", Is: IsWord, Required: true}}}
	window := &Table{Name: "time window", Keys: []Key{
		{Name: "unit", Is: IsChoice, Words: []string{"Second", "Minute", "Hour", "Day", "Week", "Month", "Quarter", "Year"}, Required: true},
		{Name: "count", Is: IsNumber, Required: true}, {Name: "isRolling", Is: IsTruth}, {Name: "calendar", Is: IsMapping, Of: calendar},
	}}
	ratio := &Table{Name: "ratioMetrics", Keys: []Key{
		{Name: "good", Is: IsMapping, Of: metric, Required: true}, {Name: "total", Is: IsMapping, Of: metric, Required: true}, {Name: "incremental", Is: IsTruth, Required: strict},
	}}
	objective := &Table{Name: "objective", Keys: []Key{
		{Name: "displayName", Is: IsText}, {Name: "target", Is: IsNumber, Required: true}, {Name: "timeSliceTarget", Is: IsNumber},
		{Name: "ratioMetrics", Is: IsMapping, Of: ratio},
		{Name: "value", Is: IsNumber}, {Name: "op", Is: IsChoice, Words: Ops()},
	}}
	spec := &Table{Name: "SLO spec", Keys: []Key{
		{Name: "description", Is: IsText}, {Name: "service", Is: IsWord, Required: true},
		{Name: "indicator", Is: IsMapping, Of: &Table{Name: "indicator", Keys: []Key{{Name: "thresholdMetric", Is: IsMapping, Of: metric, Required: true}}}},
		{Name: "timeWindows", Is: IsList, Of: window, Required: strict},
		{Name: "budgetingMethod", Is: IsChoice, Words: []string{"Occurrences", "Timeslices"}, Required: strict},
		{Name: "objectives", Is: IsList, Of: objective, Required: true},
	}}
	return Table{Name: "SLO", Keys: []Key{
		{Name: "apiVersion", Is: IsWord}, {Name: "kind", Is: IsWord}, {Name: "spec", Is: IsMapping, Of: spec, Required: true},
		{Name: "metadata", Is: IsMapping, Required: true, Of: &Table{Name: "metadata", Keys: []Key{
			{Name: "name", Is: IsWord, Required: true}, {Name: "displayName", Is: IsText}, {Name: "labels", Is: IsAny}, {Name: "annotations", Is: IsAny},
		}}},
	}}
}

// v1alphaObjective is one objective as an SLO of its own, because its metrics
// are its own; it is named as objectives are here.
func v1alphaObjective(doc, o Node, i int) Promise {
	meta, spec, ratio := doc.Get("metadata"), doc.Get("spec"), o.Get("ratioMetrics")
	p := Promise{
		At: o, Name: meta.Get("name"), Title: o.Get("displayName"), Description: spec.Get("description"),
		Labels: meta.Get("labels"), Annotations: meta.Get("annotations"), Service: spec.Get("service"),
		Method: spec.Get("budgetingMethod"), SliceTarget: o.Get("timeSliceTarget"), Target: o.Get("target"),
		Good: v1alphaQuery(ratio.Get("good")), Total: v1alphaQuery(ratio.Get("total")),
	}
	if i > 0 {
		p.Name = p.Name.Says(fmt.Sprintf("%s-%d", p.Name.Text(), i+1))
	}
	if !p.Title.Given() {
		p.Title = meta.Get("displayName")
	}
	v1alphaMetric(&p, o, spec.Get("indicator").Get("thresholdMetric"))
	if p.Method.Text() == "Timeslices" {
		p.Method.Warn("v1alpha does not say how long a time slice is; it is taken as 1m", "")
		p.SliceLength = p.Method.Says("1m")
	}
	windows := spec.Get("timeWindows").Items()
	if len(windows) > 1 {
		windows[1].Refuse("a second time window", "one time window", "")
	}
	switch dialect := isSlothDialect(doc); {
	case len(windows) > 0:
		p.Window, p.Calendar = v1alphaWindow(windows[0], dialect)
	case dialect && !spec.Get("timeWindows").Given():
		p.Window = o.Says("30d")
	}
	return p
}

// v1alphaMetric says what is counted, of a ratio or of a threshold.
func v1alphaMetric(p *Promise, o, threshold Node) {
	ratio := o.Get("ratioMetrics")
	switch counter := ratio.Get("incremental"); {
	case threshold.Given() && ratio.Given():
		ratio.Refuse("ratioMetrics and an indicator are both there", "one of them", "")
	case threshold.Given():
		p.Judged, p.Op, p.Value = v1alphaQuery(threshold), o.Get("op"), o.Get("value")
		return
	case !ratio.Given():
		o.Refuse("neither ratioMetrics nor an indicator is there", "ratioMetrics", "")
	case counter.Given() && !counter.True():
		p.Gauges = counter
	}
	for _, v := range []Node{o.Get("op"), o.Get("value")} {
		if v.Given() {
			v.Warn("not read: it belongs to threshold metrics", "")
		}
	}
}

func v1alphaQuery(metric Node) Node {
	if promql := strings.EqualFold(metric.Get("queryType").Text(), "promql"); !promql { // source is any name then
		source := metric.Get("source")
		if system := otherSystem(source.v); system != "" {
			return source.Elsewhere(system, metric)
		}
		checkSourceType(source.v)
	}
	return metric.Get("query").Replace(slothWindow(), "5m")
}

func v1alphaWindow(w Node, dialect bool) (duration, calendar Node) {
	unit, count := w.Get("unit"), w.Get("count")
	text := count.Text() + map[string]string{"Minute": "m", "Hour": "h", "Day": "d", "Week": "w", "Month": "M", "Quarter": "Q", "Year": "Y"}[unit.Text()]
	if n, err := strconv.Atoi(count.Text()); err == nil && unit.Text() == "Second" && n%60 == 0 {
		text = strconv.Itoa(n/60) + "m"
	}
	if rolling := w.Get("isRolling"); !rolling.True() && !w.Get("calendar").Given() && (rolling.Given() || !dialect) {
		w.Refuse("says neither that the window rolls nor when its periods begin", "isRolling: true, or a calendar with startTime and timeZone", "")
	}
	if unit.Text() == "" { // missing, or refused
		return unit, w.Get("calendar")
	}
	return count.Says(text), w.Get("calendar")
}

// v2alpha reads the draft of OpenSLO's second version: other names, and
// metrics with one level less.
type v2alpha struct{}

func (v2alpha) Reads(doc Node) bool {
	return slices.Contains([]string{"openslo.com/v2alpha", "openslo/v2alpha1"}, doc.Get("apiVersion").Text())
}

func (v2alpha) Convert(doc Node) []Node {
	version := doc.Get("apiVersion")
	if !doc.Get("kind").OneOf(kindsOf(openSLO)...) {
		return nil
	}
	version.Warn("a draft, read as "+openSLO+": sli, sliRef, serviceRef and dataSourceRef became indicator, indicatorRef, service and metricSource", "")
	changes := map[string]change{"apiVersion": says(openSLO)}
	inside := &insideSources{name: doc.Get("metadata").Get("name").Text()}
	spec := change{value: inside.sli}
	switch doc.Get("kind").Text() {
	case "SLO":
		sli := change{key: "indicator", value: func(in Node) Node { return in.replaced(map[string]change{"spec": spec}) }}
		ref := change{key: "indicatorRef"}
		objectives := change{value: func(list Node) Node {
			return list.each(func(o Node) Node { return o.replaced(map[string]change{"sli": sli, "sliRef": ref}) })
		}}
		changes["spec"] = change{value: func(spec Node) Node {
			return spec.replaced(map[string]change{"sli": sli, "sliRef": ref, "serviceRef": {key: "service"}, "objectives": objectives})
		}}
	case "SLI":
		changes["spec"] = spec
	}
	return append([]Node{doc.replaced(changes)}, inside.docs...)
}

// insideSources are the data sources that stand inside the metrics of a
// document. Each becomes a DataSource of its own.
type insideSources struct {
	name  string // of the document
	texts []string
	docs  []Node
}

// reference is the name of the data source in, which is declared once.
func (s *insideSources) reference(in Node) Node {
	text, err := yaml.Marshal(in.v.file.plain(in.v.node))
	at := slices.Index(s.texts, string(text))
	if at < 0 || err != nil {
		at, s.texts = len(s.texts), append(s.texts, string(text))
		s.docs = append(s.docs, in.Map(
			Pair{"apiVersion", in.Says(openSLO)}, Pair{"kind", in.Says("DataSource")},
			Pair{"metadata", in.Map(Pair{"name", in.Says(s.called(at))})}, Pair{"spec", in},
		))
	}
	return in.Says(s.called(at))
}

func (s *insideSources) called(at int) string {
	if at == 0 {
		return s.name + "-source"
	}
	return fmt.Sprintf("%s-source-%d", s.name, at+1)
}

func (s *insideSources) sli(spec Node) Node {
	metric := change{value: s.metric}
	ratio := change{value: func(n Node) Node {
		return n.replaced(map[string]change{"good": metric, "bad": metric, "total": metric, "raw": metric})
	}}
	return spec.replaced(map[string]change{"ratioMetric": ratio, "thresholdMetric": metric})
}

// metric puts what a metric is asked of and for where v1 has it.
func (s *insideSources) metric(n Node) Node {
	inline, ref := n.Get("dataSourceSpec"), n.Get("dataSourceRef")
	switch {
	case inline.Given() && ref.Given():
		ref.Refuse("dataSourceRef and dataSourceSpec are both there", "one of them", "")
	case inline.Given() && otherSystem(inline.Get("type").v) != "":
		return n.Map(Pair{"metricSource", inline.Get("type").Elsewhere(otherSystem(inline.Get("type").v), n.Get("spec"))})
	case inline.Given():
		return n.Map(Pair{"metricSource", n.Map(Pair{"metricSourceRef", s.reference(inline)}, Pair{"spec", n.Get("spec")})})
	}
	source := n.replaced(map[string]change{"dataSourceRef": {key: "metricSourceRef"}})
	return n.Map(Pair{"metricSource", source})
}

// A change of an entry of a mapping: another key, another value, or both.
type change struct {
	key   string
	value func(Node) Node
}

// says is the change to a text.
func says(text string) change {
	return change{value: func(n Node) Node { return n.Says(text) }}
}

// older are the importers of OpenSLO's other versions.
func older() []Importer { return []Importer{v1alpha{}, v2alpha{}} }

// isDocument reports whether n looks like a document, so that a list of such
// is taken apart, as OpenSLO's tools do.
func isDocument(n Node) bool {
	version := n.Get("apiVersion").Text()
	return strings.HasPrefix(version, "openslo") || strings.HasPrefix(version, "setpoint.dev/")
}

package slo

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Metrics may be in systems that Setpoint does not ask, as Datadog: OpenSLO
// lets any be named. Such documents are in order, so that folders can hold
// them: what is counted in them is left out, with a warning. What cannot do
// without it is refused.

// prometheusTypes are the data source types that mean the Prometheus HTTP
// API.
func prometheusTypes() []string {
	return []string{"Prometheus", "VictoriaMetrics", "Mimir", "Thanos", "Cortex"}
}

// otherSystem is the system that a type names, where Setpoint does not ask it;
// "" where it does, or where the type is misspelt.
func otherSystem(kind value) string {
	known := func(t string) bool { return strings.EqualFold(t, kind.text()) }
	if slices.ContainsFunc(prometheusTypes(), known) || nearest(kind.text(), prometheusTypes()) != "" {
		return ""
	}
	return strings.TrimSpace(kind.text())
}

// checkSourceType refuses types that are misspelt.
func checkSourceType(v value) {
	if v.good() && otherSystem(v) == "" && !slices.ContainsFunc(prometheusTypes(), func(t string) bool { return strings.EqualFold(t, v.text()) }) {
		v.refuse(fmt.Sprintf("no data source is of type %s", short(v.text())), oneOf(prometheusTypes())+", or the name of another system", nearest(v.text(), prometheusTypes()))
	}
}

// otherSystems are systems of whose names those of data sources are often made.
func otherSystems() []string {
	return []string{
		"AppDynamics", "BigQuery", "ClickHouse", "CloudWatch", "Datadog", "Dynatrace", "Elasticsearch", "Graphite", "Honeycomb", "InfluxDB",
		"Instana", "Lightstep", "NewRelic", "OpenTSDB", "Pingdom", "Redshift", "Splunk", "Stackdriver", "SumoLogic",
	}
}

// namedAfter is the system in the name of a data source that no file declares,
// as in my-datadog; "" where it has none.
func namedAfter(source string) string {
	letters := strings.Map(func(r rune) rune {
		if strings.ContainsRune("-_.", r) {
			return -1
		}
		return r
	}, strings.ToLower(source))
	for _, system := range prometheusTypes() {
		if strings.Contains(letters, strings.ToLower(system)) {
			return ""
		}
	}
	for _, system := range otherSystems() {
		if strings.Contains(letters, strings.ToLower(system)) {
			return system
		}
	}
	return ""
}

// surveySystems notes what data sources are, since what queries have to look
// like depends on it, and they may stand in a later file.
func (l *loader) surveySystems(files []File) {
	for _, f := range files {
		if !bytes.Contains(f.Data, []byte("DataSource")) {
			continue
		}
		src := newSource(f.Name)
		for _, node := range src.documents(f.Data) {
			l.surveySystem(value{file: src, node: node})
		}
	}
}

func (l *loader) surveySystem(doc value) {
	if doc.file.tired(doc.node, 1) {
		return
	}
	for _, part := range l.parts(doc) {
		l.surveySystem(part)
	}
	if doc.get("kind").text() != "DataSource" {
		return
	}
	name, kind := doc.get("metadata").get("name").text(), doc.get("spec").get("type")
	l.systems[name], l.dialects[name] = otherSystem(kind), kind.text()
}

// systemOf is the system that the first of some metrics is in that is not in
// one that is asked, and where that is said.
func (l *loader) systemOf(metrics ...value) (system string, at value) {
	for _, m := range metrics {
		source := m.get("metricSource")
		kind, ref := source.get("type"), source.get("metricSourceRef")
		if kind.given() {
			system, at = otherSystem(kind), kind
		} else {
			system, at = l.systemNamed(ref.text()), ref
		}
		if system != "" {
			return system, at
		}
	}
	return "", value{}
}

// systemNamed is the system that a data source is, where that is not asked.
func (l *loader) systemNamed(source string) string {
	if system, declared := l.systems[source]; declared || source == "" {
		return system
	}
	return namedAfter(source)
}

// passSystems keeps what belongs to other systems from being checked.
func (l *loader) passSystems(doc value, kind string) {
	spec := doc.get("spec")
	switch kind {
	case "DataSource":
		if otherSystem(spec.get("type")) != "" {
			doc.file.passed[spec.get("connectionDetails").node] = true
		}
	case "SLI":
		l.passMetrics(spec)
	case "SLO":
		l.passMetrics(spec.get("indicator").get("spec"))
		for _, o := range spec.get("objectives").items() {
			l.passMetrics(o.get("indicator").get("spec"))
		}
	}
}

func (l *loader) passMetrics(sli value) {
	for _, m := range metricsOf(sli) {
		if system, _ := l.systemOf(m); system != "" {
			m.file.passed[m.get("metricSource").get("spec").node] = true
		}
	}
}

// placeOfSystem is the system that the metrics of an indicator are in that is
// not asked, or the place where the name of their data source is.
func (l *loader) placeOfSystem(sli value) (string, place) {
	metrics := metricsOf(sli)
	system, at := l.systemOf(metrics...)
	if system != "" {
		return system, at.place()
	}
	for _, m := range metrics {
		if ref := m.get("metricSource").get("metricSourceRef"); ref.good() {
			return "", ref.place()
		}
	}
	return "", sli.place()
}

func metricsOf(sli value) []value {
	ratio := sli.get("ratioMetric")
	return []value{ratio.get("good"), ratio.get("bad"), ratio.get("total"), ratio.get("raw"), sli.get("thresholdMetric")}
}

// A leftOut is an objective that is not kept, because of where its metrics are.
type leftOut struct{ service, system string }

// warnOfSystems lists the indicators that are not counted.
func (l *loader) warnOfSystems() {
	for _, in := range l.indicators {
		if system := l.systemBehind(in); system != "" {
			p := in.systemAt
			p.file.add(p.problem(SeverityWarning, fmt.Sprintf("Setpoint does not ask %s: what is counted there is left out", short(system)), "a system that answers as Prometheus does, to have it kept", ""))
		}
	}
}

func (l *loader) systemBehind(in *draftIndicator) string {
	switch {
	case in == nil:
		return ""
	case in.system != "":
		return in.system
	}
	return l.systemNamed(in.is.Source)
}

// leaveOut notes that the objectives of an SLO are not kept.
func (l *loader) leaveOut(d draftSLO, system string) {
	for _, o := range d.objectives {
		l.left[o.Name] = leftOut{o.Service, system}
	}
	if d.inline == nil {
		d.ref.file.add(d.ref.problem(SeverityWarning, fmt.Sprintf("the SLO is left out: its metrics are in %s, which Setpoint does not ask", short(system)), "", ""))
	}
}

// leaveOutComposite notes that a composite is not kept where one of its
// components is not, and reports whether it did.
func (l *loader) leaveOutComposite(d *draftComposite) bool {
	for _, c := range d.components {
		name := c.is.Objective
		part, is := l.left[name]
		if !is {
			continue
		}
		for _, o := range d.objectives {
			l.left[o.Name] = leftOut{o.Service, part.system}
		}
		c.at.warn(fmt.Sprintf("the composite is left out, because %s is: its metrics are in %s, which Setpoint does not ask", name, short(part.system)), "", "")
		return true
	}
	return false
}

// checkLeftOut refuses what cannot do without an objective that is not kept.
func (l *loader) checkLeftOut() {
	for _, r := range l.references {
		if o, is := l.left[r.name]; is && r.kind == objectiveKind && r.needed {
			l.refuse(r.place, fmt.Sprintf("the objective %s is left out: its metrics are in %s, which Setpoint does not ask", r.name, short(o.system)), "an objective that is kept", "")
		}
	}
}

// warnOfUnjudged warns of the objectives of a service that its policy does not
// see.
func (l *loader) warnOfUnjudged(p ReleasePolicy, v value) {
	for _, name := range slices.Sorted(maps.Keys(l.left)) {
		if o := l.left[name]; o.service == p.Service && len(p.Objectives) == 0 {
			v.warn(fmt.Sprintf("the policy does not see the objective %s, which is left out: its metrics are in %s", name, short(o.system)), "", "")
		}
	}
}

// Package pyrra reads the ServiceLevelObjectives of Pyrra (pyrra.dev/v1alpha1),
// as files or as Kubernetes resources.
//
//	Pyrra                       read as
//	metadata.name               the name of the SLO; where others have it, with what tells
//	                            them apart: the namespace, labels that begin with pyrra.dev/
//	label pyrra.dev/service     its service; without it, the name of the SLO
//	target, in percent          targetPercent, exactly
//	window                      a rolling window
//	ratio: errors, total        bad and total
//	latency: success, total     good and total; an offset is warned of
//	latencyNative: total,       the observations of a native histogram, good when at most
//	  latency                   the latency
//	bool_gauge: metric          a gauge whose samples are good when 1, bad when 0
//	alerting                    an alert policy of the four burn rates that Pyrra has,
//	                            with its windows in proportion to that of the SLO; absent
//	                            is told as missing data
//	grouping                    an objective of each value of these labels, and one of all
package pyrra

import (
	"regexp"
	"strings"

	"setpoint.dev/setpoint/slo"
)

const group = "pyrra.dev/"

// An Importer reads Pyrra's documents.
type Importer struct{}

// Reads reports whether doc is written for Pyrra.
func (Importer) Reads(doc slo.Node) bool {
	return strings.HasPrefix(doc.Get("apiVersion").Text(), group)
}

// Convert returns the one SLO of the document, by itself.
func (Importer) Convert(doc slo.Node) []slo.Node { return reader{names: slo.NewNames()}.Convert(doc) }

// Convert returns the one SLO of the document.
func (r reader) Convert(doc slo.Node) []slo.Node {
	if !doc.Get("apiVersion").OneOf(group+"v1alpha1") || !doc.Get("kind").OneOf("ServiceLevelObjective") {
		return nil
	}
	doc.Check(table())
	meta, spec := doc.Get("metadata"), doc.Get("spec")
	name := meta.Get("name")
	p := slo.Promise{
		At: doc, Name: r.names.Name(name, name.Text(), r.parts(meta)...), Description: spec.Get("description"), Labels: meta.Get("labels").Texts(slo.Node{}),
		Annotations: meta.Notes(group+"namespace", meta.Get("namespace")),
		Window:      spec.Get("window").Window(), Percent: spec.Get("target").Number(spec.Get("target").Text()),
	}
	p.Service = p.Name
	if service := meta.Get("labels").Get(group + "service"); service.Given() {
		p.Service = service.Name(service.Text())
	}
	if p.Name.Text() != name.Text() {
		p.Title = name
	}
	indicator(spec.Get("indicator"), &p)
	p.Alerting, p.Alarms = spec.Get("alerting"), alarms(meta, spec, p.Name)
	return []slo.Node{p.Document()}
}

// indicator sets the counters of p.
func indicator(in slo.Node, p *slo.Promise) {
	ratio, latency, native, gauge := in.Get("ratio"), in.Get("latency"), in.Get("latencyNative"), in.Get("bool_gauge")
	one := in
	for _, sort := range []slo.Node{ratio, latency, native, gauge} {
		switch {
		case !sort.Given():
		case one == in:
			one = sort
		default:
			sort.Refuse("a second indicator", "one of ratio, latency, latencyNative or bool_gauge", "")
		}
	}
	switch one {
	case in:
		if in.Given() {
			in.Refuse("there is no indicator", "one of ratio, latency, latencyNative or bool_gauge", "")
		}
	case ratio:
		p.Bad, p.Total = selector(ratio.Get("errors")), selector(ratio.Get("total"))
	case latency:
		p.Good, p.Total = selector(latency.Get("success")), selector(latency.Get("total"))
	case native:
		p.Judged, p.Histogram = selector(native.Get("total")), native.Says("native")
		p.Op, p.Value = native.Says("lte"), native.Get("latency").Seconds()
	case gauge:
		p.Judged, p.Gauge = selector(gauge), gauge.Says("boolean")
	}
	p.Annotations = grouping(one.Get("grouping"), p.Annotations)
}

// grouping adds to annotations by which labels the objective is grouped. All
// groups together are their events together, as they are for Pyrra.
func grouping(g, notes slo.Node) slo.Node {
	var labels []string
	for _, label := range g.Items() {
		labels = append(labels, label.Text())
	}
	if len(labels) == 0 {
		return notes
	}
	return notes.Texts(g.Map(slo.Pair{Key: slo.GroupByNote, Value: g.Says(strings.Join(labels, ", "))}))
}

// selector is a metric without an offset, which Pyrra has for data that comes
// late: events count when they happened.
func selector(query slo.Node) slo.Node {
	metric := query.Get("metric")
	offset := regexp.MustCompile(`\s+offset\s+[0-9a-z]+\s*$`)
	if offset.MatchString(metric.Text()) {
		metric.Warn("not carried: the offset; events count when they happened", "delay of the DataSource, for data that comes late")
	}
	series := metric.Replace(offset, "")
	if !series.IsSeries() && (series.IsSample() || series.IsCounters()) {
		metric.Refuse("no selector of series, and Pyrra reads nothing else", `a metric, as in http_requests_total{job="shop"}`, "")
	}
	return series
}

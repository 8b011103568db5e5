// Package sloth reads the SLOs that people wrote for Sloth: the files of its
// command line (version prometheus/v1), and its Kubernetes kinds
// (sloth.slok.dev/v1: PrometheusServiceLevel and AlertWindows).
//
//	Sloth                            read as
//	service, slos[].name             the SLO service-name of that service; where others have
//	                                 that name, service-name.namespace
//	objective                        targetPercent, exactly
//	the period, 30 days              a rolling window of 30d
//	events: error_query, total_query bad and total; good and total where the
//	                                 errors are written as total - good
//	raw: error_ratio_query           the same, where it divides counters; otherwise a
//	                                 share of bad events, with a warning
//	labels                           labels, those of the SLO before those of the service
//	alerting                         two alert policies, of pages and of tickets; labels and
//	                                 annotations of the alert before those of all alerts
//	AlertWindows for the period      their burn rates and windows
//
// What it cannot carry it lists: an SLI of a plugin is left out, because its
// queries are inside Sloth; plugins of the generator are warned of. Keys that Sloth does not know are
// refused, though Sloth itself passes them over; those of the other form of
// the format (page_alert in a Kubernetes kind) are passed over here too, with
// a warning, as long as nothing that is needed is lost with them.
//
// Sloth's budget over the period is the mean of its 5-minute error ratios.
// The objectives read here count events instead, so that their figures differ
// where traffic does.
package sloth

import (
	"regexp"
	"strings"

	"setpoint.dev/setpoint/slo"
)

// period is Sloth's default period. It is a setting of the whole program
// there, not of an SLO.
const period = "30d"

// generator is why plugins of the generator are passed over.
const generator = "these plugins change the rules that Sloth writes, not what is counted"

// An Importer reads Sloth's documents.
type Importer struct{}

// Reads reports whether doc is written for Sloth.
func (Importer) Reads(doc slo.Node) bool {
	return strings.HasPrefix(doc.Get("apiVersion").Text(), group) ||
		!doc.Get("apiVersion").Given() && strings.HasPrefix(doc.Get("version").Text(), "prometheus/")
}

// Convert returns an SLO for each of the document's, with Sloth's own alert
// windows.
func (Importer) Convert(doc slo.Node) []slo.Node {
	return reader{windows: standard(), names: slo.NewNames()}.Convert(doc)
}

// Convert returns an SLO for each of the document's.
func (r reader) Convert(doc slo.Node) []slo.Node {
	if !doc.Get("apiVersion").Given() {
		if !doc.Get("version").OneOf("prometheus/v1") {
			return nil
		}
		w := snake()
		doc.Check(w.spec("prometheus/v1", slo.Key{Name: "version", Is: slo.IsWord, Required: true}))
		return r.service(w, doc, slo.Node{})
	}
	if !doc.Get("apiVersion").OneOf(group+"v1") || !doc.Get("kind").OneOf("PrometheusServiceLevel", "AlertWindows") {
		return nil
	}
	if doc.Get("kind").Text() == "AlertWindows" {
		return nil // Survey has read it
	}
	w := camel()
	doc.Check(resource(w.spec("PrometheusServiceLevel spec")))
	return r.service(w, doc.Get("spec"), doc.Get("metadata"))
}

// service converts the SLOs of a service; meta is absent outside Kubernetes.
func (r reader) service(w words, spec, meta slo.Node) (docs []slo.Node) {
	service := spec.Get("service")
	named, notes, namespace := service.Name(service.Text()), slo.Node{}, ""
	if meta.Given() {
		namespace, notes = meta.Get("namespace").Text(), meta.Notes(group+"namespace", meta.Get("namespace"))
	}
	for _, item := range spec.Get("slos").Items() {
		p := w.slo(spec, item, named)
		p.Name = r.names.Name(item.Get("name"), fullName(spec, item), namespace)
		p.Annotations = notes
		p.Alerting = item.Get("alerting")
		p.Alarms = r.alarms(w, p.Name, p.Alerting)
		docs = append(docs, p.Document())
	}
	return docs
}

func (w words) slo(spec, item, service slo.Node) slo.Promise {
	name := item.Get("name")
	p := slo.Promise{
		At: item, Title: name,
		Description: item.Get("description"), Labels: item.Get("labels").Texts(spec.Get("labels")),
		Service: service, Window: item.Says(period), Percent: item.Get("objective"),
	}
	if d, ok := p.Percent.Decimal(); ok && d.Sign() == 0 {
		p.Percent.Refuse("Sloth has no objective of 0", "above 0, at most 100", "")
	}
	w.sli(item.Get("sli"), &p)
	return p
}

// sli sets the counters of p.
func (w words) sli(sli slo.Node, p *slo.Promise) {
	events, raw, plugin := sli.Get("events"), sli.Get("raw"), sli.Get("plugin")
	switch {
	case events.Given() && raw.Given():
		raw.Refuse("events and raw are both there", "one of them", "")
	case plugin.Given():
		plugin.Check(slo.Table{Name: "plugin", Keys: []slo.Key{{Name: "id", Is: slo.IsWord, Required: true}, {Name: "options", Is: slo.IsNotes}}})
		p.Judged, p.ShareOf = plugin.Elsewhere("plugins inside Sloth", plugin), plugin.Says("failure")
	case events.Given():
		w.events(events, p)
	case raw.Given():
		w.raw(w.ratioOf(raw), p)
	case sli.Given():
		sli.Refuse("neither events nor raw is there", "one of them", "")
	}
}

func (w words) events(events slo.Node, p *slo.Promise) {
	bad, total := counter(events.Get(w.errors)), counter(events.Get(w.total))
	p.Bad, p.Total = bad, total
	if good, ok := bad.Rest(total); ok {
		p.Good, p.Bad = good, slo.Node{}
		return
	}
	if bad.IsSample() && total.IsSample() && !bad.IsCounters() && !total.IsCounters() {
		events.Warn("not counters, so that they cannot be weighted: the mean of their quotient over {{.window}} of 5m is taken, as Sloth does", "counters")
		p.Bad, p.Total = slo.Node{}, slo.Node{}
		p.Judged, p.ShareOf = events.Says("("+bad.Text()+") / ("+total.Text()+")"), events.Says("failure")
	}
}

// ratioOf is the query of a raw indicator. Sloth's first versions had its
// key in the spelling of its Kubernetes kind.
func (w words) ratioOf(raw slo.Node) slo.Node {
	query, early := raw.Get(w.ratio), raw.Get(camel().ratio)
	switch {
	case query.Given() && early.Given() && w != camel():
		early.Refuse("the ratio is there twice", w.ratio, "")
	case !query.Given() && !early.Given():
		query.Refuse("missing", "a PromQL expression", "")
	case !query.Given():
		early.Warn("the key of Sloth's first versions, read as "+w.ratio, w.ratio)
		return early
	}
	return query
}

func (w words) raw(query slo.Node, p *slo.Promise) {
	ratio := counter(query)
	counted, total, complement, ok := ratio.Share()
	ok = ok && (!ratio.IsSample() || counted.IsCounters() && total.IsCounters())
	switch {
	case !ok && query.Text() != "":
		query.Warn("not a quotient of counters, so that it cannot be weighted by traffic: its mean over {{.window}} of 5m is taken, as Sloth does", "events with "+w.errors+" and "+w.total)
		p.Judged, p.ShareOf = ratio, query.Says("failure")
	case ok && complement:
		p.Good, p.Total = counted, total
	case ok:
		p.Bad, p.Total = counted, total
	}
}

// counter is a query with a fixed range where Sloth puts those of its
// windows: ranges play no part where counters are differenced.
func counter(query slo.Node) slo.Node {
	if text := query.Text(); text != "" && !template().MatchString(text) {
		query.Refuse("the query does not contain {{.window}}", "a range that Sloth sets, as in rate(errors_total[{{.window}}])", "")
	}
	return query.Replace(template(), "5m")
}

func template() *regexp.Regexp { return regexp.MustCompile(`\{\{-?\s*\.window\s*-?\}\}`) }

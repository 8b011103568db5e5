// Package slogenerator reads the ServiceLevelObjectives of Google's
// slo-generator (sre.google.com/v2) whose backend is Prometheus.
//
//	slo-generator                         read as
//	metadata.name                         the name of the SLO
//	label service_name or service         its service; without it, the name of the SLO
//	goal, a share                         target, exactly
//	good_bad_ratio: filter_good and       good and total, which is the sum of
//	  filter_bad or filter_valid            both where filter_bad is given
//	distribution_cut: expression,         the bucket of the threshold, and the
//	  threshold_bucket                      histogram's count
//	query_sli: expression                 good or bad and total, where it divides counters;
//	                                        otherwise a share of good events, with a warning
//
// The windows of slo-generator are in a file of their own, with its error
// budget policies. Where that is read too, the longest window is the period,
// and the steps are the conditions of an alert policy; those that do not alert
// are switched off. Otherwise the period is 28 days, with a warning.
// Exporters are warned of.
package slogenerator

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"setpoint.dev/setpoint/slo"
)

const (
	group  = "sre.google.com/"
	period = "28d"
)

// An Importer reads slo-generator's documents.
type Importer struct{}

// Reads reports whether doc is written for slo-generator.
func (Importer) Reads(doc slo.Node) bool {
	return strings.HasPrefix(doc.Get("apiVersion").Text(), group) || isFirst(doc) || isConfig(doc)
}

// isFirst reports whether doc is of slo-generator's first format.
func isFirst(doc slo.Node) bool {
	return !doc.Get("apiVersion").Given() && doc.Get("slo_target").Given() && doc.Get("backend").Given()
}

// Convert returns the one SLO of the document, without its error budget
// policy.
func (Importer) Convert(doc slo.Node) []slo.Node { return reader{names: slo.NewNames()}.Convert(doc) }

// Convert returns the one SLO of the document, or the alert policies of a
// shared configuration.
func (r reader) Convert(doc slo.Node) []slo.Node {
	if isConfig(doc) {
		return config(doc)
	}
	if isFirst(doc) {
		doc.Get("slo_target").Refuse("the first format of slo-generator is not supported", "its second one, "+group+"v2, which 'slo-generator migrate' makes of it", "")
		return nil
	}
	if !doc.Get("apiVersion").OneOf(group+"v2") || !doc.Get("kind").OneOf("ServiceLevelObjective") {
		return nil
	}
	doc.Check(table())
	meta, spec := doc.Get("metadata"), doc.Get("spec")
	name, service := meta.Get("name"), meta.Get("labels").Get("service_name")
	if !service.Given() {
		service = meta.Get("labels").Get("service")
	}
	p := slo.Promise{
		At: doc, Name: r.names.Name(name, name.Text(), meta.Get("namespace").Text()), Description: spec.Get("description"), Labels: meta.Get("labels").Texts(slo.Node{}),
		Annotations: meta.Notes(group+"namespace", meta.Get("namespace")),
		Service:     service.Name(service.Text()), Window: doc.Says(period), Target: spec.Get("goal"),
	}
	if !service.Given() {
		p.Service = p.Name
	}
	if p.Name.Text() != name.Text() {
		p.Title = name
	}
	r.policyOf(doc, &p)
	if e := spec.Get("exporters"); len(e.Items()) > 0 {
		e.Warn("not carried: Setpoint exports its metrics itself", "")
	}
	if !elsewhere(spec, &p) {
		indicator(spec.Get("method"), spec.Get("service_level_indicator"), &p)
	}
	return []slo.Node{p.Document()}
}

// elsewhere carries what a backend is asked for that is not Prometheus, and
// reports whether it is none. Backends are named in a file of their own, after
// their sort and, behind a slash, as one likes; the classes of people's own
// have dots.
func elsewhere(spec slo.Node, p *slo.Promise) bool {
	b, in := spec.Get("backend"), spec.Get("service_level_indicator")
	sort, _, _ := strings.Cut(b.Text(), "/")
	if sort == "" || sort == "prometheus" {
		return false
	}
	if strings.Contains(sort, ".") || b.Says(sort).OneOf(backends()...) {
		p.Judged, p.ShareOf = b.Elsewhere(sort, in), b.Says("success")
	}
	return true
}

// backends are the sorts that slo-generator has.
func backends() []string {
	return []string{
		"prometheus", "cloud_monitoring", "cloud_monitoring_mql", "cloud_service_monitoring", "datadog", "dynatrace", "elasticsearch", "opensearch", "splunk",
	}
}

// indicator sets the counters of p.
func indicator(method, in slo.Node, p *slo.Promise) {
	if !in.Given() || !method.Given() || !method.OneOf("good_bad_ratio", "distribution_cut", "query_sli") {
		return
	}
	switch method.Text() {
	case "good_bad_ratio":
		in.Check(ratioTable())
		ratio(in, p)
	case "distribution_cut":
		in.Check(cutTable())
		cut(in, p)
	case "query_sli":
		in.Check(queryTable())
		query(in.Get("expression"), p)
	}
}

func ratio(in slo.Node, p *slo.Promise) {
	good, bad, valid := counter(in.Get("filter_good")), counter(in.Get("filter_bad")), counter(in.Get("filter_valid"))
	for _, o := range in.Get("operators").Items() {
		if !slices.Contains([]string{"increase", "rate", "sum"}, o.Text()) {
			o.Refuse("the operator is not a total of counters", "increase, rate and sum", "")
		}
	}
	p.Good = good
	switch {
	case bad.Given() && valid.Given():
		in.Get("filter_valid").Refuse("filter_bad and filter_valid are both there", "one of them", "")
	case bad.Given() && good.Given():
		p.Total = bad.Says(good.Text() + " + " + bad.Text())
	case valid.Given():
		p.Total = valid
	case !bad.Given():
		in.Refuse("neither filter_bad nor filter_valid is there", "one of them", "")
	}
}

// counter is a filter without the place that slo-generator puts its window in,
// or with a fixed range where that is inside: ranges play no part where
// counters are differenced.
func counter(filter slo.Node) slo.Node {
	return filter.Replace(regexp.MustCompile(`\s*\[window\]\s*$`), "").Replace(regexp.MustCompile(`\[window`), "[5m")
}

func cut(in slo.Node, p *slo.Promise) {
	buckets, threshold := counter(in.Get("expression")), in.Get("threshold_bucket")
	text := buckets.Text()
	name, matchers, found := strings.Cut(strings.TrimSuffix(strings.TrimSpace(text), "}"), "{")
	if _, ok := threshold.Decimal(); threshold.Given() && !ok { // a text may hold the number
		threshold.Refuse("not a number", "the bound of a bucket, such as 0.1", "")
		return
	}
	if text == "" || !threshold.Given() {
		return
	}
	if !strings.HasSuffix(strings.TrimSpace(name), "_bucket") {
		in.Get("expression").Refuse("the expression does not select the buckets of a histogram", `a metric that ends in _bucket, as in request_seconds_bucket{job="shop"}`, "")
		return
	}
	if found && strings.TrimSpace(matchers) != "" {
		matchers = strings.TrimRight(strings.TrimSpace(matchers), ",") + ", "
	}
	p.Good = buckets.Says(fmt.Sprintf(`%s{%sle=%q}`, name, matchers, threshold.Text()))
	p.Total = buckets.Says(strings.ReplaceAll(text, "_bucket", "_count"))
}

func query(expression slo.Node, p *slo.Promise) {
	share := counter(expression)
	counted, total, complement, ok := share.Share()
	ok = ok && (!share.IsSample() || counted.IsCounters() && total.IsCounters())
	switch {
	case !ok && expression.Text() != "":
		expression.Warn("not a quotient of counters, so that it cannot be weighted by traffic: the mean of the share is taken, over a window of 5m where it has one", "good_bad_ratio, or a quotient of counters")
		p.Judged, p.ShareOf = share, expression.Says("success")
	case ok && complement:
		p.Bad, p.Total = counted, total
	case ok:
		p.Good, p.Total = counted, total
	}
}

// Package nobl9 reads the SLOs of Nobl9 (n9/v1alpha, kind SLO) whose metrics
// are in Prometheus, and its services.
//
//	Nobl9                            read as
//	metadata.name, objectives[]      an SLO of that name; where there are several
//	                                 objectives, one SLO for each, name-objective; where
//	                                 other projects have the name, name.project
//	target, a share                  target, exactly
//	timeWindows, rolling or calendar the window; the calendar with its zone
//	budgetingMethod                  the same; time slices are minutes
//	countMetrics: good or bad, total good or bad and total
//	rawMetric, op, value             a threshold metric, in an objective or, as in the first
//	                                 versions, in the indicator
//	AlertPolicy                      an alert policy whose conditions hold together: averageBurnRate,
//	                                 burnedBudget, budgetDrop, timeToBurnEntireBudget; coolDown keeps firing
//	AlertMethod                      a notification target that is shown only
//	anomalyConfig.noData             an alert policy for missing data
//	composite                        a CompositeSLO of the objectives that it names
//	BudgetAdjustment                 a calendar that excludes, once or by its rrule in UTC
//
// metricSource is warned of: connections are in Nobl9, and the queries are
// asked of the only DataSource. Attachments are warned of, and so are kinds
// that say nothing about what is counted.
// goodTotal of Prometheus is refused: without it something else would be
// counted. What other systems are asked for is carried, and left out by what
// reads it.
package nobl9

import (
	"regexp"
	"slices"
	"strings"

	"setpoint.dev/setpoint/slo"
)

// reviews is why reviews of services are passed over.
const reviews = "it is about reviews, which are kept in Nobl9"

// An Importer reads Nobl9's documents.
type Importer struct{}

// Reads reports whether doc is written for Nobl9.
func (Importer) Reads(doc slo.Node) bool {
	return strings.HasPrefix(doc.Get("apiVersion").Text(), "n9/")
}

// Convert returns an SLO for each objective of the document, without what
// others say about it.
func (Importer) Convert(doc slo.Node) []slo.Node { return newReader().Convert(doc) }

// Convert returns an SLO for each objective of the document.
func (r reader) Convert(doc slo.Node) []slo.Node {
	kind := doc.Get("kind")
	if !doc.Get("apiVersion").OneOf("n9/v1alpha") || !kind.OneOf(kinds()...) {
		return nil
	}
	switch kind.Text() {
	case "SLO":
		doc.Check(document(specTable()))
		return r.objectives(doc)
	case "Service":
		doc.Check(document(&slo.Table{Name: "spec", Keys: []slo.Key{
			{Name: "description", Is: slo.IsText},
			{Name: "reviewCycle", Is: slo.IsAny, Unread: reviews},
			{Name: "responsibleUsers", Is: slo.IsAny, Unread: reviews},
			{Name: "createdAt", Is: slo.IsAny},
			{Name: "createdBy", Is: slo.IsAny},
		}}))
		return []slo.Node{r.service(doc)}
	case "AlertPolicy":
		return r.policy(doc)
	case "AlertMethod":
		return []slo.Node{r.methodDocument(doc)}
	case "BudgetAdjustment":
		return r.adjustment(doc)
	default:
		kind.Warn("not carried: "+kind.Text()+" says nothing about what is counted", "")
	}
	return nil
}

// kinds are those of Nobl9.
func kinds() []string {
	return []string{
		"SLO", "Service", "Agent", "Direct", "AlertPolicy", "AlertMethod", "AlertSilence", "Alert", "Annotation",
		"BudgetAdjustment", "DataExport", "Project", "Report", "RoleBinding", "UserGroup",
	}
}

func (r reader) service(doc slo.Node) slo.Node {
	meta := doc.Get("metadata")
	return doc.Map(
		slo.Pair{Key: "apiVersion", Value: doc.Says("openslo/v1")},
		slo.Pair{Key: "kind", Value: doc.Says("Service")},
		slo.Pair{Key: "metadata", Value: doc.Map(
			slo.Pair{Key: "name", Value: r.name(doc)},
			slo.Pair{Key: "displayName", Value: meta.Get("displayName")},
			slo.Pair{Key: "labels", Value: meta.Get("labels")},
			slo.Pair{Key: "annotations", Value: meta.Notes("n9/project", meta.Get("project"))},
		)},
		slo.Pair{Key: "spec", Value: doc.Map(slo.Pair{Key: "description", Value: doc.Get("spec").Get("description")})},
	)
}

func (r reader) objectives(doc slo.Node) (docs []slo.Node) {
	meta, spec := doc.Get("metadata"), doc.Get("spec")
	service := spec.Get("service")
	common := slo.Promise{
		Name: r.name(doc), Title: meta.Get("displayName"), Description: spec.Get("description"),
		Labels: meta.Get("labels"), Annotations: meta.Notes("n9/project", meta.Get("project")), Service: service.Name(r.named(service, "Service", meta.Get("project").Text()).Text()), Method: spec.Get("budgetingMethod"),
	}
	common.Window, common.Calendar = window(spec.Get("timeWindows"))
	notCarried(spec)
	common.Alarms = r.policiesOf(spec, meta)
	items := spec.Get("objectives").Items()
	for _, item := range items {
		p := common
		p.At, p.Target, p.SliceTarget = item, item.Get("target"), item.Get("timeSliceTarget")
		if p.SliceTarget.Given() {
			p.SliceLength = p.SliceTarget.Says("1m")
		}
		switch own := item.Get("name"); {
		case own.Given() && len(items) > 1:
			p.Name = own.Name(common.Name.Text() + "-" + own.Text())
		case own.Given(): // composites refer to it by both names
			p.Annotations = p.Annotations.Texts(own.Map(slo.Pair{Key: slo.ObjectiveNameNote, Value: own.Name(own.Text())}))
		}
		if title := item.Get("displayName"); title.Text() != "" && len(items) > 1 {
			p.Title = title
		}
		p.Alarms = slices.Concat(common.Alarms, r.noData(spec, meta, p.Name.Text()))
		if c := item.Get("composite"); c.Given() {
			r.composite(c, meta, &p)
		} else {
			metrics(item, spec.Get("indicator").Get("rawMetric"), &p)
		}
		docs = append(docs, p.Document())
	}
	return docs
}

// notCarried warns of what has no place here.
func notCarried(spec slo.Node) {
	if s := spec.Get("indicator").Get("metricSource"); s.Given() {
		s.Warn("not carried: the queries are asked of the only DataSource", "")
	}
	link := slo.Table{Name: "attachment", Keys: []slo.Key{{Name: "url", Is: slo.IsText, Required: true}, {Name: "displayName", Is: slo.IsText}}}
	for _, item := range spec.Get("attachments").Items() {
		item.Check(link)
	}
	if v := spec.Get("attachments"); len(v.Items()) > 0 {
		v.Warn("not carried: an SLO has no place for links yet", "")
	}
}

// window is the one time window as a duration-shorthand, and its calendar.
func window(list slo.Node) (length, calendar slo.Node) {
	items := list.Items()
	if len(items) == 0 {
		return list, slo.Node{}
	}
	if len(items) > 1 {
		items[1].Refuse("a second time window", "one time window", "")
	}
	w := items[0]
	unit := map[string]string{"Minute": "m", "Hour": "h", "Day": "d", "Week": "w", "Month": "M", "Quarter": "Q", "Year": "Y"}[w.Get("unit").Text()]
	switch {
	case w.Get("isRolling").True() && w.Get("calendar").Given():
		w.Get("calendar").Refuse("a window that rolls has no calendar", "isRolling: true, or a calendar", "")
	case !w.Get("isRolling").True() && !w.Get("calendar").Given():
		w.Refuse("says neither that the window rolls nor when its periods begin", "isRolling: true, or a calendar with startTime and timeZone", "")
	}
	if count := w.Get("count"); unit != "" && count.Given() {
		return count.Says(count.Text() + unit), w.Get("calendar")
	}
	return w.Get("unit"), w.Get("calendar")
}

// metrics sets the counters of p.
func metrics(item, old slo.Node, p *slo.Promise) {
	counts := item.Get("countMetrics")
	switch {
	case item.Get("rawMetric").Given() && counts.Given():
		counts.Refuse("rawMetric and countMetrics are both there", "one of them", "")
	case item.Get("rawMetric").Given():
		p.Judged, p.Op, p.Value = query(item.Get("rawMetric").Get("query")), item.Get("op"), item.Get("value")
	case old.Given() && !counts.Given():
		p.Judged, p.Op, p.Value = query(old), item.Get("op"), item.Get("value")
	case counts.Get("goodTotal").Given():
		single(counts.Get("goodTotal"), p)
	case !counts.Given():
		item.Refuse("neither countMetrics nor another metric is there", "countMetrics", "")
	default:
		p.Good, p.Bad, p.Total = query(counts.Get("good")), query(counts.Get("bad")), query(counts.Get("total"))
		if incremental := counts.Get("incremental"); incremental.Text() == "false" && !rates(p.Good, p.Bad, p.Total) {
			p.Gauges = incremental
		}
	}
}

// rates reports whether queries are rates or increases of counters, which are
// read then though counts are not incremental.
func rates(queries ...slo.Node) bool {
	rate := regexp.MustCompile(`\b(rate|irate|increase)\s*\(`)
	return !slices.ContainsFunc(queries, func(q slo.Node) bool { return q.Text() != "" && !rate.MatchString(q.Text()) })
}

// single reads good and total of one query, which Prometheus has no way to
// answer.
func single(both slo.Node, p *slo.Promise) {
	q := query(both)
	if q.Text() != "" {
		both.Refuse("good and total of a single query are not supported", "good and total", "")
		return
	}
	p.Judged, p.ShareOf = q, both.Says("success")
}

// query is the PromQL of a metric, or what another system is asked for.
func query(metric slo.Node) slo.Node {
	if !metric.Given() {
		return metric
	}
	metric.Check(systems())
	for system, m := range metric.All() {
		switch {
		case !slices.Contains(prometheus(), system):
			return metric.Elsewhere(system, m)
		case m.Given():
			m.Check(slo.Table{Name: system, Keys: []slo.Key{{Name: "promql", Is: slo.IsWord, Required: true}}})
			return m.Get("promql")
		}
	}
	metric.Refuse("no query is there", "prometheus, with promql", "")
	return slo.Node{}
}

package slo

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The annotations of SLIs.
const (
	gaugeNote    = "setpoint.dev/gauge"
	maxAgeNote   = "setpoint.dev/maxAge"
	deadlineNote = "setpoint.dev/deadline"
	everyNote    = "setpoint.dev/every"
)

// indicator reads an SLI, which stands by itself or in an SLO.
func (l *loader) indicator(sli value) *draftIndicator {
	spec, notes := sli.get("spec"), sli.get("metadata").get("annotations")
	d := &draftIndicator{is: Indicator{Name: sli.get("metadata").get("name").text(), Position: spec.place().Position}}
	threshold, ratio := spec.get("thresholdMetric"), spec.get("ratioMetric")
	metric := ratio
	d.system, d.systemAt = l.placeOfSystem(spec)
	switch {
	case threshold.given() && ratio.given():
		threshold.refuse("ratioMetric and thresholdMetric are both there", "one of them", "")
	case threshold.given():
		metric = threshold
		l.threshold(&d.is, threshold, notes)
	case ratio.get("raw").given() || ratio.get("rawType").given():
		l.share(&d.is, ratio)
	case !notes.get(deadlineNote).given() && d.system == "" && isGauges(ratio):
		l.quotient(&d.is, ratio)
	case notes.get(deadlineNote).given():
		l.deadline(&d.is, ratio, notes)
	default:
		l.counters(&d.is, spec)
	}
	checkNotes(notes, d.is.Kind)
	d.at = metric.place()
	l.indicators = append(l.indicators, d)
	return d
}

// checkNotes refuses annotations that say something about another kind of
// indicator than this is.
func checkNotes(notes value, kind IndicatorKind) {
	about := map[string]IndicatorKind{gaugeNote: Boolean, maxAgeNote: Freshness, deadlineNote: Deadline, everyNote: Deadline, histogramNote: classic}
	needs := map[string]string{
		gaugeNote: "a thresholdMetric, and none of the others", maxAgeNote: "a thresholdMetric whose query is a timestamp",
		histogramNote: "a thresholdMetric whose query selects a histogram, and none of the others",
		deadlineNote:  "a ratioMetric whose good and total are timestamps", everyNote: "the annotation " + deadlineNote,
	}
	for _, name := range []string{gaugeNote, histogramNote, maxAgeNote, deadlineNote, everyNote} {
		if note := notes.get(name); note.good() && about[name] != kind && !(name == histogramNote && kind == Native) {
			note.refuse("plays no part in this indicator", needs[name], "")
		}
	}
}

// threshold reads an indicator of one query: its samples are judged by the
// limits in the objectives or by being 0 or 1, or are timestamps.
func (l *loader) threshold(in *Indicator, metric, notes value) {
	in.Source = l.sourceOf(metric)
	switch age := notes.get(maxAgeNote); {
	case age.given():
		in.Kind, in.MaxAge = Freshness, within(age, time.Second, maxWindow)
		in.Query = l.sampled(metric, checkTimestamp)
		return
	case notes.get(histogramNote).good():
		l.histogram(in, metric, notes.get(histogramNote).text())
		return
	case notes.get(gaugeNote).good():
		in.Kind = Boolean
	default:
		in.Kind = Threshold
	}
	in.Query = l.sampled(metric, checkFilter)
}

// deadline reads an indicator of two timestamps: when a job last succeeded,
// and when it last started.
func (l *loader) deadline(in *Indicator, ratio, notes value) {
	good, total := ratio.get("good"), ratio.get("total")
	in.Kind, in.Source = Deadline, l.sourceOf(total, good)
	if bad := ratio.get("bad"); bad.given() {
		bad.refuse("a run that did not succeed in time is bad; nothing else says so", "no such key", "")
	}
	if counter := ratio.get("counter"); counter.good() && counter.truth() {
		counter.refuse("timestamps are no counters", "counter: false", "")
	}
	if ratio.lacks("good") {
		good.refuse("missing", "a query of when the job last succeeded, as a Unix timestamp", "")
	}
	if ratio.lacks("total") {
		total.refuse("missing", "a query of when the job last started, as a Unix timestamp", "")
	}
	in.Query, in.Started = l.sampled(good, checkTimestamp), l.sampled(total, checkTimestamp)
	in.Limit = within(notes.get(deadlineNote), time.Second, 31*day)
	every := notes.get(everyNote)
	if in.Every = within(every, time.Second, maxWindow); in.Every > 0 && in.Every < in.Limit {
		every.refuse("runs that are due every "+Span(in.Every)+" and may take "+Span(in.Limit)+" would overlap", "at least "+Span(in.Limit), "")
	}
}

// share reads an indicator that is a share already: raw and rawType.
func (l *loader) share(in *Indicator, ratio value) {
	raw, sort := ratio.get("raw"), ratio.get("rawType")
	in.Kind, in.Source, in.Failure = Share, l.sourceOf(raw), sort.text() == "failure"
	for _, other := range []string{"good", "bad", "total"} {
		if v := ratio.get(other); v.given() {
			v.refuse("a raw ratio and counters are both there", "raw and rawType, or total and one of good and bad", "")
		}
	}
	switch {
	case ratio.lacks("raw"):
		raw.refuse("missing; rawType says what it is the share of", "a mapping with metricSource", "")
	case ratio.lacks("rawType"):
		sort.refuse("missing; nothing says whether the share is that of good or of bad events", "success or failure", "")
	}
	in.Query = l.sampled(raw, checkShare)
}

// sampled reads the query of a metric whose samples are judged.
func (l *loader) sampled(metric value, check func(string) error) string {
	source := metric.get("metricSource")
	checkSourceType(source.get("type"))
	if system, _ := l.systemOf(metric); system != "" {
		return ""
	}
	query := queryOf(metric)
	if written := source.get("spec").get("query"); written.text() != query.text() {
		written.warn("the place of Sloth's windows is read as 5m", "a range", "")
	}
	if query.good() && query.file.visits <= maxVisits {
		_, only, err := samplesOf(query.text())
		if err == nil {
			err = check(query.text())
		}
		l.checkQuery(metric, query, only, err)
	}
	return strings.TrimSpace(query.text())
}

// refuseQuery lists an error in the query v at its place inside.
func refuseQuery(v value, err error) {
	var q *QueryError
	if !errors.As(err, &q) {
		return
	}
	if v.file.bad[v.node] = true; v.file.listed[SeverityError] > maxProblems {
		return // to find the place takes going through the file
	}
	p, ok := v.at(q.Offset)
	message := printable(q.Reason)
	if !ok {
		message = fmt.Sprintf("at %d:%d of the query: %s", q.Line, q.Col, message)
	}
	v.file.add(p.problem(SeverityError, message, q.Expected, ""))
}

// counters reads an indicator of two counters.
func (l *loader) counters(in *Indicator, spec value) {
	ratio := spec.get("ratioMetric")
	if spec.lacks("ratioMetric", "thresholdMetric") {
		ratio.refuse("missing", "a mapping with counter, total, and good or bad; or a thresholdMetric", "")
	}
	good, bad, total := ratio.get("good"), ratio.get("bad"), ratio.get("total")
	if system, _ := l.systemOf(good, bad, total); system == "" {
		checkCounter(ratio, good, bad, total)
	}
	in.Total, in.Good, in.Bad = l.query(total), l.query(good), l.query(bad)
	in.Source = l.sourceOf(total, good, bad)
	checkHalves(ratio)
	for _, v := range []value{good, bad, total} {
		if v.good() {
			checkRecorded(queryOf(v))
		}
	}
	if both := good.given() && bad.given(); !both && total.good() && slices.Equal(terms(in.Good+in.Bad), terms(in.Total)) && in.Total != "" {
		queryOf(total).warn("total counts the same events as the other query", "a query that counts all events", "")
	}
}

// checkHalves wants a ratio to be of good or bad events, among all.
func checkHalves(ratio value) {
	good, bad, total := ratio.get("good"), ratio.get("bad"), ratio.get("total")
	switch {
	case good.given() && bad.given():
		bad.refuse("good and bad are both there", "one of them, and total", "")
	case ratio.lacks("good", "bad"):
		good.refuse("neither good nor bad is there", "one of them, and total", "")
	}
	if ratio.lacks("total") {
		total.refuse("missing", "a mapping with metricSource", "")
	}
}

// checkCounter wants it said that the metrics are counters: by counter, or by
// queries that nobody writes over anything else.
func checkCounter(ratio value, metrics ...value) {
	counter := ratio.get("counter")
	all := func(is func(query string) bool) bool {
		return !slices.ContainsFunc(metrics, func(m value) bool { return m.given() && !is(queryOf(m).text()) })
	}
	rates := all(isRate)
	switch {
	case ratio.lacks("counter") && rates:
		counter.warn("missing; the queries are rates, so that counters are assumed", "counter: true", "")
	case ratio.lacks("counter") && all(namesCounters):
		counter.warn("missing; the metrics are named as counters are, so that counters are assumed", "counter: true", "")
	case ratio.lacks("counter"):
		counter.refuse("missing", "counter: true, for metrics that only rise", "")
	case counter.good() && !counter.truth() && rates:
		counter.warn("the queries are rates of counters, which are counted", "true", "true")
	}
}

// isGauges reports whether a ratio is one of gauges: it says so, and its
// queries are not such as nobody writes over anything but counters.
func isGauges(ratio value) bool {
	counter := ratio.get("counter")
	metrics := []value{ratio.get("good"), ratio.get("bad"), ratio.get("total")}
	rates := !slices.ContainsFunc(metrics, func(m value) bool { return m.given() && !isRate(queryOf(m).text()) })
	return counter.good() && counter.text() == "false" && !rates
}

// quotient reads an indicator of two gauges: the share is their quotient, at
// each instant.
func (l *loader) quotient(in *Indicator, ratio value) {
	good, bad, total := ratio.get("good"), ratio.get("bad"), ratio.get("total")
	part := good
	if bad.given() {
		part = bad
	}
	all, some := l.sampled(total, noCheck), l.sampled(part, noCheck)
	in.Kind, in.Source, in.Failure = Share, l.sourceOf(total, good, bad), bad.given()
	checkHalves(ratio)
	if all != "" && some != "" {
		in.Query = fmt.Sprintf("(%s) / (%s)", some, all)
		ratio.get("counter").warn("gauges cannot be differenced, so that their events cannot be counted: the share that each instant shows is taken, not weighted by traffic", "counter: true, with queries over counters", "")
	}
}

func noCheck(string) error { return nil }

// isRate reports whether a query that can be read has ranges, as counters
// need.
func isRate(query string) bool { return strings.Contains(query, "[") }

func terms(query string) []string {
	selectors, _ := Selectors(query)
	return selectors
}

// query reads the query of a metric that counts.
func (l *loader) query(metric value) string {
	checkSourceType(metric.get("metricSource").get("type"))
	if system, _ := l.systemOf(metric); system != "" {
		return ""
	}
	query := queryOf(metric)
	if query.good() && query.file.visits <= maxVisits {
		_, only, err := selectorsOf(query.text())
		l.checkQuery(metric, query, only, err)
	}
	return strings.TrimSpace(query.text())
}

// queryOf is the query of a metric, with a fixed range where one has a place
// for Sloth's windows, as OpenSLO's own examples do: ranges play no part where
// counters are counted.
func queryOf(metric value) value {
	query := metric.get("metricSource").get("spec").get("query")
	if !strings.Contains(query.text(), "{{") {
		return query
	}
	return Node{query}.Replace(slothWindow(), "5m").v
}

// judged gives o the limit that an item of its SLO's objectives sets.
func (l *loader) judged(o *Objective, item value) {
	op, limit := item.get("op"), item.get("value")
	switch {
	case o.Indicator.Kind == Threshold:
		l.limit(o, item)
	case o.Indicator.Kind == classic || o.Indicator.Kind == Native:
		l.bucketed(o, item)
	case o.Indicator.Kind == Boolean && op.text() == string(GreaterOrEqual) && limit.text() == "1":
	default:
		for _, v := range []value{op, limit} {
			unlimited(v, o.Indicator.Kind)
		}
	}
}

func (l *loader) limit(o *Objective, item value) {
	op, limit := item.get("op"), item.get("value")
	if item.lacks("op") {
		op.refuse("missing; the metric is a threshold, and nothing says on which side of it samples are good", oneOf(Ops()), "")
	}
	if item.lacks("value") {
		limit.refuse("missing; the metric is a threshold, and nothing says where it lies", "a number, in the unit of the metric", "")
	}
	o.Indicator.Op = Op(op.text())
	o.Indicator.Value, _ = limit.decimal()
}

// unlimited refuses op or value where the indicator is no threshold.
func unlimited(v value, kind IndicatorKind) {
	switch {
	case !v.good():
	case kind == Boolean:
		v.refuse("a boolean gauge is good when it is 1", "neither op nor value, or op: gte and value: 1", "")
	case kind == Freshness:
		v.refuse("the limit of a timestamp's age is the annotation "+maxAgeNote, "neither op nor value", "")
	case v.file.lenient:
		v.warn("passed over: it has no part beside a ratio metric", "", "")
	default:
		v.refuse("belongs to a thresholdMetric, and the indicator is a ratio", "no such key", "")
	}
}

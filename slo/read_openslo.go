package slo

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// The bounds of an objective.
const (
	minSlice       = 5 * time.Second
	maxSlice       = time.Hour
	defaultSlice   = time.Minute
	maxWindow      = 2 * 366 * day
	slicesInWindow = 12        // at least
	maxSlices      = 1_100_000 // in a window: two years of minutes
)

// A draftSLO is the objectives of one SLO whose indicator may be elsewhere.
type draftSLO struct {
	objectives []Objective
	items      []value         // what each of objectives was read from
	inline     *draftIndicator // nil: it is the SLI of the name indicator
	indicator  string
	alerts     []alertUse
	standard   place  // where the standard alerts are spoken of
	wanted     string // what is said of them
	notes      value  // annotations
	at, slice  place
	window     place // of the time window
	ref        place // of the name of the SLI
}

// A draftIndicator is an indicator whose data source may not be known yet.
type draftIndicator struct {
	is       Indicator
	at       place
	system   string // that its metrics are in and that is not asked; "" = none that is known yet
	systemAt place  // where that is said
}

func (l *loader) service(doc value) {
	meta := doc.get("metadata")
	l.serviceAlerts[meta.get("name").text()] = meta.get("annotations").get(alertsNote).text()
	l.set.Services = append(l.set.Services, Service{
		Name: meta.get("name").text(), Title: meta.get("displayName").text(), Description: doc.get("spec").get("description").text(),
		Labels: meta.get("labels").labels(), Position: doc.place().Position,
	})
}

func (l *loader) dataSource(doc value) {
	spec := doc.get("spec")
	details := spec.get("connectionDetails")
	checkSourceType(spec.get("type"))
	if system := otherSystem(spec.get("type")); system != "" {
		spec.get("type").warn(fmt.Sprintf("Setpoint does not ask %s: what is counted there is left out", short(system)), "a system that answers as Prometheus does, to have it kept", "")
		return
	}
	l.set.Sources = append(l.set.Sources, Source{
		Name: doc.get("metadata").get("name").text(), Title: doc.get("metadata").get("displayName").text(),
		Description: spec.get("description").text(), URL: l.sourceURL(details),
		Timeout:   within(details.get("timeout"), time.Millisecond, 5*time.Minute),
		Delay:     within(details.get("delay"), time.Millisecond, time.Hour),
		Retention: within(details.get("retention"), time.Minute, maxDuration),
		Settle:    within(details.get("settle"), time.Millisecond, 24*time.Hour),
		Scrape:    within(details.get("scrapeInterval"), time.Millisecond, time.Hour),
		Replicas:  labelNames(details.get("replicaLabels")),
		Page:      readPage(details.get("page")),
		Position:  doc.place().Position,
	})
}

// sourceURL is the address of a data source, or the one that is implied where
// it has none.
func (l *loader) sourceURL(details value) string {
	url := details.get("url")
	keys := Node{details}.keys()
	misspelt := slices.IndexFunc(keys, func(key string) bool { return nearest(key, []string{"url"}) != "" })
	switch {
	case url.given():
		return l.address(url, httpAddress, "an http or https address, as in http://localhost:9090")
	case misspelt >= 0:
		url.refuse("missing", shapeSecret.expected(field{}), "")
	case details.good() && details.node.Kind == yaml.MappingNode:
		details.warn("says no url; the one at PROMETHEUS_URL is taken", "url", "")
		return l.defaultSource(details.place()).URL
	}
	return ""
}

// address reads an address, with what the environment says in it. It never
// says what the address is.
func (l *loader) address(v value, fits func(string) bool, expected string) string {
	text := strings.TrimSpace(v.text())
	if text == "" || hasReference(text) && l.env == nil {
		return text
	}
	full, err := text, error(nil)
	if hasReference(text) {
		full, err = expand(text, l.env)
	}
	switch {
	case err != nil:
		v.refuse(err.Error(), "the address, or ${NAME} with NAME set", "")
		return ""
	case !fits(full):
		v.refuse("not an address that can be used", expected, "")
		return ""
	}
	if u, err := url.Parse(full); err == nil && full == text {
		if _, secret := u.User.Password(); secret {
			v.warn("a password in a file is read by everyone who reads the file", "${NAME}, from the environment", "")
		}
	}
	return full
}

func httpAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// databaseAddress accepts both forms that Postgres' clients know:
// postgres://… and key=value pairs.
func databaseAddress(s string) bool {
	if !strings.Contains(s, "://") {
		return strings.Contains(s, "=")
	}
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql")
}

// within is a duration between two bounds, or 0 when there is none.
func within(v value, least, most time.Duration) time.Duration {
	d, ok := v.duration()
	if ok && (d < least || d > most) {
		v.refuse(Span(d)+" is out of range", Span(least)+" to "+Span(most), "")
		return 0
	}
	return d
}

func (l *loader) sli(doc value) {
	in := l.indicator(doc)
	if _, there := l.named[in.is.Name]; !there && in.is.Name != "" {
		l.named[in.is.Name] = in
	}
}

// sourceOf is the data source that the metrics of an indicator name: one.
func (l *loader) sourceOf(metrics ...value) (name string) {
	for _, m := range metrics {
		ref := m.get("metricSource").get("metricSourceRef")
		l.refer("DataSource", ref)
		switch {
		case name == "":
			name = ref.text()
		case ref.good() && ref.text() != name:
			ref.refuse("the counters of one indicator come from different data sources", "one data source", name)
		}
	}
	return name
}

func (l *loader) slo(doc value) {
	if isComposite(doc.get("spec")) {
		l.openSLOComposite(doc)
		return
	}
	meta, spec := doc.get("metadata"), doc.get("spec")
	slice := meta.get("annotations").get("setpoint.dev/slice")
	o := l.promise(doc)
	o.Slice = sliceLength(slice)
	evidence(&o, meta.get("annotations"))
	checkSlices(o, spec.get("timeWindow"), slice)
	d := draftSLO{at: doc.place(), slice: slice.place(), window: spec.get("timeWindow").place(), notes: meta.get("annotations"), ref: spec.get("indicatorRef").place()}
	d.inline, d.indicator = l.indicatorOf(spec)
	d.alerts = l.alertsOf(spec.get("alertPolicies"))
	standard := meta.get("annotations").get(alertsNote)
	d.standard, d.wanted = standard.place(), standard.text()
	d.objectives, d.items = l.objectives(spec, o, meta.get("name")), spec.get("objectives").items()
	for i := range d.objectives {
		d.objectives[i].TimeSlice.MinOutage = minOutage(meta, d.objectives[i])
	}
	l.slos = append(l.slos, d)
}

// promise reads what the objectives of an SLO have in common.
func (l *loader) promise(doc value) Objective {
	meta, spec := doc.get("metadata"), doc.get("spec")
	if service := spec.get("service"); service.good() {
		l.references = append(l.references, reference{kind: "Service", name: service.text(), place: service.place(), needed: true, promised: true})
	}
	o := Objective{
		Name: meta.get("name").text(), Service: spec.get("service").text(), Title: meta.get("displayName").text(),
		Description: spec.get("description").text(), Labels: meta.get("labels").labels(),
		Window: window(spec.get("timeWindow")), Position: doc.place().Position,
	}
	if method := spec.get("budgetingMethod").text(); method != "" && method != "Occurrences" {
		o.Method = Method(method)
	}
	l.onlyName(doc)
	return o
}

// indicatorOf reads the indicator of an SLO, or the name of the SLI that it
// refers to.
func (l *loader) indicatorOf(spec value) (d *draftIndicator, ref string) {
	inline, named := spec.get("indicator"), spec.get("indicatorRef")
	switch {
	case inline.given() && named.given():
		named.refuse("indicator and indicatorRef are both there", "one of them", "")
	case named.given():
		l.refer("SLI", named)
		return nil, named.text()
	case inline.good():
		l.annotations(inline.get("metadata").get("annotations"), sliKind())
		return l.indicator(inline), ""
	case spec.lacks("indicator", "indicatorRef"):
		inline.refuse("neither indicator nor indicatorRef is there", "one of them", "")
	}
	return nil, ""
}

// objectives reads the targets of an SLO. The first one is named after it.
func (l *loader) objectives(spec value, o Objective, name value) []Objective {
	var out []Objective
	for i, item := range spec.get("objectives").items() {
		own := o.Name
		if i > 0 {
			own = fmt.Sprintf("%s-%d", o.Name, i+1)
		}
		next := l.objective(item, o, own, name)
		next.TimeSlice = timeSlice(item, o)
		checkTimeSlice(next, item, firstWindow(spec))
		if weight := item.get("compositeWeight"); weight.given() {
			weight.warn("plays no part: objectives of one indicator are no composite", "an indicator in each objective, or no such key", "")
		}
		out = append(out, next)
	}
	return out
}

// objective reads one target of an SLO, which gives it a name of its own.
func (l *loader) objective(item value, o Objective, own string, name value) Objective {
	o.Name = own
	if title := item.get("displayName").text(); title != "" {
		o.Title = title
	}
	o.Target = target(item)
	l.declareObjective(own, item, name)
	return o
}

func (l *loader) declareObjective(own string, item, name value) {
	if first, ok := l.declared[objectiveKind][own]; ok && name.good() {
		item.refuse(fmt.Sprintf("the objective %s is declared already, at %s:%d", own, first.File, first.Line), "a name of the SLO that leaves its objectives unique", "")
	} else if name.good() {
		l.declared[objectiveKind][own] = item.place()
	}
}

// firstWindow is the one time window of an SLO.
func firstWindow(spec value) value {
	list := spec.get("timeWindow")
	if windows := list.items(); len(windows) > 0 {
		return windows[0]
	}
	return list // a lenient reader assumes one
}

// target is the target of an objective as a share, or less than 0 when it was
// refused.
func target(item value) Decimal {
	share, percent := item.get("target"), item.get("targetPercent")
	switch {
	case share.given() && percent.given():
		percent.refuse("target and targetPercent are both there", "one of them", "")
	case share.given():
		d, ok := share.decimal()
		if ok && checkTarget(share, d, "a share from 0, and below 1, such as 0.999") {
			return d
		}
	case percent.given():
		d, ok := percent.decimal()
		part, err := d.Percent()
		if ok && err != nil {
			percent.refuse("more than 18 digits", "a percentage such as 99.9", "")
		} else if ok && checkTarget(percent, part, "a percentage from 0, and below 100, such as 99.9") {
			return part
		}
	case item.lacks("target", "targetPercent"):
		share.refuse("neither target nor targetPercent is there", "one of them", "")
	}
	return NewDecimal(-1, 0)
}

func checkTarget(v value, share Decimal, expected string) bool {
	one := NewDecimal(1, 0)
	percent := strings.HasSuffix(v.path, "Percent")
	switch {
	case share.Sign() < 0:
		v.refuse(v.text()+" is less than no events", expected, "")
	case share.Sign() == 0:
		v.warn(v.text()+" promises nothing: the budget is all events, and lasts until each of them is bad", expected, "")
		return true
	case share.Cmp(one) == 0:
		v.warn(v.text()+" leaves no budget at all: a single bad event exhausts it", expected, "")
		return true
	case share.Cmp(one) > 0 && !percent && share.Cmp(NewDecimal(100, 0)) < 0:
		near := "targetPercent: " + v.text()
		if _, made := v.file.from[v.node]; made { // of a format that has no such key
			near = nearShare(v.text())
		}
		v.refuse(v.text()+" is more than all events", expected, near)
	case share.Cmp(one) > 0:
		v.refuse(v.text()+" is more than all events", expected, "")
	case percent && share.Cmp(NewDecimal(1, 2)) < 0:
		v.warn(v.text()+" percent is a very low target", expected, "target: "+v.text())
		return true
	default:
		return true
	}
	return false
}

func sliceLength(v value) time.Duration {
	if !v.given() {
		return defaultSlice
	}
	d, ok := v.duration()
	if ok && (d < minSlice || d > maxSlice || d%time.Second != 0) {
		v.refuse(v.text()+" is no length for a slice", "whole seconds, 5s to 1h", "")
		return 0
	}
	return d
}

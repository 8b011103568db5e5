package slo

import (
	"fmt"
	"maps"
	"slices"
)

// maxHints bounds the names that are compared with all others.
const maxHints = 200

// known is what rules and policies may refer to, by name.
type known struct {
	objectives map[string]Objective
	actuators  map[string]Actuator
	services   map[string][]string // :: service → its objectives, sorted
}

// resolve puts together what the documents say: it looks for what they refer
// to, and checks what takes more than one of them.
func (l *loader) resolve() {
	l.impliedServices()
	l.impliedSources()
	l.impliedSource()
	l.dangling()
	l.warnOfSystems()
	l.finishAlerts()
	k := known{objectives: map[string]Objective{}, actuators: map[string]Actuator{}, services: map[string][]string{}}
	for _, d := range l.slos {
		for _, o := range l.finishSLO(d) {
			k.objectives[o.Name] = o
			l.set.Objectives = append(l.set.Objectives, o)
		}
	}
	l.finishComposites(k)
	l.checkLeftOut()
	for _, name := range slices.Sorted(maps.Keys(k.objectives)) {
		service := k.objectives[name].Service
		k.services[service] = append(k.services[service], name)
	}
	for _, d := range l.actuators {
		k.actuators[d.is.Name] = d.is
		l.set.Actuators = append(l.set.Actuators, d.is)
	}
	l.contracts()
	for _, d := range l.loops {
		l.finishLoop(d, k)
	}
	l.neighbours()
	for _, d := range l.policies {
		l.finishPolicy(d, k)
	}
	l.finishCalendars()
	l.finishAdjustments(k)
	l.finishSLAs(k)
	l.finishReports()
	l.claims()
}

// judged is the objectives that a policy looks at, sorted by name.
func (k known) judged(p ReleasePolicy) (out []Objective) {
	names := k.services[p.Service]
	if len(p.Objectives) > 0 {
		names = slices.Compact(slices.Sorted(slices.Values(p.Objectives)))
	}
	for _, name := range names {
		if o, there := k.objectives[name]; there {
			out = append(out, o)
		}
	}
	return out
}

// impliedServices declares the services that SLOs name, where no file
// declares any: also SLOs of which something else is wrong.
func (l *loader) impliedServices() {
	if len(l.declared["Service"]) > 0 {
		return
	}
	for _, r := range l.references {
		if _, there := l.declared["Service"][r.name]; r.promised && !there {
			l.declared["Service"][r.name] = r.place
			l.set.Services = append(l.set.Services, Service{Name: r.name, Position: r.place.Position})
		}
	}
}

// impliedSource gives the indicators that name no data source the only one
// there is; where no file declares any, that is the one at PROMETHEUS_URL.
func (l *loader) impliedSource() {
	var homeless []*draftIndicator
	for _, in := range l.indicators {
		if in.is.Source == "" && in.is.Total+in.is.Query != "" {
			homeless = append(homeless, in)
		}
	}
	switch {
	case len(homeless) == 0:
		return
	case len(l.set.Sources) == 0:
		l.set.Sources = append(l.set.Sources, l.defaultSource(homeless[0].at))
	case len(l.set.Sources) > 1:
		for _, in := range homeless {
			l.refuse(in.at, "names no data source, and there are several", "metricSourceRef: "+choices(slices.Sorted(maps.Keys(l.declared["DataSource"]))), "")
		}
	}
	for _, in := range homeless {
		in.is.Source = l.set.Sources[0].Name
	}
}

func (l *loader) defaultSource(at place) Source {
	s := Source{Name: "default", URL: "${PROMETHEUS_URL}", Position: at.Position}
	if l.env == nil {
		return s
	}
	full, err := expand(s.URL, l.env)
	switch {
	case err != nil:
		l.refuse(at, "there is no data source: no file declares a DataSource, and "+err.Error(), "a DataSource, or its address in PROMETHEUS_URL", "")
	case !httpAddress(full):
		l.refuse(at, "PROMETHEUS_URL is not an address that can be used", "an http or https address", "")
	}
	s.URL = full
	return s
}

// dangling refuses references to what no file declares, or warns of them where
// only some of the files are read.
func (l *loader) dangling() {
	for _, r := range l.references {
		if _, ok := l.declared[r.kind][r.name]; ok || l.elsewhere(r) {
			continue
		}
		var near string
		names := slices.Sorted(maps.Keys(l.declared[r.kind]))
		if l.apart(r, names) {
			continue
		}
		if l.hints++; l.hints <= maxHints {
			near = nearest(r.name, names)
		}
		l.refuse(r.place, fmt.Sprintf("there is no %s %s", r.kind, r.name), choices(names), near)
	}
}

// choices names what is there, when that is few.
func choices(names []string) string {
	switch {
	case len(names) == 0:
		return "a file that declares it"
	case len(names) > 10:
		return fmt.Sprintf("one of the %d that are declared", len(names))
	}
	return oneOf(names)
}

// finishSLO gives the objectives of an SLO the indicator that it refers to,
// and compares their slices with how often the counters are scraped.
func (l *loader) finishSLO(d draftSLO) []Objective {
	in := d.inline
	if in == nil {
		in = l.named[d.indicator]
	}
	if system := l.systemBehind(in); system != "" {
		l.leaveOut(d, system)
		return nil
	}
	for i := range d.objectives {
		o := &d.objectives[i]
		if in != nil {
			o.Indicator = in.is
			l.judged(o, d.items[i])
		}
		l.giveAlerts(o, d.alerts, d.standard, d.wanted)
		if i == 0 {
			l.fitSource(*o, d)
		}
	}
	for i := range d.objectives {
		l.group(&d.objectives[i], d.notes)
	}
	return d.objectives
}

// fitSource warns where a data source scrapes less often than slices end, or
// keeps less than the window.
func (l *loader) fitSource(o Objective, d draftSLO) {
	at := slices.IndexFunc(l.set.Sources, func(s Source) bool { return s.Name == o.Indicator.Source })
	if at < 0 {
		return
	}
	s := l.set.Sources[at]
	if o.Slice > 0 && s.Scrape > o.Slice {
		d.slice.file.add(d.slice.problem(SeverityWarning,
			fmt.Sprintf("slices of %s are shorter than the scrape interval of %s, which is %s", Span(o.Slice), s.Name, Span(s.Scrape)), "at least "+Span(s.Scrape), ""))
	}
	if s.Retention > 0 && o.Window.Longest() > s.Retention {
		d.window.file.add(d.window.problem(SeverityWarning,
			fmt.Sprintf("the window of %s is longer than %s keeps its data, which is %s: what was before the first start is not known, and the budget is whole only later", Span(o.Window.Longest()), s.Name, Span(s.Retention)), "at most "+Span(s.Retention), ""))
	}
}

// claims refuses a second loop for an actuator, and a second policy for the
// same releases.
func (l *loader) claims() {
	loops := map[string]string{}
	for _, d := range l.loops {
		claim(loops, d.spec.get("actuator"), d.is.Name, "actuator", "ControlLoop")
	}
	l.places()
	l.claimPolicies()
}

// places refuses two actuators that set the same thing: each would take what
// the other sets for a foreign change. A webhook may be for many.
func (l *loader) places() {
	what := map[ActuatorKind]string{PGQueryTimeout: "role of a database", AtFile: "file", AtKubernetes: "field of an object"}
	first := map[string]Actuator{}
	for _, d := range l.actuators {
		one, shared := what[d.is.Kind]
		if unknown := d.is.Kind == PGQueryTimeout && d.is.Query.DatabaseURL == ""; !shared || unknown {
			continue
		}
		if other, taken := first[d.is.where()]; taken {
			d.spec.refuse(fmt.Sprintf("the actuator %s, at %s:%d, sets the same %s", other.Name, other.Position.File, other.Position.Line, one), "one actuator for each "+one, "")
			continue
		}
		first[d.is.where()] = d.is
	}
}

func claim(owners map[string]string, v value, by, what, kind string) {
	if !v.good() {
		return
	}
	if first, taken := owners[v.text()]; taken {
		v.refuse(fmt.Sprintf("the %s %s belongs to the %s %s already", what, v.text(), kind, first), "one "+kind+" for each "+what, "")
		return
	}
	owners[v.text()] = by
}

package slo

import (
	"fmt"
	"slices"
	"strings"
)

// The bounds of a composite.
const (
	maxComponents     = 100
	maxWeight         = 1_000_000
	maxWeightDecimals = 1_000_000 // the denominator of a weight, at most
)

// A draftComposite is the objectives of one composite, whose components may
// be elsewhere.
type draftComposite struct {
	objectives []Objective
	items      []value // what each of them was read from
	openSLO    bool    // an OpenSLO composite, which has no target of its own
	components []draftComponent
	alerts     []alertUse
	doc        value
	state      visit
}

// A draftComponent is a component whose objective may be declared later on.
type draftComponent struct {
	is             Component
	slo, objective string // slo is empty where objective is all of the name
	at             value
}

// A visit says how far the search for cycles came.
type visit int

const (
	unvisited visit = iota
	visiting
	visited
)

// composite reads a document of our own kind.
func (l *loader) composite(doc value) {
	spec, meta := doc.get("spec"), doc.get("metadata")
	slice := meta.get("annotations").get("setpoint.dev/slice")
	o := l.promise(doc)
	if slice.given() {
		o.Slice = sliceLength(slice)
	}
	evidence(&o, meta.get("annotations"))
	o.Composite = &Composite{Aggregate: Average}
	if how := spec.get("aggregate").text(); how != "" {
		o.Composite.Aggregate = Aggregate(how)
	}
	d := &draftComposite{doc: doc, alerts: l.alertsOf(spec.get("alertPolicies")), components: l.components(spec, o.Composite.Aggregate)}
	for i, item := range spec.get("objectives").items() {
		own := o.Name
		if i > 0 {
			own = fmt.Sprintf("%s-%d", o.Name, i+1)
		}
		next := l.objective(item, o, own, meta.get("name"))
		next.TimeSlice = timeSlice(item, o)
		d.objectives, d.items = append(d.objectives, next), append(d.items, item)
	}
	l.composites = append(l.composites, d)
}

// components reads what a composite of our own kind is made of.
func (l *loader) components(spec value, how Aggregate) (out []draftComponent) {
	items := spec.get("components").items()
	if len(items) > maxComponents {
		items[maxComponents].refuse(fmt.Sprintf("more than %d components", maxComponents), "composites of composites", "")
		return nil
	}
	for _, item := range items {
		name, parent, weight := item.get("objective"), item.get("slo"), item.get("weight")
		c := draftComponent{at: name, is: Component{Weight: weightOf(weight), NoData: ruleOf(item.get("whenNoData"), spec.get("whenNoData"))}}
		switch {
		case !name.good():
			continue
		case parent.good():
			c.slo, c.objective = parent.text(), name.text()
		default:
			c.objective = name.text()
			l.mention(objectiveKind, name)
		}
		if weight.given() && (how == AnyDown || how == AllDown) {
			weight.warn("plays no part in "+string(how), "no weight, or another aggregate", "")
		}
		out = append(out, c)
	}
	return out
}

// weightOf is a weight, 1 where there is none.
func weightOf(v value) Decimal {
	d, ok := v.decimal()
	_, den := d.Fraction()
	switch {
	case !v.given() || !ok:
		return NewDecimal(1, 0)
	case d.Sign() <= 0:
		v.refuse("a weight of "+v.text()+" leaves nothing of the component", "above 0", "")
	case d.Cmp(NewDecimal(maxWeight, 0)) > 0 || den > maxWeightDecimals:
		v.refuse(v.text()+" is out of range for a weight", "at most 1000000, with at most 6 decimals", "")
	default:
		return d
	}
	return NewDecimal(1, 0)
}

// ruleOf is the rule for missing data that is said closest.
func ruleOf(all ...value) NoData {
	for _, v := range all {
		if word := v.text(); word != "" && word != noDataWord {
			return NoData(word)
		} else if word == noDataWord {
			break
		}
	}
	return NoDataHold
}

// isComposite reports whether an OpenSLO SLO has indicators in its
// objectives.
func isComposite(spec value) bool {
	return slices.ContainsFunc(spec.get("objectives").items(), ownIndicator)
}

func ownIndicator(item value) bool {
	return item.get("indicator").given() || item.get("indicatorRef").given()
}

// openSLOComposite reads an SLO with an indicator in each objective: each is
// an objective of its own, name-1, name-2, …, and the composite of them has
// the name of the SLO. A single one is an SLO like others.
func (l *loader) openSLOComposite(doc value) {
	meta, spec := doc.get("metadata"), doc.get("spec")
	slice := meta.get("annotations").get("setpoint.dev/slice")
	o := l.promise(doc)
	o.Slice = sliceLength(slice)
	checkSlices(o, spec.get("timeWindow"), slice)
	if at := slices.IndexFunc([]value{spec.get("indicator"), spec.get("indicatorRef")}, value.given); at >= 0 {
		spec.get([]string{"indicator", "indicatorRef"}[at]).refuse("indicators are said for the whole SLO and for its objectives", "one for the SLO, or one for each objective of a composite", "")
	}
	items := spec.get("objectives").items()
	if len(items) > maxComponents {
		items[maxComponents].refuse(fmt.Sprintf("more than %d components", maxComponents), "composites of composites, with kind CompositeSLO", "")
		return
	}
	standard := meta.get("annotations").get(alertsNote)
	if by := meta.get("annotations").get(GroupByNote); by.given() && len(items) > 1 {
		by.refuse("a composite has no series of its own", "groups of its components", "")
	}
	d := &draftComposite{doc: doc, openSLO: true, alerts: l.alertsOf(spec.get("alertPolicies")), items: []value{doc}}
	for i, item := range items {
		own := fmt.Sprintf("%s-%d", o.Name, i+1)
		if len(items) == 1 {
			own = o.Name
		}
		l.openSLOComponent(d, item, o, own, slice)
	}
	if len(items) == 1 {
		only := &l.slos[len(l.slos)-1]
		only.alerts, only.standard, only.wanted, only.notes = d.alerts, standard.place(), standard.text(), meta.get("annotations")
		for i := range only.objectives {
			evidence(&only.objectives[i], meta.get("annotations"))
		}
		return
	}
	evidence(&o, meta.get("annotations"))
	l.declareObjective(o.Name, doc, meta.get("name"))
	o.Composite = &Composite{Aggregate: openSLOAggregate(o.Method)}
	d.objectives = []Objective{o}
	l.composites = append(l.composites, d)
}

// openSLOComponent reads one objective of an OpenSLO composite.
func (l *loader) openSLOComponent(d *draftComposite, item value, o Objective, own string, slice value) {
	next := l.objective(item, o, own, d.doc.get("metadata").get("name"))
	next.TimeSlice = timeSlice(item, o)
	checkTimeSlice(next, item, firstWindow(d.doc.get("spec")))
	s := draftSLO{at: item.place(), slice: slice.place(), window: item.place(), ref: item.get("indicatorRef").place(), objectives: []Objective{next}, items: []value{item}, wanted: "none"} // the composite tells
	if ownIndicator(item) {
		s.inline, s.indicator = l.indicatorOf(item)
	} else {
		item.get("indicator").refuse("neither indicator nor indicatorRef is there, and other objectives of the composite have one", "one of them in each objective, or one for the whole SLO", "")
	}
	l.slos = append(l.slos, s)
	weight := item.get("compositeWeight")
	switch how := openSLOAggregate(o.Method); {
	case weight.given() && own == o.Name:
		weight.warn("plays no part: a single objective is no composite", "several objectives, or no such key", "")
	case weight.given() && how == AnyDown:
		weight.warn("plays no part in Timeslices, where a time slice that is bad for one component is bad", "Occurrences or RatioTimeslices, or no such key", "")
	}
	rule := d.doc.get("metadata").get("annotations").get(componentNoDataNote)
	d.components = append(d.components, draftComponent{objective: own, at: item, is: Component{Weight: weightOf(weight), NoData: ruleOf(rule)}})
}

// openSLOAggregate is how OpenSLO has a budgeting method put components
// together (specification, Notes on Composite SLO).
func openSLOAggregate(m Method) Aggregate {
	switch m {
	case Timeslices:
		return AnyDown
	case RatioTimeslices:
		return SumOfBad
	}
	return SumOfBurn
}

// finishComposites puts composites together, components first.
func (l *loader) finishComposites(k known) {
	by := map[string]*draftComposite{}
	for _, d := range l.composites {
		for _, o := range d.objectives {
			if _, taken := k.objectives[o.Name]; !taken {
				by[o.Name] = d
			}
		}
	}
	for _, d := range l.composites {
		l.finishComposite(d, by, k, nil)
	}
}

// finishComposite finishes a composite after those that it is made of. way is
// the composites that lead to it.
func (l *loader) finishComposite(d *draftComposite, by map[string]*draftComposite, k known, way []string) {
	if d.state == visited || len(d.objectives) == 0 {
		return
	}
	d.state = visiting
	way = append(way, d.objectives[0].Name)
	parts, components := l.partsOf(d, by, k, way)
	d.state = visited
	if l.leaveOutComposite(d) {
		return
	}
	for i := range d.objectives {
		l.finishTarget(d, i, components, parts, k)
	}
}

// partsOf are the objectives that a composite is made of, finished.
func (l *loader) partsOf(d *draftComposite, by map[string]*draftComposite, k known, way []string) (parts []Objective, components []Component) {
	for n, c := range d.components {
		if !c.at.good() && !d.openSLO {
			continue
		}
		name := l.meant(c)
		d.components[n].is.Objective = name
		if inner := by[name]; inner != nil {
			if inner.state == visiting {
				c.at.refuse("the composite is part of itself: "+strings.Join(append(way[slices.Index(way, name):], name), " → "), "an objective that is not made of it", "")
				continue
			}
			l.finishComposite(inner, by, k, way)
		}
		part, there := k.objectives[name]
		if !there {
			continue // refused already
		}
		if slices.ContainsFunc(parts, func(o Objective) bool { return o.Name == name }) {
			c.at.refuse("the component "+name+" is there twice", "each component once", "")
			continue
		}
		c.is.Objective = name
		parts, components = append(parts, part), append(components, c.is)
	}
	return parts, components
}

// meant is the objective that a component names.
func (l *loader) meant(c draftComponent) string {
	if c.slo == "" {
		return c.objective
	}
	name := c.slo + "-" + c.objective
	_, there := l.declared[objectiveKind][name]
	switch {
	case there:
		return name
	case l.onlyNames[c.slo] == c.objective:
		return c.slo
	}
	if _, known := l.declared["SLO"][c.slo]; l.part && !known {
		c.at.warn("no SLO "+c.slo+" is among the files that are checked; serve needs it", "", "")
		return name
	}
	c.at.refuse("there is no objective "+name+", and no SLO "+c.slo+" whose only objective is named "+c.objective,
		"an SLO and one of its objectives, or the name of an objective without slo", "")
	return name
}

// onlyName notes the name that the only objective of an SLO has in other
// formats.
func (l *loader) onlyName(doc value) {
	note, items := doc.get("metadata").get("annotations").get(ObjectiveNameNote), doc.get("spec").get("objectives").items()
	switch {
	case !note.good():
	case len(items) != 1:
		note.refuse("there are several objectives", "a single objective, or no such annotation", "")
	default:
		l.onlyNames[doc.get("metadata").get("name").text()] = note.text()
	}
}

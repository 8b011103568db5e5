package slo

import (
	"fmt"
	"time"
)

// finishTarget finishes one objective of a composite.
func (l *loader) finishTarget(d *draftComposite, i int, components []Component, parts []Objective, k known) {
	o := &d.objectives[i]
	o.Composite = &Composite{Aggregate: o.Composite.Aggregate, Components: components}
	if len(parts) < len(d.components) || len(parts) == 0 {
		k.objectives[o.Name] = *o // something was refused
		return
	}
	if o.Composite.Aggregate == SumOfBurn && !bounded(d, parts) {
		return
	}
	if d.openSLO {
		openSLOTarget(d, o, parts)
		o.Slice, o.Method = longestStep(parts), Occurrences
	}
	fitSlices(d, o, parts)
	wholeOutages(d, parts)
	if o.Method == Occurrences {
		o.Method, o.TimeSlice = RatioTimeslices, TimeSlice{Length: o.Slice}
	} else {
		checkTimeSlice(*o, d.items[i], firstWindow(d.doc.get("spec")))
	}
	standard := d.doc.get("metadata").get("annotations").get(alertsNote)
	l.giveAlerts(o, d.alerts, standard.place(), standard.text())
	k.objectives[o.Name] = *o
	l.set.Objectives = append(l.set.Objectives, *o)
}

// bounded refuses components whose burn rates cannot be added up, because
// their targets of 100 % leave them no budget.
func bounded(d *draftComposite, parts []Objective) bool {
	ok := true
	for n, p := range parts {
		if p.Target.Sign() >= 0 && p.Budget().Sign() <= 0 {
			d.components[n].at.refuse("the target of "+p.Name+" leaves no budget, so that its burn rate cannot be added to others", "a target below 100 %, or another aggregate than burn", "")
			ok = false
		}
	}
	return ok
}

// fitSlices gives a composite slices that are made of those of its
// components.
func fitSlices(d *draftComposite, o *Objective, parts []Objective) {
	annotation := d.doc.get("metadata").get("annotations").get("setpoint.dev/slice")
	if o.Slice == 0 && !annotation.given() {
		o.Slice = longestStep(parts)
	}
	at := annotation
	for n, part := range parts {
		if !at.given() || d.openSLO {
			at = d.components[n].at
		}
		if step := part.Step(); o.Slice > 0 && step > 0 && o.Slice%step != 0 {
			at.refuse(fmt.Sprintf("slices of %s are not made of the slices of %s, the component %s", Span(o.Slice), Span(step), part.Name),
				"slices, or time slices, of which each is a multiple of the shorter ones", "")
			return
		}
	}
	if !d.openSLO {
		checkSlices(*o, d.doc.get("spec").get("timeWindow"), annotation)
	}
}

func longestStep(parts []Objective) (longest time.Duration) {
	for _, p := range parts {
		longest = max(longest, p.Step())
	}
	return longest
}

// openSLOTarget gives an OpenSLO composite the target that its components
// imply. Where burn rates add up, its budget is the largest one (of three
// digits, rounded down) that cannot be overdrawn faster than all components
// together can. Otherwise it is the strictest of the components' targets.
func openSLOTarget(d *draftComposite, o *Objective, parts []Objective) {
	if o.Composite.Aggregate == SumOfBurn {
		budget, ok := sharedBudget(o.Composite.Components, parts)
		if !ok {
			d.doc.refuse("the weights leave the composite no target: their budgets add up to more than all events", "larger weights", "")
			return
		}
		o.Target = budget.Complement()
		return
	}
	same := true
	for _, p := range parts {
		same = same && p.Target == parts[0].Target
		if p.Target.Cmp(o.Target) > 0 {
			o.Target = p.Target
		}
	}
	if !same {
		d.doc.warn("the composite "+o.Name+" has no target of its own; the strictest of its components, "+o.Target.String()+", is taken", "one target for all components, or kind CompositeSLO", "")
	}
}

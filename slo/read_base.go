package slo

import (
	"fmt"
	"time"
)

// What a learned base is where nothing else is declared, and its bounds.
const (
	baseHistory = 7 * 24 * time.Hour
	baseSamples = 500
	baseEvery   = 24 * time.Hour
	mostParts   = 60 // of the history: they are on record with each decision
)

func baseTable() *object {
	return &object{name: "base", fields: []field{
		{key: "window", is: shapeDuration, required: true, doc: "A time is healthy while the burn rate over this window is below 1; a multiple of the objective's slice. What ended within a window before it is not is forgotten."},
		{key: "quantile", is: shapeDecimal, instead: "0.999", doc: "Share of the statements that took no longer, above 0 and below 1."},
		{key: "history", is: shapeDuration, instead: "7d", doc: "How far back statements count, at most 60 times `every`."},
		{key: "samples", is: shapeWhole, instead: "500", doc: "Fewest statements to learn from."},
		{key: "every", is: shapeDuration, instead: "1d", doc: "Time between two lessons."},
		{key: "growth", is: shapeDecimal, instead: "1.25", doc: "The most by which one lesson multiplies or divides the base, above 1 and at most 10."},
	}}
}

func readBase(v value, a Actuator, o Objective) Base {
	law := Base{
		Window: positive(v.get("window")), Quantile: NewDecimal(999, 3), Growth: NewDecimal(125, 2),
		History: baseHistory, Every: baseEvery, Samples: count(v.get("samples"), baseSamples),
	}
	checkSpan(v.get("window"), o)
	if a.Name != "" && (a.Kind != PGQueryTimeout || a.Query.ByAgent) {
		v.refuse("nobody tells how long the work takes that this actuator bounds", "a postgresQueryTimeout with reaper: server", "")
	}
	if d := positive(v.get("history")); d > 0 {
		law.History = d
	}
	if d := positive(v.get("every")); d > 0 {
		law.Every = d
	}
	one := NewDecimal(1, 0)
	if q, ok := v.get("quantile").decimal(); ok {
		law.Quantile = q
		if q.Sign() <= 0 || q.Cmp(one) >= 0 {
			v.get("quantile").refuse(q.String()+" is no quantile", "above 0, below 1", "")
		}
	}
	if g, ok := v.get("growth").decimal(); ok {
		law.Growth = g
		if g.Cmp(one) <= 0 || g.Cmp(NewDecimal(10, 0)) > 0 {
			v.get("growth").refuse(g.String()+" is no factor by which a base can grow", "above 1, at most 10", "")
		}
	}
	checkHistory(v, law)
	return law
}

// checkHistory refuses a history that is shorter than one lesson, or of too
// many parts.
func checkHistory(v value, law Base) {
	at := v.get("history")
	if !at.given() {
		at = v.get("every")
	}
	switch {
	case law.History < law.Every:
		at.refuse(fmt.Sprintf("the history of %s is shorter than the %s between two lessons", Span(law.History), Span(law.Every)), "at least "+Span(law.Every), "")
	case law.History > mostParts*law.Every:
		at.refuse(fmt.Sprintf("the history of %s has more than %d times %s, and all of it is on record with each decision", Span(law.History), mostParts, Span(law.Every)), "at most "+Span(mostParts*law.Every), "")
	}
}

// onlyBase refuses a second rule that learns: there is one base.
func onlyBase(rules value) {
	first := false
	for _, v := range rules.items() {
		if law := v.get("base"); law.good() && first {
			law.refuse("a second rule that learns the base", "one in a loop", "")
		} else if law.good() {
			first = true
		}
	}
}

package slo

import "go.yaml.in/yaml/v4"

// A Promise is an SLO in the words that most formats share. What is absent is
// left out of the document.
type Promise struct {
	At          Node // where the document stands
	Name        Node
	Title       Node
	Description Node
	Labels      Node
	Annotations Node
	Service     Node
	Window      Node // a duration-shorthand
	Calendar    Node // startTime and timeZone; absent: the window rolls
	Method      Node // how the budget is kept; absent: Occurrences
	SliceTarget Node // of the other methods
	SliceLength Node // of the other methods
	Target      Node // a share; either this
	Percent     Node // or this
	Good        Node // PromQL over counters; either this
	Bad         Node // or this
	Total       Node
	Judged      Node // or this: PromQL whose samples are judged, by one of the following
	Op          Node // one of Ops, with Value
	Value       Node
	ShareOf     Node   // success or failure
	Gauge       Node   // boolean
	Histogram   Node   // native; Judged selects it, and Op and Value judge its observations
	Gauges      Node   // where it is said that Good, Bad and Total are no counters
	Alarms      []Node // alert policies, in place or by reference
	Alerting    Node   // what is said of alerts: where it comes to no alert policy, nobody is to be told
	Components  Node   // of a composite, in place of counters: a list as in kind CompositeSLO
}

// Document is the OpenSLO document that says p; of a composite it is one of
// our own kind.
func (p Promise) Document() Node {
	at, method := p.At, p.Method
	if p.Window.v.file == nil { // no window at all: it is missing where the document is
		p.Window = at.Get("timeWindow")
	}
	if !method.Given() {
		method = at.Says("Occurrences")
	}
	version, kind, indicator := openSLO, "SLO", p.indicator()
	if p.Components.Given() {
		version, kind, indicator = ours, compositeKindName, Node{}
	}
	return at.Map(
		Pair{"apiVersion", at.Says(version)},
		Pair{"kind", at.Says(kind)},
		Pair{"metadata", at.Map(
			Pair{"name", p.Name}, Pair{"displayName", p.Title.Cut()}, Pair{"labels", p.Labels}, Pair{"annotations", p.annotations()},
		)},
		Pair{"spec", at.Map(
			Pair{"description", p.Description.Cut()},
			Pair{"service", p.Service},
			Pair{"indicator", indicator},
			Pair{"components", p.Components},
			Pair{"timeWindow", p.Window.List(p.window())},
			Pair{"budgetingMethod", method},
			Pair{"objectives", at.List(at.Map(
				Pair{"target", p.Target}, Pair{"targetPercent", p.Percent}, Pair{"op", p.Op}, Pair{"value", p.Value},
				Pair{"timeSliceTarget", p.SliceTarget}, Pair{"timeSliceWindow", p.SliceLength},
			))},
			Pair{"alertPolicies", p.alarms()},
		)},
	)
}

// annotations are those of p, and that there are no alerts, where that is said.
func (p Promise) annotations() Node {
	if !p.Alerting.Given() || len(p.Alarms) > 0 {
		return p.Annotations
	}
	silent := p.Alerting.Map(Pair{alertsNote, p.Alerting.Says("none")})
	if !p.Annotations.Given() {
		return silent
	}
	return p.Annotations.Texts(silent)
}

func (p Promise) alarms() Node {
	if len(p.Alarms) == 0 {
		return Node{value{file: p.At.v.file}}
	}
	return p.At.List(p.Alarms...)
}

func (p Promise) window() Node {
	if p.Calendar.Given() {
		return p.Window.Map(Pair{"duration", p.Window}, Pair{"calendar", p.Calendar})
	}
	return p.Window.Map(Pair{"duration", p.Window}, Pair{"isRolling", p.Window.Truth()})
}

func (p Promise) indicator() Node {
	at := p.At
	for _, query := range []Node{p.Total, p.Judged} {
		if query.Given() {
			at = query
		}
	}
	notes := p.Gauge
	switch {
	case p.Histogram.Given():
		notes = at.Map(Pair{histogramNote, p.Histogram})
	case notes.Given():
		notes = notes.Map(Pair{gaugeNote, p.Gauge})
	}
	return at.Map(
		Pair{"metadata", at.Map(Pair{"name", p.Name}, Pair{"annotations", notes})},
		Pair{"spec", at.Map(p.metric(at))},
	)
}

// metric is the ratioMetric or thresholdMetric that stands where at stands.
func (p Promise) metric(at Node) Pair {
	switch {
	case p.ShareOf.Given():
		return Pair{"ratioMetric", at.Map(Pair{"rawType", p.ShareOf}, Pair{"raw", counterOf(p.Judged)})}
	case p.Judged.Given():
		return Pair{"thresholdMetric", counterOf(p.Judged)}
	}
	counter := at.Truth()
	if p.Gauges.Given() {
		counter = p.Gauges.Falsehood()
	}
	return Pair{"ratioMetric", at.Map(
		Pair{"counter", counter},
		Pair{"good", counterOf(p.Good)},
		Pair{"bad", counterOf(p.Bad)},
		Pair{"total", counterOf(p.Total)},
	)}
}

// Elsewhere is what a metric asks a system for that Setpoint does not ask, in
// place of PromQL: said at n, and carried as it is.
func (n Node) Elsewhere(system string, spec Node) Node {
	return n.Map(Pair{"type", n.Says(system)}, Pair{"spec", spec})
}

func counterOf(query Node) Node {
	switch {
	case !query.Given():
		return query
	case query.v.node.Kind == yaml.MappingNode:
		return query.Map(Pair{"metricSource", query})
	}
	return query.Map(Pair{"metricSource", query.Map(Pair{"spec", query.Map(Pair{"query", query})})})
}

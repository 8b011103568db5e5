package slo

// compositeKindName is our own kind of composite objective.
const compositeKindName = "CompositeSLO"

// componentNoDataNote is the annotation for OpenSLO's own composites.
const componentNoDataNote = "setpoint.dev/componentNoData"

// ObjectiveNameNote is the annotation of an SLO with one objective for the name
// that this has in formats whose objectives have names.
const ObjectiveNameNote = "setpoint.dev/objectiveName"

func objectiveNameNote() field {
	return field{key: ObjectiveNameNote, is: shapeName, doc: "Name of its only objective, by which components of composites may refer to it beside `slo`."}
}

func compositeKind() kind {
	return kind{
		version: ours, name: compositeKindName,
		doc: "A promise about other objectives, composites among them: an SLO whose slices are made of theirs. OpenSLO's own composites are SLOs with an indicator in each objective; what both mean, with an example, is under [Composite objectives](#composite-objectives).",
		annotations: append([]field{
			objectiveNameNote(),
			{key: "setpoint.dev/slice", is: shapeDuration, instead: "the longest slice or time slice of a component", doc: "Length of its slices, a multiple of those of all components."},
			standardNote("`standard`: tells of the four standard burn-rate tiers for this window. `none`: not even where the service says so."),
		}, evidenceNotes()...),
		spec: &object{name: "CompositeSLO spec", fields: []field{
			description(),
			{key: "service", is: shapeName, required: true, doc: "The service that promises."},
			{key: "components", is: shapeList, required: true, of: component(), doc: "What it is made of, at most 100."},
			{key: "aggregate", is: shapeChoice, words: aggregates(), instead: "average", doc: "How bad a slice is. `average`: the bad shares of the components, averaged by weight. `burn`: their burn rates, added up by weight. `sum`: their bad shares, added up by weight. `anyDown`: as bad as the worst. `allDown`: as bad as the best."},
			{key: "whenNoData", is: shapeChoice, words: noDataRules(), instead: "hold", doc: "What becomes of a slice in which a component was not observed. `hold`: it counts as not observed. `ignore`: the component is left out of it. `good`, `bad`: the component counts as all good, or all bad. A component may say otherwise."},
			{key: "timeWindow", is: shapeList, required: true, assumed: "a rolling window of 30d", of: timeWindow(), doc: "One window over which the budget is kept."},
			{key: "budgetingMethod", is: shapeChoice, required: true, assumed: "Occurrences", words: []string{"Occurrences", "Timeslices", "RatioTimeslices"}, doc: "`Occurrences`: the average over its slices, each of which weighs the same. The others judge time slices made of those: see [Time slices](#time-slices)."},
			{key: "objectives", is: shapeList, required: true, of: compositeTarget(), doc: "One target or more for the same components."},
			{key: "alertPolicies", is: shapeList, doc: "When somebody is to be told.", of: either("alertPolicy", "alertPolicyRef", alertPolicyName, alertPolicySpec())},
		}},
		example: `apiVersion: openslo/v1
kind: SLO
metadata:
  name: search-latency
spec:
  service: checkout
  indicator:
    metadata:
      name: search-latency
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {spec: {query: 'search_seconds_bucket{le="0.3"}'}}}
        total: {metricSource: {spec: {query: search_seconds_count}}}
  timeWindow:
  - duration: 28d
    isRolling: true
  budgetingMethod: Occurrences
  objectives:
  - targetPercent: 99
---
apiVersion: setpoint.dev/v1
kind: CompositeSLO
metadata:
  name: buying
spec:
  service: checkout
  components:
  - {objective: checkout-availability, weight: 3}
  - {objective: search-latency, weight: 1, whenNoData: ignore}
  timeWindow:
  - duration: 28d
    isRolling: true
  budgetingMethod: Occurrences
  objectives:
  - targetPercent: 99.5
`,
	}
}

func component() *object {
	return &object{name: "component", fields: []field{
		{key: "objective", is: shapeName, required: true, doc: "Name of an objective, which may be a composite. Beside `slo`: the name of one of that SLO's objectives, as Nobl9's files have it."},
		{key: "slo", is: shapeName, doc: "The SLO that `objective` belongs to: `slo: shop, objective: latency` is the objective `shop-latency`, or else `shop` where its annotation `setpoint.dev/objectiveName` says `latency`."},
		{key: "weight", is: shapeDecimal, instead: "1", doc: "How much it weighs, above 0, at most 1000000, with at most 6 decimals. It plays no part in `anyDown` and `allDown`."},
		{key: "whenNoData", is: shapeChoice, words: noDataRules(), instead: "that of the composite", doc: "What becomes of a slice in which it was not observed."},
	}}
}

// compositeTarget is the table of an objective without what belongs to an
// indicator.
func compositeTarget() *object {
	o := &object{name: "objective of a composite"}
	for _, f := range objectiveTable().fields {
		switch f.key {
		case "displayName", "target", "targetPercent", "timeSliceTarget", "timeSliceWindow":
			o.fields = append(o.fields, f)
		}
	}
	return o
}

package slo

import "slices"

func openSLOKinds() []kind {
	return []kind{sloKind(), sliKind(), dataSourceKind(), serviceKind(), alertPolicyKind(), alertConditionKind(), alertTargetKind()}
}

func sloKind() kind {
	return kind{
		version: openSLO, name: "SLO",
		doc: "A promise: a share of events that are good, over a window. Each of its objectives is named after the SLO; from the second one on with `-2`, `-3`, ….",
		annotations: slices.Concat(groupNotes(), []field{
			objectiveNameNote(),
			{key: componentNoDataNote, is: shapeChoice, words: noDataRules(), instead: "hold", doc: "Of a composite, or of groups: what becomes of a slice in which one component or group was not observed. See [Composite objectives](#composite-objectives)."},
			{key: "setpoint.dev/slice", is: shapeDuration, instead: "1m", doc: "Length of the slices in which events are counted: whole seconds, 5 s to 1 h. The window is a multiple of it and holds at least 12. A time slice is a multiple of it."},
			{key: "setpoint.dev/minimum-outage", is: shapeDuration, instead: "every bad time slice counts", doc: "Shortest outage that counts, with `Timeslices`: bad time slices in a shorter run count as good. A multiple of the time slice, at most a twelfth of the window. See [Short outages](#short-outages)."},
			standardNote("`standard`: tells of the four standard burn-rate tiers for this window. `none`: not even where the service says so."),
		}, evidenceNotes()),
		spec: &object{name: "SLO spec", fields: []field{
			description(),
			{key: "service", is: shapeName, required: true, doc: "The service that promises. Where any `Service` is declared it has to be one of them."},
			{key: "indicator", is: shapeMapping, of: inlineSLI(), doc: "What is counted, said here. Either this or `indicatorRef`."},
			{key: "indicatorRef", is: shapeName, doc: "What is counted, as the name of an `SLI`."},
			{key: "timeWindow", is: shapeList, required: true, assumed: "a rolling window of 30d", of: timeWindow(), doc: "One window over which the budget is kept."},
			{key: "budgetingMethod", is: shapeChoice, required: true, assumed: "Occurrences", words: []string{"Occurrences", "Timeslices", "RatioTimeslices"}, doc: "What the budget is a share of: `Occurrences`, good events among all events; `Timeslices`, good time slices among all; `RatioTimeslices`, the average of all time slices' shares of good events. See [Time slices](#time-slices)."},
			{key: "objectives", is: shapeList, required: true, of: objectiveTable(), doc: "One target or more for the same indicator."},
			{key: "alertPolicies", is: shapeList, empty: true, doc: "When somebody is to be told.", of: either("alertPolicy", "alertPolicyRef", alertPolicyName, alertPolicySpec())},
		}},
		example: `apiVersion: openslo/v1
kind: SLO
metadata:
  name: checkout-availability
  annotations:
    setpoint.dev/slice: 30s
spec:
  service: checkout
  indicatorRef: checkout-requests
  timeWindow:
  - duration: 28d
    isRolling: true
  budgetingMethod: Occurrences
  objectives:
  - targetPercent: 99.9
`,
	}
}

func description() field {
	return field{key: "description", is: shapeText, doc: "A few words for people."}
}

func inlineSLI() *object {
	return &object{name: "indicator", doc: "An `SLI` without `apiVersion` and `kind`.", fields: []field{
		{key: "metadata", is: shapeMapping, required: true, of: metadata(), doc: "See [metadata](#metadata)."},
		{key: "spec", is: shapeMapping, required: true, of: sliSpec(), doc: "See [SLI](#sli)."},
	}}
}

func timeWindow() *object {
	return &object{name: "timeWindow", doc: "Either a rolling window, or one that follows the calendar: see [Calendar windows](#calendar-windows).", fields: []field{
		{key: "duration", is: shapeWindow, required: true, doc: "How long it is, at most 2 years. Of a rolling window `M`, `Q` and `Y` are taken as 30, 90 and 365 days, with a warning."},
		{key: "isRolling", is: shapeTruth, instead: "false", doc: "`true`: the window ends now. Otherwise `calendar` is required."},
		{key: "calendar", is: shapeMapping, doc: "When the periods of a window begin that does not roll.", of: windowCalendar()},
	}}
}

func windowCalendar() *object {
	return &object{name: "calendar", fields: []field{
		{key: "startTime", is: shapeWord, required: true, doc: "Date and time at which one of the periods begins, as in `2026-01-01 00:00:00`, without a zone; the others follow from it, those before it too."},
		{key: "timeZone", is: shapeWord, required: true, doc: "Name in the IANA Time Zone Database, as in `Europe/Berlin` or `UTC`."},
	}}
}

func objectiveTable() *object {
	return &object{name: "objective", fields: []field{
		{key: "displayName", is: shapeText, doc: "Its name for people."},
		{key: "target", is: shapeDecimal, doc: "Share of good events, from 0 and below 1, at most 18 digits; 0 promises nothing, and 1 leaves no budget: both are warned of. It is kept exactly. Either this or `targetPercent`."},
		{key: "targetPercent", is: shapeDecimal, doc: "The same in percent: `99.9` is `target: 0.999`."},
		{key: "op", is: shapeChoice, words: Ops(), doc: "Of a `thresholdMetric`, and required there: a sample is good when it is `lte` (≤), `lt` (<), `gte` (≥) or `gt` (>) `value`."},
		{key: "value", is: shapeDecimal, doc: "Of a `thresholdMetric`, and required there: the limit, in the unit of the metric. Several objectives may set several limits."},
		{key: "timeSliceTarget", is: shapeDecimal, doc: "Share of good events from which on a time slice is good, above 0 and at most 1. Required for `Timeslices`, without a part in the other methods."},
		{key: "timeSliceWindow", is: shapeTimeSlice, doc: "Length of a time slice: a duration-shorthand up to a day, or a number of minutes. Required for `Timeslices` and `RatioTimeslices`."},
		{key: "indicator", is: shapeMapping, of: inlineSLI(), doc: "Of a composite: what this objective counts, said here. See [Composite objectives](#composite-objectives)."},
		{key: "indicatorRef", is: shapeName, doc: "Of a composite: what this objective counts, as the name of an `SLI`."},
		{key: "compositeWeight", is: shapeDecimal, instead: "1", doc: "Of a composite: what its burn rate is multiplied by, above 0, at most 1000000, with at most 6 decimals."},
	}}
}

func sliKind() kind {
	return kind{
		version: openSLO, name: "SLI",
		doc:  "What is counted. Several SLOs may refer to one.",
		spec: sliSpec(),
		annotations: []field{
			{key: gaugeNote, is: shapeChoice, words: []string{"boolean"}, doc: "`boolean`: the `thresholdMetric` is a gauge that is 1 when all is well and 0 when it is not, as `up` is. Each sample of each series is an event. The objectives need neither `op` nor `value`; `op: gte` with `value: 1` may stand there for other tools."},
			{key: histogramNote, is: shapeChoice, words: []string{"classic", "native"}, doc: "The query of the `thresholdMetric` selects a histogram by the name of its metric, and each of its observations is an event. `classic`: good by the bucket whose bound is `value`; `native`: good by all buckets up to `value`. See [Histograms](#histograms)."},
			{key: maxAgeNote, is: shapeDuration, doc: "The `thresholdMetric` is a Unix timestamp, as of the last success of a backup: while the newest one is older than this, time is bad. See [Time and runs](#time-and-runs)."},
			{key: deadlineNote, is: shapeDuration, doc: "The `ratioMetric` is of Unix timestamps: `total` of when a job last started, `good` of when it last succeeded. A run is good when it succeeds within this time of its start. See [Time and runs](#time-and-runs)."},
			{key: everyNote, is: shapeDuration, instead: "no run is expected", doc: "Beside `setpoint.dev/deadline`: how long after a start the next one is due. A run that has not started when it should have succeeded is bad."},
		},
		example: `apiVersion: openslo/v1
kind: SLI
metadata:
  name: checkout-requests
spec:
  ratioMetric:
    counter: true
    bad:
      metricSource:
        metricSourceRef: metrics
        spec:
          query: sum(rate(http_requests_total{service="checkout", code=~"5.."}[5m]))
    total:
      metricSource:
        metricSourceRef: metrics
        spec:
          query: sum(rate(http_requests_total{service="checkout"}[5m]))
`,
	}
}

func sliSpec() *object {
	return &object{name: "SLI spec", fields: []field{
		description(),
		{key: "ratioMetric", is: shapeMapping, of: ratioMetric(), doc: "Counters of events, or a share of them. Either this or `thresholdMetric`."},
		{key: "thresholdMetric", is: shapeMapping, of: metric(), doc: "A measurement: each of its samples is an event, good or bad by the limit in the objective. See [Samples](#samples)."},
	}}
}

func ratioMetric() *object {
	return &object{name: "ratioMetric", doc: "Two of three counters, or a share. Each query of a counter is read as the sum of the raw counters that it selects, and those are differenced here: see [Queries](#queries).", fields: []field{
		{key: "counter", is: shapeTruth, doc: "`true`: the metrics below only rise. Required with counters, unless the queries are rates, which says so too. `false` otherwise means gauges, which cannot be differenced: the share that each instant shows is taken, with a warning, as with `raw`. It plays no part with `raw`, and is `false` or absent where the metrics are timestamps."},
		{key: "good", is: shapeMapping, of: metric(), doc: "The good events. Either this or `bad`."},
		{key: "bad", is: shapeMapping, of: metric(), doc: "The bad events."},
		{key: "total", is: shapeMapping, of: metric(), doc: "All events. Required with counters."},
		{key: "raw", is: shapeMapping, of: metric(), doc: "A share from 0 to 1, instead of counters. It cannot be weighted by traffic: see [Samples](#samples)."},
		{key: "rawType", is: shapeChoice, words: []string{"success", "failure"}, doc: "What `raw` is the share of: `success`, of good events; `failure`, of bad ones. Required with `raw`."},
	}}
}

func metric() *object {
	return &object{name: "metric", doc: "What `good`, `bad`, `total`, `raw` and `thresholdMetric` hold.", fields: []field{
		{key: "metricSource", is: shapeMapping, required: true, doc: "Where to ask for what.", of: &object{name: "metricSource", fields: []field{
			{key: "metricSourceRef", is: shapeName, instead: "the only `DataSource`", doc: "Name of the `DataSource`; the same one for both counters."},
			{key: "type", is: shapeWord, instead: "that of the `DataSource`", doc: "Its type. See [DataSource](#datasource)."},
			{key: "spec", is: shapeMapping, required: true, asked: true, doc: "The query.", of: &object{name: "metricSource spec", open: true, fields: []field{
				{key: "query", is: shapeQuery, required: true, doc: "PromQL: over raw counters where they are counted, see [Queries](#queries); any that has a value at an instant where that is judged, see [Samples](#samples)."},
				{key: "queryType", is: shapeChoice, words: []string{"promql"}, doc: "`promql`, which other tools ask for."},
			}}},
		}}},
	}}
}

func dataSourceKind() kind {
	return kind{
		version: openSLO, name: "DataSource",
		doc: "A metrics backend that answers the Prometheus HTTP API. Where no file declares one, indicators without `metricSourceRef` are asked of one named `default` at `${PROMETHEUS_URL}`, and those that are named are taken as the same, with a warning.",
		spec: &object{name: "DataSource spec", fields: []field{
			description(),
			{key: "type", is: shapeWord, required: true, doc: "`Prometheus`, in any case, or the name of another system that answers the same API: " + listWords(prometheusTypes()[1:]) + ". Any other system may be named, and is not asked: see [Other systems](#other-systems)."},
			{key: "connectionDetails", is: shapeMapping, required: true, listed: true, asked: true, doc: "How to reach it; also a list of such mappings.", of: &object{name: "connectionDetails", open: true, fields: []field{
				{key: "url", is: shapeSecret, instead: "the one at `${PROMETHEUS_URL}`, with a warning", doc: "Base address, http or https. `${NAME}` is replaced by the environment variable; it is never shown."},
				{key: "page", is: shapeWord, instead: "queries are shown without a link", doc: "Where people look into it: an address that ends with `/graph` or `/query` (Prometheus), `/vmui` (VictoriaMetrics) or `/explore?datasource=UID` (Grafana, with the UID of its data source), or any with `{query}` where the query goes. It is shown to everybody."},
				{key: "timeout", is: shapeDuration, instead: "10s", doc: "Deadline of one query."},
				{key: "delay", is: shapeDuration, instead: "5s", doc: "How long after its end a slice is first read, so that the last scrape has arrived."},
				{key: "retention", is: shapeDuration, instead: "not known", doc: "How long it keeps its data. Windows that are longer are warned of: what was before the first start cannot be fetched."},
				{key: "settle", is: shapeDuration, instead: "2m", doc: "For how long after its first reading a slice is provisional: it is read again, and corrected when samples arrived late (remote write, out-of-order scrapes)."},
				{key: "scrapeInterval", is: shapeDuration, instead: "learned from the samples", doc: "How often the counters are scraped; the longest, where targets differ. It has to be said where that is every two minutes or less often: `setpoint plan` warns where it is missing."},
				{key: "replicaLabels", is: shapeWords, instead: "`prometheus_replica` and `__replica__`", doc: "Labels by which the series of a pair of scrapers of the same targets differ, such as `replica`. What both store counts once. See [Pairs of scrapers](#pairs-of-scrapers)."},
			}}},
		}},
		example: `apiVersion: openslo/v1
kind: DataSource
metadata:
  name: metrics
spec:
  type: Prometheus
  connectionDetails:
    url: ${PROMETHEUS_URL}
    timeout: 5s
`,
	}
}

func serviceKind() kind {
	return kind{
		version: openSLO, name: "Service",
		doc:         "What people promise about. Declaring services is optional; where any is declared, all are.",
		spec:        &object{name: "Service spec", fields: []field{description()}},
		annotations: []field{standardNote("`standard`: tells of the four standard burn-rate tiers of all its objectives.")},
		example: `apiVersion: openslo/v1
kind: Service
metadata:
  name: checkout
  displayName: Checkout
spec:
  description: Takes the customer's money.
`,
	}
}

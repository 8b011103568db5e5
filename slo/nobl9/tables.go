package nobl9

import "setpoint.dev/setpoint/slo"

// document is the table of a document with the given spec.
func document(spec *slo.Table) slo.Table {
	return slo.Table{Name: "document", Keys: []slo.Key{
		{Name: "apiVersion", Is: slo.IsWord, Required: true},
		{Name: "kind", Is: slo.IsWord, Required: true},
		{Name: "metadata", Is: slo.IsMapping, Required: true, Of: &slo.Table{Name: "metadata", Keys: []slo.Key{
			{Name: "name", Is: slo.IsWord, Required: true},
			{Name: "displayName", Is: slo.IsText},
			{Name: "project", Is: slo.IsText},
			{Name: "labels", Is: slo.IsAny},
			{Name: "annotations", Is: slo.IsAny},
		}}},
		{Name: "spec", Is: slo.IsMapping, Required: true, Of: spec},
		{Name: "status", Is: slo.IsAny},
		{Name: "organization", Is: slo.IsText},
		{Name: "manifestSrc", Is: slo.IsText},
	}}
}

func specTable() *slo.Table {
	return &slo.Table{Name: "spec", Keys: []slo.Key{
		{Name: "description", Is: slo.IsText},
		{Name: "service", Is: slo.IsWord, Required: true},
		{Name: "indicator", Is: slo.IsMapping, Of: &slo.Table{Name: "indicator", Keys: []slo.Key{
			{Name: "metricSource", Is: slo.IsMapping, Of: &slo.Table{Name: "metricSource", Keys: []slo.Key{
				{Name: "name", Is: slo.IsWord, Required: true},
				{Name: "project", Is: slo.IsText},
				{Name: "kind", Is: slo.IsChoice, Words: []string{"Agent", "Direct"}},
			}}},
			{Name: "rawMetric", Is: slo.IsMapping, Of: ptr(systems())},
		}}},
		{Name: "budgetingMethod", Is: slo.IsChoice, Words: []string{"Occurrences", "Timeslices"}, Required: true},
		{Name: "objectives", Is: slo.IsList, Required: true, Of: objectiveTable()},
		{Name: "timeWindows", Is: slo.IsList, Required: true, Of: windowTable()},
		{Name: "composite", Is: slo.IsAny, Instead: "an objective with composite; this older form is not read"},
		{Name: "alertPolicies", Is: slo.IsAny},
		{Name: "attachments", Is: slo.IsAny},
		{Name: "anomalyConfig", Is: slo.IsMapping, Of: anomalyTable()},
		{Name: "createdAt", Is: slo.IsAny},
		{Name: "createdBy", Is: slo.IsAny},
		{Name: "updatedAt", Is: slo.IsAny},
		{Name: "tier", Is: slo.IsAny},
	}}
}

func ptr(t slo.Table) *slo.Table { return &t }

// prometheus are the systems that are asked PromQL.
func prometheus() []string { return []string{"prometheus", "amazonPrometheus", "azurePrometheus"} }

// systems is the table of a metric: one of the systems that Nobl9 asks.
func systems() slo.Table {
	t := slo.Table{Name: "metric"}
	for _, name := range append(prometheus(),
		"appDynamics", "atlas", "azureMonitor", "bigQuery", "clickHouse", "cloudWatch", "coralogix", "dash0", "datadog", "dynatrace",
		"elasticsearch", "gcm", "generic", "grafanaLoki", "graphite", "honeycomb", "influxdb", "instana", "lightstep", "logicMonitor",
		"newRelic", "opentsdb", "pingdom", "redshift", "splunk", "splunkObservability", "sumoLogic", "thousandEyes", "zscaler",
	) {
		t.Keys = append(t.Keys, slo.Key{Name: name, Is: slo.IsAny})
	}
	return t
}

func anomalyTable() *slo.Table {
	return &slo.Table{Name: "anomalyConfig", Keys: []slo.Key{
		{Name: "noData", Is: slo.IsMapping, Of: &slo.Table{Name: "noData", Keys: []slo.Key{
			{Name: "alertAfter", Is: slo.IsDuration},
			{Name: "period", Is: slo.IsDuration}, // what alertAfter was called for a while
			{Name: "alertMethods", Is: slo.IsAny},
			{Name: "treatZeroAsNoData", Is: slo.IsTruth, Unread: "counts of 0 are data here"},
		}}},
	}}
}

// methodTable is the table of a reference to an alert method.
func methodTable() slo.Table {
	return slo.Table{Name: "alert method", Keys: []slo.Key{{Name: "name", Is: slo.IsWord, Required: true}, {Name: "project", Is: slo.IsText}}}
}

func objectiveTable() *slo.Table {
	return &slo.Table{Name: "objective", Keys: []slo.Key{
		{Name: "name", Is: slo.IsWord},
		{Name: "displayName", Is: slo.IsText},
		{Name: "target", Is: slo.IsNumber, Required: true},
		{Name: "timeSliceTarget", Is: slo.IsNumber},
		{Name: "value", Is: slo.IsNumber},
		{Name: "op", Is: slo.IsWord},
		{Name: "primary", Is: slo.IsTruth},
		{Name: "rawMetric", Is: slo.IsMapping, Of: &slo.Table{Name: "rawMetric", Keys: []slo.Key{{Name: "query", Is: slo.IsAny, Required: true}}}},
		{Name: "composite", Is: slo.IsMapping, Of: compositeTable()},
		{Name: "countMetrics", Is: slo.IsMapping, Of: &slo.Table{Name: "countMetrics", Keys: []slo.Key{
			{Name: "incremental", Is: slo.IsTruth, Required: true},
			{Name: "good", Is: slo.IsAny},
			{Name: "bad", Is: slo.IsAny},
			{Name: "total", Is: slo.IsAny},
			{Name: "goodTotal", Is: slo.IsAny},
		}}},
	}}
}

func windowTable() *slo.Table {
	return &slo.Table{Name: "timeWindow", Keys: []slo.Key{
		{Name: "unit", Is: slo.IsChoice, Words: []string{"Minute", "Hour", "Day", "Week", "Month", "Quarter", "Year"}, Required: true},
		{Name: "count", Is: slo.IsNumber, Required: true},
		{Name: "isRolling", Is: slo.IsTruth},
		{Name: "calendar", Is: slo.IsMapping, Of: &slo.Table{Name: "calendar", Keys: []slo.Key{
			{Name: "startTime", Is: slo.IsWord, Required: true},
			{Name: "timeZone", Is: slo.IsWord, Required: true},
		}}},
		{Name: "period", Is: slo.IsAny},
	}}
}

package pyrra

import "setpoint.dev/setpoint/slo"

// table is the table of a ServiceLevelObjective.
func table() slo.Table {
	return slo.Table{Name: "document", Keys: []slo.Key{
		{Name: "apiVersion", Is: slo.IsWord, Required: true},
		{Name: "kind", Is: slo.IsWord, Required: true},
		{Name: "metadata", Is: slo.IsMapping, Required: true, Of: slo.KubernetesMetadata(true)},
		{Name: "spec", Is: slo.IsMapping, Required: true, Of: &slo.Table{Name: "spec", Keys: []slo.Key{
			{Name: "description", Is: slo.IsText},
			{Name: "target", Is: slo.IsWord, Required: true, Number: "Pyrra takes that in files, clusters do not"},
			{Name: "window", Is: slo.IsDuration, Required: true},
			{Name: "indicator", Is: slo.IsMapping, Of: indicators(), Required: true},
			{Name: "alerting", Is: slo.IsMapping, Of: alerts()},
			{Name: "partial_response_strategy", Is: slo.IsChoice, Words: []string{"abort", "warn", ""}},
			{Name: "performance_over_accuracy", Is: slo.IsTruth},
		}}},
		{Name: "status", Is: slo.IsAny},
	}}
}

func indicators() *slo.Table {
	metric := slo.Key{Name: "metric", Is: slo.IsWord, Required: true}
	query := &slo.Table{Name: "query", Keys: []slo.Key{metric}}
	grouping := slo.Key{Name: "grouping", Is: slo.IsWords}
	pair := func(name, counted string) *slo.Table {
		return &slo.Table{Name: name, Keys: []slo.Key{
			{Name: counted, Is: slo.IsMapping, Of: query, Required: true},
			{Name: "total", Is: slo.IsMapping, Of: query, Required: true},
			grouping,
		}}
	}
	return &slo.Table{Name: "indicator", Keys: []slo.Key{
		{Name: "ratio", Is: slo.IsMapping, Of: pair("ratio", "errors")},
		{Name: "latency", Is: slo.IsMapping, Of: pair("latency", "success")},
		{Name: "latencyNative", Is: slo.IsMapping, Of: &slo.Table{Name: "latencyNative", Keys: []slo.Key{
			{Name: "total", Is: slo.IsMapping, Of: query, Required: true},
			{Name: "latency", Is: slo.IsDuration, Required: true},
			grouping,
		}}},
		{Name: "bool_gauge", Is: slo.IsMapping, Of: &slo.Table{Name: "bool_gauge", Keys: []slo.Key{metric, grouping}}},
	}}
}

func alerts() *slo.Table {
	return &slo.Table{Name: "alerting", Keys: []slo.Key{
		{Name: "disabled", Is: slo.IsTruth},
		{Name: "burnrates", Is: slo.IsTruth},
		{Name: "absent", Is: slo.IsTruth},
		{Name: "name", Is: slo.IsText},
		{Name: "absentName", Is: slo.IsText},
		{Name: "severities", Is: slo.IsMapping, Of: &slo.Table{Name: "severities", Open: true, Keys: []slo.Key{
			{Name: "fastBurn", Is: slo.IsText},
			{Name: "mediumBurn", Is: slo.IsText},
			{Name: "slowBurn", Is: slo.IsText},
			{Name: "longTermBurn", Is: slo.IsText},
			{Name: "absent", Is: slo.IsText},
		}}},
		{Name: "burnRateType", Is: slo.IsChoice, Words: []string{"static", "dynamic"}, Unread: "thresholds that follow traffic are no part of a promise"},
	}}
}

package slogenerator

import "setpoint.dev/setpoint/slo"

// table is the table of a ServiceLevelObjective.
func table() slo.Table {
	return slo.Table{Name: "document", Keys: []slo.Key{
		{Name: "apiVersion", Is: slo.IsWord, Required: true},
		{Name: "kind", Is: slo.IsWord, Required: true},
		{Name: "metadata", Is: slo.IsMapping, Required: true, Of: slo.KubernetesMetadata(true)},
		{Name: "spec", Is: slo.IsMapping, Required: true, Of: &slo.Table{Name: "spec", Keys: []slo.Key{
			{Name: "description", Is: slo.IsText},
			{Name: "backend", Is: slo.IsWord, Required: true},
			{Name: "method", Is: slo.IsWord, Required: true},
			{Name: "service_level_indicator", Is: slo.IsAny, Required: true},
			{Name: "goal", Is: slo.IsNumber, Required: true},
			{Name: "exporters", Is: slo.IsAny},
			{Name: "error_budget_policy", Is: slo.IsWord},
			{Name: "frequency", Is: slo.IsAny},
		}}},
	}}
}

func ratioTable() slo.Table {
	return slo.Table{Name: "service_level_indicator", Keys: []slo.Key{
		{Name: "filter_good", Is: slo.IsWord, Required: true},
		{Name: "filter_bad", Is: slo.IsWord},
		{Name: "filter_valid", Is: slo.IsWord},
		{Name: "operators", Is: slo.IsAny},
	}}
}

func cutTable() slo.Table {
	return slo.Table{Name: "service_level_indicator", Keys: []slo.Key{
		{Name: "expression", Is: slo.IsWord, Required: true},
		{Name: "threshold_bucket", Is: slo.IsAny, Required: true},
	}}
}

func queryTable() slo.Table {
	return slo.Table{Name: "service_level_indicator", Keys: []slo.Key{
		{Name: "expression", Is: slo.IsWord, Required: true},
	}}
}

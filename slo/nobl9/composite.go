package nobl9

import "setpoint.dev/setpoint/slo"

// composite sets the components of p.
func (r reader) composite(c, meta slo.Node, p *slo.Promise) {
	var components []slo.Node
	list := c.Get("components").Get("objectives")
	for _, item := range list.Items() {
		name, objective, project := item.Get("slo"), item.Get("objective"), projectOf(item.Get("project"), meta)
		components = append(components, item.Map(
			slo.Pair{Key: "slo", Value: r.named(name, "SLO", project)},
			slo.Pair{Key: "objective", Value: objective.Name(objective.Text())},
			slo.Pair{Key: "weight", Value: item.Get("weight").Number(item.Get("weight").Text())},
			slo.Pair{Key: "whenNoData", Value: rule(item.Get("whenDelayed"))},
		))
	}
	p.Components = list.List(components...)
	if delay := c.Get("maxDelay"); delay.Given() {
		delay.Warn("not carried: whenDelayed holds as soon as the backend has answered without data; while it does not answer, the composite waits", "")
	}
	if how := c.Get("aggregationMethod"); how.Text() == "ErrorBudgetState" {
		p.Components, p.Judged, p.ShareOf = slo.Node{}, how.Elsewhere("for Nobl9's ErrorBudgetState", c), how.Says("success")
	}
}

// rule is what becomes of a component without data.
func rule(whenDelayed slo.Node) slo.Node {
	if word := map[string]string{"CountAsGood": "good", "CountAsBad": "bad", "Ignore": "ignore"}[whenDelayed.Text()]; word != "" {
		return whenDelayed.Says(word)
	}
	return whenDelayed
}

func compositeTable() *slo.Table {
	return &slo.Table{Name: "composite", Keys: []slo.Key{
		{Name: "maxDelay", Is: slo.IsWord},
		{Name: "aggregationMethod", Is: slo.IsChoice, Words: []string{"Reliability", "ErrorBudgetState"}},
		{Name: "components", Is: slo.IsMapping, Required: true, Of: &slo.Table{Name: "components", Keys: []slo.Key{
			{Name: "objectives", Is: slo.IsList, Required: true, Of: &slo.Table{Name: "component", Keys: []slo.Key{
				{Name: "project", Is: slo.IsText},
				{Name: "slo", Is: slo.IsWord, Required: true},
				{Name: "objective", Is: slo.IsWord, Required: true},
				{Name: "weight", Is: slo.IsNumber, Required: true},
				{Name: "whenDelayed", Is: slo.IsChoice, Required: true, Words: []string{"CountAsGood", "CountAsBad", "Ignore"}},
			}}},
		}}},
	}}
}

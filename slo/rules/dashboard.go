package rules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"setpoint.dev/setpoint/slo"
)

// What the rules record, as the dashboard asks for it: of the objectives that
// are chosen.
const (
	chosen     = `{service=~"$service",slo=~"$slo"}`
	leftPart   = remaining + chosen
	budgetPart = budget + chosen
)

// Dashboard returns a Grafana dashboard (schema version 39, Grafana 10.2 and
// later) of what Write records for the same objectives: what remains of the
// budgets, how fast they burn over each window, the share of bad events and
// the alerts. What Write leaves out it leaves out too; Write says what.
func Dashboard(set *slo.Set) ([]byte, error) {
	windows, burns := asked(set)
	board := dashboard{
		Title: "Error budgets", UID: "setpoint-error-budgets", Tags: []string{"slo", "setpoint"}, SchemaVersion: 39,
		Description: "From the rules that setpoint convert --to prometheus-rules writes.",
		Time:        span{"now-7d", "now"}, Refresh: "1m", Editable: true, GraphTooltip: 1,
		Annotations: notes{[]note{{Name: "Annotations & Alerts", Datasource: source{"grafana", "-- Grafana --"}, Enable: true, IconColor: "rgba(0, 211, 255, 1)"}}},
		Links:       []link{{Title: "Objectives", Type: "dashboards", Icon: "external link", Tags: []string{"slo"}, AsDropdown: true, IncludeVars: true, KeepTime: true}},
		Templating: templating{[]variable{
			{Name: "source", Label: "Data source", Type: "datasource", Query: "prometheus"},
			listOf("service", "Service", fmt.Sprintf("label_values(%s, service)", remaining)),
			listOf("slo", "Objective", fmt.Sprintf(`label_values(%s{service=~"$service"}, slo)`, remaining)),
		}},
		Panels: panels(windows, burns),
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(board); err != nil {
		return nil, fmt.Errorf("write dashboard: %w", err)
	}
	return out.Bytes(), nil
}

// asked are the windows whose shares are recorded, and the burn rates of the
// tiers that can fire.
func asked(set *slo.Set) (windows []time.Duration, burns []float64) {
	subjects, _ := subjectsOf(set)
	for _, s := range subjects {
		fit, _ := s.possible(Tiers(s.Objective))
		for _, t := range fit {
			for _, w := range s.lookBack(t) {
				windows, burns = append(windows, w.Length), append(burns, w.Burn.Float())
			}
		}
	}
	slices.Sort(windows)
	slices.Sort(burns)
	return slices.Compact(windows), slices.Compact(burns)
}

func panels(windows []time.Duration, burns []float64) []panel {
	var ratios, rates []target
	for _, w := range windows {
		ratio := recorded(w) + chosen
		ratios = append(ratios, query(ratio, "{{slo}} over "+slo.Span(w)))
		rates = append(rates, query(fmt.Sprintf("%s / on (service, slo) %s", ratio, budgetPart), "{{slo}} over "+slo.Span(w)))
	}
	left := steps("red", []float64{0, 0.25}, []string{"orange", "green"})
	lines := steps("transparent", burns, slices.Repeat([]string{"red"}, len(burns)))
	all := []panel{
		{Title: "Budget left", Type: "stat", GridPos: place{0, 0, 8, 6}, Targets: []target{query(leftPart, "{{slo}}")}, FieldConfig: unit("percentunit", left, "")},
		{Title: "Good events over the window", Type: "stat", GridPos: place{8, 0, 8, 6}, FieldConfig: unit("percentunit", nil, ""),
			Targets: []target{query(fmt.Sprintf("1 - (1 - %s) * on (service, slo) %s", leftPart, budgetPart), "{{slo}}")}},
		{Title: "Promised", Type: "stat", GridPos: place{16, 0, 8, 6}, FieldConfig: unit("percentunit", nil, ""),
			Targets: []target{query("1 - "+budgetPart, "{{slo}}")}},
		{Title: "Budget left", Type: "timeseries", GridPos: place{0, 6, 24, 8}, Targets: []target{query(leftPart, "{{slo}}")}, FieldConfig: unit("percentunit", left, "line")},
		{Title: "Burn rate", Description: "1 uses the budget up within the window; the lines are the tiers of the alerts.", Type: "timeseries", GridPos: place{0, 14, 12, 9}, Targets: rates, FieldConfig: unit("none", lines, "line")},
		{Title: "Bad events", Type: "timeseries", GridPos: place{12, 14, 12, 9}, Targets: ratios, FieldConfig: unit("percentunit", nil, "")},
		{Title: "Alerts", Type: "state-timeline", GridPos: place{0, 23, 24, 6}, FieldConfig: unit("none", steps("green", []float64{1}, []string{"red"}), ""),
			Targets: []target{query(`max by (alertname, slo, severity, long) (ALERTS{alertstate="firing",service=~"$service",slo=~"$slo"})`, "{{slo}} {{alertname}} {{severity}} {{long}}")}},
	}
	for i := range all {
		all[i].ID, all[i].Datasource = i+1, source{"prometheus", "${source}"}
		for j := range all[i].Targets {
			all[i].Targets[j].RefID, all[i].Targets[j].Datasource = fmt.Sprintf("Q%d", j+1), all[i].Datasource
		}
	}
	return all
}

// query is a question for all points of a panel.
func query(expr, legend string) target { return target{Expr: expr, LegendFormat: legend} }

// listOf is a variable of which several values may be chosen; all at first.
func listOf(name, label, values string) variable {
	return variable{
		Name: name, Label: label, Type: "query", Query: values, Datasource: &source{"prometheus", "${source}"},
		IncludeAll: true, AllValue: ".*", Multi: true, Refresh: 2, Sort: 1, Current: &current{[]string{"All"}, []string{"$__all"}},
	}
}

// steps are colours from a value on; base is that below all of them.
func steps(base string, from []float64, colors []string) *thresholds {
	t := &thresholds{Mode: "absolute", Steps: []step{{Color: base}}}
	for i := range from {
		t.Steps = append(t.Steps, step{colors[i], &from[i]})
	}
	return t
}

// unit is how values are shown; lines is "line" where the steps are drawn.
func unit(name string, t *thresholds, lines string) fields {
	d := defaults{Unit: name, Thresholds: t}
	if lines != "" {
		d.Custom = &custom{ThresholdsStyle: style{lines}}
	}
	return fields{Defaults: d, Overrides: []any{}}
}

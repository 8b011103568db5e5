package web

import (
	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/slo"
)

// An alertRow is a condition of an alert policy.
type alertRow struct {
	Policy, When, Severity, To string
	In                         bool // it holds now; how long it has to is not looked at
}

// alertRows says of what somebody wants to be told about an objective.
func alertRows(o slo.Objective, s budget.State) []alertRow {
	var out []alertRow
	for _, p := range o.Alerts {
		var to []string
		for _, t := range p.Targets {
			to = append(to, t.Name+" ("+t.Target+")")
		}
		for _, c := range p.Conditions {
			row := alertRow{Policy: p.Name, Severity: c.Severity, To: list(to), When: "burn of " + c.Burn.String() + "× over " + window(c.Window)}
			if c.After > 0 {
				row.When += ", for " + window(c.After)
			}
			w, known := s.Window(c.Window)
			row.In = known && w.Known && budget.AtLeast(w, o.Target, c.Burn)
			out = append(out, row)
		}
	}
	return out
}

package loop

import (
	"fmt"
	"time"

	"setpoint.dev/setpoint/slo"
)

// A Glass is what an order breaks: who lets releases go whatever the gate
// says, or has an actuator looser than it stands, goes past what protects
// others. It is counted for the team whose it is. The server fills it in when
// it takes the order, so that the record says what was known then.
type Glass struct {
	Team    string        `json:"team,omitempty"` // whose it is; "" = nobody says, and it is counted for the service
	Service string        `json:"service,omitempty"`
	Nth     int           `json:"nth,omitempty"`     // how often it was broken within Per, this time included; 0 = that could not be counted
	Most    int           `json:"most,omitempty"`    // how often policies let it; 0 = they set no limit
	Per     time.Duration `json:"per"`               // ns
	Against string        `json:"against,omitempty"` // what was in force: the answer of the gate, or the setting
	With    string        `json:"with,omitempty"`    // the override that this one seconds; the two count once
}

// Whose is the team, or where nobody says which the service, or the actuator
// that is of none.
func (o Order) Whose() string {
	switch g := o.Glass; {
	case g != nil && g.Team != "":
		return "the team " + g.Team
	case g != nil && g.Service != "":
		return g.Service
	}
	return o.Target
}

// BreaksGlass reports whether an order goes past what protects others: every
// override, and a pin that is looser than the setting in force, or no tighter
// than one that broke the glass and is still in force.
func (o Order) BreaksGlass(a slo.Actuator, now Setting, inForce []Order) bool {
	if o.Kind != OrderPin || o.Setting == nil {
		return o.Kind == OrderOverride
	}
	for _, old := range inForce {
		if old.Kind == OrderPin && old.Target == o.Target && old.Glass != nil && !a.Tighter(*o.Setting, *old.Setting) {
			return true
		}
	}
	if now.At.IsZero() { // not known
		return *o.Setting != a.Tight
	}
	return a.Tighter(now.Value, *o.Setting)
}

// GlassWords say which time it is: "break-glass 2 of 3 within 30d of the team
// shop"; empty when it breaks none.
func (o Order) GlassWords() string {
	g := o.Glass
	switch {
	case g == nil:
		return ""
	case g.Nth == 0:
		return "break-glass of " + o.Whose() + ", not counted"
	case g.Most > 0:
		return fmt.Sprintf("break-glass %d of %d within %s of %s", g.Nth, g.Most, slo.Span(g.Per), o.Whose())
	}
	return fmt.Sprintf("break-glass %d within %s of %s", g.Nth, slo.Span(g.Per), o.Whose())
}

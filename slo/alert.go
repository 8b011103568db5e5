package slo

import "time"

// An AlertPolicy says when somebody is to be told about an objective (OpenSLO
// v1, kind AlertPolicy). Its conditions and targets stand in it, wherever they
// were written. Setpoint shows which conditions hold; it sends nothing yet.
type AlertPolicy struct {
	Name        string               `json:"name"`
	Title       string               `json:"title,omitempty"`
	Description string               `json:"description,omitempty"`
	Breaching   bool                 `json:"whenBreaching,omitempty"` // tell when a condition begins to hold
	Resolved    bool                 `json:"whenResolved,omitempty"`  // tell when it ends
	NoData      bool                 `json:"whenNoData,omitempty"`    // tell when it cannot be seen
	Conditions  []AlertCondition     `json:"conditions"`
	Targets     []NotificationTarget `json:"targets,omitempty"`
	Position    Position             `json:"-"`
}

// An AlertCondition holds while the burn rate over Window is at least Burn,
// and has been for After (OpenSLO v1, kind AlertCondition).
type AlertCondition struct {
	Name        string        `json:"name"`
	Title       string        `json:"title,omitempty"`
	Description string        `json:"description,omitempty"`
	Severity    string        `json:"severity"`
	Burn        Decimal       `json:"burn"`
	Window      time.Duration `json:"window"`          // ns
	After       time.Duration `json:"after,omitempty"` // ns
	Position    Position      `json:"-"`
}

// Tier is the condition as a tier, without a setting: OpenSLO knows one
// window, which is Long and Short.
func (c AlertCondition) Tier() Tier {
	return Tier{Name: c.Name, Burn: c.Burn, Long: c.Window, Short: c.Window, Leave: c.Burn, Hold: c.Window, Position: c.Position}
}

// A NotificationTarget is whom to tell (OpenSLO v1, kind
// AlertNotificationTarget).
type NotificationTarget struct {
	Name        string   `json:"name"`
	Title       string   `json:"title,omitempty"`
	Description string   `json:"description,omitempty"`
	Target      string   `json:"target"` // a name such as email or slack
	Position    Position `json:"-"`
}

package slo

import "time"

// An AlertPolicy says when somebody is to be told about an objective (OpenSLO
// v1, kind AlertPolicy). Its conditions and targets stand in it, wherever they
// were written. Those of an Objective are as they are for it: burn rates are
// worked out from its window, and no window is shorter than its slices.
type AlertPolicy struct {
	Name        string               `json:"name"`
	Title       string               `json:"title,omitempty"`
	Description string               `json:"description,omitempty"`
	Labels      map[string]string    `json:"labels,omitempty"`        // go with its alerts
	Notes       map[string]string    `json:"annotations,omitempty"`   // go with its alerts; those of tools are not among them
	Breaching   bool                 `json:"whenBreaching,omitempty"` // tell when a condition begins to hold
	Resolved    bool                 `json:"whenResolved,omitempty"`  // tell when it ends
	NoData      NoDataAlert          `json:"whenNoData,omitzero"`     // tell when nothing can be seen
	Inhibit     bool                 `json:"inhibit,omitempty"`       // a condition that fires keeps those of lower burn rates quiet
	All         bool                 `json:"all,omitempty"`           // it is one alert, which fires while all conditions hold
	Keep        time.Duration        `json:"keepFiring,omitempty"`    // how long a condition has to be over before its alert ends, ns
	Conditions  []AlertCondition     `json:"conditions"`
	Targets     []NotificationTarget `json:"targets,omitempty"`
	Position    Position             `json:"-"`
}

// Tells reports whether anybody is told of anything.
func (p AlertPolicy) Tells() bool { return p.Breaching || p.NoData.On }

// A NoDataAlert fires while nothing has been observed of an objective.
type NoDataAlert struct {
	On       bool          `json:"on"`
	Name     string        `json:"name,omitempty"`  // of the alert; "" = that of the policy
	Severity string        `json:"severity"`        //
	After    time.Duration `json:"after,omitempty"` // how long, beyond the five slices after which it is said, ns
}

// An AlertCondition holds while the burn rate over Window, and over Short
// where there is one, is at least Burn, and has been for After (OpenSLO v1,
// kind AlertCondition).
type AlertCondition struct {
	Name        string        `json:"name"`
	Title       string        `json:"title,omitempty"`
	Description string        `json:"description,omitempty"`
	Severity    string        `json:"severity"`
	Burn        Decimal       `json:"burn,omitzero"`    // 0 = by Share or Spent, for each objective
	Share       Decimal       `json:"share,omitzero"`   // of the objective's budget that may burn in Window; Burn is Share × the objective's window / Window
	Spent       Decimal       `json:"spent,omitzero"`   // share of the budget that is used up, over the objective's own window: Burn and Window
	Window      time.Duration `json:"window,omitempty"` // ns
	Short       time.Duration `json:"short,omitempty"`  // ends it soon after the cause has ended, ns; 0 = Window alone
	After       time.Duration `json:"after,omitempty"`  // ns
	MinBad      int64         `json:"minBad,omitempty"` // bad events in Window that it takes to hold
	Off         bool          `json:"off,omitempty"`    // it is not judged
	Position    Position      `json:"-"`
}

// Tier is the condition as a tier, without a setting: where it has one window
// only, that is Long and Short.
func (c AlertCondition) Tier() Tier {
	short := c.Short
	if short == 0 {
		short = c.Window
	}
	return Tier{Name: c.Name, Burn: c.Burn, Long: c.Window, Short: short, Leave: c.Burn, Hold: c.Window, MinBad: c.MinBad, Position: c.Position}
}

// A NotificationTarget is whom to tell (OpenSLO v1, kind
// AlertNotificationTarget).
type NotificationTarget struct {
	Name        string   `json:"name"`
	Title       string   `json:"title,omitempty"`
	Description string   `json:"description,omitempty"`
	Target      string   `json:"target"` // a word: Alertmanager and Webhook are ways that Setpoint has; others are shown only
	URL         Secret   `json:"-"`      // where it is; empty = it is shown only
	Key         Secret   `json:"-"`      // what webhooks are signed with
	Position    Position `json:"-"`
}

// The ways to tell that Setpoint has.
const (
	Alertmanager = "alertmanager" // its API v2
	Webhook      = "webhook"      // signed
)

// Delivers reports whether Setpoint sends anything there.
func (t NotificationTarget) Delivers() bool {
	return (t.Target == Alertmanager || t.Target == Webhook) && t.URL != ""
}

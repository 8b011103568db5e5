package web

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// An alertRow is a condition of an alert policy, and how its alert stands.
type alertRow struct {
	Policy, When, Severity, To string
	State                      string // pending, firing, …; empty = there is no alert
	Since, Words               string
	In                         bool // it fires
}

// alertRows say of what somebody wants to be told about an objective, and
// which of it is so.
func alertRows(l look, o slo.Objective) []alertRow {
	var out []alertRow
	for _, p := range o.Alerts {
		to := addressees(p)
		for _, c := range p.Conditions {
			name := c.Name
			if p.All {
				name = "all"
			}
			row := alertRow{Policy: p.Name, Severity: c.Severity, To: to, When: conditionWords(c)}
			if p.All && len(p.Conditions) > 1 {
				row.When += ", together with the others"
			}
			out = append(out, l.filled(row, o, p, name))
		}
		if p.NoData.On {
			row := alertRow{Policy: p.Name, Severity: p.NoData.Severity, To: to, When: "no data for " + window(p.NoData.After)}
			out = append(out, l.filled(row, o, p, "no-data"))
		}
	}
	return out
}

// filled is a row with how its alert stands.
func (l look) filled(row alertRow, o slo.Objective, p slo.AlertPolicy, condition string) alertRow {
	i := slices.IndexFunc(l.report.Alerts, func(a loop.Alert) bool {
		return a.Objective == o.Name && a.Policy == p.Name && a.Condition == condition
	})
	if i >= 0 {
		a := l.report.Alerts[i]
		row.State, row.Since, row.Words, row.In = phaseWords(a), clock(began(a), l.now), redact(a.Why), a.Phase == loop.AlertFiring
	}
	return row
}

// conditionWords say when a condition holds.
func conditionWords(c slo.AlertCondition) string {
	if c.Off {
		return "switched off"
	}
	words := "burn of " + c.Burn.String() + "× over " + window(c.Window)
	switch {
	case c.Spent.Sign() > 0:
		words = exactly(c.Spent) + " of the budget used up"
	case c.Short > 0:
		words += " and " + window(c.Short)
	}
	if c.Share.Sign() > 0 {
		words += " (" + exactly(c.Share) + " of the budget)"
	}
	if c.MinBad > 0 {
		words += fmt.Sprintf(", %s at least", plural(int(c.MinBad), "bad event", "bad events"))
	}
	if c.After > 0 {
		words += ", for " + window(c.After)
	}
	return words
}

// addressees are those whom a policy tells; in brackets those who are shown
// only.
func addressees(p slo.AlertPolicy) string {
	if !p.Tells() {
		return "nobody"
	}
	var to []string
	for _, t := range p.Targets {
		word := t.Name + " (" + t.Target + ")"
		if !t.Delivers() {
			word = t.Name + " (" + t.Target + ", which is shown only)"
		}
		to = append(to, word)
	}
	return list(to)
}

// phaseWords are how an alert stands.
func phaseWords(a loop.Alert) string {
	switch {
	case a.Phase == loop.AlertFiring && a.Quiet != "":
		return "firing, nobody is told: " + a.Quiet
	case a.Phase == loop.AlertFiring && a.Blind:
		return "firing, out of sight"
	case a.Phase == loop.AlertResolved:
		return "ended"
	}
	return string(a.Phase)
}

// began is when an alert came to stand as it does.
func began(a loop.Alert) time.Time {
	switch a.Phase {
	case loop.AlertFiring:
		return a.Fired
	case loop.AlertResolved:
		return a.Ended
	}
	return a.Since
}

// An alertLine is an alert in a list.
type alertLine struct {
	Name, Severity, Objective, Link, State, Since, Stamp, Words string
	Firing                                                      bool
}

// mostLines is how many alerts a list shows.
const mostLines = 20

// alertLines are the alerts that fire, those that may fire soon, and those
// that ended of late, in this order, and how many more there are.
func alertLines(l look) (out []alertLine, more int) {
	for _, phase := range []loop.AlertPhase{loop.AlertFiring, loop.AlertPending, loop.AlertResolved} {
		for _, a := range l.report.Alerts {
			switch {
			case a.Phase != phase:
			case len(out) == mostLines:
				more++
			default:
				out = append(out, alertLine{
					Name: a.Name, Severity: a.Severity, Objective: a.Objective, Link: "/objectives/" + url.PathEscape(a.Objective),
					State: phaseWords(a), Since: clock(began(a), l.now), Stamp: stamp(began(a)), Words: redact(a.Why), Firing: phase == loop.AlertFiring,
				})
			}
		}
	}
	return out, more
}

// A Delivery is how telling one target of alerts goes.
type Delivery struct {
	Target  string
	Way     string    // alertmanager or webhook
	Sent    int64     // requests that were accepted
	Failed  int64     // requests that were not
	Lost    int64     // messages that were given up
	Waiting int       // messages that wait
	Failing time.Time // since when nothing is accepted; zero = it does well
	Error   string    // why
}

func (s *Server) deliveries() []Delivery {
	if s.cfg.Deliveries == nil {
		return nil
	}
	return s.cfg.Deliveries()
}

// untold says which targets cannot be told of alerts.
func untold(all []Delivery, now time.Time) (out []banner) {
	for _, d := range all {
		if !d.Failing.IsZero() {
			words := fmt.Sprintf("The %s %s has not taken what it was sent since %s: %s. It is tried again.", d.Way, d.Target, clock(d.Failing, now), redact(d.Error))
			out = append(out, banner{Style: "bad", Title: "Somebody is not told of alerts", Words: words})
		}
	}
	return out
}

func (g gauges) alert(a loop.Alert) {
	g.put(1, "setpoint_alert", "objective", a.Objective, "service", a.Service, "policy", a.Policy, "condition", a.Condition,
		"severity", a.Severity, "state", string(a.Phase))
}

func (g gauges) delivery(d Delivery) {
	by := []string{"target", d.Target, "way", d.Way}
	g.put(bit(d.Failing.IsZero()), "setpoint_notification_target_up", by...)
	g.put(float64(d.Waiting), "setpoint_notifications_waiting", by...)
	g.set.GetOrCreateCounter(series("setpoint_notifications_lost_total", by...)).Set(uint64(d.Lost))
	g.set.GetOrCreateCounter(series("setpoint_notification_requests_total", append(by[:4:4], "outcome", "accepted")...)).Set(uint64(d.Sent))
	g.set.GetOrCreateCounter(series("setpoint_notification_requests_total", append(by[:4:4], "outcome", "failed")...)).Set(uint64(d.Failed))
}

func wireAlerts(l look) []client.Alert {
	out := []client.Alert{}
	for _, a := range l.report.Alerts {
		out = append(out, client.Alert{
			Name: a.Name, Objective: a.Objective, Service: a.Service, Policy: a.Policy, Condition: a.Condition, Severity: a.Severity,
			State: string(a.Phase), Since: a.Since, Fired: a.Fired, Ended: a.Ended, Told: a.Told, Quiet: a.Quiet, Words: redact(a.Why),
		})
	}
	return out
}

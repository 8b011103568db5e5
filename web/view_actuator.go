package web

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// An actuatorCard is an actuator: where it stands, how it got there, and
// what was decided last.
type actuatorCard struct {
	Name, Service, Kind string
	Link                string // of its own page
	Loop, Mode          string
	Shown, Rest, Tight  string
	Unit                string
	Value               float64
	Position            float64 // 0 = rest … 100 = tight
	Moved               bool    // not at rest
	Unread              string  // why the setting could not be read
	Charts              []chart
	Latest              *decisionRow
	Pin                 *orderRow
	Wants               string // the setting that waits for approval, shown
	WantsValue          float64
	Low, High           float64 // of a setting that may be ordered
	Frozen              bool    // kind freeze: on or off rather than a number
	Stages              []stage // of a release freeze that may be ordered
	Alone               string  // why no loop moves it, when it is not at rest
}

func (s *Server) actuatorCards(l look) []actuatorCard {
	f := s.frame(l.now)
	var out []actuatorCard
	for _, v := range l.report.Settings {
		out = append(out, s.actuatorCard(l, f, v))
	}
	return out
}

func (s *Server) actuatorCard(l look, f frame, v loop.Setting) actuatorCard {
	a, _ := l.actuator(v.Actuator)
	card := actuatorCard{
		Name: v.Actuator, Link: "/actuators/" + url.PathEscape(v.Actuator), Service: v.Service, Kind: kindWords(a, v), Loop: v.Loop, Shown: v.Shown, Value: v.Value,
		Rest: a.Show(v.Rest), Tight: a.Show(v.Tight), Unit: v.Unit, Unread: redact(v.Error),
		Low: min(v.Rest, v.Tight), High: max(v.Rest, v.Tight), Frozen: v.Kind == string(slo.Freeze),
	}
	if v.Tight != v.Rest {
		card.Position = 100 * within(between(v.Rest, v.Tight)(v.Value))
	}
	card.Moved = v.Error == "" && v.Value != v.Rest
	c, ok := l.loopOf(v.Actuator)
	if ok {
		card.Loop, card.Mode = c.Name, modeWords(c.Mode)
	}
	card.Alone = alone(v)
	if card.Frozen {
		card.Stages = stages()
	}
	card.Charts = s.loopCharts(l, f, c, v)
	if d, ok := l.latest(v.Actuator); ok {
		row := s.decisionRow(l, Record{Decision: d})
		card.Latest = &row
		if d.Reason == loop.ReasonUnapproved {
			card.Wants, card.WantsValue = a.Show(d.Wanted), d.Wanted
		}
	}
	card.Pin = pinOf(l, v.Actuator)
	return card
}

// A stage of a release freeze.
type stage struct {
	Setting float64
	Word    string // and what it lets go
}

// stages are those that may be ordered.
func stages() []stage {
	return []stage{
		{slo.StageOpen, "open: releases may go"}, {slo.StageCaution, "caution: what risks little may go"}, {slo.StageThawing, "thawing: one release after the other"},
		{slo.StageRestricted, "restricted: what mends may go"}, {slo.StageFrozen, "frozen: only what is always allowed"},
	}
}

// loopCharts puts what the loop looks at and what it does on one time axis:
// the burn of at most two objectives above the setting.
func (s *Server) loopCharts(l look, f frame, c slo.ControlLoop, v loop.Setting) []chart {
	var seen []string
	var out []chart
	for _, r := range c.Rules {
		if r.Objective == "" || slices.Contains(seen, r.Objective) || len(seen) == 2 {
			continue
		}
		seen = append(seen, r.Objective)
		out = append(out, s.burnChart(l, f, r.Objective, tierBurns(&slo.Set{Loops: []slo.ControlLoop{c}}, r.Objective)))
	}
	return append(out, s.settingChart(l, f, v))
}

func pinOf(l look, actuator string) *orderRow {
	for _, o := range l.report.Orders {
		if o.Kind == loop.OrderPin && o.Target == actuator {
			row := orderRowOf(l, o)
			return &row
		}
	}
	return nil
}

func kindWords(a slo.Actuator, v loop.Setting) string {
	switch slo.ActuatorKind(v.Kind) {
	case slo.Freeze:
		return "release freeze"
	case slo.PGQueryTimeout:
		if a.Query.Role != "" {
			return "query timeout of role " + a.Query.Role
		}
		return "query timeout"
	case slo.Retry:
		return "retry contract of " + cmp.Or(strings.Join(a.Retries.Callers, ", "), "all callers")
	case slo.TenantQuota:
		return "quota of tenants"
	}
	return v.Kind
}

func modeWords(m slo.Mode) string {
	switch m {
	case slo.Act:
		return "acts by itself"
	case slo.Ask:
		return "asks before it acts"
	}
	return "observes only"
}

// An orderRow is an order in a list.
type orderRow struct {
	ID, Kind, Target, By, Why, At, Until, Setting, Ticket string
	Stamp                                                 string
	Despite                                               string // what a loop lacked that was promoted all the same
	Raw                                                   string // the target as it is
	Glass, Against                                        string // which time the glass was broken, and what was in force
}

func orderRowOf(l look, o loop.Order) orderRow {
	row := orderRow{ID: o.ID, Kind: string(o.Kind), Target: o.Target, By: o.By, Why: o.Why, At: clock(o.At, l.now), Stamp: stamp(o.At), Raw: o.Target, Ticket: o.Ticket, Despite: o.Despite, Glass: o.GlassWords()}
	if o.Glass != nil {
		row.Against = redact(o.Glass.Against)
	}
	if o.Target == "*" {
		row.Target = "everything"
	}
	if o.Release != "" {
		row.Target += " " + o.Release
	}
	if a := o.Adjust; a != nil {
		row.Target += ": " + a.Objective + " from " + clock(a.From, l.now) + " to " + clock(a.To, l.now) + ", " + effectWords(a.Effect)
	}
	if o.Revert {
		row.Kind += ", back to rest"
	}
	if !o.Until.IsZero() {
		row.Until = clock(o.Until, l.now)
	}
	if o.Setting != nil {
		a, _ := l.actuator(o.Target)
		row.Setting = a.Show(*o.Setting)
	}
	return row
}

func orderRows(l look, orders []loop.Order) []orderRow {
	var out []orderRow
	for _, o := range orders {
		out = append(out, orderRowOf(l, o))
	}
	return out
}

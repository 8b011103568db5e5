package web

import (
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// A badge is a status: a shape, a colour and a word, so that no one of them
// is needed.
type badge struct {
	Style string // names the shape and the colour
	Word  string
}

func statusBadge(status string) badge {
	word := map[string]string{"no-traffic": "no traffic", "too-few": "too few", "no-data": "no data", waiting: "not measured"}[status]
	if word == "" {
		word = status
	}
	return badge{status, word}
}

// An objectiveRow is an objective in a list.
type objectiveRow struct {
	Name, Service, Title, Link string
	Status                     badge
	Words                      string
	Target, Window             string
	Period                     string  // of the calendar; empty when the window rolls
	Seen                       bool    // there is a budget to show
	Left                       string  // share of the budget that is left
	Bound                      string  // how far it may be off; empty = it is exact
	Bar                        float64 // the same as Left from 0 to 100
	Overdrawn                  bool
	Low                        bool   // little of the budget is left
	Bad, Allowed, Total        string // in the budget's window
	Counted                    string // what these are: events, or time slices
	Outage                     string // for how long all may still be bad
	Good                       string // share of good events in the budget's window
	Alert                      string // that fires, the gravest
	Spark                      *spark // how it burned of late; nil = too little was seen
	Ladder                     []rung
}

// A rung is the burn over one window, drawn as a bar of a ladder.
type rung struct {
	Window string
	Burn   string
	Known  bool
	Hot    bool    // faster than the budget lasts
	Height float64 // 0 to 100, logarithmic, the same scale in every ladder
	Foot   float64 // 100 − Height
}

// littleLeft is the share of a budget below which its bar warns.
const littleLeft = 0.2

// ladderTop is the burn rate at the top of every ladder: that of an outage
// under a target of 99.9 %.
const ladderTop = 1000.0

func (s *Server) objectiveRow(l look, o slo.Objective) objectiveRow {
	row := objectiveRow{
		Name: o.Name, Service: o.Service, Title: o.Title, Link: "/objectives/" + url.PathEscape(o.Name),
		Status: statusBadge(waiting), Words: "not measured yet", Target: exactly(o.Target), Window: promised(o.Window), Counted: unitOf(o).Noun(),
	}
	row.Alert = l.firing(o.Name)
	st, ok := l.state(o.Name)
	if !ok {
		return row
	}
	row.Status, row.Words = statusBadge(string(st.Status)), stateWords(o, st, l.now)
	row.Ladder, row.Period = ladder(st.Windows, o.Window.Length), period(st)
	row.Seen, row.Spark = st.Status.Judged(), s.spark(l, o.Name)
	if row.Seen {
		row.Low = st.Remaining < littleLeft
		row.Left, row.Bar, row.Overdrawn = percent(st.Remaining), 100*within(st.Remaining), st.Remaining < 0
		row.Good = exact(ratio(st.Budget.Good, st.Budget.Total()))
		row.Bound, row.Outage = boundWords(st), outageLeft(o, st)
		row.Bad, row.Allowed, row.Total = count(st.Events(st.Budget.Bad)), allowed(st), count(st.Events(st.Budget.Total()))
	}
	return row
}

// firing is the severity of an alert of an objective that fires.
func (l look) firing(objective string) string {
	for _, a := range l.report.Alerts {
		if a.Objective == objective && a.Phase == loop.AlertFiring {
			return a.Severity
		}
	}
	return ""
}

// boundWords is how far what is left may be from what it would be with the
// events that no sample holds; empty when all were seen.
func boundWords(st budget.State) string {
	if st.Bound == 0 {
		return ""
	}
	return "± " + strconv.FormatFloat(math.Ceil(finite(st.Bound)*1e4)/100, 'f', -1, 64) + " %"
}

// ladder draws the windows shorter than the budget's own.
func ladder(windows []budget.Window, own interface{ Seconds() float64 }) []rung {
	to := burnScale(ladderTop)
	var out []rung
	for _, w := range windows {
		if w.Length.Seconds() >= own.Seconds() {
			continue
		}
		r := rung{Window: roughly(w.Length), Burn: "–", Known: w.Known, Foot: 100}
		if w.Known {
			r.Burn, r.Hot = times(w.Burn), w.Burn > 1
			r.Height = 100 * within(to(w.Burn))
			r.Foot = 100 - r.Height
		}
		out = append(out, r)
	}
	return out
}

// An objectiveView is the page of one objective.
type objectiveView struct {
	objectiveRow
	Description string
	Charts      []chart
	Windows     []windowRow
	Rules       []ruleRow
	Alerts      []alertRow
	Queries     []queryRow
	Composite   *compositeView // nil: it is none
	PartOf      []linkRow      // composites
	Groups      *groupsView    // nil: it is not grouped
	Of          *linkRow       // what it is a group of; nil: nothing
	Gate        *gateCard
	Flaws       []string
	Past        pastView
	History     historyView
	Outlook     string // how sure the forecast is
	Labels      []labelRow
	Curl        []string    // the figures of this page, by command
	Exempt      *exemptView // nil: nothing touches it
	Adjustments []adjustmentRow
	SLAs        []slaRow
	Newest      string
	Since       string
	Explain     *explainView
	Place, Text string // of the definition
	Late        string // what late samples may still change, and have changed
	ReadBack    string // how far back history was read so far; empty = all of it was
}

// A labelRow is a label with the address of all objectives that have it.
type labelRow struct{ Text, Link string }

func labelRows(o slo.Objective) (out []labelRow) {
	for _, key := range slices.Sorted(maps.Keys(o.Labels)) {
		out = append(out, labelRow{key + ": " + o.Labels[key], "/?" + url.Values{"label": {key + "=" + o.Labels[key]}}.Encode()})
	}
	return out
}

// A windowRow is the counts of one window.
type windowRow struct {
	Window, Bad, Total, Burn, Covered string
	Known                             bool
}

// A ruleRow is a rule that looks at the objective.
type ruleRow struct {
	Loop, Actuator, Rule, When, Then, Mode string
	In                                     bool // in force now
}

func (s *Server) objectiveView(l look, o slo.Objective) objectiveView {
	v := objectiveView{objectiveRow: s.objectiveRow(l, o), Description: o.Description, Rules: ruleRows(l, o.Name), Queries: queries(l.set, o)}
	f := s.frame(l.now)
	v.Charts = []chart{s.burnChart(l, f, o.Name, tierBurns(l.set, o.Name)), s.leftChart(l, f, o.Name)}
	if o.Service != "" {
		card := s.gateCard(l, loop.GateQuestion{Service: o.Service})
		v.Gate = &card
	}
	st, ok := l.state(o.Name)
	if v.Groups = s.groupsView(l, o, st); o.Of != "" {
		v.Of = &linkRow{o.Of, "/objectives/" + url.PathEscape(o.Of)}
	}
	v.Composite, v.PartOf = s.compositeView(l, o, st), compositeLinks(l.set, o.Name)
	v.Place, v.Text = definedIn(o)
	v.Alerts, v.Labels, v.Outlook = alertRows(l, o), labelRows(o), outlookWords(st)
	v.Curl = []string{"curl -s '" + s.link("v1", "objectives", o.Name) + "'", "curl -s '" + s.link("v1", "objectives", o.Name, "versions") + "'"}
	if !ok {
		return v
	}
	for _, w := range st.Windows {
		v.Windows = append(v.Windows, windowRow{
			Window: window(w.Length), Bad: count(st.Events(w.Bad)), Total: count(st.Events(w.Total())), Burn: times(w.Burn), Known: w.Known,
			Covered: percent(w.Covered.Seconds() / max(w.Length.Seconds(), 1)),
		})
	}
	v.Exempt, v.Adjustments, v.SLAs = exemptOf(st, l.now), adjustmentRows(l, o, st), slaRows(l.set, st)
	for _, flaw := range st.Flaws {
		if flaw == budget.FlawUnexpected {
			continue // said with its number
		}
		v.Flaws = append(v.Flaws, flawWords(string(flaw)))
	}
	if !st.ReadBack.IsZero() {
		v.ReadBack = clock(st.ReadBack, l.now)
	}
	if !st.Newest.IsZero() {
		v.Newest, v.Since, v.Late = clock(st.Newest, l.now), clock(st.Since, l.now), lateWords(st, l.now)
	}
	return v
}

func flawWords(flaw string) string {
	switch flaw {
	case "gap":
		return "some events happened over a gap and were counted after it"
	case "lost":
		return "processes began anew in a gap; what they did in it until then is not known"
	case "restarts":
		return "processes began anew again and again; what they did between scrapes is not known"
	case "excess":
		return "the part of the events outran the total somewhere; the total was raised to it"
	case "invalid":
		return "some samples were no values that can be, or too large to be counted from zero; they were left out"
	}
	return flaw
}

// tierBurns lists the burn rates at which a rule acts on an objective.
func tierBurns(set *slo.Set, objective string) []float64 {
	var out []float64
	for _, c := range set.Loops {
		for _, r := range c.Rules {
			if r.Objective != objective {
				continue
			}
			for _, t := range r.Tiers {
				out = append(out, t.Burn.Float())
			}
			if r.Law == slo.Watermarks && r.Watermark.Signal == slo.SignalBurn {
				out = append(out, r.Watermark.Tighten.Float())
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// ruleRows say what is done about an objective, and when.
func ruleRows(l look, objective string) []ruleRow {
	var out []ruleRow
	for _, c := range l.set.Loops {
		a, _ := l.actuator(c.Actuator)
		for _, r := range c.Rules {
			if r.Objective == objective {
				out = append(out, rulesOf(l, c, a, r)...)
			}
		}
	}
	return out
}

func rulesOf(l look, c slo.ControlLoop, a slo.Actuator, r slo.Rule) []ruleRow {
	d, _ := l.latest(c.Actuator)
	row := ruleRow{Loop: c.Name, Actuator: c.Actuator, Rule: r.Name, Mode: modeWords(c.Mode)}
	if r.Law == slo.Watermarks {
		m := r.Watermark
		row.When = string(m.Signal) + " past " + m.Tighten.String() + ", back at " + m.Relax.String()
		if m.Signal == slo.SignalBurn {
			row.When += " over " + window(m.Window)
		}
		row.Then = "move by " + a.Show(m.Step)
		return []ruleRow{row}
	}
	var out []ruleRow
	for _, t := range r.Tiers {
		t := t
		row.When = "burn of " + t.Burn.String() + "× over " + window(t.Long) + " and " + window(t.Short)
		if t.Exhausted {
			row.When += ", or no budget left"
		}
		row.Then = a.Show(t.Setting)
		row.In = slices.ContainsFunc(d.Pulls, func(p loop.Pull) bool { return p.Rule == r.Name && p.Tier == t.Name && t.Name != "" })
		out = append(out, row)
	}
	return out
}

package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"

	"setpoint.dev/setpoint/slo"
)

// A plantReport is what docs/control.md says of one plant.
type plantReport struct {
	name   string
	rides  []*ride
	want   int                   // scenarios
	score  func(r *ride) float64 // more is better
	shown  func(r *ride) string  // the score
	column []column
	level  slo.Actuator
}

// A column is one figure of an arm, for each seed.
type column struct {
	head string
	cell func(r *ride) string
}

// A bar is what a loop is held to.
type bar struct {
	words, measured, verdict string
}

// held is the verdict on a bar.
func held(met bool) string {
	if met {
		return "met"
	}
	return "**missed**"
}

// plantReports are those of which something was measured.
func plantReports(t *testing.T) map[string]*plantReport {
	bad := column{"bad", func(r *ride) string { return percentOf(r.share()) }}
	load := column{"load average", func(r *ride) string { return r.Load }}
	moves := column{"moves", func(r *ride) string { return fmt.Sprint(r.Moves) }}
	recovered := column{"recovered", func(r *ride) string {
		if r.Recovered < 0 {
			return "never"
		}
		return slo.Span(r.Recovered)
	}}
	served := func(r *ride) float64 { return 1 - beat{r.Good + r.Burst.Good, r.Bad + r.Burst.Bad}.share() }
	out := map[string]*plantReport{
		"pool": {want: len(poolScenarios()), score: usefulIfSafe, level: poolSet("").Actuators[0], shown: func(r *ride) string { return fmt.Sprintf("%.0f s at %s bad", r.Useful, percentOf(r.share())) },
			column: []column{bad, {"useful", func(r *ride) string { return fmt.Sprintf("%.0f s", r.Useful) }}, moves, load}},
		"service": {want: len(serviceScenarios()), score: served, level: serviceSet().Actuators[0],
			column: []column{bad, recovered, {"asked", func(r *ride) string { return fmt.Sprintf("%.2f", r.Asked) }}, moves, load}},
		"gateway": {want: len(gatewayScenarios()), score: served, level: gatewaySet().Actuators[0],
			column: []column{bad, {"burst refused", func(r *ride) string {
				if r.Burst == (beat{}) {
					return "–"
				}
				return percentOf(r.Burst.share())
			}}, moves, load}},
	}
	for name, p := range out {
		p.name, p.rides = name, keptRides(t, name)
		if p.shown == nil {
			p.shown = func(r *ride) string { return percentOf(p.score(r)) + " served well" }
		}
	}
	return out
}

// usefulIfSafe is the useful work of an arm that lets at most one customer in
// a hundred down; of others, how many it lets down.
func usefulIfSafe(r *ride) float64 {
	if r.share() > 0.01 {
		return -r.share()
	}
	return r.Useful
}

func percentOf(share float64) string { return fmt.Sprintf("%.2f %%", 100*share) }

// scenarios and arms are in the order in which they were measured.
func (p *plantReport) scenarios() []string {
	return p.names(func(r *ride) string { return r.Scenario })
}
func (p *plantReport) arms() []string { return p.names(func(r *ride) string { return r.Arm }) }

func (p *plantReport) names(of func(*ride) string) (out []string) {
	for _, r := range p.rides {
		if !slices.Contains(out, of(r)) {
			out = append(out, of(r))
		}
	}
	return out
}

// whole reports whether each arm of each scenario was measured.
func (p *plantReport) whole() bool {
	for _, s := range p.scenarios() {
		for _, arm := range p.arms() {
			if len(p.of(s, arm)) == 0 {
				return false
			}
		}
	}
	return len(p.scenarios()) == p.want
}

// of are the rides of an arm, one for each seed.
func (p *plantReport) of(scenario, arm string) (out []*ride) {
	for _, r := range p.rides {
		if r.Scenario == scenario && r.Arm == arm {
			out = append(out, r)
		}
	}
	return out
}

// all is an arm with the counts of all seeds together; the worst recovery.
func (p *plantReport) all(scenario, arm string) *ride {
	sum := &ride{Scenario: scenario, Arm: arm}
	for _, r := range p.of(scenario, arm) {
		sum.Good, sum.Bad, sum.Useful = sum.Good+r.Good, sum.Bad+r.Bad, sum.Useful+r.Useful
		sum.Burst.Good, sum.Burst.Bad = sum.Burst.Good+r.Burst.Good, sum.Burst.Bad+r.Burst.Bad
		if r.Recovered < 0 || sum.Recovered < 0 {
			sum.Recovered = -1
		} else {
			sum.Recovered = max(sum.Recovered, r.Recovered)
		}
	}
	return sum
}

// best is the static arm that somebody would choose who knew the scenario.
func (p *plantReport) best(scenario string) (best *ride) {
	for _, arm := range p.arms() {
		r := p.all(scenario, arm)
		if strings.HasPrefix(arm, "static") && (best == nil || p.score(r) > p.score(best)) {
			best = r
		}
	}
	return best
}

// Table is all that was measured.
func (p *plantReport) Table() string {
	var b strings.Builder
	for _, s := range p.scenarios() {
		fmt.Fprintf(&b, "\n**%s**\n\n| arm |", s)
		for _, c := range p.column {
			fmt.Fprintf(&b, " %s |", c.head)
		}
		b.WriteString("\n|---|" + strings.Repeat("---|", len(p.column)) + "\n")
		for _, arm := range p.arms() {
			note := ""
			if arm == p.best(s).Arm {
				note = " (best static)"
			}
			fmt.Fprintf(&b, "| %s%s |", arm, note)
			for _, c := range p.column {
				fmt.Fprintf(&b, " %s |", cells(p.of(s, arm), c.cell))
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

// cells is a figure of each seed; once where all are equal.
func cells(rides []*ride, cell func(*ride) string) string {
	var all []string
	for _, r := range rides {
		all = append(all, cell(r))
	}
	if len(slices.Compact(slices.Clone(all))) == 1 {
		return all[0]
	}
	return strings.Join(all, " · ")
}

// Bars is how the loop did by what it is held to.
func (p *plantReport) Bars() string {
	var b strings.Builder
	b.WriteString("| bar | measured | |\n|---|---|---|\n")
	own := map[string]func(*plantReport) []bar{"pool": poolBars, "service": serviceBars, "gateway": gatewayBars}
	for _, x := range append(own[p.name](p), p.against()...) {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", x.words, x.measured, x.verdict)
	}
	return b.String()
}

// against compares the loop with what somebody would have set: here, and in
// the other scenarios.
func (p *plantReport) against() (out []bar) {
	for _, s := range p.scenarios() {
		l, best := p.all(s, theLoop), p.best(s)
		out = append(out, bar{
			fmt.Sprintf("%s: within 10 %% of its best static", s), fmt.Sprintf("%s; %s %s", p.shown(l), best.Arm, p.shown(best)),
			held(p.score(l) >= 0.9*p.score(best)),
		})
		var seen []string
		for _, other := range p.scenarios() {
			arm := p.best(other).Arm
			if arm == best.Arm || slices.Contains(seen, arm) {
				continue
			}
			seen = append(seen, arm)
			r := p.all(s, arm)
			verdict := held(p.score(l) > p.score(r))
			if p.score(l) <= p.score(r) && p.tied(s, arm, best.Arm, theLoop) {
				verdict = "a tie"
			}
			out = append(out, bar{fmt.Sprintf("%s: better than the best static of %s", s, other), fmt.Sprintf("%s; %s %s", p.shown(l), arm, p.shown(r)), verdict})
		}
	}
	return out
}

// tied reports whether arms of a scenario differ from one by no more than two
// seeds of one of them do. Where the static that is best elsewhere is as good
// here as the best one, nothing can be better than it.
func (p *plantReport) tied(scenario, one string, arms ...string) bool {
	score, noise, apart := p.score(p.all(scenario, one)), 0.0, 0.0
	for _, arm := range append(arms, one) {
		var seeds []float64
		for _, r := range p.of(scenario, arm) {
			seeds = append(seeds, p.score(r))
		}
		noise = max(noise, slices.Max(seeds)-slices.Min(seeds))
		apart = max(apart, math.Abs(p.score(p.all(scenario, arm))-score))
	}
	return apart <= noise
}

func poolBars(p *plantReport) (out []bar) {
	for _, s := range p.scenarios() {
		l := p.all(s, theLoop)
		out = append(out, bar{s + ": at most 1 % bad", cells(p.of(s, theLoop), func(r *ride) string { return percentOf(r.share()) }), held(l.share() <= 0.01)})
	}
	s := p.scenarios()[0]
	l, safe := p.all(s, theLoop), p.asSafe(s)
	if safe == nil {
		return append(out, bar{s + ": 1.5 times the useful work of the equally safe static", "no static is as safe", held(true)})
	}
	return append(out, bar{s + ": 1.5 times the useful work of the equally safe static", fmt.Sprintf("%.2f times: %s; %s %s", l.Useful/safe.Useful, p.shown(l), safe.Arm, p.shown(safe)), held(l.Useful >= 1.5*safe.Useful)})
}

// asSafe is the static arm with most useful work of those that let no more
// customers down than the loop, to a twentieth of a percent.
func (p *plantReport) asSafe(scenario string) (best *ride) {
	l := p.all(scenario, theLoop)
	for _, arm := range p.arms() {
		r := p.all(scenario, arm)
		if strings.HasPrefix(arm, "static") && r.share() <= l.share()+0.0005 && (best == nil || r.Useful > best.Useful) {
			best = r
		}
	}
	return best
}

func serviceBars(p *plantReport) (out []bar) {
	for _, s := range p.scenarios()[:2] {
		recovered := p.column[1].cell
		out = append(out,
			bar{s + ": recovered within 5 s of its end", cells(p.of(s, theLoop), recovered), held(p.all(s, theLoop).Recovered >= 0 && p.all(s, theLoop).Recovered <= 5*time.Second)},
			bar{s + ": with jitter alone never", cells(p.of(s, "jitter alone"), recovered), held(!slices.ContainsFunc(p.of(s, "jitter alone"), func(r *ride) bool { return r.Recovered >= 0 }))})
	}
	return out
}

func gatewayBars(p *plantReport) []bar {
	s := p.scenarios()[0]
	l := p.all(s, theLoop)
	return []bar{
		{s + ": victims at most 0.1 % bad", percentOf(l.share()), held(l.share() <= 0.001)},
		{s + ": the burst at most 2 % refused", percentOf(l.Burst.share()), held(l.Burst.share() <= 0.02)},
	}
}

// reportControl writes docs/control.md from what was measured last.
func reportControl(t *testing.T) {
	reports := plantReports(t)
	page := map[string]any{"Cores": runtime.NumCPU(), "Quiet": quietWords(keptRides(t, "quiet")), "Model": modelTable(t), "Virtual": virtualTable(t)}
	for name, p := range reports {
		if !p.whole() {
			t.Logf("%s was not measured yet in all scenarios and arms; docs/control.md waits for it", name)
			return
		}
		page[name] = p
		must(t, p.draw().write("../../docs/control-"+name+".svg"))
	}
	words, err := template.ParseFiles("testdata/control.md")
	must(t, err)
	var b bytes.Buffer
	must(t, words.Execute(&b, page))
	must(t, os.WriteFile("../../docs/control.md", b.Bytes(), 0o644))
}

// modelTable is the pool on its model, over more seeds than there is time for
// on the real one.
func modelTable(t *testing.T) string {
	const seeds = 30
	var b strings.Builder
	b.WriteString("| arm | bad | worst seed | useful |\n|---|---|---|---|\n")
	for _, arm := range poolArms() {
		sum, worst := &ride{}, 0.0
		for seed := range uint64(seeds) {
			truth := modelPool(t, poolScenarios()[0], arm, seed+1)
			sum.Good, sum.Bad, sum.Useful = sum.Good+truth.Good, sum.Bad+truth.Bad, sum.Useful+truth.UsefulSeconds/seeds
			worst = max(worst, truth.BadShare())
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %.0f s |\n", arm.name, percentOf(sum.share()), percentOf(worst), sum.Useful)
	}
	return b.String()
}

func quietWords(all []*ride) string {
	var out []string
	for _, r := range all {
		out = append(out, fmt.Sprintf("%s: %d moves, %d reversals, %s bad", r.Scenario, r.Moves, r.Reversals, percentOf(r.share())))
	}
	return strings.Join(out, "; ")
}

// draw shows the first seed of each scenario.
func (p *plantReport) draw() drawing {
	span := float64(len(p.rides[0].PerSecond))
	d := drawing{
		title: "Loop on a real plant: " + p.name, note: "The first seed. Above: share served badly, in each second. Below: the setting of the loop.",
		span: span, ticks: moments(time.Duration(span) * time.Second),
	}
	a := p.level
	for _, s := range p.scenarios() {
		curves := []curve{{name: "off", style: "b", places: p.of(s, "off")[0].places()}}
		if other := p.elsewhere(s); other != "" {
			curves = append(curves, curve{name: other, style: "c", places: p.of(s, other)[0].places()})
		}
		l := p.of(s, theLoop)[0]
		curves = append(curves, curve{name: theLoop, style: "a", places: l.places()})
		var settings []place
		for _, at := range l.Settings {
			settings = append(settings, place{at[0], at[1]})
		}
		d.panels = append(d.panels,
			panel{label: s, to: linear(0, 1), levels: []level{{0, "0 %"}, {1, "100 %"}}, curves: curves},
			panel{label: "setting", to: linear(a.Rest, a.Tight), levels: []level{{a.Rest, a.Show(a.Rest)}, {a.Tight, a.Show(a.Tight)}}, curves: []curve{{style: "a", steps: true, places: settings}}})
	}
	return d
}

// elsewhere is the best static of another scenario, if it is another one; of
// several the one that does worst here.
func (p *plantReport) elsewhere(scenario string) (worst string) {
	for _, other := range p.scenarios() {
		arm := p.best(other).Arm
		if arm != p.best(scenario).Arm && (worst == "" || p.score(p.all(scenario, arm)) < p.score(p.all(scenario, worst))) {
			worst = arm
		}
	}
	return worst
}

func (r *ride) places() (out []place) {
	for i, s := range r.PerSecond {
		out = append(out, place{float64(i), s.share()})
	}
	return out
}

// Package rules writes objectives as Prometheus recording and alerting rules,
// so that a team can leave Setpoint, or run both.
//
//	Set ─► subjects: objectives, and the groups of grouped ones
//	    ─► for each: samples that are judged, time slices, the share of bad events over each
//	       window of its alerts, its alerts, and the budget that remains ─► a rule file
//	    ─► what rules have no words for, with its place ─► Problems
//	    ─► a Grafana dashboard of what these rules record
//
// An objective has the alerts that are declared for it; one without any has
// those of the standard tiers, unless it says that nobody is to be told.
//
// # Where to read
//
//	subject.go    what rules are written for, and their labels
//	counted.go    shares of bad events, of counters and native histograms
//	sampled.go    samples that are judged one by one; runs.go: runs of jobs
//	slices.go     budgets in time slices, and short outages
//	composite.go  objectives that are made of others, or of groups
//	tiers.go, alerts.go    which alerts there are, and what they say
//	left.go       what is left out
//	dashboard.go, grafana.go
//
// # Differences to what Setpoint itself computes
//
// No rule can take these away. rate() extrapolates, and does not see the first
// event of a series that its first sample already holds. Counters without a
// series count as 0, so that the ratio is there before the first error;
// without traffic there is no ratio.
//
// Samples that are judged (thresholds, shares, boolean gauges, ages) are judged
// at each evaluation of the rules, and added up over the windows; Setpoint reads
// each sample as it was scraped. Observations of native histograms are told by
// histogram_fraction. Runs of jobs are looked at at each evaluation; one that is
// not there for longer than a day counts as new.
//
// Time slices begin at multiples of their length, as they do in Setpoint, and are
// recorded once they are over. Their events are taken from the sample before
// them on, as far back as the data source is scraped (30 s where that is not
// declared). One that was observed in part is judged by that part.
//
// The expressions are those of PromQL that VictoriaMetrics reads, too, but for
// those of native histograms, which it does not keep.
package rules

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.yaml.in/yaml/v4"

	"setpoint.dev/setpoint/slo"
)

// minRange is the shortest range that rates are taken over: two scrapes of
// half a minute.
const minRange = time.Minute

// What is recorded of each budget: what is left of it, as a share of it, and
// the budget itself, as a share of all events.
const (
	remaining = "setpoint:budget_remaining:ratio"
	budget    = "setpoint:budget:ratio"
)

type file struct {
	Groups []group `yaml:"groups"`
}

type group struct {
	Name     string `yaml:"name"`
	Interval string `yaml:"interval,omitempty"`
	Rules    []rule `yaml:"rules"`
}

type rule struct {
	Record      string            `yaml:"record,omitempty"`
	Alert       string            `yaml:"alert,omitempty"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for,omitempty"`
	Keep        string            `yaml:"keep_firing_for,omitempty"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
}

// Write returns the rules of all objectives of set as a rule file. What rules
// have no words for it lists, each with its place: tiers that could never fire,
// labels that Prometheus does not have, calendars, loops, and so on.
func Write(set *slo.Set) ([]byte, slo.Problems, error) {
	text := bytes.NewBufferString("groups:\n")
	subjects, problems := subjectsOf(set)
	for _, s := range subjects {
		groups, wrong := s.groups()
		problems = append(problems, wrong...)
		if err := write(text, groups); err != nil {
			return nil, problems, fmt.Errorf("write rules of %s: %w", s.Name, err)
		}
	}
	if text.Len() == len("groups:\n") {
		text = bytes.NewBufferString("groups: []\n")
	}
	return text.Bytes(), append(problems, unsaid(set)...), nil
}

// write writes one objective's groups, so that no more than they are in
// memory as a tree.
func write(text *bytes.Buffer, groups []group) error {
	groups = slices.DeleteFunc(groups, func(g group) bool { return len(g.Rules) == 0 })
	if len(groups) == 0 {
		return nil
	}
	var part bytes.Buffer
	enc := yaml.NewEncoder(&part)
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(file{groups}), enc.Close()); err != nil {
		return err
	}
	text.Write(bytes.TrimPrefix(part.Bytes(), []byte("groups:\n")))
	return nil
}

// groups are the groups of rules of a subject, in the order in which one needs
// what another records.
func (s subject) groups() ([]group, slo.Problems) {
	fit, problems := s.possible(Tiers(s.Objective))
	name := "setpoint-" + s.Name
	if len(s.by) > 0 {
		name += "-each"
	}
	out := []group{{Name: name + "-samples", Rules: s.samples()}}
	out = append(out, s.slices(name)...)
	out = append(out, s.tiers(name, fit), s.budget(name))
	return out, slices.Concat(problems, s.policies())
}

// tiers records the shares of bad over the tiers' windows, and alerts.
func (s subject) tiers(name string, tiers []Tier) group {
	g := group{Name: name}
	for _, w := range s.windows(tiers) {
		g.Rules = append(g.Rules, s.record(recorded(w), s.ratio(w)))
	}
	for _, t := range tiers {
		g.Rules = append(g.Rules, s.alert(t, tiers))
	}
	g.Rules = append(g.Rules, s.absences()...)
	return g
}

// windows are those of the tiers, each once.
func (s subject) windows(tiers []Tier) (out []time.Duration) {
	for _, t := range tiers {
		for _, w := range s.lookBack(t) {
			out = append(out, w.Length)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// budget records the budget and what is left of it. The latter reads all of
// the window, so that it is done every five minutes only.
func (s subject) budget(name string) group {
	ratio, all := s.ratio(s.Window.Length), "vector("+s.Budget().String()+")"
	left := fmt.Sprintf("1 - (%s) / %s", ratio, s.Budget())
	if s.Budget().Sign() == 0 { // the first bad event takes all
		left = fmt.Sprintf("(%s) <= bool 0", ratio)
	}
	if s.MinEvents > 0 {
		left = fmt.Sprintf("(%s) and %s %s", left, s.on(), s.enough(s.Window.Length))
	}
	first := s.record(remaining, left)
	if len(s.by) > 0 {
		all = fmt.Sprintf("0 * last_over_time(%s%s[10m]) + %s", remaining, s.own(), s.Budget())
	}
	return group{Name: name + "-budget", Interval: "5m", Rules: []rule{first, {Record: budget, Expr: all, Labels: s.labels}}}
}

// recorded is the name of the share of bad over w.
func recorded(w time.Duration) string { return "setpoint:bad:ratio_rate" + slo.Span(w) }

// ratio is the share of bad over w.
func (s subject) ratio(w time.Duration) string {
	switch {
	case s.sliced():
		return s.slicesOver(w)
	case s.perSample():
		return s.samplesOver(w)
	}
	return s.counted(w)
}

// Package rules writes objectives as Prometheus recording and alerting rules,
// so that a team can leave Setpoint, or run both.
//
//	Set ─► for each objective: the ratio of bad events over each window of its alerts,
//	       the budget that remains, and its alerts ─► a rule file
//	    ─► a Grafana dashboard of what these rules record
//
// An objective has the alerts that are declared for it; one without any has
// those of the standard tiers.
//
// Differences to what Setpoint itself computes, which no rule can take away:
// rate() extrapolates, and does not see the first event of a series that its
// first sample already holds. Counters without a series count as 0, so that
// the ratio is there before the first error; without traffic there is no
// ratio.
//
// Samples that are judged (thresholds, shares, boolean gauges, ages) are judged
// at each evaluation of the rules, and added up over the windows; Setpoint reads
// each sample as it was scraped. Observations of native histograms are told by
// histogram_fraction.
//
// The expressions are those of PromQL that VictoriaMetrics reads, too, but for
// those of native histograms, which it does not keep.
package rules

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
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

// Write returns the rules of all objectives of set as a rule file. What it
// leaves out it lists: tiers that could never fire, labels that Prometheus
// does not have, objectives that are kept in time slices, composites, runs of jobs.
func Write(set *slo.Set) ([]byte, slo.Problems, error) {
	text := bytes.NewBufferString("groups:\n")
	var problems slo.Problems
	for _, o := range set.Objectives {
		groups, wrong := groupsOf(o)
		if slices.ContainsFunc(set.Groupings, func(g slo.Grouping) bool { return g.Objective == o.Name }) {
			problems = append(problems, left(o, fmt.Sprintf("objectives for each group of %s are left out: rules count all of them together", o.Name)))
		}
		problems = append(problems, wrong...)
		if err := write(text, groups); err != nil {
			return nil, problems, fmt.Errorf("write rules of %s: %w", o.Name, err)
		}
	}
	if text.Len() == len("groups:\n") {
		text = bytes.NewBufferString("groups: []\n")
	}
	return text.Bytes(), problems, nil
}

// notEvents is what an objective counts instead of events.
func notEvents(o slo.Objective) string {
	switch {
	case o.Composite != nil:
		return "other objectives"
	case o.Method != slo.Occurrences:
		return "time slices"
	case o.Indicator.Kind == slo.Deadline:
		return o.Indicator.Kind.Noun()
	}
	return ""
}

// write writes one objective's groups, so that no more than they are in
// memory as a tree.
func write(text *bytes.Buffer, groups []group) error {
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

// groupsOf are the groups of rules of an objective.
func groupsOf(o slo.Objective) ([]group, slo.Problems) {
	if what := notEvents(o); what != "" {
		return nil, slo.Problems{left(o, fmt.Sprintf("the objective %s is left out: rules count events, not %s", o.Name, what))}
	}
	fit, problems := possible(o, Tiers(o))
	labels, more := labelsOf(o)
	alerts := tierRules(o, fit, labels)
	alerts.Rules = append(alerts.Rules, absences(o, labels)...)
	return []group{alerts, budgetRules(o, labels)}, slices.Concat(problems, more, inexpressible(o))
}

func left(o slo.Objective, message string) slo.Problem {
	return slo.Problem{Position: o.Position, Message: message, Severity: slo.SeverityWarning}
}

// tierRules records the ratios of the tiers' windows, and alerts.
func tierRules(o slo.Objective, tiers []Tier, labels map[string]string) group {
	g := group{Name: "setpoint-" + o.Name, Rules: sampleRules(o, labels)}
	var windows []time.Duration
	for _, t := range tiers {
		for _, w := range t.Windows() {
			windows = append(windows, w.Length)
		}
	}
	slices.Sort(windows)
	for _, w := range slices.Compact(windows) {
		g.Rules = append(g.Rules, rule{Record: record(w), Expr: ratio(o, w), Labels: labels})
	}
	for _, t := range tiers {
		g.Rules = append(g.Rules, alert(o, t, labels))
	}
	return g
}

// budgetRules records the budget and what is left of it. The latter reads all
// of the window, so that it is done every five minutes only.
func budgetRules(o slo.Objective, labels map[string]string) group {
	left := fmt.Sprintf("1 - (%s) / %s", ratio(o, o.Window.Length), o.Budget())
	if o.Budget().Sign() == 0 { // the first bad event takes all
		left = fmt.Sprintf("(%s) <= bool 0", ratio(o, o.Window.Length))
	}
	return group{Name: "setpoint-" + o.Name + "-budget", Interval: "5m", Rules: []rule{
		{Record: remaining, Expr: left, Labels: labels},
		{Record: budget, Expr: fmt.Sprintf("vector(%s)", o.Budget()), Labels: labels},
	}}
}

func record(w time.Duration) string { return "setpoint:bad:ratio_rate" + slo.Span(w) }

// ratio is the share of bad events over w.
func ratio(o slo.Objective, w time.Duration) string {
	in := o.Indicator
	switch in.Kind {
	case slo.Counters:
	case slo.Native:
		return nativeRatio(in, w)
	default:
		return sampleRatio(o, w)
	}
	total := fmt.Sprintf("((%s) > 0)", sum(in.Total, w))
	if in.Bad != "" {
		return fmt.Sprintf("(%s) / %s", sum(in.Bad, w), total)
	}
	return fmt.Sprintf("1 - (%s) / %s", sum(in.Good, w), total)
}

// sum is the rate of all counters that a query selects.
func sum(query string, w time.Duration) string {
	var terms []string
	selectors, _ := slo.Selectors(query) // the query of a Set was read before
	for _, s := range selectors {
		terms = append(terms, fmt.Sprintf("(sum(rate(%s[%s])) or vector(0))", s, slo.Span(w)))
	}
	return strings.Join(terms, " + ")
}

// labelsOf are the labels of an objective's rules.
func labelsOf(o slo.Objective) (map[string]string, slo.Problems) {
	labels, problems := map[string]string{"slo": o.Name, "service": o.Service}, slo.Problems(nil)
	for _, name := range slices.Sorted(maps.Keys(o.Labels)) {
		switch own := slices.Contains([]string{"slo", "service", "severity", "long", "short"}, name); {
		case own, !model.LegacyValidation.IsValidLabelName(name), strings.HasPrefix(name, "__"):
			problems = append(problems, left(o, fmt.Sprintf("the label %s of %s is left out: rules have it for themselves, or Prometheus has no such names", name, o.Name)))
		default:
			labels[name] = o.Labels[name]
		}
	}
	return labels, problems
}

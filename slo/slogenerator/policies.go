package slogenerator

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"setpoint.dev/setpoint/slo"
)

// A reader converts documents by the error budget policies that stand among
// them.
type reader struct {
	Importer
	longest map[string]time.Duration // :: policy → its longest window
	names   slo.Names
}

// isConfig reports whether doc is the configuration that SLOs share.
func isConfig(doc slo.Node) bool {
	return !doc.Get("apiVersion").Given() && doc.Get("error_budget_policies").Given()
}

// Survey notes the error budget policies of shared configurations.
func (Importer) Survey(docs []slo.Node) slo.Importer {
	r := reader{longest: map[string]time.Duration{}, names: slo.NewNames()}
	for _, doc := range docs {
		meta := doc.Get("metadata")
		r.names.Add(meta.Get("name").Text(), meta.Get("namespace").Text())
		if !isConfig(doc) {
			continue
		}
		for name, policy := range doc.Get("error_budget_policies").All() {
			for _, step := range policy.Get("steps").Items() {
				r.longest[name] = max(r.longest[name], seconds(step.Get("window")))
			}
		}
	}
	return r
}

func seconds(n slo.Node) time.Duration {
	d, ok := n.Decimal()
	if num, den := d.Fraction(); ok && den == 1 && num > 0 && num < 1e9 {
		return time.Duration(num) * time.Second
	}
	return 0
}

// config is the error budget policies of a shared configuration, as alert
// policies. What else is in it is about backends and exporters.
func config(doc slo.Node) (docs []slo.Node) {
	doc.Check(slo.Table{Name: "configuration", Open: true, Keys: []slo.Key{
		{Name: "backends", Is: slo.IsAny, Unread: "addresses are those of the DataSource"},
		{Name: "exporters", Is: slo.IsAny, Unread: "Setpoint exports its metrics itself"},
		{Name: "default_exporters", Is: slo.IsAny, Unread: "Setpoint exports its metrics itself"},
		{Name: "error_budget_policies", Is: slo.IsAny},
	}})
	for name, policy := range doc.Get("error_budget_policies").All() {
		policy.Check(slo.Table{Name: "policy", Keys: []slo.Key{{Name: "steps", Is: slo.IsList, Required: true, Of: &slo.Table{Name: "step", Keys: []slo.Key{
			{Name: "name", Is: slo.IsText},
			{Name: "window", Is: slo.IsNumber, Required: true},
			{Name: "burn_rate_threshold", Is: slo.IsNumber, Required: true},
			{Name: "alert", Is: slo.IsTruth},
			{Name: "message_alert", Is: slo.IsText},
			{Name: "message_ok", Is: slo.IsText, Unread: "what is told when all is well"},
		}}}}})
		alarm := slo.Alarm{At: policy, Name: policy.Name(policyName(name)), Title: policy.Says(name)}
		for i, step := range policy.Get("steps").Items() {
			alarm.Conditions = append(alarm.Conditions, stepOf(i, step))
		}
		if len(alarm.Conditions) > 0 {
			docs = append(docs, alarm.Document())
		}
	}
	return docs
}

func policyName(name string) string { return "error-budget-policy-" + name }

// stepOf is a step as a condition. One that does not alert is switched off.
func stepOf(i int, step slo.Node) slo.Watch {
	w := slo.Watch{At: step, Text: step.Get("message_alert"), Severity: "page", Long: seconds(step.Get("window")), Off: !step.Get("alert").True()}
	w.Burn, _ = step.Get("burn_rate_threshold").Decimal()
	w.Name = strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(step.Get("name").Text()), "-"), "-")
	if w.Name == "" {
		w.Name = fmt.Sprintf("step-%d", i+1)
	}
	if w.Long <= 0 && step.Get("window").Given() {
		step.Get("window").Refuse("no number of seconds", "a whole number above 0, as in 3600", "")
		w.Long = time.Hour
	}
	return w
}

// policyOf is the error budget policy of an SLO: its alerts, and the period,
// which is its longest window. Where no file holds it the period is 28 days.
func (r reader) policyOf(doc slo.Node, p *slo.Promise) {
	named := doc.Get("spec").Get("error_budget_policy")
	name, at := "default", doc.Get("kind")
	if named.Given() {
		name, at = named.Text(), named
	}
	length := r.longest[name]
	if length <= 0 {
		at.Warn("the windows of slo-generator are in its error budget policy "+name+", which no file holds; the period is taken as "+period+", without alerts", "")
		return
	}
	p.Window = at.Says(slo.Span(length)).Window()
	p.Alarms = []slo.Node{at.Map(slo.Pair{Key: "alertPolicyRef", Value: at.Says(at.Says(policyName(name)).Name(policyName(name)).Text())})}
}

package slo

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// What people write in OpenSLO's place, and other tools take, is put in
// OpenSLO's words, with a warning that says so.

func habits(doc value, kind string) {
	spec := doc.get("spec")
	switch kind {
	case "SLI":
		promQLs(spec)
	case "SLO":
		promQLs(spec.get("indicator").get("spec"))
		for _, o := range spec.get("objectives").items() {
			promQLs(o.get("indicator").get("spec"))
		}
		for _, v := range spec.get("alertPolicies").items() {
			policyName(v)
		}
	}
}

// promQLs takes the key of Nobl9's converter for a query.
func promQLs(sli value) {
	for _, m := range metricsOf(sli) {
		source := m.get("metricSource")
		spec := source.get("spec")
		said := spec.get("promql")
		if !said.given() || spec.get("query").given() || otherSystem(source.get("type")) != "" {
			continue
		}
		value{file: spec.file, node: said.key, path: said.path}.warn("read as query", "query", "")
		said.key.Value = "query"
	}
}

// policyName takes the name of an alert policy by itself for a reference to it,
// which is what it was in drafts of OpenSLO v1.
func policyName(v value) {
	if v.node.Kind != yaml.ScalarNode || v.node.ShortTag() != "!!str" {
		return
	}
	v.warn("the name of an alert policy, as drafts of OpenSLO had it", "alertPolicyRef: "+short(v.node.Value), "")
	name := *v.node
	key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "alertPolicyRef", Line: name.Line, Column: name.Column}
	*v.node = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{key, &name}, Line: name.Line, Column: name.Column}
}

// namesCounters reports whether all that a query selects is named as counters
// are.
func namesCounters(query string) bool {
	selectors, err := Selectors(query)
	return err == nil && !slices.ContainsFunc(selectors, func(s string) bool {
		name, _, _ := strings.Cut(s, "{")
		return !slices.ContainsFunc([]string{"_total", "_count", "_bucket"}, func(end string) bool { return strings.HasSuffix(name, end) })
	})
}

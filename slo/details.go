package slo

import (
	"slices"

	"go.yaml.in/yaml/v4"
)

// joinDetails makes one mapping of the connection details of a data source
// that are a list of mappings, as OpenSLO's examples write them.
func joinDetails(doc value) {
	spec := doc.get("spec")
	list := spec.get("connectionDetails")
	items := list.items()
	if len(items) == 0 || slices.ContainsFunc(items, func(v value) bool { return v.node.Kind != yaml.MappingNode }) {
		return
	}
	joined := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: list.node.Line, Column: list.node.Column}
	for _, item := range items {
		if doc.file.tired(item.node, 1+len(item.node.Content)) {
			return
		}
		joined.Content = append(joined.Content, item.node.Content...)
	}
	spec.node.Content[slices.Index(spec.node.Content, list.node)] = joined
}

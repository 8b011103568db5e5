package slo

import (
	"fmt"

	"go.yaml.in/yaml/v4"
)

// A double is a key that is in a mapping twice.
type double struct {
	key   value
	first int // line
}

// refuseDoubles refuses the keys that are there twice, whoever reads them:
// after all else, which says more of keys that it knows.
func (f *source) refuseDoubles() {
	for _, d := range f.doubles {
		d.key.refuse(fmt.Sprintf("the key is there twice, first in line %d", d.first), "", "")
	}
}

// twice notes the keys below n that are in a mapping twice. It is for trees
// whose aliases are not followed.
func (f *source) twice(n *yaml.Node, path string) {
	if !hasTwice(n) {
		return
	}
	first := map[string]int{}
	for i, child := range n.Content {
		switch {
		case n.Kind == yaml.SequenceNode:
			f.twice(child, fmt.Sprintf("%s[%d]", path, i))
		case n.Kind == yaml.MappingNode && i%2 == 0:
			line, doubled := first[child.Value]
			if isKey(child) && doubled {
				f.doubles = append(f.doubles, double{value{file: f, node: child, path: join(path, short(child.Value))}, line})
			} else if isKey(child) {
				first[child.Value] = child.Line
			}
			f.twice(n.Content[i+1], join(path, child.Value))
		}
	}
}

// hasTwice reports whether a key is there twice below n.
func hasTwice(n *yaml.Node) bool {
	seen := map[string]bool{}
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && isKey(child) {
			if seen[child.Value] {
				return true
			}
			seen[child.Value] = true
		}
		if hasTwice(child) {
			return true
		}
	}
	return false
}

// isKey reports whether n can be compared with other keys.
func isKey(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() != "!!merge" }

// misspeltKind refuses a key of a foreign document that was probably meant to
// be its kind, and reports whether there is one.
func misspeltKind(doc value) bool {
	if doc.get("kind").node != nil || doc.node.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i+1 < len(doc.node.Content); i += 2 {
		if nearest(doc.node.Content[i].Value, []string{"kind"}) != "" {
			doc.keyOf(i).refuse("unknown key", "kind", "kind")
			return true
		}
	}
	return false
}

// isTemplate reports whether n is what YAML makes of {{…}}: a mapping whose
// key is a mapping.
func isTemplate(n *yaml.Node) bool {
	return n.Kind == yaml.MappingNode && len(n.Content) > 0 && n.Content[0].Kind == yaml.MappingNode && n.Style&yaml.FlowStyle != 0
}

package slo_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"setpoint.dev/setpoint/slo"
)

// TestMissing takes one required key after another out of our examples: each
// is refused as missing, by its path, where the mapping begins that it was in.
func TestMissing(t *testing.T) {
	keys, tried := keysByPath(), 0
	for _, name := range glob(t, "testdata/good/*.yaml") {
		m := mistaken{t, name, blocks(t, read(t, name))}
		for i := range decodeAll(t, []byte(m.text)) {
			for _, path := range requiredIn(t, m.text, i, keys) {
				if tried++; tried%10 != len(name)%10 && !*everyMistake {
					continue
				}
				text, line := without(t, m.text, i, path)
				_, problems := m.load(text)
				if !slices.ContainsFunc(problems.Errors(), func(p slo.Problem) bool { return p.Path == path && p.Line == line }) {
					t.Errorf("%s: document %d without %s: want that in line %d, got %v", name, i+1, path, line, problems)
				}
			}
		}
	}
	if tried < 300 {
		t.Errorf("%d required keys are in our examples, fewer than there were", tried)
	}
}

// requiredIn are the paths of the required keys of a document.
func requiredIn(t *testing.T, text string, doc int, keys map[string]slo.KeyOf) (paths []string) {
	t.Helper()
	root := decodeAll(t, []byte(text))[doc].Content[0]
	if root.Kind != yaml.MappingNode {
		return nil // an empty document
	}
	kind := root.Content[slices.IndexFunc(root.Content, func(n *yaml.Node) bool { return n.Value == "kind" })+1].Value
	eachKey(root, root, "", "", func(in, value *yaml.Node, path, table string) bool {
		merges := slices.ContainsFunc(in.Content, func(n *yaml.Node) bool { return n.Value == "<<" })
		if keys[kind+" "+table].Required && !merges && !slices.Contains(anchors(value), true) {
			paths = append(paths, path)
		}
		return false
	})
	return paths
}

// without is text without the key at path of a document, and the line where
// the mapping is that it was in.
func without(t *testing.T, text string, doc int, path string) (out string, line int) {
	t.Helper()
	docs := decodeAll(t, []byte(text))
	root := docs[doc].Content[0]
	eachKey(root, root, "", "", func(in, _ *yaml.Node, at, _ string) bool { return at == path && cut(in, path) })
	out = string(encodeAll(t, docs))
	holder := path[:max(strings.LastIndexByte(path, '.'), 0)]
	root = decodeAll(t, []byte(out))[doc].Content[0]
	line = root.Line
	eachKey(root, root, "", "", func(in, value *yaml.Node, at, _ string) bool {
		for n := range value.Content {
			if value.Kind == yaml.SequenceNode && fmt.Sprintf("%s[%d]", at, n) == holder {
				line = value.Content[n].Line
			}
		}
		if at == holder {
			line = keyOf(in, value).Line
		}
		return false
	})
	return out, line
}

func keyOf(in, value *yaml.Node) *yaml.Node { return in.Content[slices.Index(in.Content, value)-1] }

// cut takes the key that path ends in out of a mapping.
func cut(in *yaml.Node, path string) bool {
	key := path[strings.LastIndexByte(path, '.')+1:]
	at := slices.IndexFunc(in.Content, func(n *yaml.Node) bool { return n.Value == key })
	in.Content = slices.Concat(in.Content[:at:at], in.Content[at+2:])
	return true
}

// eachKey visits the keys below n, with the mapping that each is in, its value,
// and its path as problems and as tables have it, until a visit returns true.
func eachKey(in, n *yaml.Node, path, table string, visit func(in, value *yaml.Node, path, table string) bool) bool {
	for i, child := range n.Content {
		switch {
		case n.Kind == yaml.SequenceNode:
			if eachKey(in, child, fmt.Sprintf("%s[%d]", path, i), table+"[]", visit) {
				return true
			}
		case i%2 == 1:
			at, of := strings.TrimPrefix(path+"."+n.Content[i-1].Value, "."), strings.TrimPrefix(table+"."+n.Content[i-1].Value, ".")
			if visit(n, child, at, of) || eachKey(n, child, at, of, visit) {
				return true
			}
		}
	}
	return false
}

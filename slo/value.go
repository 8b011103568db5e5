package slo

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// A value is what stands at a path of a document; it may be absent. Its
// getters say nothing about a value that is absent or was refused before:
// they return zero and false.
type value struct {
	file *source
	node *yaml.Node // nil: absent
	key  *yaml.Node // where the problem is shown when the value is absent
	path string
}

// get is the value of a key of a mapping.
func (v value) get(key string) value {
	out := value{file: v.file, key: v.key, path: join(v.within(), key)}
	if out.key == nil {
		out.key = v.node
	}
	if v.node == nil || v.node.Kind != yaml.MappingNode {
		return out
	}
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		if v.node.Content[i].Value == key {
			out.key, out.node = v.node.Content[i], v.node.Content[i+1]
			return out
		}
	}
	return out
}

// items are the values of a list.
func (v value) items() []value {
	if v.node == nil || v.node.Kind != yaml.SequenceNode {
		return nil
	}
	out := make([]value, len(v.node.Content))
	for i, n := range v.node.Content {
		out[i] = value{v.file, n, nil, fmt.Sprintf("%s[%d]", v.within(), i)}
	}
	return out
}

// within is the path of v as its parts are shown.
func (v value) within() string {
	if o, moved := v.file.from[v.node]; moved && o.whole {
		return o.path
	}
	return v.path
}

// lacks reports whether a mapping has none of the keys, and nothing that was
// probably meant to be one of them.
func (v value) lacks(keys ...string) bool {
	if !v.good() || v.node.Kind != yaml.MappingNode {
		return false
	}
	if _, made := v.file.from[v.node]; made && v.file.listed[SeverityError] > 0 {
		return false // it was made of something incomplete, which was refused already
	}
	for _, key := range keys {
		if v.get(key).given() || slices.Contains(v.file.meant[v.node], key) {
			return false
		}
	}
	return true
}

// given reports whether there is a value; null is none.
func (v value) given() bool { return v.node != nil && !isNull(v.node) }

// good reports whether there is a value that was not refused.
func (v value) good() bool { return v.given() && !v.file.bad[v.node] }

// tiresOf counts the visits that going through parts of v costs, and reports
// whether there were too many: only mappings that are large, and come again and
// again by aliases, count.
func (v value) tiresOf(parts int) bool { return v.file.tired(v.node, parts/10) }

// text is a scalar as it was written, or "".
func (v value) text() string {
	if !v.good() || v.node.Kind != yaml.ScalarNode {
		return ""
	}
	return v.node.Value
}

func (v value) decimal() (Decimal, bool) {
	if !v.good() {
		return Decimal{}, false
	}
	d, err := ParseDecimal(v.node.Value)
	return d, err == nil
}

// whole is an integer, or instead when there is none.
func (v value) whole(instead int64) int64 {
	d, ok := v.decimal()
	if n, den := d.Fraction(); ok && den == 1 {
		return n
	}
	return instead
}

func (v value) truth() bool { return v.good() && strings.EqualFold(v.node.Value, "true") }

func (v value) duration() (time.Duration, bool) {
	if !v.good() {
		return 0, false
	}
	d, err := ParseDuration(v.node.Value)
	return d, err == nil
}

// labels are the values of OpenSLO labels; lists are joined by ",".
func (v value) labels() map[string]string {
	if !v.good() || v.node.Kind != yaml.MappingNode || len(v.node.Content) == 0 {
		return nil
	}
	out := map[string]string{}
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		if isNull(v.node.Content[i+1]) {
			continue
		}
		words := []string{v.node.Content[i+1].Value}
		if list := v.node.Content[i+1]; list.Kind == yaml.SequenceNode {
			words = words[:0]
			for _, n := range list.Content {
				words = append(words, n.Value)
			}
		}
		out[v.node.Content[i].Value] = strings.Join(words, ",")
	}
	return out
}

// A place is where a problem is shown, without the tree around it.
type place struct {
	Position
	file  *source
	path  string
	width int
}

// missing is the key of a value that is absent, as the end of a path.
func (v value) missing() string {
	if at := strings.LastIndexByte(v.path, '.'); v.node == nil && at >= 0 {
		return v.path[at:]
	}
	return ""
}

func (v value) place() place {
	n := v.node
	if n == nil {
		n = v.key
	}
	if n == nil {
		return place{Position{v.file.name, 1, 1}, v.file, v.path, 1}
	}
	if o, made := v.file.from[n]; made {
		v.path = o.path + v.missing()
	}
	p := place{Position{v.file.name, n.Line, n.Column}, v.file, v.path, 1}
	if n.Kind == yaml.ScalarNode && n.Style&^yaml.TaggedStyle == 0 && !strings.Contains(n.Value, "\n") {
		p.width = utf8.RuneCountInString(n.Value)
	}
	return p
}

// at is the place of byte offset off inside v's text.
func (v value) at(off int) (p place, ok bool) {
	p = v.place()
	n := v.node
	if o, made := v.file.from[n]; made && o.text != nil {
		n, off = o.text, o.offset(off)
	}
	if line, col, ok := v.file.inside(n, off); ok {
		p.Line, p.Col, p.width = line, col, 1
		return p, true
	}
	return p, false
}

// refuse lists an error at v, and marks v so that no more is said about it.
func (v value) refuse(message, expected, suggestion string) {
	if v.node != nil && v.file.bad[v.node] {
		return
	}
	v.file.add(v.place().problem(SeverityError, message, expected, suggestion))
	if v.node != nil {
		v.file.bad[v.node] = true
	}
}

func (v value) warn(message, expected, suggestion string) {
	v.file.add(v.place().problem(SeverityWarning, message, expected, suggestion))
}

func (p place) problem(s Severity, message, expected, suggestion string) Problem {
	return Problem{
		Position: p.Position, Path: p.path, Message: message, Expected: expected,
		Suggestion: suggestion, Severity: s, Width: p.width,
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

package slo

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// An Importer reads the documents of another tool's format: it says in
// OpenSLO what they say. All that follows (checks, places, carets) is then
// what it is for OpenSLO documents.
type Importer interface {
	// Reads reports whether doc is a document of this format.
	Reads(doc Node) bool
	// Convert returns the documents of OpenSLO v1 that say what doc says. It
	// refuses what it cannot carry, or warns of it, at the value concerned.
	Convert(doc Node) []Node
}

// A Node is a value of a foreign document, or one that an Importer made of
// such values; it may be absent. It keeps its place in the file.
type Node struct{ v value }

// origin is where a made value comes from.
type origin struct {
	path   string        // of what it was made of
	whole  bool          // it is what stands there, so that this is its parts' path too
	text   *yaml.Node    // the scalar that a made text is part of; nil = none
	offset func(int) int // from offsets in the made text to those in text
}

// A Table says which keys a mapping of a foreign format has.
type Table struct {
	Name string
	Keys []Key
	Open bool // other keys may stand there for other tools; they are warned of
}

// A Key is one key of a Table.
type Key struct {
	Name     string
	Is       Shape
	Of       *Table   // what a mapping or the mappings of a list hold
	Required bool     // it must be there
	Words    []string // the values of a choice
	Unread   string   // why the key is passed over; it is warned of where it is there
	Number   string   // what is said of a number where text is meant; empty: it is refused
	Instead  string   // what to do instead: the key is refused where it is there, unless it is passed over, and never suggested
}

// A Shape says what a value must look like.
type Shape = shape

// The shapes of foreign values.
const (
	IsText     = shapeNote     // words for people, of any length
	IsWord     = shapeWord     // a short text that is used as it stands, not empty
	IsChoice   = shapeChoice   // one of Words
	IsNumber   = shapeDecimal  // a number, kept exactly
	IsTruth    = shapeTruth    // true or false
	IsDuration = shapeDuration // as ParseDuration reads it
	IsNotes    = shapeNotes    // names to texts
	IsWords    = shapeWords    // a list of short texts that are used as they stand
	IsMapping  = shapeMapping  // a mapping of keys
	IsList     = shapeList     // a list of mappings of keys
	IsAny      = shapeAny      // anything; the importer looks at it
)

func (t *Table) object() *object {
	if t == nil {
		return nil
	}
	o := &object{name: t.Name, open: t.Open}
	for _, k := range t.Keys {
		o.fields = append(o.fields, field{
			key: k.Name, is: k.Is, of: k.Of.object(), required: k.Required, words: k.Words, later: k.Instead, unread: k.Unread, number: k.Number,
		})
	}
	return o
}

// Check compares a mapping with its table as OpenSLO documents are compared
// with theirs, and lists what is wrong with it.
func (n Node) Check(t Table) {
	if n.v.given() {
		checkObject(n.v, t.object())
	}
}

// Get is the value of a key of a mapping; it is absent where n is no mapping.
func (n Node) Get(key string) Node { return Node{n.v.get(key)} }

// Items are the values of a list. Where aliases make too many of them there
// are none, and the file is refused.
func (n Node) Items() (items []Node) {
	const visits = 10 // that an item costs at least, once it is converted
	if n.v.given() && n.v.file.tired(n.v.node, visits*len(n.v.items())) {
		return nil
	}
	for _, item := range n.v.items() {
		items = append(items, Node{item})
	}
	return items
}

// Given reports whether there is a value; null is none.
func (n Node) Given() bool { return n.v.given() }

// Text is a scalar as it was written, or "" where there is none or it was
// refused.
func (n Node) Text() string { return n.v.text() }

// True reports whether n says true.
func (n Node) True() bool { return n.v.truth() }

// Refuse lists an error at n: what is wrong, what was expected, and what was
// probably meant; the latter two may be empty.
func (n Node) Refuse(message, expected, suggestion string) {
	n.v.refuse(message, expected, suggestion)
}

// Warn lists a warning at n.
func (n Node) Warn(message, expected string) { n.v.warn(message, expected, "") }

// OneOf reports whether n is one of words, and refuses it where it is not.
func (n Node) OneOf(words ...string) bool {
	for _, w := range words {
		if n.Text() == w {
			return true
		}
	}
	switch {
	case !n.Given():
		n.Refuse("missing", oneOf(words), "")
	case n.v.good():
		n.Refuse(fmt.Sprintf("unknown value %q", short(n.v.node.Value)), oneOf(words), nearest(n.v.node.Value, words))
	}
	return false
}

// Says is a text that stands where n stands.
func (n Node) Says(text string) Node {
	return n.made(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text})
}

// Number is the number in text, where n stands. What is no number stays the
// text that it is, and is refused as such; what is absent stays absent.
func (n Node) Number(text string) Node {
	if !n.Given() {
		return n
	}
	tag := "!!float"
	if _, err := ParseDecimal(text); err != nil {
		tag = "!!str"
	} else if !strings.ContainsAny(text, ".eE") {
		tag = "!!int"
	}
	return n.made(&yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: text})
}

// Truth is true, where n stands.
func (n Node) Truth() Node {
	return n.made(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"})
}

// Falsehood is false, where n stands.
func (n Node) Falsehood() Node {
	return n.made(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "false"})
}

// A Pair is one entry of a mapping that an Importer makes.
type Pair struct {
	Key   string
	Value Node
}

// Map is a mapping that stands where n stands. Pairs whose value is absent are
// left out.
func (n Node) Map(pairs ...Pair) Node {
	m := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for _, p := range pairs {
		if p.Value.Given() {
			key := p.Value.Says(p.Key)
			m.Content = append(m.Content, key.v.node, p.Value.kept())
		}
	}
	return n.made(m)
}

// List is a list that stands where n stands.
func (n Node) List(items ...Node) Node {
	l := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	for _, item := range items {
		l.Content = append(l.Content, item.kept())
	}
	return n.made(l)
}

// Texts is the mapping n with all its values as texts, so that numbers may
// stand among them. Values that are no scalars are refused. Entries of base
// whose key is not in n come first.
func (n Node) Texts(base Node) Node {
	var pairs []Pair
	own := n.has()
	for _, from := range []Node{base, n} {
		if from.Given() && from.v.node.Kind != yaml.MappingNode {
			from.Refuse(whatIs(from.v.node)+" where a mapping is meant", "names and texts", "")
			continue
		}
		if from.Given() {
			checkKeys(from.v, nil)
		}
		for key, value := range from.All() {
			switch {
			case from == base && own[key]:
			case value.Given() && value.v.node.Kind != yaml.ScalarNode:
				value.Refuse(whatIs(value.v.node)+" where text is meant", "text", "")
			case value.Given():
				pairs = append(pairs, Pair{key, value.Says(value.v.node.Value)})
			default:
				pairs = append(pairs, Pair{key, value.Says("")})
			}
		}
	}
	if len(pairs) == 0 {
		return Node{value{file: n.v.file}}
	}
	return pairs[0].Value.Map(pairs...)
}

// Notes are the annotations of the metadata n, and where it belongs in its
// tool (a namespace, a project) as one more annotation.
func (n Node) Notes(name string, belongs Node) Node {
	base := Node{value{file: n.v.file}}
	if belongs.Given() {
		base = belongs.Map(Pair{name, belongs})
	}
	return n.Get("annotations").Texts(base)
}

// keys are the keys of a mapping, each once.
func (n Node) keys() (keys []string) {
	for key := range n.All() {
		keys = append(keys, key)
	}
	return keys
}

// has are the keys of a mapping whose values are not null.
func (n Node) has() map[string]bool {
	has := map[string]bool{}
	for key, value := range n.All() {
		has[key] = value.Given()
	}
	return has
}

// Name is text as a name: in lower case, with - for what names are not made
// of. It warns where that changes the text. Where n is absent so is its name.
func (n Node) Name(text string) Node {
	if !n.Given() {
		return n
	}
	fixed := nearName(text)
	if fixed == "" {
		return n.Says(text)
	}
	if fixed != text {
		n.Warn(fmt.Sprintf("%q is read as the name %s", short(text), fixed), "")
	}
	return n.Says(fixed)
}

// Window is the duration that n says, in the form of OpenSLO's windows.
func (n Node) Window() Node {
	d, ok := n.v.duration()
	for _, unit := range []string{"d", "h", "m"} {
		if ok && d > 0 && d%unitOf(unit) == 0 {
			return n.Says(fmt.Sprintf("%d%s", d/unitOf(unit), unit))
		}
	}
	return n
}

// Seconds is the number of seconds of the duration that n says.
func (n Node) Seconds() Node {
	d, ok := n.v.duration()
	if !ok {
		return n
	}
	return n.Number(NewDecimal(int64(d), 9).String())
}

// Cut is the text n as far as OpenSLO lets texts go; it warns where it is
// longer.
func (n Node) Cut() Node {
	runes := []rune(n.Text())
	if len(runes) <= maxDescription {
		return n
	}
	n.Warn(fmt.Sprintf("cut after %d characters, the most that OpenSLO allows", maxDescription), "")
	return n.Says(string(runes[:maxDescription]))
}

// made puts a node where n stands.
func (n Node) made(node *yaml.Node) Node {
	at := n.v.place()
	node.Line, node.Column = at.Line, at.Col
	n.v.file.from[node] = origin{path: n.v.path}
	if n.v.node != nil && n.v.file.bad[n.v.node] {
		n.v.file.bad[node] = true
	}
	return Node{value{file: n.v.file, node: node, path: n.v.path}}
}

// kept is the node of n, which from now on is shown with the path of n.
func (n Node) kept() *yaml.Node {
	if _, made := n.v.file.from[n.v.node]; !made {
		n.v.file.from[n.v.node] = origin{path: n.v.path, whole: true}
	}
	return n.v.node
}

// replaced is the mapping n with some of its entries changed; all others stay
// where and what they are.
func (n Node) replaced(changes map[string]change) Node {
	if !n.Given() || n.v.node.Kind != yaml.MappingNode {
		return n
	}
	m := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for i := 0; i+1 < len(n.v.node.Content); i += 2 {
		key, child := n.v.node.Content[i], n.v.node.Content[i+1]
		at := Node{value{file: n.v.file, node: child, path: join(n.v.path, key.Value)}}
		c, ok := changes[key.Value]
		child = at.kept()
		if ok && c.key != "" {
			key = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: c.key, Line: key.Line, Column: key.Column}
		}
		if ok && c.value != nil {
			child = c.value(at).v.node
		}
		m.Content = append(m.Content, key, child)
	}
	return n.made(m)
}

// each is the list n with its items changed.
func (n Node) each(change func(Node) Node) Node {
	if !n.Given() || n.v.node.Kind != yaml.SequenceNode {
		return n
	}
	l := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	for _, item := range n.Items() {
		l.Content = append(l.Content, change(item).v.node)
	}
	return n.made(l)
}

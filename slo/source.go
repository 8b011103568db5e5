package slo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// The bounds of one file. What is beyond them is refused before it is read,
// or as soon as it shows, so that no file takes much memory or time.
const (
	maxFile     = 1 << 20 // bytes
	maxFlow     = 100_000 // [ ] { } and , in a file: each costs a hundred times its size
	maxDepth    = 50      // mappings and lists in each other
	maxVisits   = 200_000 // values looked at, aliases followed
	maxProblems = 100     // problems listed for one file
)

// A source is one file being read.
type source struct {
	name     string
	text     string
	lenient  bool // common deviations are warned of
	problems Problems
	listed   map[Severity]int
	bad      map[*yaml.Node]bool     // values that were refused, so that nothing more is said about them
	secret   map[*yaml.Node]bool     // values that must not be shown
	meant    map[*yaml.Node][]string // keys that misspelt ones of a mapping were meant to be
	from     map[*yaml.Node]origin   // what an importer made, and of what
	passed   map[*yaml.Node]bool     // values that other systems read
	doubles  []double                // keys that are there twice
	visits   int
}

func newSource(name string) *source {
	return &source{name: name, listed: map[Severity]int{}, bad: map[*yaml.Node]bool{}, secret: map[*yaml.Node]bool{}, meant: map[*yaml.Node][]string{}, from: map[*yaml.Node]origin{}, passed: map[*yaml.Node]bool{}}
}

// add lists a problem, unless there are too many.
func (f *source) add(p Problem) {
	n := f.listed[p.Severity]
	f.listed[p.Severity]++
	if n == maxProblems {
		p = Problem{Position: p.Position, Message: fmt.Sprintf("more than %d problems of this severity in the file; the others are not listed", maxProblems), Severity: p.Severity}
	}
	if n <= maxProblems {
		f.problems = append(f.problems, p)
	}
}

func (f *source) refuse(line, col int, message, expected string) {
	f.add(Problem{Position: Position{f.name, line, col}, Message: message, Expected: expected, Severity: SeverityError})
}

// documents parses the file. What is refused here is a matter of the whole
// file; the documents before a syntax error are returned too.
func (f *source) documents(data []byte) []*yaml.Node {
	if !f.decode(data) {
		return nil
	}
	limits := loaderlimits.New(loaderlimits.DepthValue(maxDepth), loaderlimits.AliasNone())
	loader, err := yaml.NewLoader(strings.NewReader(f.yaml()), yaml.WithPlugin(limits))
	if err != nil {
		f.refuse(1, 1, "read YAML: "+err.Error(), "")
		return nil
	}
	var docs []*yaml.Node
	for {
		var doc yaml.Node
		switch err := loader.Load(&doc); {
		case errors.Is(err, io.EOF):
			return docs
		case err != nil:
			f.syntax(err)
			return docs
		case len(doc.Content) == 1 && !isNull(doc.Content[0]):
			f.twice(doc.Content[0], "")
			f.flatten(doc.Content[0], map[*yaml.Node]bool{})
			docs = append(docs, doc.Content[0])
		}
	}
}

// yaml is the text as YAML.
func (f *source) yaml() string {
	if isJSON(f.name) {
		return pairs(f.text)
	}
	return f.text
}

// decode checks what is cheap to check before parsing and keeps the text.
func (f *source) decode(data []byte) bool {
	if len(data) > maxFile {
		f.refuse(1, 1, fmt.Sprintf("the file is larger than %d bytes", maxFile), "definitions split over several files")
		return false
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	f.text = string(data)
	if at := strings.IndexByte(f.text, 0); at >= 0 {
		line, col := f.place(at)
		f.refuse(line, col, "a NUL character", "a text file in UTF-8")
		return false
	}
	if at := invalidUTF8(f.text); at >= 0 {
		line, col := f.place(at)
		f.refuse(line, col, "not valid UTF-8", "a text file in UTF-8")
		return false
	}
	flow := 0
	for i := range len(f.text) {
		if strings.IndexByte("[]{},", f.text[i]) >= 0 {
			flow++
		}
	}
	if flow > maxFlow {
		f.refuse(1, 1, fmt.Sprintf("the file holds more than %d brackets and commas", maxFlow), "definitions split over several files")
		return false
	}
	return true
}

func invalidUTF8(s string) int {
	if utf8.ValidString(s) {
		return -1
	}
	for i, r := range s {
		if _, size := utf8.DecodeRuneInString(s[i:]); r == utf8.RuneError && size == 1 {
			return i
		}
	}
	return -1
}

// hideSecrets marks the problems on lines that hold a secret.
func (f *source) hideSecrets() {
	hidden := map[int]bool{}
	for n := range f.secret {
		if secret := !hasReference(n.Value) || strings.Contains(n.Value, "@"); secret {
			hidden[n.Line] = true
		}
	}
	for i, p := range f.problems {
		f.problems[i].secret = hidden[p.Line]
	}
}

// place is the line and column of byte offset at.
func (f *source) place(at int) (line, col int) {
	lines := splitLines(f.text[:at])
	return len(lines), utf8.RuneCountInString(lines[len(lines)-1]) + 1
}

// syntax lists an error of the YAML parser.
func (f *source) syntax(err error) {
	var e *yaml.LoadError
	if !errors.As(err, &e) {
		f.refuse(1, 1, "not valid YAML: "+printable(err.Error()), "")
		return
	}
	mark, message := e.Mark, e.Message
	if e.ContextMsg != "" {
		message = e.ContextMsg + ": " + message
	}
	if mark.Line < 1 || strings.Contains(e.Message, "end of stream") && e.ContextMark.Line > 0 {
		mark = e.ContextMark
	}
	if strings.Contains(e.Message, "max depth") {
		message = fmt.Sprintf("more than %d levels of nesting", maxDepth)
	}
	if strings.Contains(message, "<document start>") {
		message += " (a second document begins with ---)"
	}
	if line, ok := sourceLine([]byte(f.text), mark.Line); ok && strings.HasPrefix(line, "\t") {
		message += " (a tab indents nothing in YAML)"
	}
	if line, ok := sourceLine([]byte(f.text), mark.Line); ok && strings.Contains(line, "{{") {
		message += " (a template, as of Helm, has to be rendered first)"
	}
	f.refuse(max(mark.Line, 1), max(mark.Column, 1), "not valid YAML: "+printable(message), "")
}

// flatten replaces the aliases below n by what they stand for, and merges
// (<<) by their keys. Nodes are shared, not copied; an alias that contains
// itself is refused. open holds the nodes above n.
func (f *source) flatten(n *yaml.Node, open map[*yaml.Node]bool) {
	open[n] = true
	for i, child := range n.Content {
		if child.Kind == yaml.AliasNode {
			n.Content[i] = f.target(child, open)
			continue
		}
		f.flatten(child, open)
	}
	delete(open, n)
	if n.Kind == yaml.MappingNode {
		f.merge(n)
	}
}

// target is what an alias stands for. Anchors stand before their aliases, so
// it is flat already, unless the alias is part of it.
func (f *source) target(alias *yaml.Node, open map[*yaml.Node]bool) *yaml.Node {
	if alias.Alias != nil && !open[alias.Alias] {
		return alias.Alias
	}
	f.refuse(alias.Line, alias.Column, "the alias *"+short(alias.Value)+" is part of what it stands for", "")
	null := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: alias.Line, Column: alias.Column}
	f.bad[null] = true
	return null
}

// merge gives a mapping the keys of the mappings that it merges; its own win.
func (f *source) merge(n *yaml.Node) {
	var own, merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		if key := n.Content[i]; key.ShortTag() != "!!merge" {
			own = append(own, key, n.Content[i+1])
			continue
		}
		from := []*yaml.Node{n.Content[i+1]}
		if from[0].Kind == yaml.SequenceNode {
			from = from[0].Content
		}
		for _, m := range from {
			if m.Kind != yaml.MappingNode {
				f.refuse(m.Line, m.Column, "<< merges a mapping, this is none", "a mapping or an alias of one")
				continue
			}
			merged = append(merged, m.Content...)
		}
	}
	if merged == nil {
		n.Content = own
		return
	}
	n.Content = own
	if !f.tired(n, len(merged)) {
		n.Content = union(own, merged)
	}
}

// tired counts visits and reports whether there were too many, which takes
// aliases of aliases to reach.
func (f *source) tired(n *yaml.Node, visits int) bool {
	before := f.visits
	f.visits += visits
	if before <= maxVisits && f.visits > maxVisits {
		f.refuse(n.Line, n.Column, fmt.Sprintf("more than %d values, aliases followed", maxVisits), "")
	}
	return f.visits > maxVisits
}

// union is the pairs of own and those of merged whose keys are new.
func union(own, merged []*yaml.Node) []*yaml.Node {
	seen := map[string]bool{}
	for i := 0; i < len(own); i += 2 {
		seen[own[i].Value] = true
	}
	for i := 0; i+1 < len(merged); i += 2 {
		if key := merged[i].Value; !seen[key] {
			seen[key] = true
			own = append(own, merged[i], merged[i+1])
		}
	}
	return own
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// inside is the line and column of byte offset off of the text of scalar n,
// found by reading both side by side without their white space. ok is false
// where the two differ, as they do where an escape stands for something else.
func (f *source) inside(n *yaml.Node, off int) (line, col int, ok bool) {
	lines := splitLines(f.text)
	line, col = n.Line, n.Column
	switch n.Style &^ yaml.TaggedStyle {
	case yaml.LiteralStyle, yaml.FoldedStyle:
		line, col = line+1, 1
	case yaml.DoubleQuotedStyle, yaml.SingleQuotedStyle:
		col++
	}
	if line > len(lines) {
		return 0, 0, false
	}
	text := []rune(strings.Join(lines[line-1:], "\n"))
	at, ok := align(n, off, text, min(col-1, len(text)))
	if !ok {
		return 0, 0, false
	}
	for _, r := range text[min(col-1, at):at] {
		if col++; r == '\n' {
			line, col = line+1, 1
		}
	}
	return line, col, true
}

// align is where in text, which holds scalar n from at on, byte off of n's
// value stands.
func align(n *yaml.Node, off int, text []rune, at int) (int, bool) {
	white := func(r rune) bool { return strings.ContainsRune(" \t\n\r", r) }
	for i, r := range n.Value {
		if white(r) {
			continue
		}
		for at < len(text) && white(text[at]) {
			at++
		}
		if i >= off {
			break
		}
		if escaped(n, text[at:]) {
			at++
		}
		if at >= len(text) || text[at] != r {
			return 0, false
		}
		at++
	}
	return at, true
}

func escaped(n *yaml.Node, text []rune) bool {
	if len(text) < 2 {
		return false
	}
	return n.Style&yaml.DoubleQuotedStyle != 0 && text[0] == '\\' ||
		n.Style&yaml.SingleQuotedStyle != 0 && text[0] == '\'' && text[1] == '\''
}

package slo

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
)

// conditionNames are what a condition may name.
func conditionNames() []string {
	return []string{"objective", "service", "labels", "state", "change", "environment", "region", "remaining", "coverage", "burn", "hour", "weekday", "date"}
}

// checkCondition checks an expression: its syntax, its types, and the words
// in it that are compared or handed to functions.
func checkCondition(v value) {
	text := v.node.Value
	if strings.TrimSpace(text) == "" || len(text) > maxCondition {
		v.refuse(fmt.Sprintf("the condition is empty or longer than %d bytes", maxCondition), `such as remaining < 0.1 and burn("1h") >= 2`, "")
		return
	}
	if _, err := compile(text); err != nil {
		refuseCondition(v, err)
		return
	}
	inspect(text, func(n ast.Node) {
		if repeats(n) && !v.file.bad[v.node] {
			v.refuseAt(runeOffset(text, n.Location().From), "what goes through lists has no place in a condition", "comparisons, in, and, or, not", "")
		}
	})
	for _, call := range callsOf(text, "burn", "hour", "weekday", "date") {
		checkCall(v, call)
	}
	for _, c := range comparisonsOf(text) {
		if !slices.Contains(c.words, c.text) {
			v.refuseAt(c.at, fmt.Sprintf("%s is never %q", c.name, short(c.text)), oneOf(c.words), nearest(c.text, c.words))
		}
	}
}

// repeats reports whether n costs more than it is long.
func repeats(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BuiltinNode, *ast.PredicateNode:
		return true
	case *ast.BinaryNode:
		return n.Operator == ".."
	}
	return false
}

// refuseCondition lists an error of the compiler, at its place.
func refuseCondition(v value, err error) {
	var e *file.Error
	if !errors.As(err, &e) {
		v.refuse("not a condition: "+printable(firstLine(err.Error())), "", "")
		return
	}
	near, expected := "", ""
	if m := regexp.MustCompile(`^unknown name (\S+)$`).FindStringSubmatch(e.Message); m != nil {
		near, expected = nearest(m[1], conditionNames()), oneOf(conditionNames())
	}
	v.refuseAt(runeOffset(v.node.Value, e.From), "not a condition: "+printable(e.Message), expected, near)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func runeOffset(s string, runes int) int {
	for i := range s {
		if runes--; runes < 0 {
			return i
		}
	}
	return len(s)
}

// checkCall checks what a function is handed: a text that stands there, so
// that it is known before it is asked for.
func checkCall(v value, call literal) {
	switch {
	case !call.given:
		v.refuseAt(call.at, call.name+" is handed something that is not known before", "a text in quotes, such as "+call.name+`("`+map[bool]string{true: "1h", false: "UTC"}[call.name == "burn"]+`")`, "")
	case call.name == "burn":
		if d, err := ParseDuration(call.text); err != nil || d <= 0 || d > maxWindow {
			v.refuseAt(call.at, fmt.Sprintf("%q is not a window", short(call.text)), shapeDuration.expected(field{}), nearDuration(call.text))
		}
	default:
		if _, err := time.LoadLocation(call.text); err != nil || call.text == "" || call.text == "Local" {
			v.refuseAt(call.at, fmt.Sprintf("%q is not a time zone", short(call.text)), "a name in the IANA Time Zone Database, as in Europe/Berlin or UTC", "")
		}
	}
}

// refuseAt lists an error at a byte of the text of v.
func (v value) refuseAt(off int, message, expected, suggestion string) {
	p, ok := v.at(off)
	if !ok {
		message = fmt.Sprintf("at character %d: %s", off+1, message)
	}
	v.file.add(p.problem(SeverityError, message, expected, suggestion))
	v.file.bad[v.node] = true
}

// A literal is a text inside an expression, with what it is for.
type literal struct {
	name  string   // of the function that it is handed to, or that it is compared with
	text  string   //
	at    int      // byte in the expression
	given bool     // it is a text that stands there
	words []string // that make sense there
}

// callsOf are the calls of some functions, by what they are handed.
func callsOf(text string, names ...string) (out []literal) {
	inspect(text, func(n ast.Node) {
		call, ok := n.(*ast.CallNode)
		if !ok {
			return
		}
		id, ok := call.Callee.(*ast.IdentifierNode)
		if !ok || !slices.Contains(names, id.Value) || len(call.Arguments) != 1 {
			return
		}
		word, given := call.Arguments[0].(*ast.StringNode)
		l := literal{name: id.Value, at: runeOffset(text, call.Arguments[0].Location().From), given: given}
		if given {
			l.text = word.Value
		}
		out = append(out, l)
	})
	return out
}

// comparisonsOf are the texts that state and weekday are compared with.
func comparisonsOf(text string) (out []literal) {
	inspect(text, func(n ast.Node) {
		b, ok := n.(*ast.BinaryNode)
		if !ok || !slices.Contains([]string{"==", "!=", "in"}, b.Operator) {
			return
		}
		for _, sides := range [][2]ast.Node{{b.Left, b.Right}, {b.Right, b.Left}} {
			name, words := wordsOf(sides[0])
			for _, other := range textsIn(sides[1]) {
				if words != nil {
					out = append(out, literal{name: name, text: other.Value, at: runeOffset(text, other.Location().From), given: true, words: words})
				}
			}
		}
	})
	return out
}

func wordsOf(n ast.Node) (name string, words []string) {
	if id, ok := n.(*ast.IdentifierNode); ok && id.Value == "state" {
		return "state", ConditionStates()
	}
	call, ok := n.(*ast.CallNode)
	if !ok {
		return "", nil
	}
	if id, ok := call.Callee.(*ast.IdentifierNode); ok && id.Value == "weekday" {
		for d := time.Sunday; d <= time.Saturday; d++ {
			words = append(words, d.String())
		}
		return "weekday", words
	}
	return "", nil
}

// textsIn are the texts that n is, or lists.
func textsIn(n ast.Node) (out []*ast.StringNode) {
	switch n := n.(type) {
	case *ast.StringNode:
		out = append(out, n)
	case *ast.ArrayNode:
		for _, item := range n.Nodes {
			out = append(out, textsIn(item)...)
		}
	}
	return out
}

// inspect visits the nodes of an expression that was compiled before.
func inspect(text string, visit func(ast.Node)) {
	c := conf.CreateNew()
	expr.DisableAllBuiltins()(c)
	tree, err := parser.ParseWithConfig(text, c)
	if err != nil {
		return
	}
	ast.Walk(&tree.Node, visitor(visit))
}

type visitor func(ast.Node)

// Visit implements ast.Visitor.
func (f visitor) Visit(n *ast.Node) { f(*n) }

// condition is the condition at v, with the labels that it may look at.
func (l *loader) condition(v value, o Objective) *Condition {
	if !v.good() {
		return nil
	}
	c := Condition{Text: v.text(), Labels: maps.Clone(o.Labels)}
	checkConditionWindows(v, o)
	for _, s := range l.set.Services {
		for name, label := range s.Labels {
			if _, own := o.Labels[name]; s.Name == o.Service && !own {
				c.Labels = withLabel(c.Labels, name, label)
			}
		}
	}
	return &c
}

func withLabel(labels map[string]string, name, value string) map[string]string {
	if labels == nil {
		labels = map[string]string{}
	}
	labels[name] = value
	return labels
}

// checkConditionWindows compares the windows of a condition with an objective.
func checkConditionWindows(v value, o Objective) {
	for _, call := range callsOf(v.text(), "burn") {
		d, err := ParseDuration(call.text)
		if message, expected, near := misfit(d, o); err == nil && message != "" {
			v.refuseAt(call.at, message, expected, near)
		}
	}
}

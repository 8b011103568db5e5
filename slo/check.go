package slo

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// The bounds of OpenSLO: of texts for people in characters, of names in bytes.
const (
	maxDescription = 1050
	maxName        = 255
)

// checkObject compares a mapping with its table: unknown, doubled and missing
// keys, and the shape of each value.
func checkObject(v value, o *object) {
	if v.file.tired(v.node, 1) {
		return
	}
	if v.node.Kind != yaml.MappingNode {
		v.refuse(whatIs(v.node)+" where a mapping is meant", "a mapping with "+listWords(o.keys()), "")
		return
	}
	checkKeys(v, o)
	for _, f := range o.fields {
		child := v.get(f.key)
		switch {
		case child.given():
			checkField(child, f)
		case f.required && f.assumed != "" && v.file.lenient && v.lacks(f.key):
			child.warn("missing; "+f.assumed+" is assumed", "", "")
		case f.required && v.lacks(f.key):
			child.refuse("missing", f.is.expected(f), "")
		}
	}
}

// checkKeys refuses keys that are unknown or there twice. It notes the keys
// that unknown ones were probably meant to be: those do not count as missing.
// Without a table all keys are known.
func checkKeys(v value, o *object) {
	if v.tiresOf(len(v.node.Content)) {
		return
	}
	first := map[string]int{}
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		key := v.node.Content[i]
		line, doubled := first[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode:
			at := value{file: v.file, node: key, path: v.path}
			at.refuse(whatIs(key)+" as a key", "a word", "")
			continue
		case doubled:
			v.keyOf(i).refuse(fmt.Sprintf("the key is there twice, first in line %d", line), "", "")
			continue
		case o != nil && !o.has(key.Value):
			v.unknownKey(i, o)
		}
		first[key.Value] = key.Line
	}
}

// keyOf is the key at an index of a mapping's content, as the value that a
// problem is about.
func (v value) keyOf(i int) value {
	key := v.node.Content[i]
	return value{file: v.file, node: key, path: join(v.path, short(key.Value))}
}

func (v value) unknownKey(i int, o *object) {
	key, near := v.keyOf(i), nearest(v.node.Content[i].Value, o.keys())
	if o.holdsSecrets() {
		v.file.secret[v.node.Content[i+1]] = true
	}
	if o.open {
		key.warn("Setpoint does not read this key", "", near)
		return
	}
	key.refuse("unknown key", oneOf(o.keys()), near)
	if near != "" {
		v.file.meant[v.node] = append(v.file.meant[v.node], near)
	}
}

// keys are the keys of o that can be used.
func (o *object) keys() (keys []string) {
	for _, f := range o.fields {
		if f.later == "" {
			keys = append(keys, f.key)
		}
	}
	return keys
}

// holdsSecrets reports whether a value of o is a secret: then the value of a
// misspelt key may be one.
func (o *object) holdsSecrets() bool {
	return slices.ContainsFunc(o.fields, func(f field) bool { return f.is == shapeSecret })
}

func (o *object) has(key string) bool {
	return slices.ContainsFunc(o.fields, func(f field) bool { return f.key == key })
}

// checkField compares one value with its field.
func checkField(v value, f field) {
	switch {
	case v.file.passed[v.node]:
		return
	case f.unread != "":
		key := value{file: v.file, node: v.key, path: v.path}
		key.warn("not read: "+f.unread, f.later, "")
		return
	case f.later != "" && f.assumed != "" && v.file.lenient:
		v.warn("passed over: "+f.assumed, "", "")
		return
	case f.later != "":
		v.refuse("not supported yet", f.later, "")
		return
	}
	switch f.is {
	case shapeAny:
	case shapeMapping:
		checkObject(v, f.of)
	case shapeList, shapeNames, shapeWords:
		checkList(v, f)
	case shapeLabels, shapeNotes:
		checkLabels(v, f.is)
	default:
		checkScalar(v, f)
	}
}

func checkList(v value, f field) {
	switch {
	case v.node.Kind != yaml.SequenceNode:
		v.refuse(whatIs(v.node)+" where a list is meant", f.is.String(), "")
	case f.is == shapeList && len(v.node.Content) == 0 && !f.empty:
		v.refuse("an empty list", "at least one "+f.of.name, "")
	}
	for _, item := range v.items() {
		switch {
		case f.is == shapeList:
			checkObject(item, f.of)
		case item.file.tired(item.node, 1):
			return
		default:
			checkScalar(item, field{is: f.is.item()})
		}
	}
}

// checkLabels checks a mapping of free keys to texts, or to lists of texts.
func checkLabels(v value, is shape) {
	if v.node.Kind != yaml.MappingNode {
		v.refuse(whatIs(v.node)+" where a mapping is meant", is.String(), "")
		return
	}
	checkKeys(v, nil)
	each := field{is: shapeText}
	if is == shapeNotes {
		each.is = shapeNote
	}
	for i := 1; i < len(v.node.Content); i += 2 {
		child := value{v.file, v.node.Content[i], v.node.Content[i-1], join(v.path, v.node.Content[i-1].Value)}
		if child.file.tired(child.node, 1) {
			return
		}
		if isNull(child.node) {
			continue // there is no such label
		}
		if items := child.items(); items != nil && is == shapeLabels {
			for _, item := range items {
				checkScalar(item, each)
			}
			continue
		}
		checkScalar(child, each)
	}
}

// checkScalar checks a value that is neither a mapping nor a list.
func checkScalar(v value, f field) {
	if f.is == shapeSecret {
		v.file.secret[v.node] = true
	}
	switch {
	case v.node.Kind != yaml.ScalarNode:
		v.refuse(whatIs(v.node)+" where "+f.is.String()+" is meant", f.is.expected(f), "")
	case !slices.Contains([]string{"!!str", "!!int", "!!float", "!!bool", "!!timestamp", "!!null"}, v.node.ShortTag()):
		v.refuse("the tag "+short(v.node.Tag)+" means nothing here", f.is.expected(f), "")
	case f.is == shapeDecimal || f.is == shapeWhole:
		checkNumber(v, f)
	case f.is == shapeTruth:
		checkTruth(v)
	case f.is == shapeTimeSlice && v.node.ShortTag() == "!!int":
		checkNumber(v, field{is: shapeWhole})
	case f.is == shapeSetting && (v.node.ShortTag() == "!!int" || v.node.ShortTag() == "!!float"):
		checkNumber(v, field{is: shapeDecimal})
	case f.number != "" && (v.node.ShortTag() == "!!int" || v.node.ShortTag() == "!!float"):
		v.warn(whatIs(v.node)+" where text is meant: "+f.number, fmt.Sprintf("%q", v.node.Value), "")
	case v.node.ShortTag() != "!!str" && v.node.ShortTag() != "!!timestamp":
		notText(v, f)
	case hasReference(v.node.Value) && f.is != shapeText && f.is != shapeNote && f.is != shapeSecret:
		v.refuse("${…} is not replaced here", "the value itself; the environment is read for addresses only", "")
	default:
		checkText(v, f)
	}
}

func notText(v value, f field) {
	suggestion := fmt.Sprintf("%q", v.node.Value)
	message := whatIs(v.node) + " where " + f.is.String() + " is meant"
	switch {
	case isNull(v.node), f.is == shapeTimeSlice:
		suggestion = ""
	case f.is == shapeDuration:
		message, suggestion = v.node.Value+" has no unit", v.node.Value+"s"
	case f.is == shapeWindow:
		message, suggestion = v.node.Value+" has no unit", v.node.Value+"d"
	}
	v.refuse(message, f.is.expected(f), suggestion)
}

func checkText(v value, f field) {
	s := v.node.Value
	switch f.is {
	case shapeName:
		checkName(v)
	case shapeWord, shapeSecret:
		if strings.TrimSpace(s) == "" || len(s) > 4096 {
			v.refuse("the text is empty or longer than 4096 bytes", f.is.expected(f), "")
		}
	case shapeText:
		if utf8.RuneCountInString(s) > maxDescription {
			v.refuse(fmt.Sprintf("the text is longer than %d characters", maxDescription), "", "")
		}
	case shapeChoice:
		if !slices.Contains(f.words, s) {
			v.refuse(fmt.Sprintf("unknown value %q", short(s)), f.is.expected(f), cmp.Or(operatorWord(s, f.words), nearest(s, f.words)))
		}
	case shapeDuration:
		if _, err := ParseDuration(s); err != nil {
			v.refuse(fmt.Sprintf("%q is not a duration", short(s)), f.is.expected(f), nearDuration(s))
		}
	case shapeCondition:
		checkCondition(v)
	case shapeWindow, shapeTimeSlice, shapeAfter:
		if f.is != shapeAfter || s != "0m" {
			checkWindow(v, f)
		}
	}
}

// checkName holds names to what DNS labels are made of, and dots: they become
// parts of addresses, metrics and log lines. (OpenSLO asks for no more, and
// encourages lengths up to 255.)
func checkName(v value) {
	s := v.node.Value
	fixed := nearName(s)
	if fixed == s && s != "" {
		return
	}
	if v.file.lenient && fixed != "" {
		v.warn(fmt.Sprintf("%q is not a name; %s is assumed", short(s), fixed), "", "")
		v.node.Value = fixed
		return
	}
	v.refuse(fmt.Sprintf("%q is not a name", short(s)), fmt.Sprintf("1 to %d of a-z, 0-9, - and ., with a letter or digit at both ends", maxName), fixed)
}

func checkWindow(v value, f field) {
	if _, _, err := parseShorthand(v.node.Value); err != nil {
		v.refuse(fmt.Sprintf("%q is not a duration-shorthand", short(v.node.Value)), f.is.expected(f), nearShorthand(v.node.Value))
	}
}

func checkNumber(v value, f field) {
	d, err := ParseDecimal(v.node.Value)
	plain := v.node.ShortTag() == "!!int" || v.node.ShortTag() == "!!float"
	digits := strings.TrimLeft(v.node.Value, "+-")
	_, den := d.Fraction()
	switch {
	case !plain && err == nil:
		v.refuse(whatIs(v.node)+" where a number is meant", f.is.expected(f), d.String())
	case !plain:
		v.refuse(whatIs(v.node)+" where a number is meant", f.is.expected(f), nearNumber(v.node.Value, strings.HasSuffix(v.path, "Percent")))
	case err != nil:
		v.refuse(short(v.node.Value)+" is not a finite decimal number of at most 18 digits", f.is.expected(f), "")
	case len(digits) > 1 && digits[0] == '0' && digits[1] != '.' && digits[1] != 'e' && digits[1] != 'E':
		v.refuse(short(v.node.Value)+" is octal to some readers and decimal to others", f.is.expected(f), d.String())
	case f.is == shapeWhole && (den != 1 || d.Sign() < 0):
		v.refuse(short(v.node.Value)+" is not a whole number", "a whole number, not negative", "")
	}
}

func checkTruth(v value) {
	if v.node.ShortTag() == "!!bool" {
		return
	}
	suggestion := map[string]string{"yes": "true", "on": "true", "y": "true", "true": "true", "no": "false", "off": "false", "n": "false", "false": "false"}
	v.refuse(whatIs(v.node)+" where true or false is meant", "true or false", suggestion[strings.ToLower(v.node.Value)])
}

// expected is the shape in words, with the choices or an example.
func (s shape) expected(f field) string {
	switch {
	case s == shapeChoice:
		return oneOf(f.words)
	case s.example() != "":
		return s.String() + " " + s.example()
	}
	return s.String()
}

// whatIs says in words what a node is.
func whatIs(n *yaml.Node) string {
	switch {
	case isTemplate(n):
		return "a template ({{…}}), which has to be rendered first,"
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case isNull(n):
		return "nothing"
	case n.ShortTag() == "!!int" || n.ShortTag() == "!!float":
		return "the number " + short(n.Value)
	case n.ShortTag() == "!!bool":
		return short(n.Value)
	}
	return fmt.Sprintf("the text %q", short(n.Value))
}

// listWords is "a", "a and b", "a, b and c".
func listWords(words []string) string { return series(words, " and ") }

// oneOf is "a", "a or b", "one of a, b or c".
func oneOf(words []string) string {
	if len(words) < 3 {
		return series(words, " or ")
	}
	return "one of " + series(words, " or ")
}

func series(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + last + words[len(words)-1]
}

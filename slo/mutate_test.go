package slo_test

import (
	"bytes"
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v4"

	"setpoint.dev/setpoint/slo"
)

var everyMistake = flag.Bool("every-mistake", false, "make every mistake that tests know of, not one in thirty")

// A mistake is a document with one thing wrong in it.
type mistake struct {
	what string // that was done
	text string
	line int // that it is in
}

// TestMistakes makes one mistake after another in our examples: each is
// refused, or warned of, in its line.
func TestMistakes(t *testing.T) {
	for _, name := range glob(t, "testdata/good/*.yaml") {
		made := mistaken{t, name, blocks(t, read(t, name))}
		made.each(mistakes(t, made.text))
	}
}

// TestForeignMistakes does the same to documents of other formats.
func TestForeignMistakes(t *testing.T) {
	for _, name := range glob(t, "testdata/foreign/*.txtar") {
		for _, f := range archive(t, name).Files {
			if out, _ := slo.Convert([]slo.File{{Name: f.Name, Data: f.Data}}, importers()...); out != nil {
				made := mistaken{t, name + " " + f.Name, blocks(t, f.Data)}
				made.each(foreignMistakes(t, made.text))
			}
		}
	}
}

// mistaken is a document that mistakes are made in.
type mistaken struct {
	t          *testing.T
	name, text string
}

func (m mistaken) load(text string) (*slo.Set, slo.Problems) {
	return slo.Load([]slo.File{{Name: "a.yaml", Data: []byte(text)}}, env, importers()...)
}

// each wants a problem in the line of each mistake, other than in lines that
// had one before.
func (m mistaken) each(all []mistake) {
	m.t.Helper()
	_, before := m.load(m.text)
	in := func(line int) func(slo.Problem) bool { return func(p slo.Problem) bool { return p.Line == line } }
	for i, one := range all {
		if i%30 != len(m.name)%30 && !*everyMistake || slices.ContainsFunc(before, in(one.line)) {
			continue
		}
		if _, problems := m.load(one.text); !slices.ContainsFunc(problems, in(one.line)) {
			m.t.Errorf("%s: %s in line %d: %s\ngot %v", m.name, one.what, one.line, strings.Split(one.text, "\n")[one.line-1], problems)
		}
	}
}

// mistakes are those that can be made in each line of a text of blocks.
func mistakes(t *testing.T, text string) (all []mistake) {
	t.Helper()
	keys, lines := keysByPath(), strings.Split(text, "\n")
	for _, s := range allSpots(decodeAll(t, []byte(text)), keys) {
		all = append(all, mistakesAt(s.node, lines, s.key.Kind+" "+s.key.Path, wrong(s.key))...)
	}
	return all
}

// foreignMistakes are those of a document whose keys nobody lists.
func foreignMistakes(t *testing.T, text string) (all []mistake) {
	t.Helper()
	lines := strings.Split(text, "\n")
	for _, doc := range decodeAll(t, []byte(text)) {
		walk(doc.Content[0], "", func(n *yaml.Node, path string) {
			values := []string{"{a: b}", "[{a: b}]"}
			switch n.ShortTag() {
			case "!!int", "!!float":
				values = append(values, ".nan", "nonsense")
			case "!!bool":
				values = append(values, "maybe", "1")
			}
			if !free().MatchString(path) {
				all = append(all, mistakesAt(n, lines, path, values)...)
			}
		})
	}
	return all
}

// free are the paths where formats, clusters and other systems let anything
// stand.
func free() *regexp.Regexp {
	return regexp.MustCompile(strings.Join([]string{
		`labels|annotations|status|options|[pP]lugins|interval|integrationKey|^backends`,
		`uid|managedFields|resourceVersion|selfLink|generation|creationTimestamp|createdAt|updatedAt|period\.|^apiVersion$|^kind$|^metadata\.name$`,
		`connectionDetails|splunk|datadog|responsibleUsers|reviewCycle|service_level_indicator|(good|total|thresholdMetric)\.spec|thresholdMetric\.metadata|conditions\[\]\.value`,
		`^slos\[\]\.alerting\.(page|ticket)Alert|^spec\.slos\[\]\.alerting\.(page|ticket)_alert`, // of Sloth's other form
	}, "|"))
}

// mistakesAt are those that can be made with a scalar of a text of blocks: it
// is one of some values, its key is misspelt, and there twice.
func mistakesAt(n *yaml.Node, lines []string, path string, values []string) (all []mistake) {
	if n.Anchor != "" || len(n.Value) > 40 { // others depend on it, or it is longer than a line
		return nil
	}
	at := n.Line - 1
	head := string([]rune(lines[at])[:n.Column-1])
	put := func(what string, line int, changed ...string) {
		all = append(all, mistake{path + ": " + what, strings.Join(slices.Concat(lines[:at], changed, lines[at+1:]), "\n"), line})
	}
	for _, bad := range values {
		put(bad, n.Line, head+bad)
	}
	if key, isKey := strings.CutSuffix(strings.TrimLeft(head, " -"), ": "); isKey {
		put("misspelt", n.Line, strings.Replace(lines[at], key+":", key[:len(key)-1]+"q"+key[len(key)-1:]+":", 1))
		put("twice", n.Line+1, lines[at], strings.Replace(lines[at], "- ", "  ", 1))
	}
	return all
}

// wrong are values that a key cannot have.
func wrong(k slo.KeyOf) (values []string) {
	if slices.Contains([]string{"apiVersion", "kind"}, k.Path) {
		return []string{"nonsense", "[a]", "1"}
	}
	values = map[string][]string{
		"a number":             {".nan", ".inf", "nonsense", `""`, "1e999", "0x", "~x", "012"},
		"a whole number":       {".nan", "-1", "0.5", "nonsense"},
		"true or false":        {"maybe", "no", "1"},
		"a duration":           {"5 parsecs", "-5m", "5", `""`, ".5"},
		"a duration-shorthand": {"0d", "30 days", "1x", "-1d", "30", `""`},
		"a duration-shorthand or a number of minutes": {"0m", "0", "-5", "1.5", "30 days"},
		"a name":              {"Not A Name", `""`, "1", "true"},
		"a PromQL expression": {"sum(", `"a{"`, `""`, "1"},
		"a condition":         {"remaining <", "remainng < 0.1", `""`, "1"},
		"a setting":           {"nonsense", "-1x"},
	}[k.Shape]
	if k.Words != nil {
		values = append(values, "nonsense", `""`)
	}
	if regexp.MustCompile(`(arget|ercent|urn|ove|eight|redit|elow)$`).MatchString(k.Path) && k.Shape == "a number" {
		values = append(values, "-1", "0")
	}
	if regexp.MustCompile(`(Ref|\.actuator|\.objective|freezes\[\]|objectives\[\])$`).MatchString(k.Path) && k.Shape == "a name" {
		values = append(values, "there-is-no-such")
	}
	return append(values, "{a: b}", "[{a: b}]")
}

// TestNoMistakes changes what means nothing: comments, quotes, the order of
// keys, flow instead of blocks. The same is read.
func TestNoMistakes(t *testing.T) {
	for _, name := range glob(t, "testdata/good/*.yaml") {
		m := mistaken{t, name, string(read(t, name))}
		want, warned := m.load(m.text)
		for what, text := range map[string]string{
			"blocks":   blocks(t, []byte(m.text)),
			"comments": "# first\n" + strings.ReplaceAll(blocks(t, []byte(m.text)), "\nmetadata:", " # of a line\n\n# between\nmetadata:"),
			"flow":     rewritten(t, m.text, func(n *yaml.Node) { n.Style = n.Style&^(yaml.LiteralStyle|yaml.FoldedStyle) | yaml.FlowStyle }),
			"quotes":   rewritten(t, m.text, quote),
			"order":    rewritten(t, m.text, reverse),
			"ends":     strings.ReplaceAll(m.text, "\n", "\r\n"),
		} {
			got, problems := m.load(text)
			if diff := cmp.Diff(want, got, same(), cmpopts.IgnoreTypes(slo.Position{})); diff != "" || len(problems) != len(warned) {
				t.Errorf("%s, %s: %v; %d notices, want %d\n%s", name, what, problems.Errors(), len(problems), len(warned), diff)
			}
		}
	}
}

// TestIndentation moves one line after another by a space: what is read then
// is what was read before, or there is a problem more.
func TestIndentation(t *testing.T) {
	for _, name := range glob(t, "testdata/good/*.yaml") {
		m := mistaken{t, name, blocks(t, read(t, name))}
		want, warned := m.load(m.text)
		lines, key := strings.Split(m.text, "\n"), regexp.MustCompile(`^ *(- )?[a-zA-Z./]+:( |$)`)
		for i := range lines {
			if i%30 != len(name)%30 && !*everyMistake || !key.MatchString(lines[i]) {
				continue
			}
			moved := slices.Clone(lines)
			moved[i] = " " + moved[i]
			got, problems := m.load(strings.Join(moved, "\n"))
			if got != nil && len(problems) == len(warned) && !cmp.Equal(want, got, same(), cmpopts.IgnoreTypes(slo.Position{})) {
				t.Errorf("%s: line %d is moved, and something else is read: %s", name, i+1, lines[i])
			}
		}
	}
}

// blocks is the text of documents without flow style and comments, so that
// each scalar has a line of its own.
func blocks(t *testing.T, text []byte) string {
	t.Helper()
	return rewritten(t, string(text), func(n *yaml.Node) {
		n.Style &^= yaml.FlowStyle | yaml.LiteralStyle | yaml.FoldedStyle
		n.HeadComment, n.LineComment, n.FootComment = "", "", ""
	})
}

// rewritten is a text with a change made to each of its values.
func rewritten(t *testing.T, text string, change func(*yaml.Node)) string {
	t.Helper()
	docs := decodeAll(t, []byte(text))
	var each func(*yaml.Node)
	each = func(n *yaml.Node) {
		change(n)
		for _, c := range n.Content {
			each(c)
		}
	}
	for _, d := range docs {
		each(d)
	}
	return string(bytes.TrimSpace(encodeAll(t, docs))) + "\n"
}

func quote(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" {
		n.Style = yaml.DoubleQuotedStyle
	}
}

// reverse turns the keys of a mapping round, where no anchor stands among
// them.
func reverse(n *yaml.Node) {
	if n.Kind != yaml.MappingNode || strings.Contains(fmt.Sprint(anchors(n)), "true") {
		return
	}
	for i, j := 0, len(n.Content)-2; i < j; i, j = i+2, j-2 {
		n.Content[i], n.Content[i+1], n.Content[j], n.Content[j+1] = n.Content[j], n.Content[j+1], n.Content[i], n.Content[i+1]
	}
}

// anchors reports of each value below n whether it has an anchor, or is an
// alias.
func anchors(n *yaml.Node) (all []bool) {
	all = append(all, n.Anchor != "" || n.Kind == yaml.AliasNode)
	for _, c := range n.Content {
		all = append(all, anchors(c)...)
	}
	return all
}

package slo_test

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"setpoint.dev/setpoint/slo"
)

const schemaFile = "../docs/definitions.schema.json"

// TestSchema compares docs/definitions.schema.json with the tables of the
// reader.
func TestSchema(t *testing.T) {
	got, err := slo.Schema()
	must(t, err)
	compare(t, schemaFile, string(got))
	if t.Failed() {
		t.Log("the tables changed; to bring the file up to date: go test ./slo -run 'TestSchema$' -update")
	}
}

// TestSchemaAccepts holds all definitions that are read against the schema:
// our examples, and what importers make of other formats.
func TestSchemaAccepts(t *testing.T) {
	valid := compileSchema(t)
	for _, name := range glob(t, "testdata/good/*.yaml") {
		accepts(t, valid, name, read(t, name))
	}
	for _, name := range glob(t, "../examples/*/*.yaml") {
		accepts(t, valid, name, read(t, name))
	}
	for _, name := range glob(t, "testdata/foreign/*.want") {
		for _, f := range archive(t, name).Files {
			accepts(t, valid, f.Name, f.Data)
		}
	}
	for i, text := range strings.Split(slo.Manual(), "```yaml\n")[1:] {
		text, _, _ = strings.Cut(text, "```")
		accepts(t, valid, "example "+strconv.Itoa(i)+" of the manual", []byte(text))
	}
}

func accepts(t *testing.T, valid *jsonschema.Schema, name string, text []byte) {
	t.Helper()
	if strings.HasSuffix(name, ": problems") {
		return
	}
	for _, doc := range decodeAll(t, text) {
		if err := valid.Validate(jsonOf(doc)); err != nil && doc.Content[0].Tag != "!!null" {
			t.Errorf("%s is read, and refused by the schema: %v", name, err)
		}
	}
}

// TestSchemaRefuses holds mistakes against the schema that an editor should
// see.
func TestSchemaRefuses(t *testing.T) {
	valid := compileSchema(t)
	good := string(read(t, "testdata/good/full.yaml"))
	for old, mistake := range map[string]string{
		"targetPercent: 99.9": "targetPrecent: 99.9", "budgetingMethod: Occurrences": "budgetingMethod: occurrences", "isRolling: true": "isRolling: yes",
		"kind: ControlLoop": "kind: ControlLop", "mode: act": "mode: auto", "apiVersion: openslo/v1": "apiVersion: openslo/v2", "duration: 7d": "duration: 7 days",
		"name: checkout-requests": "name: Checkout Requests", "workers: 8": "workers: eight", "  service: checkout\n  indicatorRef": "  indicatorRef",
	} {
		text := strings.Replace(good, old, mistake, 1)
		refused := text == good
		for _, doc := range decodeAll(t, []byte(text)) {
			refused = refused || valid.Validate(jsonOf(doc)) != nil
		}
		if text == good || !refused {
			t.Errorf("%s instead of %s is accepted", mistake, old)
		}
	}
}

// TestSchemaKnowsKeys refuses each key that the reader refuses as unknown.
func TestSchemaKnowsKeys(t *testing.T) {
	valid := compileSchema(t)
	a, err := txtar.ParseFile("testdata/bad/keys.txtar")
	must(t, err)
	for _, f := range filesOf(a) {
		refused := false
		for _, doc := range decodeAll(t, f.Data) {
			refused = refused || valid.Validate(jsonOf(doc)) != nil
		}
		if !refused {
			t.Errorf("%s is accepted", f.Name)
		}
	}
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile(schemaFile)
	must(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	must(t, err)
	c := jsonschema.NewCompiler()
	must(t, c.AddResource("schema.json", doc))
	valid, err := c.Compile("schema.json")
	must(t, err)
	return valid
}

// jsonOf is a YAML tree as JSON has it: with numbers and texts, without
// dates.
func jsonOf(n *yaml.Node) any {
	switch n.Kind {
	case yaml.DocumentNode:
		return jsonOf(n.Content[0])
	case yaml.AliasNode:
		return jsonOf(n.Alias)
	case yaml.SequenceNode:
		out := []any{}
		for _, item := range n.Content {
			out = append(out, jsonOf(item))
		}
		return out
	case yaml.MappingNode:
		out := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			value := jsonOf(n.Content[i+1])
			if merged, ok := value.(map[string]any); ok && n.Content[i].Value == "<<" {
				for k, v := range merged {
					out[k] = v
				}
				continue
			}
			out[n.Content[i].Value] = value
		}
		return out
	}
	switch n.ShortTag() {
	case "!!int", "!!float":
		number, _ := strconv.ParseFloat(n.Value, 64)
		return number
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!null":
		return nil
	}
	return n.Value
}

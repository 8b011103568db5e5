package formatstest_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/OpenSLO/go-sdk/pkg/openslo"
	"github.com/OpenSLO/go-sdk/pkg/openslosdk"
	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v4"

	"setpoint.dev/setpoint/slo"
)

// TestSDK holds documents against OpenSLO's own library: the examples of all
// kinds and, for each of their values, the documents with that value changed
// or left out. What the library accepts is read here too, or refused
// for a reason that excuse knows.
func TestSDK(t *testing.T) {
	tried, accepted, excused := 0, 0, map[string]int{}
	for _, doc := range documents(t) {
		for _, text := range variants(t, doc) {
			tried++
			if !valid(text) {
				continue
			}
			accepted++
			_, problems := slo.Load([]slo.File{{Name: "a.yaml", Data: append(text, companions...)}}, nil)
			for _, p := range problems.Errors() {
				why := excuse(p)
				if why == "" {
					t.Errorf("the library accepts what is refused here: %v\n%s", p, text)
				}
				excused[why]++
			}
		}
	}
	t.Logf("%d documents tried, %d accepted by the library; refused here all the same: %v", tried, accepted, excused)
	if accepted < 100 {
		t.Errorf("%d documents are too few to compare", accepted)
	}
}

// companions are what the examples refer to.
var companions = []byte(`
---
{apiVersion: openslo/v1, kind: Service, metadata: {name: checkout}, spec: {}}
---
{apiVersion: openslo/v1, kind: DataSource, metadata: {name: prometheus}, spec: {type: Prometheus, connectionDetails: {url: "http://localhost:9090"}}}
---
{apiVersion: openslo/v1, kind: SLI, metadata: {name: companion}, spec: {ratioMetric: {counter: true, good: {metricSource: {metricSourceRef: prometheus, spec: {query: good_total}}}, total: {metricSource: {metricSourceRef: prometheus, spec: {query: all_total}}}}}}
---
{apiVersion: openslo/v1, kind: AlertNotificationTarget, metadata: {name: companion-target}, spec: {target: email}}
---
{apiVersion: openslo/v1, kind: AlertCondition, metadata: {name: companion-condition}, spec: {severity: page, condition: {kind: burnrate, op: gte, threshold: 2, lookbackWindow: 1h}}}
`)

// excuse is why a document that the library accepts is refused here, or "".
func excuse(p slo.Problem) string {
	for _, e := range [][2]string{
		{"spec: missing", "no spec"}, {"objectives: missing", "no objectives"}, {"an empty list", "no objectives"},
		{"timeWindow: missing", "no time window, which --lenient takes"},
		{"longer than two years", "a window of over two years"},
		{"are not always made of slices", "slices that do not fit a calendar"}, {"no length for a time slice", "a time slice of over a day"},
		{"not valid PromQL", "queries that are not PromQL"},
		{"connectionDetails", "a data source without an address"}, {"there is no ", "references to what is not there"},
		{"different data sources", "two data sources for one ratio"},
		{"metricSource.spec", "no query"}, {"metricSource: missing", "no query"},
		{"neither good nor bad", "half a ratio"}, {"ratioMetric.total: missing", "half a ratio"}, {"counter: missing", "nothing said of counters"},
		{"is no burn rate", "a burn rate of 0"}, {"the text is empty", "empty texts"}, {"[0]: nothing where text", "empty texts"}, {"[1]: nothing where text", "empty texts"}, {"is not a name", "names beyond RFC 1123, which --lenient takes"},
	} {
		if strings.Contains(p.String(), e[0]) {
			return e[1]
		}
	}
	return ""
}

// valid reports whether the library takes a document.
func valid(text []byte) bool {
	objects, err := openslosdk.Decode(bytes.NewReader(text), openslosdk.FormatYAML)
	return err == nil && openslosdk.Validate(objects...) == nil && len(objects) > 0 && objects[0].GetVersion() == openslo.VersionV1
}

// documents are examples of all kinds: those of testdata that are OpenSLO.
func documents(t *testing.T) (docs []*yaml.Node) {
	t.Helper()
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			var n yaml.Node
			if err := yaml.Unmarshal(f.Data, &n); err != nil {
				t.Fatal(f.Name, err)
			}
			if !valid(f.Data) {
				t.Errorf("%s is no valid example", f.Name)
			}
			docs = append(docs, &n)
		}
	}
	return docs
}

// variants are a document as it is, and with each of its values left out or
// changed.
func variants(t *testing.T, doc *yaml.Node) (texts [][]byte) {
	t.Helper()
	keep := func() {
		text, err := yaml.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	keep()
	vary(doc, keep)
	return texts
}

// vary calls keep with each change below n in place, and undoes it.
func vary(n *yaml.Node, keep func()) {
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			all := n.Content
			n.Content = append(append([]*yaml.Node{}, all[:i]...), all[i+2:]...)
			keep()
			n.Content = all
			continue
		}
		before := *child
		for _, value := range []string{"0", "1", "0.5", "100", "a", "1h", "1M", "true", "null", "''", fmt.Sprintf("%q", strings.Repeat("a", 63)), "2026-01-01 00:00:00", "[]", "{}"} {
			var other yaml.Node
			if yaml.Unmarshal([]byte(value), &other) == nil {
				*child = *other.Content[0]
				keep()
			}
		}
		*child = before
		vary(child, keep)
	}
}

package slo_test

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"

	"setpoint.dev/setpoint/slo"
)

// TestRoundTrip writes what was read: whatever valid document comes of
// changing some values of our examples, and leaving some out, is written with
// all that it says, and read again as the same definitions.
func TestRoundTrip(t *testing.T) {
	seeds, keys := seedDocuments(t), keysByPath()
	rapid.Check(t, func(t *rapid.T) {
		docs := decodeAll(t, seeds[rapid.IntRange(0, len(seeds)-1).Draw(t, "seed")])
		spots := allSpots(docs, keys)
		for range rapid.IntRange(0, 4).Draw(t, "changes") {
			s := spots[rapid.IntRange(0, len(spots)-1).Draw(t, "spot")]
			if others := s.others(); len(others) > 0 {
				s.node.SetString(rapid.SampledFrom(others).Draw(t, "value"))
				s.node.Tag, s.node.Style = "", 0
			}
		}
		changed := encodeAll(t, docs)
		set, _ := slo.Load([]slo.File{{Name: "a.yaml", Data: changed}}, env)
		if set == nil {
			return // what is refused is lost to nobody
		}
		written, problems := slo.Convert([]slo.File{{Name: "a.yaml", Data: changed}})
		if diff := cmp.Diff(plainAll(t, changed), plainAll(t, written)); diff != "" {
			t.Fatalf("%v\nwritten otherwise than read (-read +written):\n%s", problems, diff)
		}
		again, problems := slo.Load([]slo.File{{Name: "a.yaml", Data: written}}, env)
		if diff := cmp.Diff(set, again, same(), cmpopts.IgnoreTypes(slo.Position{})); diff != "" {
			t.Fatalf("%v\n%s", problems, diff)
		}
	})
}

// TestEveryKeyCounts changes each value of our examples by itself: where the
// changed document is read, it is read as something else, or with a notice.
// Nothing is accepted and ignored. A key that examples have often is tried
// thrice, unless every mistake is asked for.
func TestEveryKeyCounts(t *testing.T) {
	keys, tried, times := keysByPath(), map[string]bool{}, map[string]int{}
	for _, text := range seedDocuments(t) {
		before, notices := slo.Load([]slo.File{{Name: "a.yaml", Data: text}}, env)
		if before == nil {
			t.Fatalf("%v\n%s", notices, text)
		}
		docs := decodeAll(t, text)
		for _, s := range allSpots(docs, keys) {
			was := *s.node
			tried[s.key.Table] = true
			if times[s.key.Kind+s.key.Path]++; times[s.key.Kind+s.key.Path] > 3 && !*everyMistake {
				continue
			}
			if forOthers(s.key) || slices.ContainsFunc(notices, func(p slo.Problem) bool { return p.Line == s.node.Line }) {
				continue
			}
			for _, other := range s.others() {
				s.node.Value, s.node.Tag, s.node.Style = other, "", 0
				after, problems := slo.Load([]slo.File{{Name: "a.yaml", Data: encodeAll(t, docs)}}, env)
				if after != nil && len(problems) == len(notices) && cmp.Equal(before, after, same(), cmpopts.IgnoreTypes(slo.Position{})) {
					t.Errorf("%s %s: %s is read as what was there before", s.key.Kind, s.key.Path, other)
				}
				if after != nil && len(s.key.Words) == 0 {
					break // one value stands for others of its kind, a word for itself alone
				}
			}
			*s.node = was
		}
	}
	for _, k := range slo.Keys() {
		scalar := !strings.HasPrefix(k.Shape, "a mapping") && k.Shape != "a list of mappings"
		if k.Read && scalar && !tried[k.Table] && !forOthers(k) {
			tried[k.Table] = true
			t.Errorf("no example in testdata/good has %s (as in %s of %s), so that nobody sees whether it has an effect", k.Table, k.Path, k.Kind)
		}
	}
}

// forOthers reports whether a key is kept for people and other tools alone,
// which the model of what is counted does not hold; it is written as it was
// read all the same.
func forOthers(k slo.KeyOf) bool {
	return regexp.MustCompile(`^(apiVersion|kind)$`).MatchString(k.Path) ||
		regexp.MustCompile(`(^|\.)metadata\.annotations(\.[^s]|$)|\.(apiVersion|kind|queryType|type)$|^metadata\.labels`).MatchString(k.Path) && k.Path != "spec.type" ||
		strings.Contains(k.Path, "indicator.metadata.") || k.Kind == "SLI" && regexp.MustCompile(`^metadata|^spec\.description`).MatchString(k.Path) ||
		strings.HasSuffix(k.Path, "indicator.spec.description") || strings.HasSuffix(k.Path, ".op") ||
		k.Kind == "SLO" && k.Path == "metadata.displayName" // objectives' own go first
}

// seedDocuments are valid definitions that show all keys.
func seedDocuments(t *testing.T) (texts [][]byte) {
	for _, name := range glob(t, "testdata/good/*.yaml") {
		texts = append(texts, encodeAll(t, decodeAll(t, read(t, name))))
	}
	return texts
}

// A spot is a scalar value of a document, with its key in the tables.
type spot struct {
	node *yaml.Node
	key  slo.KeyOf
}

// others are other values for a spot that may be valid there.
func (s spot) others() (values []string) {
	old := s.node.Value
	all := map[string][]string{
		"text": {old + "x"}, "a name": {old + "x"}, "a word": s.key.Words, "a number": {"0.5", "0.25", "3", "99.5"}, "a whole number": {"3", "9"},
		"true or false": {"true", "false"}, "a duration": {"10m", "2h", "30s"}, "a duration-shorthand": {"15d", "3h"},
		"a duration-shorthand or a number of minutes": {"10m", "3"}, "a setting": {"2s", "open", "frozen"},
		"a condition": {`remaining < 0.3`}, "a PromQL expression": {`sum(rate(other_total{x="1"}[5m]))`}, "an address": {"http://other:9090", "postgres://other/shop"},
	}
	for _, v := range all[s.key.Shape] {
		if v != old {
			values = append(values, v)
		}
	}
	return values
}

func keysByPath() map[string]slo.KeyOf {
	all := map[string]slo.KeyOf{}
	for _, k := range slo.Keys() {
		all[k.Kind+" "+k.Path] = k
	}
	return all
}

// allSpots are the scalars of documents whose keys the tables have.
func allSpots(docs []*yaml.Node, keys map[string]slo.KeyOf) (all []spot) {
	for _, doc := range docs {
		root := doc.Content[0]
		at := slices.IndexFunc(root.Content, func(n *yaml.Node) bool { return n.Value == "kind" })
		if at < 0 {
			continue
		}
		kind := root.Content[at+1].Value
		walk(root, "", func(n *yaml.Node, path string) {
			k, ok := keys[kind+" "+path]
			if !ok && strings.HasSuffix(path, "[]") {
				k, ok = keys[kind+" "+strings.TrimSuffix(path, "[]")]
				k.Shape = "a name"
			}
			if ok {
				all = append(all, spot{n, k})
			}
		})
	}
	return all
}

func walk(n *yaml.Node, path string, visit func(*yaml.Node, string)) {
	switch n.Kind {
	case yaml.ScalarNode:
		visit(n, path)
	case yaml.SequenceNode:
		for _, item := range n.Content {
			walk(item, path+"[]", visit)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			walk(n.Content[i+1], strings.TrimPrefix(path+"."+n.Content[i].Value, "."), visit)
		}
	}
}

// A fataler is a test, or one try of rapid.
type fataler interface {
	Fatal(...any)
	Helper()
}

// decodeAll reads documents as trees.
func decodeAll(t fataler, text []byte) (docs []*yaml.Node) {
	t.Helper()
	dec := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var doc yaml.Node
		switch err := dec.Decode(&doc); {
		case err == io.EOF:
			return docs
		case err != nil:
			t.Fatal(fmt.Errorf("%w\n%s", err, text))
		}
		docs = append(docs, &doc)
	}
}

func encodeAll(t fataler, docs []*yaml.Node) []byte {
	t.Helper()
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	for _, d := range docs {
		if err := enc.Encode(d); err != nil {
			t.Fatal(err)
		}
	}
	if err := enc.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// plainAll is what the documents of a file say.
func plainAll(t fataler, text []byte) (docs []any) {
	t.Helper()
	for _, n := range decodeAll(t, text) {
		var doc any
		if err := n.Decode(&doc); err != nil {
			t.Fatal(err)
		}
		if doc != nil {
			docs = append(docs, doc)
		}
	}
	return docs
}

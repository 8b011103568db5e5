package slo_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"setpoint.dev/setpoint/slo"
)

// TestNamed makes each of the mistakes that people are promised to be told of
// in a shop that is in order: what is said is that, whole and in each form,
// and nothing else. Hostile input has TestHostile and TestHostileFiles.
func TestNamed(t *testing.T) {
	const name = "testdata/named.txtar"
	sections := archive(t, name)
	shop := string(sections.Files[0].Data)
	var got strings.Builder
	if _, problems := slo.Load(filesNamed("shop.yaml", shop), env); problems != nil {
		t.Fatalf("the shop is not in order: %v", problems)
	}
	for _, s := range sections.Files[1:] {
		if s.Name == "want" {
			continue
		}
		files := filesNamed("shop.yaml", shop, "more.yaml", string(s.Data))
		if from, to, changed := strings.Cut(string(s.Data), "\n=>\n"); changed {
			files = filesNamed("shop.yaml", strings.Replace(shop, from, strings.TrimSuffix(to, "\n"), 1))
		}
		_, problems := slo.Load(files, env)
		for _, p := range problems {
			shownWell(t, p, files)
		}
		fmt.Fprintf(&got, "# %s\n%s\n", s.Name, problems)
		if problems == nil {
			t.Errorf("%s: nothing is said", s.Name)
		}
	}
	compareArchive(t, name, sections, got.String())
}

// filesNamed are files by their names and texts.
func filesNamed(pairs ...string) (files []slo.File) {
	for i := 0; i+1 < len(pairs); i += 2 {
		files = append(files, slo.File{Name: pairs[i], Data: []byte(pairs[i+1])})
	}
	return files
}

// shownWell wants the place of a problem in the words of a terminal, with a
// caret below it, and in JSON.
func shownWell(t *testing.T, p slo.Problem, files []slo.File) {
	t.Helper()
	text := rendered(slo.Problems{p}, files)
	if at := fmt.Sprintf("--> %s:%d:%d\n", p.File, p.Line, p.Col); !strings.Contains(text, at) || !strings.Contains(text, "| "+strings.Repeat(" ", p.Col-1)+"^") {
		t.Errorf("no place, or no caret below it:\n%s", text)
	}
	data, err := json.Marshal(p)
	must(t, err)
	var back slo.Problem
	must(t, json.Unmarshal(data, &back))
	if back.String() != p.String() {
		t.Errorf("as JSON it is %s, not %s", back, p)
	}
}

package slo_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"setpoint.dev/setpoint/slo"
)

// TestManual compares docs/definitions.md with the tables of the reader.
func TestManual(t *testing.T) {
	if *update {
		must(t, os.MkdirAll("../docs", 0o755))
	}
	compare(t, "../docs/definitions.md", slo.Manual())
}

// TestManualExamples reads the examples of the manual as one set.
func TestManualExamples(t *testing.T) {
	var files []slo.File
	for _, m := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(slo.Manual(), -1) {
		files = append(files, slo.File{Name: fmt.Sprintf("example %d", len(files)), Data: []byte(m[1])})
	}
	set, problems := slo.Load(files, env)
	if len(problems) > 0 || set == nil || len(set.Loops) != 2 || len(set.Policies) != 2 {
		t.Errorf("set %+v, problems %v", set, problems)
	}
}

// TestManualLinks looks for the headings that the manual links to.
func TestManualLinks(t *testing.T) {
	text := slo.Manual()
	headings := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		headings[strings.NewReplacer(" ", "-", ",", "").Replace(strings.ToLower(m[1]))] = true
	}
	for _, m := range regexp.MustCompile(`\]\(#([^)]*)\)`).FindAllStringSubmatch(text, -1) {
		if !headings[m[1]] {
			t.Errorf("no heading for #%s", m[1])
		}
	}
}

package web_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// TestPipelinePages reads what docs/pipelines has people paste: YAML and
// JSON parse, every address of the gate is one that is answered, and every
// page is listed.
func TestPipelinePages(t *testing.T) {
	const dir = "../docs/pipelines/"
	pages, err := filepath.Glob(dir + "*.md")
	if err != nil || len(pages) < 10 {
		t.Fatalf("%d pages: %v", len(pages), err)
	}
	list := page(t, dir+"README.md")
	for _, name := range pages {
		text := page(t, name)
		checkBlocks(t, name, text)
		checkAddresses(t, name, text)
		if base := filepath.Base(name); base != "README.md" && !strings.Contains(list, "]("+base+")") {
			t.Errorf("README.md does not list %s", base)
		}
	}
	for _, m := range regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`).FindAllStringSubmatch(list, -1) {
		page(t, dir+m[1])
	}
}

func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func checkBlocks(t *testing.T, name, text string) {
	t.Helper()
	for _, m := range regexp.MustCompile("(?s)```(yaml|json)\n(.*?)```").FindAllStringSubmatch(text, -1) {
		if m[1] == "json" && !json.Valid([]byte(m[2])) {
			t.Errorf("%s: not JSON:\n%s", name, m[2])
		}
		for dec := yaml.NewDecoder(strings.NewReader(m[2])); ; {
			var v map[string]any
			err := dec.Decode(&v)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil || len(v) == 0 {
				t.Fatalf("%s: %v:\n%s", name, err, m[2])
			}
		}
	}
}

// checkAddresses calls what stands after the host in a page. A wrong path is
// 404 no-such-path or no-such-hook, a wrong method is 405 for both.
func checkAddresses(t *testing.T, name, text string) {
	t.Helper()
	h := house(well)
	for _, m := range regexp.MustCompile(`(?:setpoint\.example|urlSuffix: |POST |GET )(/(?:v1|api)/[^\s"'`+"`"+`]*)`).FindAllStringSubmatch(text, -1) {
		path := strings.NewReplacer("{hook}", "rollback", "{service}", "checkout", "{{args.service}}", "checkout", "{{args.environment}}", "production").Replace(m[1])
		got, posted := get(t, h, path), post(t, h, path, "{}")
		if got.code == http.StatusMethodNotAllowed && posted.code == http.StatusMethodNotAllowed || got.code == http.StatusNotFound || posted.code == http.StatusNotFound {
			t.Errorf("%s: %s: GET is %d, POST is %d", name, path, got.code, posted.code)
		}
	}
}

package setpoint_test

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// unguard is for `make unguard`.
var unguard = flag.String("unguard", "", "take each protection away whose threat and words match this, and see its tests fail; . = all")

// A guard is a protection: a text of a file without which it is gone.
type guard struct {
	threat  string // its line in docs/security.md; - = one of those without a number
	words   string
	file    string
	old     string // stands in the file once
	without string // what takes the protection away
	tests   string // Test|Test, of them one has to fail; in another folder: folder.Test
}

// TestGuardsAreThere finds each protection in its file, once, and one at least
// for each threat. With -unguard it takes them away one at a time, and one of
// the named tests has to fail. Nothing in the tree is changed: the compiler is
// given another file in the place of the one that it would read.
func TestGuardsAreThere(t *testing.T) {
	threats, chosen := map[string]bool{}, regexp.MustCompile(*unguard)
	for _, g := range guards() {
		threats[g.threat] = true
		text, err := os.ReadFile(g.file)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), g.old); n != 1 {
			t.Errorf("%s: %q is %d times in %s; say in guards_table_test.go what takes this protection away now, and see a test miss it by make unguard", g.words, g.old, n, g.file)
			continue
		}
		dir, names := g.folder()
		for name := range strings.SplitSeq(names, "|") {
			if !declares(t, dir, name) {
				t.Errorf("%s: there is no test %s in %s", g.words, name, dir)
			}
		}
		if *unguard != "" && chosen.MatchString(g.threat+" "+g.words) {
			t.Run(g.words, func(t *testing.T) { g.take(t, strings.Replace(string(text), g.old, g.without, 1)) })
		}
	}
	for _, s := range strings.Fields("S1 S2 S3 S4 S5 S6 S7 S8 S9 S10 S11 S12 S13 S14 -") {
		if !threats[s] {
			t.Errorf("no guard against %s is tried", s)
		}
	}
}

// folder is where the tests are, and which.
func (g guard) folder() (dir, names string) {
	if dir, names, ok := strings.Cut(g.tests, "."); ok {
		return dir, names
	}
	return filepath.Dir(g.file), g.tests
}

// take builds and runs the tests with another text in the place of the file.
func (g guard) take(t *testing.T, text string) {
	file, err := filepath.Abs(g.file)
	other, overlay := filepath.Join(t.TempDir(), "file.go"), filepath.Join(t.TempDir(), "overlay.json")
	if err != nil {
		t.Fatal(err)
	}
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {file: other}})
	if err != nil || os.WriteFile(other, []byte(text), 0o600) != nil || os.WriteFile(overlay, replace, 0o600) != nil {
		t.Fatal(err)
	}
	dir, names := g.folder()
	out, err := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-count=1", "-timeout=150s", "-overlay", overlay, "-run", "^("+names+")$", "./"+dir).CombinedOutput()
	failed := regexp.MustCompile(`--- FAIL: (Test\w+)`).FindAllStringSubmatch(string(out), -1)
	switch {
	case strings.Contains(string(out), "[build failed]"), strings.Contains(string(out), "[setup failed]"):
		t.Errorf("it does not build:\n%s", out)
	case err == nil, len(failed) == 0 && !strings.Contains(string(out), "panic: "):
		t.Errorf("no test misses it: %s\n%s", g.tests, out)
	case len(failed) == 0:
		t.Log(g.threat, g.words, "| panic")
	default:
		t.Log(g.threat, g.words, "|", failed[0][1])
	}
}

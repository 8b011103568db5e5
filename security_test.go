package setpoint_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestThreatsHaveTests reads the table of docs/security.md: every threat has
// its line, and every test that a line names is there.
func TestThreatsHaveTests(t *testing.T) {
	text, err := os.ReadFile("docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^\| (S\d+) \|.*\| ([^|]+) \|$`)
	test := regexp.MustCompile("`([a-z/]+)\\.(Test[A-Za-z]+)`")
	lines := map[string]int{}
	for _, m := range line.FindAllStringSubmatch(string(text), -1) {
		named := test.FindAllStringSubmatch(m[2], -1)
		if len(named) == 0 {
			t.Errorf("%s names no test: %s", m[1], m[0])
		}
		for _, n := range named {
			if !declares(t, n[1], n[2]) {
				t.Errorf("%s: there is no test %s in %s", m[1], n[2], n[1])
			}
		}
		lines[m[1]] += len(named)
	}
	for _, s := range strings.Fields("S1 S2 S3 S4 S5 S6 S7 S8 S9 S10 S11 S12 S13 S14 S15") {
		if lines[s] == 0 {
			t.Errorf("docs/security.md has no line for %s", s)
		}
	}
}

// declares reports whether a folder has a test of a name.
func declares(t *testing.T, dir, name string) bool {
	t.Helper()
	if dir == "root" {
		dir = "."
	}
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nfunc "+name+"(t *testing.T)") {
			return true
		}
	}
	return false
}

// TestModulesAreExact builds from modules of exact versions, each with its sum
// in go.sum, and none replaced. `make check` compares the sums with what was
// downloaded.
func TestModulesAreExact(t *testing.T) {
	mod, err := os.ReadFile("go.mod")
	sums, err2 := os.ReadFile("go.sum")
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	if m := regexp.MustCompile(`(?m)^(replace|exclude)\b.*`).FindString(string(mod)); m != "" {
		t.Errorf("go.mod says %s", m)
	}
	needed := regexp.MustCompile(`(?m)^\t(\S+) (v\d+\.\d+\.\d+\S*)`).FindAllStringSubmatch(string(mod), -1)
	for _, m := range needed {
		if !strings.Contains(string(sums), m[1]+" "+m[2]+" h1:") {
			t.Errorf("go.sum has no sum of %s %s", m[1], m[2])
		}
	}
	if len(needed) < 10 {
		t.Errorf("go.mod names %d modules", len(needed))
	}
}

// TestSecretsAreComparedInConstantTime finds no comparison of what a secret
// reveals, but with nothing, and finds those that compare what was shown with
// what is known in the functions that take the same time for every guess.
func TestSecretsAreComparedInConstantTime(t *testing.T) {
	for file, call := range map[string]string{"web/hook.go": "hmac.Equal(", "web/oidc.go": "subtle.ConstantTimeCompare(", "ledger/tokens.go": "subtle.ConstantTimeCompare("} {
		if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), call) {
			t.Errorf("%s compares nothing by %s): %v", file, call, err)
		}
	}
	for _, dir := range []string{"web", "ledger", "client", "notify", "actuators", "actuators/generic", "cmd/setpoint", "slo"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(dir, err)
		}
		for _, name := range files {
			if !strings.HasSuffix(name, "_test.go") {
				compared(t, name)
			}
		}
	}
}

// compared names where a file compares what a secret reveals.
func compared(t *testing.T, name string) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		b, ok := n.(*ast.BinaryExpr)
		if !ok || b.Op != token.EQL && b.Op != token.NEQ {
			return true
		}
		for _, pair := range [][2]ast.Expr{{b.X, b.Y}, {b.Y, b.X}} {
			nothing, _ := pair[1].(*ast.BasicLit)
			if call, ok := pair[0].(*ast.CallExpr); ok && reveals(call) && (nothing == nil || nothing.Value != `""`) {
				t.Errorf("%s: what a secret reveals is compared", files.Position(b.Pos()))
			}
		}
		return true
	})
}

func reveals(call *ast.CallExpr) bool {
	f, ok := call.Fun.(*ast.SelectorExpr)
	return ok && f.Sel.Name == "Reveal"
}

package setpoint_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "setpoint.dev/setpoint/"

// A room is a directory and what it may import.
type room struct {
	may   []string // of ours
	never []string // of others; a trailing / means everything below
	clock bool     // may read the clock
	logs  bool     // may log
}

// rooms is the map of the house. A directory with Go files that is not in it
// does not exist. Tests may import what they like.
var rooms = map[string]room{
	"slo":                        {never: []string{"context", "net/http", "os", "log/", "database/"}},
	"slo/sloth":                  {may: []string{"slo"}, never: []string{"context", "net/http", "os", "log/"}},
	"slo/pyrra":                  {may: []string{"slo"}, never: []string{"context", "net/http", "os", "log/"}},
	"slo/slogenerator":           {may: []string{"slo"}, never: []string{"context", "net/http", "os", "log/"}},
	"slo/nobl9":                  {may: []string{"slo"}, never: []string{"context", "net/http", "os", "log/"}},
	"slo/rules":                  {may: []string{"slo"}, never: []string{"context", "net/http", "os", "log/"}},
	"sli":                        {may: []string{"slo"}, never: []string{"context", "net/http", "os", "log/"}},
	"sli/promql":                 {may: []string{"slo", "sli", "egress"}, never: []string{"os", "log/"}, clock: true},
	"sli/promql/promtest":        {never: []string{"log/"}, clock: true},
	"budget":                     {may: []string{"slo", "sli"}, never: []string{"context", "net/http", "os", "log/"}},
	"loop":                       {may: []string{"slo", "sli", "budget"}, never: []string{"net/http", "os", "log/", "database/", "github.com/jackc/"}, clock: true},
	"loop/plant":                 {may: []string{"slo", "sli", "loop"}, never: []string{"net/http", "os", "log/"}},
	"actuators":                  {may: []string{"slo", "loop", "egress"}, never: []string{"net/http", "os", "log/"}, clock: true},
	"egress":                     {never: []string{"os", "log/"}},
	"actuators/generic":          {may: []string{"slo", "loop", "notify", "egress"}, never: []string{"log/", "database/", "github.com/"}, clock: true},
	"notify":                     {may: []string{"slo", "loop", "egress"}, never: []string{"os", "log/", "database/"}, clock: true},
	"ledger":                     {may: []string{"slo", "sli", "budget", "loop", "migrations"}, never: []string{"net/http", "log/"}, clock: true},
	"ledger/ledgertest":          {may: []string{"slo", "sli", "budget", "loop", "ledger"}, never: []string{"net/http"}, clock: true},
	"ledger/cluster":             {never: []string{"net/http", "log/"}, clock: true},
	"ledger/cluster/clustertest": {may: []string{"ledger/cluster"}, never: []string{"net/http", "log/"}, clock: true},
	"migrations":                 {never: []string{"net/http", "os", "log/"}},
	"client":                     {never: []string{"github.com/", "go.yaml.in/", "golang.org/", "log/"}, clock: true},
	"client/pgxtimeout":          {may: []string{"client"}, never: []string{"go.yaml.in/", "golang.org/", "log/", "net/http"}, clock: false},
	"client/quota":               {may: []string{"client"}, never: []string{"github.com/", "go.yaml.in/", "golang.org/", "log/"}, clock: true},
	"client/retry":               {may: []string{"client"}, never: []string{"github.com/", "go.yaml.in/", "golang.org/", "log/"}, clock: true},
	"docs/pipelines":             {never: []string{"net/http", "os", "log/"}},
	"web":                        {may: []string{"slo", "sli", "budget", "loop", "client", "egress", "docs/pipelines"}, never: []string{"github.com/jackc/", "os", "log/"}, clock: true},
	"cmd/setpoint":               {may: []string{"*"}, clock: true, logs: true},
	"cmd/demo":                   {may: []string{"client", "ledger/cluster"}, clock: true, logs: true},
}

func TestArchRooms(t *testing.T) {
	for dir, files := range packages(t) {
		r, ok := rooms[dir]
		if !ok && dir != "." {
			t.Errorf("%s: there is no such room; a new one must earn its place in arch_test.go and README.md", dir)
			continue
		}
		for _, f := range files {
			checkImports(t, dir, r, f)
		}
	}
}

func checkImports(t *testing.T, dir string, r room, f source) {
	t.Helper()
	for _, imp := range f.ast.Imports {
		path, _ := strconv.Unquote(imp.Path.Value)
		if own, ok := strings.CutPrefix(path, module); ok && !slices.Contains(r.may, own) && !slices.Contains(r.may, "*") {
			t.Errorf("%s imports %s: %s may import %v", f.path, own, dir, r.may)
		}
		for _, no := range r.never {
			if path == no || strings.HasSuffix(no, "/") && strings.HasPrefix(path, no) {
				t.Errorf("%s imports %s, which %s never does", f.path, path, dir)
			}
		}
	}
}

// TestArchClock keeps time an argument: rooms that are pure never read it,
// and nothing logs but cmd.
func TestArchClock(t *testing.T) {
	for dir, files := range packages(t) {
		for _, f := range files {
			ast.Inspect(f.ast, func(n ast.Node) bool {
				sel, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				name := qualified(sel)
				if slices.Contains([]string{"time.Now", "time.Since", "time.Until"}, name) && !rooms[dir].clock {
					t.Errorf("%s reads the clock with %s; time is an argument in %s", f.at(sel), name, dir)
				}
				if strings.HasPrefix(name, "slog.") && !rooms[dir].logs {
					t.Errorf("%s logs with %s; only cmd does", f.at(sel), name)
				}
				return true
			})
		}
	}
}

func qualified(sel *ast.SelectorExpr) string {
	if x, ok := sel.X.(*ast.Ident); ok {
		return x.Name + "." + sel.Sel.Name
	}
	return ""
}

// TestArchStyle keeps functions and files readable and packages free of
// hidden state.
func TestArchStyle(t *testing.T) {
	for _, files := range packages(t) {
		for _, f := range files {
			if lines := f.fset.Position(f.ast.End()).Line; lines > 400 {
				t.Errorf("%s has %d lines; 400 is the limit", f.path, lines)
			}
			for _, d := range f.ast.Decls {
				checkDecl(t, f, d)
			}
		}
	}
}

func checkDecl(t *testing.T, f source, d ast.Decl) {
	t.Helper()
	fn, ok := d.(*ast.FuncDecl)
	if !ok {
		return
	}
	if n := f.fset.Position(fn.End()).Line - f.fset.Position(fn.Pos()).Line + 1; n > 70 {
		t.Errorf("%s: %s has %d lines; 70 is the limit", f.at(fn), fn.Name.Name, n)
	}
	if fn.Name.Name == "init" && fn.Recv == nil {
		t.Errorf("%s: there is no init here; wire in cmd", f.at(fn))
	}
	if fn.Name.IsExported() && fn.Doc == nil && exportedReceiver(fn) && f.ast.Name.Name != "main" {
		t.Errorf("%s: %s is exported and says nothing about itself", f.at(fn), fn.Name.Name)
	}
}

func exportedReceiver(fn *ast.FuncDecl) bool {
	if fn.Recv == nil {
		return true
	}
	e := fn.Recv.List[0].Type
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	id, ok := e.(*ast.Ident)
	return ok && id.IsExported()
}

// TestArchDocs follows every relative link of the documentation, every path
// of README's map, and every anchor that is a file.
func TestArchDocs(t *testing.T) {
	docs, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	links := regexp.MustCompile(`\]\(([^)#\s]+)(?:#[^)]*)?\)|<img src="([^"]+)"`)
	for _, doc := range append(docs, "README.md", "CONTRIBUTING.md", "CHANGELOG.md") {
		text := read(t, doc)
		for _, m := range links.FindAllStringSubmatch(text, -1) {
			link := m[1] + m[2]
			if strings.Contains(link, "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(doc), link)); err != nil {
				t.Errorf("%s links to %s, which is not there", doc, link)
			}
		}
	}
	mapped := regexp.MustCompile("(?m)^\\|[^|]*\\| `([^`]+)` \\|")
	paths := mapped.FindAllStringSubmatch(read(t, "README.md"), -1)
	if len(paths) < 8 {
		t.Errorf("README.md maps %d paths; the map of rooms is missing", len(paths))
	}
	for _, m := range paths {
		if _, err := os.Stat(m[1]); err != nil {
			t.Errorf("README.md maps %s, which is not there", m[1])
		}
	}
}

type source struct {
	path string
	fset *token.FileSet
	ast  *ast.File
}

func (s source) at(n ast.Node) string { return s.fset.Position(n.Pos()).String() }

// packages parses the Go files of the module, tests left out, by directory.
func packages(t *testing.T) map[string][]source {
	t.Helper()
	out := map[string][]source{}
	err := filepath.WalkDir(".", func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && path != "." && (strings.HasPrefix(e.Name(), ".") || e.Name() == "testdata" || nested(path)):
			return filepath.SkipDir
		case e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		dir := filepath.ToSlash(filepath.Dir(path))
		out[dir] = append(out[dir], source{path, fset, file})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestArchAlone: what the Makefile tests without the race detector starts no
// goroutine, but for the one of a test that watches the heap.
func TestArchAlone(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	line := regexp.MustCompile(`(?m)^ALONE := (.*)$`).FindSubmatch(makefile)
	if err != nil || line == nil {
		t.Fatal("Makefile names no ALONE: ", err)
	}
	for dir := range strings.FieldsSeq(string(line[1])) {
		files, _ := filepath.Glob(filepath.Join(dir, "*.go"))
		if len(files) == 0 {
			t.Errorf("Makefile's ALONE: %s has no Go files", dir)
		}
		for _, name := range files {
			if filepath.ToSlash(name) != "slo/hostile_test.go" {
				startsNothing(t, name)
			}
		}
	}
}

func startsNothing(t *testing.T, name string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for node := range ast.Preorder(file) {
		started, is := node.(*ast.SelectorExpr)
		_, goes := node.(*ast.GoStmt)
		if goes || is && slices.Contains([]string{"Parallel", "AfterFunc", "NewServer"}, started.Sel.Name) {
			t.Errorf("%s runs something at once with something else: test its package with the race detector (ALONE in Makefile)", name)
			return
		}
	}
}

// nested reports whether a directory is a module of its own.
func nested(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

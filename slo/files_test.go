package slo_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/slo"
)

func TestReadFiles(t *testing.T) {
	fsys := fstest.MapFS{
		"b.yaml": {Data: []byte("b")}, "a/x.yml": {Data: []byte("x")}, "a/y.yaml": {Data: []byte("y")},
		"a/.hidden.yaml": {Data: []byte("h")}, ".git/config.yaml": {Data: []byte("g")}, "notes.txt": {Data: []byte("n")},
		"large.yaml": {Data: make([]byte, 3<<20)}, "empty": {Mode: fs.ModeDir},
	}
	tests := []struct {
		name, prefix string
		want         []string
	}{
		{".", "defs", []string{"defs/a/x.yml x", "defs/a/y.yaml y", "defs/b.yaml b", "defs/large.yaml 1048577 bytes"}},
		{"a", "", []string{"a/x.yml x", "a/y.yaml y"}},
		{"notes.txt", "/etc", []string{"/etc/notes.txt n"}},
		{"empty", "", nil},
	}
	for _, tt := range tests {
		files, problems := slo.ReadFiles(fsys, tt.name, tt.prefix)
		var got []string
		for _, f := range files {
			text := string(f.Data)
			if len(text) > 100 {
				text = fmt.Sprintf("%d bytes", len(text))
			}
			got = append(got, f.Name+" "+text)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || problems != nil {
			t.Errorf("ReadFiles(%s), problems %v (-want +got):\n%s", tt.name, problems, diff)
		}
	}
}

func TestReadFilesMissing(t *testing.T) {
	files, problems := slo.ReadFiles(fstest.MapFS{}, "nowhere", "defs")
	want := "defs/nowhere:1:1: read file: file does not exist"
	if files != nil || problems.Error() != want {
		t.Errorf("got %v, %v; want %s", files, problems, want)
	}
}

// TestReadFilesOfTooMany stops at a bound.
func TestReadFilesOfTooMany(t *testing.T) {
	fsys := fstest.MapFS{}
	for i := range 50_002 {
		fsys[fmt.Sprintf("%d.yaml", i)] = &fstest.MapFile{}
	}
	files, problems := slo.ReadFiles(fsys, ".", "defs")
	if len(files) != 50_000 || len(problems) != 1 || !strings.Contains(problems.Error(), "more than 50000 files") {
		t.Errorf("got %d files, problems %v", len(files), problems)
	}
}

// TestReadFilesOfRoot reads a real folder with what may lie in one: a link as
// Kubernetes mounts configuration, a link out of it, a pipe that nobody
// writes to, a device, a folder linked into itself.
func TestReadFilesOfRoot(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	must(t, os.WriteFile(filepath.Join(outside, "secret.yaml"), []byte(secret), 0o600))
	must(t, os.Mkdir(filepath.Join(dir, "..data"), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "..data", "slo.yaml"), []byte("ok"), 0o600))
	must(t, os.Symlink(filepath.Join("..data", "slo.yaml"), filepath.Join(dir, "slo.yaml")))
	must(t, os.Symlink(filepath.Join(outside, "secret.yaml"), filepath.Join(dir, "out.yaml")))
	must(t, os.Symlink(".", filepath.Join(dir, "self.yaml")))
	must(t, syscall.Mkfifo(filepath.Join(dir, "pipe.yaml"), 0o600))
	root, err := os.OpenRoot(dir)
	must(t, err)
	defer root.Close()
	files, problems := slo.ReadFiles(root.FS(), ".", "")
	if len(files) != 1 || files[0].Name != "slo.yaml" || string(files[0].Data) != "ok" {
		t.Errorf("got files %v, want slo.yaml alone", files)
	}
	want := "out.yaml:1:1: read file: path escapes from parent\npipe.yaml:1:1: read file: not a regular file"
	if problems.Error() != want {
		t.Errorf("got %v, want %v", problems, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestBounds(t *testing.T) {
	header := "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: a}\nspec: "
	bomb := repeat(9, func(i int) string {
		return fmt.Sprintf("    %c: &%c [%s]\n", 'b'+i, 'b'+i, strings.Repeat(fmt.Sprintf("*%c,", 'a'+i), 10))
	})
	merges := "m0: &m0 {a0: 1}\n" + repeat(2000, func(i int) string {
		return fmt.Sprintf("m%d: &m%d {<<: *m%d, a%d: 1}\n", i+1, i+1, i, i+1)
	})
	labels := repeat(60000, func(i int) string { return fmt.Sprintf("    l%d: x\n", i) })
	rules := "apiVersion: setpoint.dev/v1\nkind: ControlLoop\nmetadata: {name: a}\nspec:\n  actuator: a\n  rules:\n  - &r {objective: a, tiers: &t [" + strings.Repeat("{name: a},", 999) + "{name: b}]}\n" + strings.Repeat("  - *r\n", 20000)
	tests := []struct{ name, text, want string }{
		{"size", strings.Repeat("#", 1<<20+1), "f.yaml:1:1: the file is larger than 1048576 bytes"},
		{"flow", "[" + strings.Repeat("[],", 1<<18) + "]", "f.yaml:1:1: the file holds more than 100000 brackets and commas"},
		{"deep flow", header + strings.Repeat("[", 20000), "f.yaml:4:57: not valid YAML: more than 50 levels of nesting"},
		{"deep block", strings.Repeat("- ", 20000), "f.yaml:1:101: not valid YAML: more than 50 levels of nesting"},
		{"bomb", "apiVersion: openslo/v1\nkind: Service\nspec: {}\nmetadata:\n  name: a\n  labels:\n    a: &a [x,x,x,x,x,x,x,x,x,x]\n" + bomb, "f.yaml:7:8: metadata.labels.b[0]: a list where text is meant"},
		{"merges", merges, "f.yaml:448:7: more than 200000 values, aliases followed"},
		{"many problems", header + "\n" + strings.Repeat("  x: y\n", 500), "f.yaml:5:3: spec.x: unknown key"},
		{"labels", header + "{}\n---\napiVersion: openslo/v1\nkind: Service\nmetadata:\n  name: b\n  labels:\n" + labels + "spec: {x: y}\n", "f.yaml:60011:8: spec.x: unknown key"},
		{"rules", rules, "f.yaml:7:"},
	}
	for _, tt := range tests {
		var set *slo.Set
		var problems slo.Problems
		took := spent(t, func() { set, problems = slo.Load([]slo.File{{Name: "f.yaml", Data: []byte(tt.text)}}, env) })
		if took > 20*time.Second {
			t.Errorf("%s took %s", tt.name, took)
		}
		if set != nil || len(problems) > 110 || !strings.HasPrefix(problems.Error(), tt.want) {
			t.Errorf("%s: set %v, %d problems: %.300s; want %s", tt.name, set != nil, len(problems), problems.Error(), tt.want)
		}
	}
}

func repeat(n int, part func(int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(part(i))
	}
	return b.String()
}

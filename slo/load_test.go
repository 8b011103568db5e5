package slo_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"setpoint.dev/setpoint/slo"
)

var update = flag.Bool("update", false, "write what is got as what is wanted")

// secret is a password that must not turn up anywhere.
const secret = "hunter2"

func env(name string) (string, bool) {
	v, ok := map[string]string{
		"PROMETHEUS_URL":    "http://reader:" + secret + "@metrics:9090",
		"SHOP_DATABASE_URL": "postgres://reports:" + secret + "@db/shop",
		"NOT_A_URL":         "metrics " + secret,
		"ALERTMANAGER_URL":  "http://setpoint:" + secret + "@alertmanager:9093",
		"HOOK_URL":          "https://hook.example/" + secret,
		"HOOK_SECRET":       secret + " and " + secret,
		"EMPTY":             "",
	}[name]
	return v, ok
}

// TestGood reads each file of testdata/good, and one that names other systems
// than are asked, and compares the set with the JSON beside it.
func TestGood(t *testing.T) {
	for _, name := range append(glob(t, "testdata/good/*.yaml"), "testdata/systems.yaml") {
		t.Run(filepath.Base(name), func(t *testing.T) {
			set, problems := slo.Load([]slo.File{{Name: name, Data: read(t, name)}}, env)
			if set == nil {
				t.Fatal(problems)
			}
			got, err := json.MarshalIndent(struct {
				*slo.Set
				Warnings []string `json:"warnings,omitempty"`
			}{set, lines(problems)}, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			keepsSecret(t, string(got), fmt.Sprintf("%v %+v %#v", *set, *set, *set))
			compare(t, strings.TrimSuffix(name, ".yaml")+".json", string(got)+"\n")
		})
	}
}

// TestBad reads the files of each archive in testdata/bad and compares the
// problems with those in the archive's file want.
func TestBad(t *testing.T) {
	for _, name := range glob(t, "testdata/bad/*.txtar") {
		t.Run(filepath.Base(name), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files := filesOf(archive)
			set, problems := slo.Load(files, env)
			if problems.Err() == nil || set != nil {
				t.Fatalf("set %v, problems %v; want errors and no set", set, problems)
			}
			got := strings.Join(lines(problems), "\n") + "\n"
			keepsSecret(t, got, rendered(problems, files))
			compareArchive(t, name, archive, got)
		})
	}
}

// TestLineEnds reads the same files with the line ends of Windows: everything
// is in the same place.
func TestLineEnds(t *testing.T) {
	for _, name := range glob(t, "testdata/bad/*.txtar") {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files := filesOf(archive)
		_, want := slo.Load(files, env)
		for i := range files {
			files[i].Data = []byte(strings.ReplaceAll(string(files[i].Data), "\n", "\r\n"))
		}
		_, got := slo.Load(files, env)
		if diff := cmp.Diff(lines(want), lines(got)); diff != "" {
			t.Errorf("%s (-LF +CRLF):\n%s", name, diff)
		}
	}
}

func filesOf(a *txtar.Archive) (files []slo.File) {
	for _, f := range a.Files {
		if f.Name != "want" {
			files = append(files, slo.File{Name: f.Name, Data: f.Data})
		}
	}
	return files
}

func compareArchive(t *testing.T, name string, a *txtar.Archive, got string) {
	t.Helper()
	var want string
	var kept []txtar.File
	for _, f := range a.Files {
		if f.Name == "want" {
			want = string(f.Data)
			continue
		}
		kept = append(kept, f)
	}
	if *update {
		a.Files = append(kept, txtar.File{Name: "want", Data: []byte(got)})
		if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func rendered(problems slo.Problems, files []slo.File) string {
	var b strings.Builder
	for _, p := range problems {
		for _, f := range files {
			if f.Name == p.File {
				b.WriteString(p.Render(f.Data))
			}
		}
	}
	return b.String()
}

func lines(problems slo.Problems) (out []string) {
	for _, p := range problems {
		out = append(out, p.String())
	}
	return out
}

func keepsSecret(t *testing.T, shown ...string) {
	t.Helper()
	for _, s := range shown {
		if at := strings.Index(s, secret); at >= 0 {
			t.Errorf("a secret is shown: …%s…", s[max(0, at-80):at+len(secret)])
		}
	}
}

// compare compares got with the content of a file.
func compare(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(read(t, name)), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no %s: %v", pattern, err)
	}
	return names
}

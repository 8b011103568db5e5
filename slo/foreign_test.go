package slo_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"

	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/slo/nobl9"
	"setpoint.dev/setpoint/slo/pyrra"
	"setpoint.dev/setpoint/slo/slogenerator"
	"setpoint.dev/setpoint/slo/sloth"
)

// importers are those of all foreign formats.
func importers() []slo.Importer {
	return []slo.Importer{sloth.Importer{}, pyrra.Importer{}, slogenerator.Importer{}, nobl9.Importer{}}
}

// TestForeign reads each file of the archives in testdata/foreign by itself,
// and compares the problems and what is made of it in OpenSLO with the archive
// beside it.
func TestForeign(t *testing.T) {
	for _, name := range glob(t, "testdata/foreign/*.txtar") {
		t.Run(filepath.Base(name), func(t *testing.T) {
			var got txtar.Archive
			for _, f := range archive(t, name).Files {
				made, problems := slo.Convert([]slo.File{{Name: f.Name, Data: f.Data}}, importers()...)
				got.Files = append(got.Files,
					txtar.File{Name: f.Name + ": problems", Data: []byte(strings.Join(append(lines(problems), ""), "\n"))},
					txtar.File{Name: f.Name + ": OpenSLO", Data: made})
				if made != nil {
					convertsToItself(t, slo.File{Name: f.Name, Data: f.Data}, made)
				}
			}
			compare(t, strings.TrimSuffix(name, ".txtar")+".want", string(txtar.Format(&got)))
		})
	}
}

func archive(t *testing.T, name string) *txtar.Archive {
	t.Helper()
	a, err := txtar.ParseFile(name)
	if err != nil || len(a.Files) == 0 {
		t.Fatalf("%s holds no files: %v", name, err)
	}
	return a
}

// convertsToItself loads a file and what Convert made of it: the sets are the same,
// places left out.
func convertsToItself(t *testing.T, f slo.File, made []byte) {
	t.Helper()
	want, problems := slo.Load([]slo.File{f}, env, importers()...)
	if want == nil {
		t.Errorf("%s is converted but not read: %v", f.Name, problems)
		return
	}
	got, problems := slo.Load([]slo.File{{Name: f.Name, Data: made}}, env)
	if got == nil {
		t.Errorf("%s: what was made of it is not read: %v\n%s", f.Name, problems, made)
		return
	}
	if diff := cmp.Diff(want, got, same(), cmpopts.IgnoreTypes(slo.Position{})); diff != "" {
		t.Errorf("%s (-read +converted and read):\n%s", f.Name, diff)
	}
}

// TestConvertOwn converts our own documents: nothing changes.
func TestConvertOwn(t *testing.T) {
	for _, name := range glob(t, "testdata/good/*.yaml") {
		f := slo.File{Name: name, Data: read(t, name)}
		made, problems := slo.Convert([]slo.File{f}, importers()...)
		if made == nil {
			t.Errorf("%s: %v", name, problems)
			continue
		}
		convertsToItself(t, f, made)
	}
	made, problems := slo.Convert([]slo.File{{Name: "a.yaml", Data: []byte("kind: SLO\n")}})
	if made != nil || problems.Err() == nil {
		t.Errorf("got %s, %v; want a refusal", made, problems)
	}
}

// TestForeignWithout refuses foreign documents where no importer reads them.
func TestForeignWithout(t *testing.T) {
	const doc = "apiVersion: sloth.slok.dev/v1\nkind: PrometheusServiceLevel\n"
	set, problems := slo.Load([]slo.File{{Name: "a.yaml", Data: []byte(doc)}}, env)
	if set != nil || !strings.Contains(problems.Error(), "sloth.slok.dev/v1 is not supported") {
		t.Errorf("got %v, %v", set, problems)
	}
}

// TestCompatibility compares docs/compatibility.md with what becomes of the
// documents in testdata/foreign.
func TestCompatibility(t *testing.T) {
	var b strings.Builder
	for _, name := range glob(t, "testdata/foreign/*.txtar") {
		a := archive(t, name)
		format, about, _ := strings.Cut(string(a.Comment), "\n")
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n%s", strings.TrimSuffix(format, "."), strings.TrimSpace(about), outcomes(a))
	}
	const name = "../docs/compatibility.md"
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	kept, _, found := strings.Cut(string(text), tablesBelow)
	if !found {
		t.Fatalf("%s has no line %q", name, tablesBelow)
	}
	compare(t, name, kept+tablesBelow+b.String())
}

const tablesBelow = "<!-- From here on written by TestCompatibility: go test ./slo -run TestCompatibility -update -->\n"

// outcomes is the table of the documents of one archive.
func outcomes(a *txtar.Archive) string {
	var b strings.Builder
	count := map[string]int{}
	for _, f := range a.Files {
		what, _, _ := strings.Cut(strings.TrimPrefix(string(f.Data), "# "), "\n")
		_, problems := slo.Load([]slo.File{{Name: f.Name, Data: f.Data}}, env, importers()...)
		outcome := "read"
		if problems.Err() != nil {
			outcome = "refused"
		} else if len(problems) > 0 {
			outcome = "read with notices"
		}
		count[outcome]++
		fmt.Fprintf(&b, "| %s | %s | %s |\n", what, outcome, why(problems))
	}
	return fmt.Sprintf("%d documents tried: %d read, %d read with notices, %d refused.\n\n| document | outcome | what is said |\n|---|---|---|\n%s",
		len(a.Files), count["read"], count["read with notices"], count["refused"], b.String())
}

// why is what is said about a document, without the places.
func why(problems slo.Problems) string {
	var said []string
	for _, p := range problems {
		at := fmt.Sprintf("`%s` in %d:%d: ", p.Path, p.Line, p.Col)
		text := p.Message
		if p.Suggestion != "" {
			text += fmt.Sprintf(" (did you mean %s?)", p.Suggestion)
		}
		said = append(said, at+strings.NewReplacer("|", `\|`, "<", "&lt;", "\n", " ").Replace(text))
	}
	return strings.Join(said, "; ")
}

// TestForeignBombs refuses documents that aliases multiply, in bounded memory.
func TestForeignBombs(t *testing.T) {
	const item = "name: a\n  objective: 99\n  sli: {events: {error_query: 'rate(a[{{.window}}])', total_query: 'rate(b[{{.window}}])'}}\n"
	nested := "- &l0 [&d {apiVersion: n9/v1alpha, kind: Service}]\n"
	for i := range 40 {
		nested += fmt.Sprintf("- &l%d [*d, *l%d, *l%d]\n", i+1, i, i)
	}
	bombs := map[string]string{
		"SLOs":      "version: prometheus/v1\nservice: a\nslos:\n- &x\n  " + item + strings.Repeat("- *x\n", 40_000),
		"labels":    "- &x {apiVersion: pyrra.dev/v1alpha1, kind: ServiceLevelObjective, metadata: {name: a, labels: {" + repeat(24_000, func(i int) string { return fmt.Sprintf("pyrra.dev/l%d: x, ", i) }) + "}}, spec: {}}\n" + strings.Repeat("- *x\n", 2_000),
		"documents": "- &x {apiVersion: n9/v1alpha, kind: Service, metadata: {name: a}, spec: {}}\n" + strings.Repeat("- *x\n", 40_000),
		"nested":    "- &z {apiVersion: n9/v1alpha, kind: Service}\n" + nested,
	}
	for name, text := range bombs {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			made, problems := slo.Convert([]slo.File{{Name: "a.yaml", Data: []byte(text)}}, importers()...)
			runtime.ReadMemStats(&after)
			if made != nil || problems.Err() == nil {
				t.Errorf("got %d bytes, want a refusal", len(made))
			}
			if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 1024 {
				t.Errorf("%d MiB were allocated in all", used)
			}
		})
	}
}

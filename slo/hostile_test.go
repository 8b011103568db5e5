package slo_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"setpoint.dev/setpoint/slo"
)

// TestHostile reads what is meant to harm, or was written by half: each is
// refused at its place, soon, in little memory.
func TestHostile(t *testing.T) {
	const service = "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: a}\nspec: {}\n"
	one := strings.ReplaceAll(oneSLO, "NAME", "name")
	deep := "apiVersion: openslo/v1\nkind: Service\nmetadata:\n  name: a\n  labels:\n" + repeat(1200, func(i int) string { return strings.Repeat(" ", 4+i) + "a:\n" })
	tests := []struct{ name, text, want string }{
		{"alias bomb", bomb(30), "f.yaml:"},
		{"alias bomb of a foreign format", strings.Replace(bomb(30), "openslo/v1", "n9/v1alpha", 1), "f.yaml:"},
		{"an alias of itself", "a: &a [*a]\n", "f.yaml:1:1: a: unknown key"},
		{"1,200 keys below each other, in 700 kB", deep, "f.yaml:"},
		{"20,000 lists in each other", "a: " + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000), "f.yaml:1:5"},
		{"20,000 mappings in each other", strings.Repeat("{a: ", 20_000), "f.yaml:1:"},
		{"20,000 signs of a query", strings.Replace(one, "sum(rate(", strings.Repeat("(", 20_000)+"sum(rate(", 1), "f.yaml:"},
		{"7,000 parentheses of a query", strings.Replace(one, "sum(rate(http_requests_total{service=\"name\"}[5m]))", strings.Repeat("(", 7_000)+"a", 1), "f.yaml:"},
		{"a query of 1 MB", strings.Replace(one, "sum(rate(", strings.Repeat("a + ", 200_000), 1), "f.yaml:"},
		{"1,000 queries that do not parse", repeat(1000, func(i int) string {
			return fmt.Sprintf("apiVersion: openslo/v1\nkind: SLI\nmetadata: {name: a%d}\nspec: {thresholdMetric: {metricSource: {spec: {query: 'rate(a[5x])'}}}}\n---\n", i)
		}), "f.yaml:4:"},
		{"420 kB of MetricsQL", repeat(60, func(i int) string {
			return fmt.Sprintf("apiVersion: openslo/v1\nkind: SLI\nmetadata: {name: a%d}\nspec: {thresholdMetric: {metricSource: {spec: {query: 'a{b=\"%s\"} default 0'}}}}\n---\n", i, strings.Repeat("x", 7000))
		}), "f.yaml:4:"},
		{"a NUL character", service + "# \x00\n", "f.yaml:5:3: a NUL character"},
		{"half a character", service + "# \xc3", "f.yaml:5:3: not valid UTF-8"},
		{"UTF-16", "\xff\xfea\x00p\x00i\x00", "f.yaml:1:"},
		{"a terminal's escapes", "kind: \"\\e[2J\\e[1;1H\"\n", "f.yaml:1:1"},
		{"two documents where one is meant", strings.Replace(service, "spec:", "---\nspec:", 1), "f.yaml:1:1: spec: missing"},
		{"two documents of JSON where one is meant", `{"kind": "Service"} {"kind": "Service"}`, "f.yaml:1:21: not valid YAML: did not find expected <document start> (a second document begins with ---)"},
		{"half a file", service[:55], "f.yaml:4:1: not valid YAML"},
		{"a number of 100,000 digits", strings.Replace(one, "99.9", strings.Repeat("9", 100_000), 1), "f.yaml:"},
		{"a power of ten without end", strings.Replace(one, "99.9", "1e999999999", 1), "f.yaml:"},
		{"not a number", strings.Replace(one, "99.9", ".nan", 1), "f.yaml:30:20: spec.objectives[0].targetPercent: .nan is not a finite"},
		{"a window without end", strings.Replace(one, "28d", "99999999999999999999Y", 1), "f.yaml:26:15: spec.timeWindow[0].duration"},
		{"a tag of another program", "!!python/object/apply:os.system [id]\n", "f.yaml:1:1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var problems slo.Problems
			var set *slo.Set
			within(t, 64, 5*time.Second, func() {
				set, problems = slo.Load([]slo.File{{Name: "f.yaml", Data: []byte(tt.text)}}, env, importers()...)
			})
			shown := problems.Error()
			if set != nil || !strings.HasPrefix(shown, tt.want) {
				t.Errorf("set %v, %.400s; want %s", set != nil, shown, tt.want)
			}
			for _, p := range problems {
				if text := p.String() + p.Render([]byte(tt.text)); strings.ContainsAny(text, "\x00\x1b") || len(text) > 4000 {
					t.Errorf("%d bytes are shown, or a terminal is told what to do: %.200q", len(text), text)
				}
			}
		})
	}
}

func bomb(levels int) string {
	return "apiVersion: openslo/v1\nkind: Service\nspec: {}\nmetadata: {name: a}\nl0: &l0 [x, x]\n" +
		repeat(levels, func(i int) string { return fmt.Sprintf("l%d: &l%d [*l%d, *l%d, *l%d]\n", i+1, i+1, i, i, i) }) +
		fmt.Sprintf("items: [*l%d, *l%d]\n", levels, levels)
}

// TestNamesThatAreTruths takes words for words that older YAML took for
// truth.
func TestNamesThatAreTruths(t *testing.T) {
	for _, name := range []string{"no", "on", "yes", "off", "y", "n"} {
		text := "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: " + name + "}\nspec: {}\n"
		set, problems := slo.Load([]slo.File{{Name: "f.yaml", Data: []byte(text)}}, env)
		if set == nil || set.Services[0].Name != name {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

// TestHalfWritten reads each beginning of our examples, as a reader may that
// is faster than the writer.
func TestHalfWritten(t *testing.T) {
	for _, name := range glob(t, "testdata/good/*.yaml") {
		data := read(t, name)
		for i := 0; i < len(data); i += 1 + len(data)/60 {
			set, problems := slo.Load([]slo.File{{Name: name, Data: data[:i]}}, env)
			if (set == nil) != (problems.Err() != nil) {
				t.Errorf("%s to %d: set %v, %v", name, i, set != nil, problems)
			}
		}
	}
}

// TestHostileFiles reads a folder with files that cost much or never end.
func TestHostileFiles(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "large.yaml"), nil, 0o600))
	must(t, os.Truncate(filepath.Join(dir, "large.yaml"), 100<<20))
	must(t, syscall.Mkfifo(filepath.Join(dir, "pipe.yaml"), 0o600))
	must(t, os.Symlink("/dev/zero", filepath.Join(dir, "zero.yaml")))
	must(t, os.Symlink("loop.yaml", filepath.Join(dir, "loop.yaml")))
	root, err := os.OpenRoot(dir)
	must(t, err)
	defer root.Close()
	var problems slo.Problems
	within(t, 16, 5*time.Second, func() {
		files, unread := slo.ReadFiles(root.FS(), ".", "")
		_, problems = slo.Load(files, env)
		problems = append(unread, problems...)
	})
	for _, want := range []string{"large.yaml:1:1: the file is larger", "pipe.yaml:1:1: read file: not a regular file", "zero.yaml:1:1: read file: path escapes", "loop.yaml:1:1: read file: too many levels"} {
		if !strings.Contains(problems.Error(), want) {
			t.Errorf("no %s in %v", want, problems)
		}
	}
}

// TestConvertMemory converts many files: no more of them than one is in
// memory as a tree.
func TestConvertMemory(t *testing.T) {
	files := make([]slo.File, 1500)
	for i := range files {
		name := fmt.Sprintf("slo-%d", i)
		files[i] = slo.File{Name: name + ".yaml", Data: []byte(strings.ReplaceAll(oneSLO, "NAME", name))}
	}
	within(t, 48, time.Minute, func() {
		if made, problems := slo.Convert(files); bytes.Count(made, []byte("kind: SLO")) != len(files) {
			t.Error(problems)
		}
	})
}

// within runs do and holds it to a bound of memory in MiB, as what is on the
// heap at once, and of time.
func within(t *testing.T, most uint64, longest time.Duration, do func()) {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(10)) // so that little is counted that is garbage
	runtime.GC()
	before := heap()
	done, peak := make(chan struct{}), make(chan uint64)
	go func() {
		var top uint64
		for tick := time.Tick(time.Millisecond); ; {
			select {
			case <-tick:
				top = max(top, heap())
			case <-done:
				peak <- max(top, heap())
				return
			}
		}
	}()
	took := spent(t, do)
	close(done)
	if used := (max(<-peak, before) - before) >> 20; used > most {
		t.Errorf("%d MiB were in use at once, more than %d", used, most)
	}
	if took > longest {
		t.Errorf("it took %s, more than %s", took, longest)
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

package slo_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"setpoint.dev/setpoint/slo"
)

// everything is the files of all tests of this package, and of the examples.
func everything(t *testing.T) map[string][]slo.File {
	t.Helper()
	out := map[string][]slo.File{}
	for _, root := range []string{"testdata", "../examples"} {
		err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(root + "/" + name)
			files := []slo.File{{Name: name, Data: data}}
			if bytes.HasSuffix([]byte(name), []byte(".txtar")) {
				files = nil
				for _, f := range txtar.Parse(data).Files {
					files = append(files, slo.File{Name: f.Name, Data: f.Data})
				}
			}
			out[root+"/"+name] = files
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// TestReaderIsLoad: reading again, and again after something else, gives what
// Load gives: the same set, or the same problems.
func TestReaderIsLoad(t *testing.T) {
	for _, lenient := range []bool{false, true} {
		load := map[bool]func([]slo.File, func(string) (string, bool), ...slo.Importer) (*slo.Set, slo.Problems){false: slo.Load, true: slo.LoadLenient}[lenient]
		r := &slo.Reader{Lenient: lenient}
		for name, files := range everything(t) {
			want, problems := load(files, os.LookupEnv)
			for time := range 3 {
				got, found := r.Load(files, os.LookupEnv)
				if diff := cmp.Diff(problems.Error(), found.Error()); diff != "" {
					t.Errorf("%s, lenient %v, time %d: problems (-Load +Reader):\n%s", name, lenient, time, diff)
				}
				if diff := cmp.Diff(want, got, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
					t.Errorf("%s, lenient %v, time %d: set (-Load +Reader):\n%s", name, lenient, time, diff)
				}
			}
		}
	}
}

// TestReaderSeesWhatChanged: among many files one changes, goes, comes back
// and says what another says already.
func TestReaderSeesWhatChanged(t *testing.T) {
	r := &slo.Reader{}
	files := many(20)
	step := func(what string) slo.Problems {
		t.Helper()
		want, problems := slo.Load(files, nil)
		got, found := r.Load(files, nil)
		if diff := cmp.Diff(problems.Error(), found.Error()); diff != "" {
			t.Errorf("%s: problems (-Load +Reader):\n%s", what, diff)
		}
		if diff := cmp.Diff(want, got, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
			t.Errorf("%s: set (-Load +Reader):\n%s", what, diff)
		}
		return found
	}
	change := func(i int, old, now string) {
		files[i].Data = bytes.ReplaceAll(files[i].Data, []byte(old), []byte(now))
	}
	step("at first")
	change(7, "0.999", "0.99")
	step("another target")
	change(7, "timeWindow", "timeWindw")
	if len(step("a typo").Errors()) == 0 {
		t.Error("a typo is no error")
	}
	step("the same typo")
	change(7, "timeWindw", "timeWindow")
	step("mended")
	change(7, "service-00006", "service-00003")
	if len(step("declared twice").Errors()) == 0 {
		t.Error("what is declared twice is no error")
	}
	change(7, "service-00003", "service-00006")
	files[0].Data = bytes.ReplaceAll(files[0].Data, []byte("name: metrics"), []byte("name: metric"))
	if len(step("what all refer to is gone").Errors()) == 0 {
		t.Error("what is not declared is no error")
	}
	files[0].Data = bytes.ReplaceAll(files[0].Data, []byte("name: metric}"), []byte("name: metrics}"))
	step("it is back")
	files = files[:10]
	step("half of the files are gone")
}

// many is a data source and n objectives, each in a file of its own.
func many(n int) []slo.File {
	files := []slo.File{{Name: "source.yaml", Data: []byte("apiVersion: openslo/v1\nkind: DataSource\nmetadata: {name: metrics}\nspec: {type: Prometheus, connectionDetails: {url: \"http://127.0.0.1:9\"}}\n")}}
	for i := range n {
		name := fmt.Sprintf("service-%05d", i)
		files = append(files, slo.File{Name: name + ".yaml", Data: fmt.Appendf(nil, `apiVersion: openslo/v1
kind: SLO
metadata:
  name: %[1]s-availability
  displayName: Availability of %[1]s
spec:
  description: Requests that do not fail
  service: %[1]s
  budgetingMethod: Occurrences
  timeWindow:
  - duration: 30d
    isRolling: true
  objectives:
  - displayName: good
    target: 0.999
  indicator:
    metadata:
      name: %[1]s-requests
    spec:
      ratioMetric:
        counter: true
        bad:
          metricSource:
            type: Prometheus
            metricSourceRef: metrics
            spec:
              query: http_requests_total{job="%[1]s",code=~"5.."}
        total:
          metricSource:
            type: Prometheus
            metricSourceRef: metrics
            spec:
              query: http_requests_total{job="%[1]s"}
`, name)})
	}
	return files
}

// TestReaderRecognises: files that only make promises are not read anew, beside
// those of data sources too.
func TestReaderRecognises(t *testing.T) {
	r := &slo.Reader{}
	files := many(20)
	if _, problems := r.Load(files, nil); problems.Err() != nil {
		t.Fatal(problems)
	}
	if from, of := r.Recognised(); from != 20 || of != 21 {
		t.Errorf("%d of %d files are recognised, want 20 of 21", from, of)
	}
}

// BenchmarkReader reads 10,000 objectives in as many files: all of them, and
// with one that changed since the last time.
func BenchmarkReader(b *testing.B) {
	files := many(10_000)
	b.Run("all", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, problems := slo.Load(files, nil); problems.Err() != nil {
				b.Fatal(problems.Err())
			}
		}
	})
	b.Run("one changed", func(b *testing.B) {
		r := &slo.Reader{}
		r.Load(files, nil)
		b.ReportAllocs()
		for n := 0; b.Loop(); n++ {
			files[5000].Data = append(files[5000].Data, fmt.Sprintf("# %d\n", n)...)
			if _, problems := r.Load(files, nil); problems.Err() != nil {
				b.Fatal(problems.Err())
			}
		}
	})
}

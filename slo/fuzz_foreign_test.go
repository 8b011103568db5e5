package slo_test

import (
	"bytes"
	"flag"
	"os"
	"strconv"
	"testing"

	"setpoint.dev/setpoint/slo"
)

// Each format has a target of its own, so that none is left behind; all of
// them read with all importers, as the command line does.

func FuzzOpenSLO(f *testing.F)      { fuzzForeign(f, "openslo") }
func FuzzOlder(f *testing.F)        { fuzzForeign(f, "openslo-older") }
func FuzzSloth(f *testing.F)        { fuzzForeign(f, "sloth") }
func FuzzPyrra(f *testing.F)        { fuzzForeign(f, "pyrra") }
func FuzzSLOGenerator(f *testing.F) { fuzzForeign(f, "slogenerator") }
func FuzzNobl9(f *testing.F)        { fuzzForeign(f, "nobl9") }

// fuzzForeign reads anything as documents of a format: what is converted reads
// as the same set.
func fuzzForeign(f *testing.F, format string) {
	seed(f, "testdata/foreign/"+format+".txtar")
	f.Add([]byte("apiVersion: openslo/v1alpha\nkind: SLO\nmetadata: {name: a}\nspec:\n  objectives: [{target: 0.9}]\n")) // no window
	f.Fuzz(func(t *testing.T, data []byte) {
		file := slo.File{Name: "f.yaml", Data: data}
		set, problems := slo.Load([]slo.File{file}, env, importers()...)
		if (set == nil) != (problems.Err() != nil) {
			t.Fatalf("set %v with problems %v", set, problems)
		}
		for _, p := range problems {
			if p.Line < 1 || p.Col < 1 || p.File != "f.yaml" || p.Message == "" {
				t.Fatalf("problem without a place: %#v", p)
			}
			_ = p.Render(data)
		}
		made, _ := slo.Convert([]slo.File{file}, importers()...)
		if set != nil && made != nil {
			sound(t, set)
			convertsToItself(t, file, made)
		}
		lean(t)
	})
}

// FuzzConvert converts anything as our own definitions: it reads as the same
// set, and nothing changes when it is converted again.
func FuzzConvert(f *testing.F) {
	seedAll(f, "testdata/good/*.yaml")
	f.Fuzz(func(t *testing.T, data []byte) {
		file := slo.File{Name: "f.yaml", Data: data}
		set, _ := slo.Load([]slo.File{file}, env)
		made, problems := slo.Convert([]slo.File{file})
		if set != nil && made != nil && problems.Err() == nil {
			convertsToItself(t, file, made)
			if again, _ := slo.Convert([]slo.File{{Name: "f.yaml", Data: made}}); !bytes.Equal(made, again) {
				t.Fatalf("converted once:\n%s\nand twice:\n%s", made, again)
			}
		}
		lean(t)
	})
}

// mostResident is what a process that reads anything may take, in KiB.
const mostResident = 256 << 10

// lean holds a process that does nothing but fuzz to mostResident at its peak.
func lean(t *testing.T) {
	if worker := flag.Lookup("test.fuzzworker"); worker == nil || worker.Value.String() != "true" {
		return
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return // not Linux
	}
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	line, _, _ := bytes.Cut(rest, []byte("kB"))
	if peak, err := strconv.Atoi(string(bytes.TrimSpace(line))); err != nil || peak > mostResident {
		t.Fatalf("%d KiB are resident at the peak (%v), more than %d", peak, err, mostResident)
	}
}

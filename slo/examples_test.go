package slo_test

import (
	"io/fs"
	"os"
	"testing"

	"setpoint.dev/setpoint/slo"
)

// TestExamples reads each folder of examples as somebody would who copied it.
func TestExamples(t *testing.T) {
	examples := os.DirFS("../examples")
	folders, err := fs.ReadDir(examples, ".")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, d := range folders {
		if !d.IsDir() {
			continue
		}
		files, problems := slo.ReadFiles(examples, d.Name(), "examples")
		set, more := slo.Load(files, nil)
		if set == nil || len(problems)+len(more) > 0 {
			t.Errorf("%s: %v%v", d.Name(), problems, more)
			continue
		}
		if len(set.Objectives) == 0 || len(set.Loops) == 0 || len(set.Policies) == 0 {
			t.Errorf("%s shows %d objectives, %d loops, %d policies", d.Name(), len(set.Objectives), len(set.Loops), len(set.Policies))
		}
	}
}

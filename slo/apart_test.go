package slo_test

import (
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"setpoint.dev/setpoint/slo"
)

// TestPart reads files as some of many: what they do not hold is warned of, a
// slip is refused. As the whole, all of it is refused.
func TestPart(t *testing.T) {
	const name = "testdata/apart.txtar"
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	files := filesOf(a)
	part := &slo.Reader{Part: true}
	_, problems := part.Load(files, nil)
	compareArchive(t, name, a, strings.Join(lines(problems), "\n")+"\n")

	intact := files[:len(files)-1]
	set, problems := part.Load(intact, nil)
	if set == nil {
		t.Fatalf("refused as a part: %v", problems)
	}
	const missing = " is among the files that are checked"
	warned := strings.Count(problems.Error(), missing)
	set, problems = slo.Load(intact, nil)
	if got := len(problems.Errors()); set != nil || got != warned || strings.Contains(problems.Error(), missing) {
		t.Errorf("as the whole: set %v, %d refused; want none, and %d", set, got, warned)
	}
}

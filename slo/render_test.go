package slo_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/slo"
)

func TestRender(t *testing.T) {
	const src = "apiVersion: openslo/v1\r\nkind: Sevice\r\n"
	_, problems := slo.Load([]slo.File{{Name: "a.yaml", Data: []byte(src)}}, env)
	want := `error: kind: openslo/v1 has no kind Sevice
 --> a.yaml:2:7
  |
2 | kind: Sevice
  |       ^^^^^^
  = expected one of SLO, SLI, DataSource, Service, AlertPolicy, AlertCondition or AlertNotificationTarget
  = did you mean Service?
`
	if diff := cmp.Diff(want, rendered(problems, []slo.File{{Name: "a.yaml", Data: []byte(src)}})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestRenderLines shows the line of a problem, or does not.
func TestRenderLines(t *testing.T) {
	long := strings.Repeat("x", 300) + "HERE" + strings.Repeat("y", 300)
	tests := []struct {
		name, src  string
		line, col  int
		show, hide string
	}{
		{"control characters", "a: \x1b[31mred\u202e", 1, 1, "1 | a:  [31mred\n", "\x1b"},
		{"a long line", long, 1, 301, "HERE", strings.Repeat("x", 100)},
		{"beyond the end of the line", "abc", 1, 99, "1 | ", "panic"},
		{"beyond the end of the file", "abc", 7, 1, "--> f:7:1\n", "abc"},
		{"before the file", "abc", 0, 0, "--> f:0:0\n", "abc"},
		{"letters of several bytes", "ä: öü", 1, 4, "1 | ä: öü\n  |    ^\n", "panic"},
		{"a password in an address", "x: http://me:hunter2@host/", 1, 1, "http://***********host/", secret},
		{"a password in a connection string", "x: host=a password=hunter2 user=b", 1, 1, "user=b", secret},
	}
	for _, tt := range tests {
		p := slo.Problem{Position: slo.Position{File: "f", Line: tt.line, Col: tt.col}, Message: "m", Severity: slo.SeverityWarning}
		got := p.Render([]byte(tt.src))
		if !strings.Contains(got, tt.show) || strings.Contains(got, tt.hide) || !strings.HasPrefix(got, "warning: m\n") {
			t.Errorf("%s:\n%s", tt.name, got)
		}
	}
}

func TestProblemJSON(t *testing.T) {
	_, problems := slo.Load([]slo.File{{Name: "a.yaml", Data: []byte("apiVersion: openslo/v1\nkind: Sevice\n")}}, env)
	got, err := json.Marshal(problems)
	want := `[{"file":"a.yaml","line":2,"col":7,"path":"kind","message":"openslo/v1 has no kind Sevice",` +
		`"expected":"one of SLO, SLI, DataSource, Service, AlertPolicy, AlertCondition or AlertNotificationTarget",` +
		`"suggestion":"Service","severity":"error","width":6}]`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

// TestWithoutEnvironment checks definitions where no secrets are.
func TestWithoutEnvironment(t *testing.T) {
	name := "testdata/good/full.yaml"
	set, problems := slo.Load([]slo.File{{Name: name, Data: read(t, name)}}, nil)
	if set == nil {
		t.Fatal(problems)
	}
	if got := set.Sources[0].URL; got != "${PROMETHEUS_URL}" {
		t.Errorf("the address is %s", got)
	}
	set, problems = slo.Load([]slo.File{{Name: name, Data: read(t, name)}}, env)
	if set == nil || set.Sources[0].URL != "http://reader:hunter2@metrics:9090" || set.Actuators[1].Query.DatabaseURL != "postgres://reports:hunter2@db/shop" {
		t.Errorf("the environment is not read: %v %v", set, problems)
	}
	name = "testdata/good/minimal.yaml"
	nothing := func(string) (string, bool) { return "", false }
	set, problems = slo.Load([]slo.File{{Name: name, Data: read(t, name)}}, nothing)
	if set != nil || !strings.Contains(problems.Error(), "the environment variable PROMETHEUS_URL is not set") {
		t.Errorf("got %v, %v", set, problems)
	}
}

// TestFileTwice reads a file that a folder and its own name led to.
func TestFileTwice(t *testing.T) {
	name := "testdata/good/full.yaml"
	f := slo.File{Name: name, Data: read(t, name)}
	if set, problems := slo.Load([]slo.File{f, f}, env); set == nil || len(set.Loops) != 2 {
		t.Errorf("got %v, %v", set, problems)
	}
}

// TestWarningsAlone leaves a set in force.
func TestWarningsAlone(t *testing.T) {
	name := "testdata/good/warnings.yaml"
	set, problems := slo.Load([]slo.File{{Name: name, Data: read(t, name)}}, env)
	if set == nil || problems.Err() != nil || len(problems.Warnings()) != len(problems) || len(problems.Errors()) != 0 {
		t.Errorf("set %v, errors %v", set, problems.Errors())
	}
}

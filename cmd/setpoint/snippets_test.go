package main

import (
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"setpoint.dev/setpoint/loop"
)

// TestPastedCommands runs the commands that docs/pipelines has people paste
// into GitHub Actions, GitLab CI and Jenkins, against a gate that allows,
// denies and holds; only the wait is shorter. Each leaves what its tool reads.
func TestPastedCommands(t *testing.T) {
	for page, leaves := range map[string]map[string]string{
		"github-actions.md": {"out": "\n%\nend-", "summary": "| "},
		"gitlab.md":         {"gate.env": "SETPOINT_VERDICT=%\n"},
		"jenkins.md":        {"gate.xml": "<testcase classname=\"setpoint.gate\" name=\"checkout\""},
	} {
		text, err := os.ReadFile("../../docs/pipelines/" + page)
		if err != nil {
			t.Fatal(err)
		}
		command := strings.Replace(regexp.MustCompile(`setpoint gate [^'\n]+`).FindString(string(text)), "--wait 30m", "--wait 10ms", 1)
		for verdict, c := range map[string]struct {
			state func(*loop.Report)
			code  int
		}{"allow": {full, 0}, "deny": {exhausted, 2}, "hold": {dark, 3}} {
			g := newGatehouse()
			g.set(c.state)
			s := httptest.NewServer(g.handler())
			dir := t.TempDir()
			if code, said := pasted(t, dir, command, s.URL); code != c.code {
				t.Errorf("%s: %s: exit %d, want %d: %s: %s", page, verdict, code, c.code, command, said)
			}
			s.Close()
			for name, says := range leaves {
				says = strings.Replace(says, "%", verdict, 1)
				if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !strings.Contains(string(got), says) {
					t.Errorf("%s: %s: %s does not say %q: %v: %s", page, verdict, name, says, err, got)
				}
			}
		}
	}
}

// pasted runs a command as a step of a pipeline.
func pasted(t *testing.T, dir, command, address string) (code int, said string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "sh", "-c", command)
	c.Dir = dir
	c.Env = append(os.Environ(), "SETPOINT_URL="+address, "GITHUB_SHA=abc123", "CI_COMMIT_SHA=abc123", "GIT_COMMIT=abc123", "GITHUB_OUTPUT="+filepath.Join(dir, "out"), "GITHUB_STEP_SUMMARY="+filepath.Join(dir, "summary"))
	text, err := c.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), string(text)
}

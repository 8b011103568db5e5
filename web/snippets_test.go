package web_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// snippets are the blocks of shell of a page.
func snippets(t *testing.T, name string) (out []string) {
	t.Helper()
	for _, m := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(page(t, "../docs/pipelines/"+name), -1) {
		out = append(out, m[1])
	}
	return out
}

// shell runs a snippet against a server, and returns how it ended and what it
// said.
func shell(t *testing.T, snippet, address string, args ...string) (code int, said string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "gate.sh")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(snippet, "https://setpoint.example", address)), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), "sh", append([]string{file}, args...)...)
	c.Env = append(os.Environ(), "TOKEN=key-gate", "no_proxy=*")
	text, err := c.CombinedOutput()
	exit := (*exec.ExitError)(nil)
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), string(text)
}

// TestShellOfDeploys tells of a release as README.md says.
func TestShellOfDeploys(t *testing.T) {
	book, server := bookkeeping(time.Now())
	s := httptest.NewServer(server.Handler())
	defer s.Close()
	code, said := shell(t, snippets(t, "README.md")[0], s.URL)
	if code != 0 || len(book.all) != 1 || book.all[0].Release != "v12" || book.all[0].Environment != "prod" {
		t.Errorf("exit %d, told of %+v: %s", code, book.all, said)
	}
}

// TestShellOfOther runs every shell of the page for any other tool: against a
// gate that allows, denies and holds, one that knows nobody, and none at all.
func TestShellOfOther(t *testing.T) {
	found := snippets(t, "other.md")
	if len(found) != 3 {
		t.Fatalf("%d snippets", len(found))
	}
	post, script, line := found[0], found[1], found[2]
	args := []string{"checkout", "production", "feature/a&b=c"}
	for name, c := range map[string]struct {
		h            http.Handler
		script, line int
		says         string
	}{
		"allow": {house(well), 0, 0, "allow: "}, "deny": {house(spent), 2, 22, "deny: "}, "hold": {house(unseen), 3, 22, "hold: "},
		"another server": {http.NotFoundHandler(), 4, 22, "404 page not found"},
	} {
		s := httptest.NewServer(c.h)
		if code, said := shell(t, script, s.URL, args...); code != c.script || !strings.Contains(said, c.says) {
			t.Errorf("%s: the script ends with %d, want %d: %s", name, code, c.script, said)
		}
		if code, said := shell(t, line, s.URL); code != c.line || !strings.Contains(said, c.says) {
			t.Errorf("%s: the line ends with %d, want %d: %s", name, code, c.line, said)
		}
		if code, said := shell(t, post, s.URL); code != 0 || c.script < 4 && !strings.Contains(said, `"release":"1234"`) {
			t.Errorf("%s: the POST ends with %d: %s", name, code, said)
		}
		s.Close()
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	if code, said := shell(t, script, gone.URL, args...); code != 4 {
		t.Errorf("nobody there: the script ends with %d: %s", code, said)
	}
}

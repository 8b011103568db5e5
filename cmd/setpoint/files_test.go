package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDefinitionsStayInTheirFolder reads nothing that a link in a folder of
// definitions leads out to.
func TestDefinitionsStayInTheirFolder(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), t.TempDir()
	must(t, os.WriteFile(filepath.Join(outside, "secret.yaml"), []byte("kind: hunter2\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "own.yaml"), nil, 0o600))
	must(t, os.Symlink(filepath.Join(outside, "secret.yaml"), filepath.Join(dir, "link.yaml")))
	must(t, os.Symlink("own.yaml", filepath.Join(dir, "inside.yaml")))
	files, problems := readDefinitions([]string{dir})
	if len(files) != 2 || len(problems) != 1 || !strings.Contains(problems.Error(), "link.yaml:1:1: read file: path escapes") {
		t.Errorf("read %d files: %v", len(files), problems)
	}
}

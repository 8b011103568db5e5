//go:build linux

package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestWatch: what can change a definition is told of, however it is done, and
// what happens beside it is not.
func TestWatch(t *testing.T) {
	t.Parallel()
	write := func(path, text string) { must(t, os.WriteFile(path, []byte(text), 0o600)) }
	tests := []struct {
		name   string
		watch  string // below the test's folder
		change func(dir string)
		told   bool
	}{
		{"a file is written", "slos", func(dir string) { write(dir+"/slos/a.yaml", "b") }, true},
		{"a file is renamed over it", "slos", func(dir string) {
			write(dir+"/slos/.a.swp", "b")
			must(t, os.Rename(dir+"/slos/.a.swp", dir+"/slos/a.yaml"))
		}, true},
		{"an editor's own file", "slos", func(dir string) { write(dir+"/slos/.a.swp", "b") }, false},
		{"a file below a folder", "slos", func(dir string) { write(dir+"/slos/deep/b.yaml", "b") }, true},
		{"a file in a hidden folder", "slos", func(dir string) { write(dir+"/slos/.git/b.yaml", "b") }, false},
		{"the folder is swapped", "slos", func(dir string) {
			must(t, os.Rename(dir+"/slos", dir+"/old"))
			must(t, os.Mkdir(dir+"/slos", 0o700))
		}, true},
		{"a file beside the folder", "slos", func(dir string) { write(dir+"/log", "b") }, false},
		{"a file of its own", "slos/a.yaml", func(dir string) { write(dir+"/slos/a.yaml", "b") }, true},
		{"a file beside the file", "slos/a.yaml", func(dir string) { write(dir+"/slos/b.yaml", "b") }, false},
		{"a link's target", "link.yaml", func(dir string) { write(dir+"/slos/a.yaml", "b") }, true},
		{"a link", "link.yaml", func(dir string) {
			must(t, os.Remove(dir+"/link.yaml"))
			must(t, os.Symlink("slos/deep/b.yaml", dir+"/link.yaml"))
		}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for _, sub := range []string{"slos/deep", "slos/.git"} {
				must(t, os.MkdirAll(filepath.Join(dir, sub), 0o700))
			}
			write(dir+"/slos/a.yaml", "a")
			must(t, os.Symlink("slos/a.yaml", dir+"/link.yaml"))
			changes, end := watching(t, filepath.Join(dir, test.watch))
			defer end()
			test.change(dir)
			select {
			case <-changes:
				if !test.told {
					t.Error("told of a change that matters to nobody")
				}
			case <-time.After(map[bool]time.Duration{true: 20 * time.Second, false: time.Second}[test.told]):
				if test.told {
					t.Error("not told of the change")
				}
			}
		})
	}
}

// watching begins to watch and waits until it does.
func watching(t *testing.T, path string) (changes chan struct{}, end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	changes, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		watchFiles(ctx, []string{path}, slog.New(slog.DiscardHandler), changes)
	}()
	<-changes
	return changes, func() {
		cancel()
		<-ended
	}
}

// TestWatchBlind: where a folder cannot be watched, the files are read again
// and again, and that is said once.
func TestWatchBlind(t *testing.T) {
	t.Parallel()
	var log logbook
	ctx, cancel := context.WithCancel(t.Context())
	changes, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		watchFiles(ctx, []string{filepath.Join(t.TempDir(), "nowhere", "a.yaml")}, slog.New(slog.NewTextHandler(&log, nil)), changes)
	}()
	for range 3 {
		<-changes
	}
	cancel()
	<-ended
	if got := strings.Count(log.String(), "cannot be watched"); got != 1 {
		t.Errorf("said %d times that it cannot be watched, want once:\n%s", got, log.String())
	}
}

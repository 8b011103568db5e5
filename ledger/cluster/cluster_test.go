package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"setpoint.dev/setpoint/ledger/cluster"
)

func TestDataSurvivesStopAndStart(t *testing.T) {
	t.Parallel()
	cfg := config(tempDir(t))
	cfg.NoSync = false
	first := start(t, cfg)
	if first.Adopted {
		t.Error("new cluster is adopted")
	}
	execute(t, first, "CREATE TABLE kept AS SELECT 'yes' AS word")
	must(t, first.Stop())
	if err := first.Ping(t.Context()); err == nil {
		t.Error("stopped cluster answers")
	}
	second := start(t, cfg)
	if got := query(t, second, "SELECT word FROM kept"); got != "yes" || second.Adopted {
		t.Errorf("got %q, adopted %v", got, second.Adopted)
	}
	if first.DSN("x") != second.DSN("x") {
		t.Errorf("DSN changed from %s to %s", first.DSN("x"), second.DSN("x"))
	}
}

func TestCreateDatabaseTwiceAndAtOnce(t *testing.T) {
	t.Parallel()
	c := start(t, config(tempDir(t)))
	const name = `od"d na'me`
	var g errgroup.Group
	for range 4 {
		g.Go(func() error { return c.CreateDatabase(t.Context(), name) })
	}
	must(t, g.Wait())
	must(t, c.CreateDatabase(t.Context(), name))
	if got := query(t, c, `SELECT count(*)::text FROM pg_database WHERE datname = 'od"d na''me'`); got != "1" {
		t.Errorf("got %s databases", got)
	}
}

func TestServerIsPrivate(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	c := start(t, config(dir))
	if got := query(t, c, "SHOW listen_addresses"); got != "" {
		t.Errorf("listens on %q", got)
	}
	if got := query(t, c, "SHOW max_connections"); got != "20" {
		t.Errorf("max_connections is %s, want the setting given", got)
	}
	info, err := os.Stat(filepath.Join(dir, "pg", "socket"))
	must(t, err)
	if info.Mode().Perm() != 0o700 {
		t.Errorf("socket's directory has mode %s", info.Mode())
	}
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", postmaster(t, dir)))
	if err == nil && strings.Contains(string(environ), "HOME=") {
		t.Error("server got our environment")
	}
	for _, name := range []string{"listen_addresses", "Port", "unix_socket_directories"} {
		cfg := config(tempDir(t))
		cfg.Settings = map[string]string{name: "1"}
		if err := startError(t, cfg); !strings.Contains(err.Error(), name) {
			t.Errorf("setting %s: got %v", name, err)
		}
	}
}

// TestPaths starts in places whose names are hard to say in a connection string or too long for a socket, and
// adopts there, which needs both sides to work out the same socket.
func TestPaths(t *testing.T) {
	t.Parallel()
	for name, sub := range map[string]string{
		"long":   strings.Repeat("long/", 20),
		"quoted": `it's a \ "path"`,
		"comma":  "a,b",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := config(filepath.Join(tempDir(t), sub))
			first, second := start(t, cfg), start(t, cfg)
			if first.Adopted || !second.Adopted {
				t.Errorf("adopted: got %v and %v, want false and true", first.Adopted, second.Adopted)
			}
			socket := query(t, second, "SHOW unix_socket_directories")
			must(t, first.Stop())
			if !strings.HasPrefix(socket, cfg.Dir) {
				must(t, os.Remove(socket)) // else it went with cfg.Dir
			}
		})
	}
}

func TestNameMustBePlain(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"..", "a/b", "/"} {
		if err := startError(t, cluster.Config{Dir: t.TempDir(), Name: name}); !strings.Contains(err.Error(), "plain file name") {
			t.Errorf("name %q: got %v", name, err)
		}
	}
}

// TestCancelledStart must leave no process behind: the lock is free at once.
func TestCancelledStart(t *testing.T) {
	t.Parallel()
	cfg := config(tempDir(t))
	ctx, cancel := context.WithCancel(t.Context())
	unfinished := filepath.Join(cfg.Dir, "pg", "data.init", "base")
	go func() {
		defer cancel()
		eventually(t, "initdb is at work", func() bool { _, err := os.Stat(unfinished); return err == nil })
	}()
	if _, err := cluster.Start(ctx, cfg); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want context.Canceled", err)
	}
	if start(t, cfg).Adopted {
		t.Error("adopted a cluster of a cancelled start")
	}
}

// TestBrokenSettingIsReported wants the server's own words, at once.
func TestBrokenSettingIsReported(t *testing.T) {
	t.Parallel()
	cfg := config(tempDir(t))
	cfg.Settings = map[string]string{"work_mem": "much"}
	if err := startError(t, cfg); !strings.Contains(err.Error(), `invalid value for parameter "work_mem"`) {
		t.Errorf("got %v", err)
	}
}

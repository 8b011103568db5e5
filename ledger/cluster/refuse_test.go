package cluster_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/ledger/cluster"
)

func TestNoBinaries(t *testing.T) {
	t.Parallel()
	cfg := config(tempDir(t))
	cfg.Bin = t.TempDir()
	err := startError(t, cfg)
	if !errors.Is(err, cluster.ErrNoBinaries) || !strings.Contains(err.Error(), "apt-get install postgresql") {
		t.Errorf("got %v, want ErrNoBinaries with what to install", err)
	}
}

func TestOtherMajorVersion(t *testing.T) {
	t.Parallel()
	dir := usedDir(t)
	data := filepath.Join(dir, "pg", "data")
	must(t, os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("12\n"), 0o600))
	before := tree(t, data)
	err := startError(t, config(dir))
	for _, want := range []string{"PostgreSQL 12", "postgresql-12", "pg_upgrade", data, "untouched"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q: %v", want, err)
		}
	}
	if diff := cmp.Diff(before, tree(t, data)); diff != "" {
		t.Errorf("data was touched (-before +after):\n%s", diff)
	}
}

func TestDirectoryThatIsNoCluster(t *testing.T) {
	t.Parallel()
	for name, version := range map[string]string{"no PG_VERSION": "", "bad PG_VERSION": "nine"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tempDir(t)
			data := filepath.Join(dir, "pg", "data")
			must(t, os.MkdirAll(data, 0o700))
			must(t, os.WriteFile(filepath.Join(data, "precious"), nil, 0o600))
			if version != "" {
				must(t, os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte(version), 0o600))
			}
			if err := startError(t, config(dir)); !strings.Contains(err.Error(), "untouched") {
				t.Errorf("got %v", err)
			}
			if _, err := os.Stat(filepath.Join(data, "precious")); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	found := []cluster.Installed{{Dir: "/path", Major: 16}, {Dir: "/new", Major: 18}, {Dir: "/old", Major: 15}}
	for _, test := range []struct {
		name  string
		found []cluster.Installed
		want  int
		dir   string
		err   string
	}{
		{"new data: the first", found, 0, "/path", ""},
		{"old data: its version", found, 15, "/old", ""},
		{"newer data: its version", found, 18, "/new", ""},
		{"version not there", found, 17, "", "only 16 (/path), 18 (/new), 15 (/old) installed; install version 17"},
		{"nothing there", nil, 17, "", "PostgreSQL is not installed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, err := cluster.Choose(test.found, test.want)
			if dir != test.dir || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("got %q, %v; want %q, %q", dir, err, test.dir, test.err)
			}
		})
	}
}

// TestWrapperScriptOnPath: a script called postgres is passed over, the real one behind a linked initdb found.
func TestWrapperScriptOnPath(t *testing.T) {
	all, err := cluster.Find("")
	must(t, err)
	if len(all) == 0 {
		t.Fatal(cluster.ErrNoBinaries, "(`make parts` does that)")
	}
	dir := tempDir(t)
	must(t, os.WriteFile(filepath.Join(dir, "postgres"), []byte("#!/bin/sh\necho 'postgres (PostgreSQL) 99.1'\n"), 0o755))
	must(t, os.Symlink(filepath.Join(all[0], "initdb"), filepath.Join(dir, "initdb")))
	t.Setenv("PATH", dir)
	got, err := cluster.Find("")
	must(t, err)
	if len(got) == 0 || got[0] != all[0] || slices.Contains(got, dir) {
		t.Errorf("got %v, want %s first and %s not at all", got, all[0], dir)
	}
}

// TestDirectoryNotReachable: root's private directories are closed to the server's user.
func TestDirectoryNotReachable(t *testing.T) {
	needsRoot(t)
	t.Parallel()
	closed := filepath.Join(tempDir(t), "closed")
	must(t, os.Mkdir(closed, 0o700))
	err := startError(t, config(filepath.Join(closed, "a", "b")))
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "enter "+closed+" as") {
		t.Errorf("got %v, want the directory that blocks: %s", err, closed)
	}
}

// TestSomebodyElsesDirectory: a socket there could be a trap.
func TestSomebodyElsesDirectory(t *testing.T) {
	t.Parallel()
	dir := usedDir(t)
	socket := filepath.Join(dir, "pg", "socket")
	must(t, os.Chmod(socket, 0o777))
	if err := startError(t, config(dir)); !strings.Contains(err.Error(), "want a directory with mode 0700") {
		t.Errorf("got %v", err)
	}
	must(t, os.RemoveAll(socket))
	must(t, os.Symlink(dir, socket))
	if err := startError(t, config(dir)); !strings.Contains(err.Error(), "want a directory with mode 0700") {
		t.Errorf("link: got %v", err)
	}
}

// TestWithoutRoot repeats start and adoption as nobody, who is found in every passwd.
func TestWithoutRoot(t *testing.T) {
	needsRoot(t) // otherwise every test is this test
	t.Parallel()
	dir := tempDir(t)
	binary := filepath.Join(dir, "helper")
	must(t, exec.Command("cp", self(t).Path, binary).Run())
	must(t, os.Chmod(binary, 0o755))
	home := filepath.Join(dir, "home")
	must(t, os.Mkdir(home, 0o700))
	must(t, os.Chown(home, 65534, 65534))
	for _, want := range []string{"started", "adopted"} {
		cmd := exec.Command(binary)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		cmd.Dir = "/"
		if got := startHelper(t, cmd, home).says(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func needsRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root runs the server as another user")
	}
}

// tree lists files with size and time of change.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		files = append(files, path+" "+info.ModTime().String())
		return err
	}))
	return files
}

package cluster

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ErrNoBinaries tells, in one line, that PostgreSQL is not installed and what to install.
var ErrNoBinaries = errors.New("PostgreSQL is not installed: `apt-get install postgresql` (Debian, Ubuntu), " +
	"`dnf install postgresql-server` (Fedora, RHEL) or `brew install postgresql@17` (macOS) provides it; or set DATABASE_URL")

// oldest is the first major version without known corruption when a stale postmaster.pid is removed:
// since 12 the shared memory of a living server is found by its data directory alone.
const oldest = 12

// binaries is an installed PostgreSQL.
type binaries struct {
	dir   string
	major int
}

// choose picks the binaries for a data directory: the first found, or for existing data the first of its
// major version (want; 0 for none).
func choose(found []binaries, want int, data string) (binaries, error) {
	for _, b := range found {
		if want == 0 || b.major == want {
			return b, nil
		}
	}
	if len(found) == 0 {
		return binaries{}, ErrNoBinaries
	}
	return binaries{}, fmt.Errorf("open data of PostgreSQL %d in %s: only %s installed; install version %d "+
		"(Debian, Ubuntu: postgresql-%d) or move the data with pg_upgrade; the data is untouched",
		want, data, describe(found), want, want)
}

// find lists the installed PostgreSQLs: those on PATH in its order, then the newest of the distribution's.
// They are asked for their version as the server's user, who must be able to run them.
func find(o owner, bin string) []binaries {
	if bin != "" {
		return ask(o, []string{bin})
	}
	found := ask(o, onPath())
	others := ask(o, installed())
	slices.SortStableFunc(others, func(a, b binaries) int { return cmp.Compare(b.major, a.major) })
	for _, b := range others {
		if !slices.Contains(found, b) {
			found = append(found, b)
		}
	}
	return found
}

// onPath resolves links, since initdb looks for its files beside itself, and does so for both programs: one
// of them may be somebody's wrapper script.
func onPath() []string {
	var dirs []string
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		for _, name := range []string{"initdb", "postgres"} {
			real, err := filepath.EvalSymlinks(filepath.Join(dir, name))
			if err == nil && filepath.IsAbs(real) && !slices.Contains(dirs, filepath.Dir(real)) {
				dirs = append(dirs, filepath.Dir(real))
			}
		}
	}
	return dirs
}

func installed() []string {
	var dirs []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",                          // Debian, Ubuntu
		"/usr/pgsql-*/bin",                                   // RPMs of the PostgreSQL project
		"/usr/lib/postgresql*/bin",                           // SUSE
		"/usr/libexec/postgresql*",                           // Alpine
		"/usr/local/pgsql/bin",                               // built from source
		"/opt/homebrew/opt/postgresql@*/bin",                 // Homebrew, Apple silicon
		"/usr/local/opt/postgresql@*/bin",                    // Homebrew, Intel
		"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",    // Homebrew, Linux
		"/Applications/Postgres.app/Contents/Versions/*/bin", // Postgres.app
	} {
		matches, _ := filepath.Glob(pattern) // errs only on a malformed pattern
		dirs = append(dirs, matches...)
	}
	return dirs
}

// ask keeps the directories that hold a usable PostgreSQL.
func ask(o owner, dirs []string) []binaries {
	var found []binaries
	for _, dir := range dirs {
		if !isProgram(filepath.Join(dir, "postgres")) || !isProgram(filepath.Join(dir, "initdb")) {
			continue
		}
		if major, err := version(o, dir, "/"); err == nil && major >= oldest {
			found = append(found, binaries{dir: dir, major: major})
		}
	}
	return found
}

// isProgram tells an executable from a wrapper script, which could start the server under another
// parent or user.
func isProgram(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 2)
	_, err = f.Read(head)
	return err == nil && !bytes.Equal(head, []byte("#!"))
}

// version runs postgres --version as the server's user in a working directory.
func version(o owner, bin, workdir string) (int, error) {
	cmd := exec.Command(filepath.Join(bin, "postgres"), "--version")
	cmd.Dir, cmd.Env, cmd.SysProcAttr = workdir, environment(), attributes(o)
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("ask postgres for its version: %w", err)
	}
	_, text, _ := strings.Cut(string(out), "(PostgreSQL) ") // 15.18 (Debian …), 19beta1
	digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
	major, err := strconv.Atoi(text[:digits])
	if err != nil {
		return 0, fmt.Errorf("read version of postgres: got %q", out)
	}
	return major, nil
}

// reach makes sure that the server's user can come to a directory, and names the one that blocks. It tries
// rather than reads modes, which say nothing about access lists.
func reach(o owner, b binaries, dir string) error {
	if _, err := version(o, b.dir, dir); err == nil {
		return nil
	}
	for _, d := range ancestors(dir) {
		if _, err := version(o, b.dir, d); err != nil {
			return fmt.Errorf("enter %s as %s, who runs the server: %w; choose another data directory or `chmod o+x %s`",
				d, o.name, fs.ErrPermission, d)
		}
	}
	return nil
}

// ancestors lists a directory's parents from the root down, itself last.
func ancestors(dir string) []string {
	if parent := filepath.Dir(dir); parent != dir {
		return append(ancestors(parent), dir)
	}
	return []string{dir}
}

func describe(found []binaries) string {
	var s []string
	for _, b := range found {
		s = append(s, fmt.Sprintf("%d (%s)", b.major, b.dir))
	}
	return strings.Join(s, ", ")
}

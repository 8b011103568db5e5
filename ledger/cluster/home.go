package cluster

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const (
	socketPathMax = 103      // bytes of a socket's path: 107 on Linux, 103 on macOS; the smaller one everywhere
	logMax        = 10 << 20 // bytes after which a start begins a new log
)

// home is where a cluster lives.
type home struct {
	dir    string // <Dir>/<Name>
	lock   string // <Dir>/<Name>.lock
	data   string
	socket string // directory
	log    string
	owner  owner
}

// owner is the user the server runs as.
type owner struct {
	name     string
	uid, gid int
	drop     bool // we are root and the server must not be
}

// locate works out a cluster's paths and creates Dir; the rest is created under the lock.
func locate(cfg Config) (home, error) {
	name := nameOf(cfg)
	if name != filepath.Base(name) || strings.Trim(name, "./") == "" {
		return home{}, fmt.Errorf("name %q is not a plain file name", name)
	}
	base, err := baseDir(cfg.Dir)
	if err != nil {
		return home{}, err
	}
	h := home{dir: filepath.Join(base, name), lock: filepath.Join(base, name+".lock")}
	h.data, h.log = filepath.Join(h.dir, "data"), filepath.Join(h.dir, "postgres.log")
	h.socket = socketDir(h.dir)
	h.owner, err = ownerOf(h.dir)
	return h, err
}

// create makes the directories the server writes to, as its owner's.
func (h home) create() error {
	for _, dir := range []string{h.dir, h.socket} {
		if err := h.owner.own(dir); err != nil {
			return err
		}
	}
	return nil
}

// removeStale removes what a killed server left. The caller's lock says that no process of this
// cluster lives; the process ids in these files may by now be anybody's, and postgres would believe them.
func (h home) removeStale() error {
	socket := filepath.Join(h.socket, ".s.PGSQL."+port)
	for _, path := range []string{filepath.Join(h.data, "postmaster.pid"), socket + ".lock", socket} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove a killed server's file: %w", err)
		}
	}
	return nil
}

// openLog opens the server's log for appending and tells its size. A link is not followed: the
// directory belongs to the server's user, we may be root.
func (h home) openLog() (*os.File, int64, error) {
	if info, err := os.Stat(h.log); err == nil && info.Size() > logMax {
		if err := os.Rename(h.log, h.log+".1"); err != nil {
			return nil, 0, fmt.Errorf("rotate log: %w", err)
		}
	}
	f, err := os.OpenFile(h.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, 0, fmt.Errorf("open log: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("size log: %w", err), f.Close())
	}
	return f, info.Size(), nil
}

// lastWords is what the server said last, for an error message.
func (h home) lastWords(from int64) string {
	b, err := os.ReadFile(h.log)
	if err != nil {
		return "no log: " + err.Error()
	}
	return tail(b[min(int(from), len(b)):]) + " (log: " + h.log + ")"
}

// tail joins the last lines of an output into one.
func tail(out []byte) string {
	lines := strings.Split(string(bytes.TrimSpace(out)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "; ")
}

func baseDir(dir string) (string, error) {
	if dir == "" {
		var err error
		if dir, err = DefaultDir(); err != nil {
			return "", err
		}
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("resolve data directory: %w", err)
	}
	if err := makeDirs(dir); err != nil {
		return "", fmt.Errorf("create data directory: %w", err)
	}
	return filepath.EvalSymlinks(dir) // one cluster has one path, hence one socket
}

// DefaultDir is where clusters are when Config.Dir is empty.
func DefaultDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib/setpoint", nil
	}
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, "setpoint"), nil
	}
	userHome, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find a place for data: %w", err)
	}
	return filepath.Join(userHome, ".local", "state", "setpoint"), nil
}

// makeDirs is os.MkdirAll, but what root creates can be traversed under any umask.
func makeDirs(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := makeDirs(filepath.Dir(dir)); err != nil {
		return err
	}
	mode := fs.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o755
	}
	if err := os.Mkdir(dir, mode); errors.Is(err, fs.ErrExist) {
		return nil
	} else if err != nil {
		return err
	}
	return os.Chmod(dir, mode)
}

// socketDir is inside the home unless the path were too long for a socket or, with a comma, read as
// two paths. Then it is a short one that every process works out alike.
func socketDir(homeDir string) string {
	dir := filepath.Join(homeDir, "socket")
	if len(dir)+len("/.s.PGSQL."+port) <= socketPathMax && !strings.Contains(dir, ",") {
		return dir
	}
	return fmt.Sprintf("/tmp/setpoint-%x", sha256.Sum256([]byte(homeDir)))[:len("/tmp/setpoint-")+16]
}

// ownerOf is who owns the home already, so that a cluster keeps its user; else ourselves or, for root,
// an unprivileged user.
func ownerOf(dir string) (owner, error) {
	if uid := os.Geteuid(); uid != 0 {
		return owner{name: "uid " + strconv.Itoa(uid), uid: uid, gid: os.Getegid()}, nil
	}
	if info, err := os.Lstat(dir); err == nil && uidOf(info) != 0 {
		stat := info.Sys().(*syscall.Stat_t)
		return owner{name: "uid " + strconv.Itoa(int(stat.Uid)), uid: int(stat.Uid), gid: int(stat.Gid), drop: true}, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		return owner{}, fmt.Errorf("find an unprivileged user to run the server: %w", err)
	}
	uid, uidErr := strconv.Atoi(u.Uid)
	gid, gidErr := strconv.Atoi(u.Gid)
	return owner{name: u.Username, uid: uid, gid: gid, drop: true}, errors.Join(uidErr, gidErr)
}

// own creates a directory that only the owner can enter, or makes sure that an existing one is such.
func (o owner) own(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return o.mustOwn(dir)
	}
	if err == nil && o.drop {
		err = os.Lchown(dir, o.uid, o.gid)
	}
	if err != nil {
		return fmt.Errorf("create directory of the server: %w", err)
	}
	return nil
}

// mustOwn refuses a directory into which somebody else could have put a socket or data.
func (o owner) mustOwn(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("look at directory of the server: %w", err)
	}
	if !info.IsDir() || uidOf(info) != o.uid || info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("use %s: %s of uid %d, want a directory with mode 0700 of %s", dir, info.Mode(), uidOf(info), o.name)
	}
	return nil
}

func uidOf(info fs.FileInfo) int { return int(info.Sys().(*syscall.Stat_t).Uid) }

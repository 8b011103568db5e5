package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// child is a process tied to this one.
type child struct {
	cmd      *exec.Cmd
	logStart int64         // where its words begin in the log
	done     chan struct{} // closed when it was reaped
	err      error         // how it ended; valid after done
}

// launch starts the server, on a new data directory the first time. The caller holds the lock.
func launch(ctx context.Context, h home, cfg Config, lock *os.File) (*child, error) {
	args, err := settings(h, cfg)
	if err != nil {
		return nil, err
	}
	want, err := dataVersion(h.data)
	if err != nil {
		return nil, err
	}
	b, err := choose(find(h.owner, cfg.Bin), want, h.data)
	if err != nil {
		return nil, err
	}
	if err := reach(h.owner, b, filepath.Dir(h.dir)); err != nil {
		return nil, err
	}
	if err := h.create(); err != nil {
		return nil, err
	}
	if want == 0 {
		if err := initialize(ctx, h, b, cfg.NoSync, lock); err != nil {
			return nil, err
		}
	}
	return serve(h, b, args, lock)
}

// dataVersion reads the major version of a data directory: 0 for none. A directory that is not a cluster
// is refused, never initialized over.
func dataVersion(data string) (int, error) {
	if _, err := os.Lstat(data); errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	b, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if err != nil {
		return 0, fmt.Errorf("read version of existing data, which is left untouched: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || major < 1 {
		return 0, fmt.Errorf("read version of existing data in %s, which is left untouched: got %q", data, b)
	}
	return major, nil
}

// initialize makes the data directory under another name and renames it, so that half an initdb is never
// taken for a cluster.
func initialize(ctx context.Context, h home, b binaries, noSync bool, lock *os.File) error {
	unfinished := h.data + ".init"
	if err := os.RemoveAll(unfinished); err != nil {
		return fmt.Errorf("remove an unfinished initdb: %w", err)
	}
	args := []string{"-D", unfinished, "-U", superuser, "--auth-local=trust", "--auth-host=reject",
		"-E", "UTF8", "--locale=C", "-k"}
	if noSync {
		args = append(args, "--no-sync")
	}
	if err := initdb(ctx, h, b, args, lock); err != nil {
		return err
	}
	if err := os.Rename(unfinished, h.data); err != nil {
		return fmt.Errorf("put new data in place: %w", err)
	}
	return syncDir(h.dir, noSync)
}

func initdb(ctx context.Context, h home, b binaries, args []string, lock *os.File) error {
	var out bytes.Buffer
	cmd := command(h.owner, filepath.Join(b.dir, "initdb"), args, lock)
	cmd.Stdout, cmd.Stderr = &out, &out
	c, err := spawn(cmd)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("run initdb: %w", ctx.Err()), c.stop())
	case <-c.done:
	}
	if c.err != nil {
		return fmt.Errorf("run initdb: %w: %s", c.err, tail(out.Bytes()))
	}
	return nil
}

// serve starts postgres as a direct child.
func serve(h home, b binaries, args []string, lock *os.File) (*child, error) {
	if err := h.removeStale(); err != nil {
		return nil, err
	}
	log, size, err := h.openLog()
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := command(h.owner, filepath.Join(b.dir, "postgres"), args, lock)
	cmd.Stdout, cmd.Stderr = log, log
	c, err := spawn(cmd)
	if err != nil {
		return nil, err
	}
	c.logStart = size
	return c, nil
}

// settings are the arguments of postgres. Later ones win, so ours that matter come last.
func settings(h home, cfg Config) ([]string, error) {
	all := map[string]string{
		"cluster_name":    "setpoint-" + nameOf(cfg), // shown by ps
		"shared_buffers":  "32MB",
		"max_connections": "50",
		"max_wal_size":    "256MB",
	}
	if cfg.NoSync {
		maps.Copy(all, map[string]string{"fsync": "off", "full_page_writes": "off"})
	}
	maps.Copy(all, cfg.Settings)
	ours := map[string]string{
		"listen_addresses":        "",
		"unix_socket_directories": h.socket,
		"unix_socket_permissions": "0700",
		"port":                    port,
		"logging_collector":       "off",
		"log_destination":         "stderr",
	}
	args := []string{"-D", h.data}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if _, taken := ours[strings.ToLower(name)]; taken {
			return nil, fmt.Errorf("use setting %s: it keeps the cluster private and is not free to choose", name)
		}
		args = append(args, "-c", name+"="+all[name])
	}
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		args = append(args, "-c", name+"="+ours[name])
	}
	return args, nil
}

// command is a program of the server's user that inherits the lock. It runs in / since the user may not be
// allowed where we are.
func command(o owner, path string, args []string, lock *os.File) *exec.Cmd {
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.Env = "/", environment()
	cmd.ExtraFiles = []*os.File{lock}
	cmd.SysProcAttr = tied(attributes(o))
	return cmd
}

// attributes make a process run as the server's user and out of reach of the terminal's Ctrl-C, which is
// ours to handle.
func attributes(o owner) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if o.drop {
		attr.Credential = &syscall.Credential{Uid: uint32(o.uid), Gid: uint32(o.gid)}
	}
	return attr
}

// environment keeps our secrets and PG* variables from the server. Messages are in English, for lastWords.
func environment() []string {
	env := []string{"LC_ALL=C", "TZ=UTC"}
	for _, name := range []string{"PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// spawn starts a process from a thread that lives as long as the process does: the parent-death signal of
// Linux comes when the thread that made the child dies, not when the whole process does.
func spawn(cmd *exec.Cmd) (*child, error) {
	c := &child{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			c.err = cmd.Wait()
			close(c.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("run %s: %w", filepath.Base(cmd.Path), err)
	}
	return c, nil
}

// stop asks for a fast shutdown (SIGINT), then for an immediate one (SIGQUIT), and waits. A process that is
// gone already, however it ended, is no error.
func (c *child) stop() error {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT} {
		if err := c.cmd.Process.Signal(sig); errors.Is(err, os.ErrProcessDone) {
			<-c.done
			return nil
		} else if err != nil {
			return err
		}
		select {
		case <-c.done:
			return nil
		case <-time.After(graceful):
		}
	}
	<-c.done
	return errors.New("server did not end by a fast shutdown; it recovers at its next start")
}

func syncDir(dir string, skip bool) error {
	if skip {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("open directory to sync: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

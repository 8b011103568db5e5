package cluster_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"setpoint.dev/setpoint/ledger/cluster"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
)

// helperDir makes the test binary start the cluster in a directory and keep it until its input ends.
const helperDir = "CLUSTER_TEST_HELPER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperDir); dir != "" {
		os.Exit(beHelper(dir))
	}
	goleak.VerifyTestMain(m)
}

func beHelper(dir string) int {
	c, err := cluster.Start(context.Background(), config(dir))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(map[bool]string{true: "adopted", false: "started"}[c.Adopted])
	io.Copy(io.Discard, os.Stdin)
	if err := c.Stop(); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// helper is another process that has, or shares, a cluster.
type helper struct {
	t     *testing.T
	cmd   *exec.Cmd
	out   *bufio.Reader
	stdin io.Closer
}

func startHelper(t *testing.T, cmd *exec.Cmd, dir string) *helper {
	t.Helper()
	cmd.Env = append(os.Environ(), helperDir+"="+dir)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	h := &helper{t: t, cmd: cmd, out: bufio.NewReader(out), stdin: stdin}
	t.Cleanup(h.end)
	return h
}

func self(t *testing.T) *exec.Cmd {
	t.Helper()
	path, err := os.Executable()
	must(t, err)
	return exec.Command(path)
}

// says is what became of the helper's start: started, adopted or an error.
func (h *helper) says() string {
	line, err := h.out.ReadString('\n')
	if err != nil {
		h.t.Errorf("read helper's word: %v", err)
	}
	return strings.TrimSpace(line)
}

// kill is kill -9.
func (h *helper) kill() {
	must(h.t, h.cmd.Process.Kill())
	h.cmd.Wait()
}

// end lets the helper stop its cluster; it does nothing after kill.
func (h *helper) end() {
	h.stdin.Close()
	h.cmd.Wait()
}

// config is a cluster for tests: small and without fsync.
func config(dir string) cluster.Config {
	return cluster.Config{Dir: dir, Name: "pg", NoSync: true, Settings: map[string]string{"max_connections": "20"}}
}

// start starts the cluster in dir and stops it when the test ends.
func start(t *testing.T, cfg cluster.Config) *cluster.Cluster {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := cluster.Start(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, c.Stop()) })
	return c
}

// startError is the error of a start that must not work.
func startError(t *testing.T, cfg cluster.Config) error {
	t.Helper()
	c, err := cluster.Start(t.Context(), cfg)
	if err == nil {
		must(t, c.Stop())
		t.Fatal("start worked, want an error")
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error has several lines: %v", err)
	}
	return err
}

// tempDir is a directory for clusters that the server's user can reach.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := clustertest.Dir()
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	return dir
}

// usedDir is a tempDir with the stopped cluster of config in it.
func usedDir(t *testing.T) string {
	t.Helper()
	dir := tempDir(t)
	must(t, start(t, config(dir)).Stop())
	return dir
}

// execute runs statements in the cluster's database "postgres".
func execute(t *testing.T, c *cluster.Cluster, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.DSN("postgres"))
	must(t, err)
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), sql)
	must(t, err)
}

// query reads one text value.
func query(t *testing.T, c *cluster.Cluster, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.DSN("postgres"))
	must(t, err)
	defer conn.Close(t.Context())
	var value string
	must(t, conn.QueryRow(t.Context(), sql).Scan(&value))
	return value
}

// postmaster is the process id of the server of config's cluster in dir.
func postmaster(t *testing.T, dir string) int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "pg", "data", "postmaster.pid"))
	must(t, err)
	pid, err := strconv.Atoi(strings.SplitN(string(b), "\n", 2)[0])
	must(t, err)
	return pid
}

// eventually polls a condition that depends on other processes.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}

// serverUser are the credentials of the user who owns the cluster's data; nil when that is ourselves.
func serverUser(t *testing.T, dir string) *syscall.Credential {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, "pg"))
	must(t, err)
	stat := info.Sys().(*syscall.Stat_t)
	if int(stat.Uid) == os.Geteuid() {
		return nil
	}
	return &syscall.Credential{Uid: stat.Uid, Gid: stat.Gid}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

package cluster_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestAdopterOutlivesStarter is the whole story of kill -9: adopted, lost, started anew, nothing lost.
func TestAdopterOutlivesStarter(t *testing.T) {
	needsParentDeathSignal(t)
	t.Parallel()
	dir := tempDir(t)
	h := startHelper(t, self(t), dir)
	if got := h.says(); got != "started" {
		t.Fatalf("helper: got %q, want started", got)
	}
	adopted := start(t, config(dir))
	if !adopted.Adopted {
		t.Fatal("running cluster was not adopted")
	}
	execute(t, adopted, "CREATE TABLE kept AS SELECT 'yes' AS word")
	must(t, adopted.Stop())
	must(t, adopted.Ping(t.Context())) // Stop leaves it alone

	pid := postmaster(t, dir)
	h.kill()
	eventually(t, "connections fail", func() bool { return adopted.Ping(t.Context()) != nil })
	own := start(t, config(dir))
	if own.Adopted || postmaster(t, dir) == pid {
		t.Errorf("adopted %v with postmaster %d, was %d: want a new one", own.Adopted, postmaster(t, dir), pid)
	}
	if got := query(t, own, "SELECT word FROM kept"); got != "yes" {
		t.Errorf("got %q", got)
	}
	if log := readLog(t, dir); strings.Contains(log, "not properly shut down") {
		t.Errorf("shutdown was not clean:\n%s", log)
	}
}

func TestStartAfterKillOfStarterAndServer(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	h := startHelper(t, self(t), dir)
	h.says()
	c := start(t, config(dir))
	execute(t, c, "CREATE TABLE kept AS SELECT 'yes' AS word")
	pid := postmaster(t, dir)
	must(t, syscall.Kill(h.cmd.Process.Pid, syscall.SIGSTOP)) // it cannot reap its child
	must(t, syscall.Kill(pid, syscall.SIGKILL))
	h.kill()

	again := start(t, config(dir))
	if again.Adopted {
		t.Error("adopted a killed cluster")
	}
	if got := query(t, again, "SELECT word FROM kept"); got != "yes" {
		t.Errorf("got %q", got)
	}
	if log := readLog(t, dir); !strings.Contains(log, "not properly shut down") {
		t.Errorf("no recovery, so the server was not killed:\n%s", log)
	}
}

// TestServerKilledUnderItsStarter: the starter notices as an adopter does.
func TestServerKilledUnderItsStarter(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	c := start(t, config(dir))
	must(t, syscall.Kill(postmaster(t, dir), syscall.SIGKILL))
	eventually(t, "connections fail", func() bool { return c.Ping(t.Context()) != nil })
	again := start(t, config(dir))
	if again.Adopted {
		t.Error("adopted a killed cluster")
	}
	must(t, c.Stop())
	must(t, again.Ping(t.Context())) // the first one's Stop is not the second one's
}

func TestSeveralStartAtOnce(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	var helpers []*helper
	for range 3 {
		helpers = append(helpers, startHelper(t, self(t), dir))
	}
	got := map[string]int{}
	for _, h := range helpers {
		got[h.says()]++
	}
	if got["started"] != 1 || got["adopted"] != 2 {
		t.Errorf("got %v, want 1 started and 2 adopted", got)
	}
}

// TestServerHoldsTheLock: its processes, not ours, so that it is free when the last of them has gone.
func TestServerHoldsTheLock(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	c := start(t, config(dir))
	lock, err := os.Open(filepath.Join(dir, "pg.lock"))
	must(t, err)
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err == nil {
		t.Error("lock of a running cluster is free")
	}
	must(t, c.Stop())
	must(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB))
}

// TestStartWhileShuttingDown must wait for the end of the old server rather than fail or adopt it.
func TestStartWhileShuttingDown(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	for range 3 {
		h := startHelper(t, self(t), dir)
		if got := h.says(); got != "started" {
			t.Fatalf("helper: got %q, want started", got)
		}
		h.stdin.Close() // it stops its cluster now
		c := start(t, config(dir))
		h.cmd.Wait()
		if !c.Adopted { // adopted in the last moment is possible, and noticed by its user
			must(t, c.Ping(t.Context()))
		}
		must(t, c.Stop())
	}
}

// TestRecycledProcessID: after a power failure the id in the pid files may be anybody's, here a
// living process of the server's user, which PostgreSQL alone takes for a server.
func TestRecycledProcessID(t *testing.T) {
	t.Parallel()
	dir := usedDir(t)
	sleep := exec.Command("sleep", "60")
	sleep.SysProcAttr = &syscall.SysProcAttr{Credential: serverUser(t, dir)}
	must(t, sleep.Start())
	t.Cleanup(func() { sleep.Process.Kill(); sleep.Wait() })
	data := filepath.Join(dir, "pg", "data")
	lines := strconv.Itoa(sleep.Process.Pid) + "\n" + data + "\n1700000000\n5432\n"
	for _, file := range []string{"data/postmaster.pid", "socket/.s.PGSQL.5432.lock"} {
		must(t, os.WriteFile(filepath.Join(dir, "pg", file), []byte(lines), 0o644))
	}
	start(t, config(dir))
}

func TestKilledDuringInitdb(t *testing.T) {
	needsParentDeathSignal(t)
	t.Parallel()
	dir := tempDir(t)
	h := startHelper(t, self(t), dir)
	unfinished := filepath.Join(dir, "pg", "data.init")
	eventually(t, "initdb is at work", func() bool {
		_, err := os.Stat(filepath.Join(unfinished, "base", "1"))
		return err == nil
	})
	h.kill()
	if start(t, config(dir)).Adopted {
		t.Error("adopted half an initdb")
	}
	if _, err := os.Stat(unfinished); err == nil {
		t.Error("unfinished initdb is still there")
	}
}

// TestUnfinishedInitdb is what a power failure leaves: no process, half a directory.
func TestUnfinishedInitdb(t *testing.T) {
	t.Parallel()
	dir := usedDir(t)
	pg := filepath.Join(dir, "pg")
	must(t, os.Rename(filepath.Join(pg, "data"), filepath.Join(pg, "data.init")))
	must(t, os.RemoveAll(filepath.Join(pg, "data.init", "global")))
	execute(t, start(t, config(dir)), "SELECT 1")
}

func needsParentDeathSignal(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells a child that its parent died")
	}
}

func readLog(t *testing.T, dir string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "pg", "postgres.log"))
	must(t, err)
	return string(b)
}

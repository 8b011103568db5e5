//go:build linux

package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// longFaults are those that take long, for runs that do.
func (n *nemesis) longFaults() map[string]func(time.Duration) {
	return map[string]func(time.Duration){
		"the metrics backend is away until what is known is too old":       n.tooOld,
		"an instance is started while the ledger is away":                  n.startWithoutLedger,
		"an instance that has spooled is killed":                           n.killSpooler,
		"an instance has no file descriptor left, and the ledger is away":  n.starve,
		"one after the other is ended and started":                         n.roll,
		"a newer program migrates the ledger, and that is taken back":      n.migrateAndBack,
		"old answers are dropped, by a process that is killed (SIGKILL)":   n.prune,
		"the ledger's database is frozen while the metrics backend is old": n.within("old", n.freezeLedger),
		"an instance is frozen while the metrics backend hangs":            n.within("hang", n.freezeServer),
	}
}

// within does a fault while the metrics backend lies.
func (n *nemesis) within(how string, fault func(time.Duration)) func(time.Duration) {
	return func(d time.Duration) {
		n.backend.says.Store(&how)
		defer n.backend.says.Store(nil)
		fault(d)
	}
}

// tooOld lasts until the gate has to notice: an objective is out of sight after
// 25 s.
func (n *nemesis) tooOld(d time.Duration) {
	how := []string{"hang", "fail", "empty", "old"}[n.rng.IntN(4)]
	n.lie(how)(30*time.Second + d)
}

// away ends the ledger's database, does something, and starts it again.
func (n *nemesis) away(d time.Duration, meanwhile func()) {
	must(n.t, syscall.Kill(n.postmaster(), syscall.SIGKILL))
	time.Sleep(d / 2)
	meanwhile()
	time.Sleep(d / 2)
	n.raise()
}

func (n *nemesis) startWithoutLedger(d time.Duration) {
	v := n.any()
	v.kill()
	n.away(d, v.start)
}

// killSpooler kills an instance whose answers wait on its disk.
func (n *nemesis) killSpooler(d time.Duration) {
	v := n.any()
	n.away(d, func() {
		until := time.Now().Add(10 * time.Second)
		for len(n.spooled(v)) == 0 && time.Now().Before(until) {
			time.Sleep(10 * time.Millisecond)
		}
		v.kill()
	})
	v.start()
}

// starve lets an instance open nothing any more: no connection, and no file
// for what it would spool.
func (n *nemesis) starve(d time.Duration) {
	pid := n.any().process.cmd.Process.Pid
	was := n.files(pid, nil)
	n.files(pid, &syscall.Rlimit{Cur: 3, Max: was.Max})
	n.away(d, func() {})
	n.files(pid, &was)
}

// files sets how many files a process may have open, and returns how many it
// might before.
func (n *nemesis) files(pid int, next *syscall.Rlimit) (was syscall.Rlimit) {
	_, _, errno := syscall.Syscall6(syscall.SYS_PRLIMIT64, uintptr(pid), syscall.RLIMIT_NOFILE, uintptr(unsafe.Pointer(next)), uintptr(unsafe.Pointer(&was)), 0, 0)
	if errno != 0 {
		n.t.Fatalf("limit the files of process %d: %v", pid, errno)
	}
	return was
}

func (n *nemesis) roll(time.Duration) {
	for _, v := range n.servers {
		v.stop()
		v.start()
	}
}

// migrateAndBack has both instances find that a newer program was here, which
// they believe until they are started again.
func (n *nemesis) migrateAndBack(d time.Duration) {
	n.exec(`insert into setpoint.migrations values (9999, '9999_later.sql', '') on conflict do nothing`)
	time.Sleep(d)
	n.exec(`delete from setpoint.migrations where version = 9999`)
	n.roll(d)
}

// prune drops all answers so far, once in two processes, of which the first is
// killed; before that they are archived. The record is whole at any time.
func (n *nemesis) prune(d time.Duration) {
	dir := filepath.Dir(n.servers[0].log)
	n.checks = checks{filepath.Join(dir, "checkpoints.jsonl"), filepath.Join(dir, "checkpoint.key")}
	public := n.checks.key + ".pub"
	if _, err := os.Stat(public); err != nil {
		must(n.t, os.WriteFile(public, []byte(n.owner("checkpoint", "--make-key", n.checks.key)), 0o600))
	}
	line := n.owner("checkpoint", "--key", n.checks.key)
	text, _ := os.ReadFile(n.checks.file) // none is there at first
	must(n.t, os.WriteFile(n.checks.file, append(text, line...), 0o600))
	n.archive()
	args := []string{"prune", "--before", "now", "--checkpoints", n.checks.file, "--key", public, "--why", "a drill"}
	cmd := exec.Command("setpoint", args...)
	cmd.Env = append(os.Environ(), "DATABASE_URL="+n.servers[0].dsn)
	killed := spawn(n.t, cmd)
	time.Sleep(d / 8)
	cmd.Process.Kill() // an error says that it has ended
	<-killed.gone
	n.owner("verify", "--checkpoints", n.checks.file, "--key", public)
	n.owner(args...)
	n.owner("verify", "--checkpoints", n.checks.file, "--key", public)
}

// owner runs a command on the ledger until it succeeds.
func (n *nemesis) owner(args ...string) string {
	n.t.Helper()
	var r result
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		if r = command(n.t, []string{"DATABASE_URL=" + n.servers[0].dsn}, args...); r.code == 0 {
			return r.out
		}
		if time.Now().After(deadline) {
			n.t.Fatalf("setpoint %s: %s", args, r)
		}
	}
}

// spooled are the files of answers that wait, or were refused, on an
// instance's disk.
func (n *nemesis) spooled(v *server) []string {
	i := slices.Index(v.args, "--spool")
	all, err := filepath.Glob(filepath.Join(v.args[i+1], "*.json*"))
	must(n.t, err)
	return slices.DeleteFunc(all, func(name string) bool { return strings.HasSuffix(name, ".part") })
}

// archive keeps what is on record, by number of the row.
func (n *nemesis) archive() { maps.Copy(n.archived, n.onRecord()) }

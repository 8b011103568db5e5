package ledger_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/ledgertest"
	"setpoint.dev/setpoint/loop"
)

// leader is another process that leads.
type leader struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
	in    *os.File
}

// TestOtherProcess is no test but that process: it leads, says so, and for
// each line that it reads tries to act and says how that ended.
func TestOtherProcess(t *testing.T) {
	dsn := os.Getenv("LEDGER_TEST_LEADER")
	if dsn == "" {
		return
	}
	lease, err := time.ParseDuration(os.Getenv("LEDGER_TEST_LEASE"))
	must(t, err)
	p, err := ledger.Open(ledger.Config{DSN: dsn, Lease: lease})
	must(t, err)
	defer p.Close()
	term := takeOver(t, p)
	fmt.Println("leads", term.Epoch)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		d := ledgertest.Move(in.Text(), noon(), 1)
		d.Input.Term = term
		err := p.Begin(t.Context(), d)
		fmt.Println("deposed", errors.Is(err, loop.ErrDeposed), err)
	}
}

func startLeader(t *testing.T, dsn string, lease time.Duration) *leader {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestOtherProcess$", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), "LEDGER_TEST_LEADER="+dsn, "LEDGER_TEST_LEASE="+lease.String())
	r, w, err := os.Pipe()
	must(t, err)
	cmd.Stdin, cmd.Stderr = r, os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		w.Close()
		cmd.Process.Kill()
		cmd.Wait()
		r.Close()
	})
	l := &leader{cmd: cmd, lines: bufio.NewScanner(out), in: w}
	if line := l.line(); !strings.HasPrefix(line, "leads ") {
		t.Fatalf("the other process says %q", line)
	}
	return l
}

func (l *leader) line() string {
	l.lines.Scan()
	return l.lines.Text()
}

// A leader that is frozen loses the lead after its lease, and what it tries
// when it wakes up is refused.
func TestFrozenLeader(t *testing.T) {
	dsn := fresh(t)
	other := startLeader(t, dsn, 600*time.Millisecond)
	must(t, other.cmd.Process.Signal(syscall.SIGSTOP))
	p := open(t, dsn)
	d := hold("new")
	d.Input.Term = takeOver(t, p)
	must(t, p.Begin(t.Context(), d))
	must(t, other.cmd.Process.Signal(syscall.SIGCONT))
	fmt.Fprintln(other.in, "late")
	if line := other.line(); !strings.HasPrefix(line, "deposed true") {
		t.Errorf("the leader that woke up: %s, want it deposed", line)
	}
	if _, err := p.Decision(context.Background(), "late"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("its decision: %v, want none on record", err)
	}
}

//go:build linux

package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// However the server ends, nothing that it started is left.
func TestEnd(t *testing.T) {
	t.Parallel()
	v := newServer(openShop(t), "act", "1s")
	for _, c := range []struct {
		how      string
		end      func(*testing.T, *server)
		patience time.Duration
		code     int // -1 = by a signal
	}{
		{"SIGTERM", terminate, 10 * time.Second, 0},
		{"kill -9", func(_ *testing.T, v *server) { v.kill() }, time.Second, -1},
		{"SIGTERM twice, the ledger does not answer", terminateTwice, 20 * time.Second, -1},
		{"SIGTERM after all that", terminate, 10 * time.Second, 0},
	} {
		v.start()
		started := family(t, v.postmaster())
		began := time.Now()
		c.end(t, v)
		if took, code := time.Since(began), v.process.cmd.ProcessState.ExitCode(); took > c.patience || code != c.code {
			t.Errorf("%s: serve ended after %s with exit code %d, want %d within %s", c.how, took, code, c.code, c.patience)
		}
		v.nothingLeft(c.how, started)
	}
	v.openLedger()
	for _, d := range v.decisions() {
		if d.Epoch == 1 && (d.Ticks == nil || *d.Ticks < 1) {
			t.Errorf("%s is on record as %+v; want how long it lasted, for the server ended in order", d.ID, d)
		}
	}
}

// terminate is SIGTERM and the wait for the end.
func terminate(t *testing.T, v *server) {
	t.Helper()
	must(t, v.process.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-v.process.gone:
	case <-time.After(30 * time.Second):
		t.Fatal("serve did not end within 30 s of SIGTERM")
	}
}

// terminateTwice is for the impatient: the ledger does not answer, and nor
// does it end.
func terminateTwice(t *testing.T, v *server) {
	t.Helper()
	resume := v.halt()
	must(t, v.process.cmd.Process.Signal(syscall.SIGTERM))
	v.within(10*time.Second, "serve is ending: the page is gone", func() bool {
		_, err := net.DialTimeout("tcp", strings.TrimPrefix(v.url, "http://"), time.Second)
		return err != nil
	})
	select {
	case <-v.process.gone:
		t.Fatal("serve ended without the ledger that it had started")
	default:
	}
	v.within(10*time.Second, "serve ends by one more signal", func() bool {
		v.process.cmd.Process.Signal(syscall.SIGTERM) // an error says that it is gone
		select {
		case <-v.process.gone:
			return true
		default:
			return false
		}
	})
	resume()
}

// nothingLeft expects processes, sockets and the port to be gone, at once or
// as soon as a clean shutdown allows.
func (v *server) nothingLeft(how string, pids []int) {
	v.t.Helper()
	v.within(20*time.Second, how+": the processes of the ledger are gone", func() bool {
		for _, pid := range pids {
			if running(pid) {
				return false
			}
		}
		return true
	})
	sockets, err := filepath.Glob(filepath.Join(v.state, "ledger", "socket", ".s.*"))
	must(v.t, err)
	if len(sockets) > 0 {
		v.t.Errorf("%s: the sockets %v are left", how, sockets)
	}
	if conn, err := net.Dial("tcp", strings.TrimPrefix(v.url, "http://")); err == nil {
		conn.Close()
		v.t.Errorf("%s: somebody still listens at %s", how, v.url)
	}
}

// running tells a process from one that is gone, or dead and not yet reaped
// by whoever inherited it.
func running(pid int) bool {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	return !strings.HasPrefix(rest, "Z")
}

// Run as a function, serve ends when its context does, and leaves no
// goroutine: those are looked for after all tests.
func TestServeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	path := s.definitions("act", "1s")
	text, err := os.ReadFile(path)
	must(t, err)
	filled := strings.NewReplacer("${METRICS_URL}", metricsURL(t), "${SHOP_DATABASE_URL}", s.dsn).Replace(string(text))
	must(t, os.WriteFile(path, []byte(filled), 0o600))

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var log logbook
	ended := make(chan error, 1)
	o := options{paths: []string{path}, listen: "127.0.0.1:0", every: 200 * time.Millisecond, storage: storage{state: stateDir(t)}}
	go func() { ended <- serve(ctx, o, &log) }()
	within(t, 60*time.Second, "serve has decided", func() bool {
		return strings.Contains(log.String(), "msg=decision")
	})
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("serve ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("serve did not end within 10 s of its context")
	}
	if strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("log:\n%s", log.String())
	}
}

// A logbook can be written and read at once.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
)

// A server is `setpoint serve`, started again and again over one ledger.
type server struct {
	t     *testing.T
	shop  *shop
	state string // folder of its private ledger
	dsn   string // of its ledger, when it has no private one
	args  []string
	env   []string
	token string // of who asks, where the server wants to know

	log     string // file that every run appends to
	began   int64  // size of the log before this run
	process *process
	url     string
	shown   atomic.Pointer[string] // url, for those who ask while it is started again
}

// newServer prepares a server for a shop; it is started by start.
func newServer(s *shop, mode, delay string) *server {
	s.t.Helper()
	v := &server{t: s.t, shop: s, state: stateDir(s.t), log: filepath.Join(s.t.TempDir(), "serve.log")}
	v.args = []string{"serve", "--listen", "127.0.0.1:0", "--every", "1s", "--state", v.state, s.definitions(mode, delay)}
	v.env = []string{"METRICS_URL=" + metricsURL(s.t), "SHOP_DATABASE_URL=" + s.dsn}
	s.t.Cleanup(func() {
		v.stop()
		if text := v.logged(0); strings.Contains(text, "DATA RACE") || s.t.Failed() {
			s.t.Errorf("log of serve --mode %s:\n%s", mode, text)
		}
	})
	return v
}

// stateDir is a folder that the unprivileged user of a private PostgreSQL can enter.
func stateDir(t *testing.T) string {
	t.Helper()
	dir, err := clustertest.Dir()
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	return dir
}

// start runs the server until it answers and has looked once.
func (v *server) start() {
	v.t.Helper()
	v.launch()
	page := regexp.MustCompile(`msg=page url=(\S+)`)
	v.within(60*time.Second, "serve says where its page is", func() bool {
		v.alive()
		m := page.FindStringSubmatch(v.logged(v.began))
		if m == nil {
			return false
		}
		v.url = m[1]
		v.shown.Store(&m[1])
		return true
	})
	v.within(30*time.Second, "serve has looked", func() bool {
		v.alive()
		status, err := v.client().Status(v.t.Context())
		return err == nil && !status.At.IsZero()
	})
}

// launch only starts the process.
func (v *server) launch() {
	v.t.Helper()
	out, err := os.OpenFile(v.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	must(v.t, err)
	defer out.Close()
	info, err := out.Stat()
	must(v.t, err)
	v.began = info.Size()
	cmd := exec.Command("setpoint", v.args...)
	cmd.Env = append(os.Environ(), v.env...)
	cmd.Stdout, cmd.Stderr = out, out
	v.process = spawn(v.t, cmd)
}

func (v *server) alive() {
	v.t.Helper()
	select {
	case <-v.process.gone:
		v.t.Fatalf("serve ended early: %v", v.process.err)
	default:
	}
}

// kill is kill -9.
func (v *server) kill() {
	v.t.Helper()
	must(v.t, v.process.cmd.Process.Kill())
	<-v.process.gone
}

// stop is SIGTERM and the wait for the end; a process that is gone is left alone.
func (v *server) stop() {
	if v.process == nil {
		return
	}
	v.process.cmd.Process.Signal(syscall.SIGTERM) // an error says that it is gone
	select {
	case <-v.process.gone:
	case <-time.After(30 * time.Second):
		v.process.cmd.Process.Kill()
		v.t.Error("serve did not end within 30 s of SIGTERM")
	}
}

// logged is what was written to the log from an offset on.
func (v *server) logged(from int64) string {
	text, err := os.ReadFile(v.log)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		v.t.Error(err)
	}
	return string(text[min(from, int64(len(text))):])
}

func (v *server) client() client.Client {
	return client.Client{URL: v.url, Token: client.Secret(v.token)}
}

// status is how the server says that everything stands.
func (v *server) status() client.Status {
	v.t.Helper()
	s, err := v.client().Status(v.t.Context())
	must(v.t, err)
	return s
}

// setting is the setting of an actuator as the server read it last.
func (v *server) setting(actuator string) float64 {
	v.t.Helper()
	for _, s := range v.status().Settings {
		if s.Actuator == actuator {
			return s.Value
		}
	}
	v.t.Fatalf("no actuator %s in the status", actuator)
	return 0
}

// inSight waits until the server has seen all of the shop for a while.
func (v *server) inSight() {
	v.t.Helper()
	v.within(30*time.Second, "the objective is in sight", func() bool {
		o := v.status().Objectives[0]
		return o.Status == "ok" && len(o.Windows) > 0 && o.Windows[0].Known
	})
}

// ticked waits until the server has looked n times more.
func (v *server) ticked(n int) {
	v.t.Helper()
	for range n {
		before := v.status().At
		v.within(20*time.Second, "serve looks again", func() bool { return v.status().At.After(before) })
	}
}

func (v *server) within(patience time.Duration, what string, ok func() bool) {
	v.t.Helper()
	within(v.t, patience, what, ok)
}

// A result is what a command printed and how it ended.
type result struct {
	out, err string
	code     int
}

// run runs a command against the server as a person would.
func (v *server) run(args ...string) result {
	v.t.Helper()
	return command(v.t, append(v.env, "SETPOINT_URL="+v.url, "SETPOINT_STATE="+v.state, "SETPOINT_TOKEN="+v.token), args...)
}

// command runs setpoint with some variables set.
func command(t *testing.T, env []string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "setpoint", args...)
	cmd.Env = append(os.Environ(), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exited := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exited) {
		t.Fatalf("run setpoint %s: %v", args, err)
	}
	if strings.Contains(errs.String(), "DATA RACE") {
		t.Errorf("setpoint %s: %s", args, errs.String())
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// A process ends with this one, however that ends.
type process struct {
	cmd  *exec.Cmd
	gone chan struct{}
	err  error // how it ended; to be read after gone
}

// spawn starts a process from a thread that lives as long: the kernel ties it
// to the thread that started it.
func spawn(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	p := &process{cmd: cmd, gone: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.gone)
		}
	}()
	must(t, <-started)
	return p
}

// within polls a condition that depends on other processes.
func within(t *testing.T, patience time.Duration, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(30 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (r result) String() string {
	return fmt.Sprintf("exit code %d\n--- stdout\n%s--- stderr\n%s", r.code, r.out, r.err)
}

//go:build linux

package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestEndBySignal has commands say more than a pipe holds to somebody who
// stops listening, so that they are at work for sure: one signal ends them.
func TestEndBySignal(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // what is left then is killed
	defer cancel()
	wrong := t.TempDir()
	for _, name := range []string{"a.yaml", "b.yaml", "c.yaml", "d.yaml"} { // about 60 kB of words each
		must(t, os.WriteFile(filepath.Join(wrong, name), []byte(strings.Repeat("kind: "+strings.Repeat("x", 200)+"\n---\n", 100)), 0o600))
	}
	for command, sig := range map[string]syscall.Signal{
		"check": syscall.SIGTERM, "convert": syscall.SIGINT, "plan": syscall.SIGINT, "simulate": syscall.SIGTERM,
	} {
		r, w, err := os.Pipe()
		must(t, err)
		cmd := exec.CommandContext(ctx, "setpoint", command, wrong)
		cmd.Stdout, cmd.Stderr = w, w
		must(t, cmd.Start())
		must(t, w.Close())
		if _, err := r.Read(make([]byte, 1)); err != nil {
			t.Errorf("%s says nothing: %v", command, err)
		}
		must(t, cmd.Process.Signal(sig))
		var ended *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &ended) || ended.Sys().(syscall.WaitStatus).Signal() != sig {
			t.Errorf("%s after one %s: %v", command, sig, err)
		}
		must(t, r.Close())
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"setpoint.dev/setpoint/client"
)

// setpoint is the server under show: its program for what a person would type, its API for the rest.
type setpoint struct {
	client.Client
	program string
	state   string // folder of its private Postgres
}

func newSetpoint(program, url, state string) setpoint {
	return setpoint{Client: client.Client{URL: url}, program: program, state: state}
}

// serve starts the server and waits until it is ready. The names of the variables are those that the
// definitions refer to.
func (s setpoint) serve(ctx context.Context, on *stage, address string) (*child, error) {
	environment := []string{
		"METRICS_URL=" + on.backend.URL,
		"DEMO_OBSERVING_DATABASE_URL=" + on.observing.Database,
		"DEMO_ACTING_DATABASE_URL=" + on.acting.Database,
	}
	c, err := spawn("setpoint", filepath.Join(on.dir, "setpoint.log"), environment, s.program,
		"serve", "--listen", address, "--state", s.state, on.config.Definitions)
	if err != nil {
		return nil, err
	}
	return c, c.ready(ctx, s.URL+"/readyz", time.Minute)
}

// command runs one command as a person would, and returns what it printed and its exit code.
func (s setpoint) command(ctx context.Context, args ...string) (words string, code int, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, s.program, args...)
	c.Env = append(os.Environ(), "SETPOINT_URL="+s.URL, "SETPOINT_STATE="+s.state)
	out, err := c.CombinedOutput()
	words = strings.TrimRight(string(out), "\n")
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return words, exit.ExitCode(), nil
	}
	if err != nil {
		return words, 0, fmt.Errorf("run setpoint %s: %w", args[0], err)
	}
	return words, 0, nil
}

package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The command line, as stories in testdata/script.
func TestCommandLine(t *testing.T) {
	busy := httptest.NewServer(http.NotFoundHandler())
	defer busy.Close()
	closed := httptest.NewServer(nil)
	closed.Close()
	t.Run("scripts", func(t *testing.T) { // ends when all of them have
		testscript.Run(t, testscript.Params{
			Dir:                 "testdata/script",
			RequireExplicitExec: true,
			Setup: func(e *testscript.Env) error {
				e.Setenv("GORACE", swiftly)
				e.Setenv("BUSY", busy.Listener.Addr().String())
				e.Setenv("NOBODY", closed.Listener.Addr().String())
				return nil
			},
			Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "for-each": forEach},
		})
	})
}

// exits CODE PROGRAM ARGS… expects an exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	if exited := (*exec.ExitError)(nil); errors.As(err, &exited) {
		got = exited.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%s: exit code %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// for-each 'WORDS' PROGRAM ARGS… expects success with each word in place of
// COMMAND, and a text that names it.
func forEach(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: for-each 'WORDS' PROGRAM ARGS…")
	}
	for word := range strings.FieldsSeq(args[0]) {
		var line []string
		for _, arg := range args[1:] {
			line = append(line, strings.ReplaceAll(arg, "COMMAND", word))
		}
		ts.Check(ts.Exec(line[0], line[1:]...))
		if !strings.Contains(ts.ReadFile("stdout"), "setpoint "+word) {
			ts.Fatalf("%s: the text does not name the command", strings.Join(line, " "))
		}
	}
}

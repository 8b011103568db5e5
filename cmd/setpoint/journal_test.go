package main

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"setpoint.dev/setpoint/loop"
)

// An error is logged when it begins, and again when it has changed or comes
// back; not because it names another time or question.
func TestJournalSaysErrorsOnce(t *testing.T) {
	ticks := []struct {
		err  string
		want bool // it is logged
	}{
		{"measure shop: ask metrics: read good_total[65000ms]: unreachable: connection refused", true},
		{"measure shop: ask metrics: read good_total[70000ms]: unreachable: connection refused", false},
		{"measure shop: ask metrics: read all_total[70000ms]: unreachable: connection refused", false},
		{"measure shop: ask metrics: read all_total[70000ms]: unreachable: i/o timeout", true},
		{"", false},
		{"measure shop: ask metrics: read all_total[70000ms]: unreachable: i/o timeout", true},
		{"measure other: ask metrics: read all_total[70000ms]: unreachable: i/o timeout", true},
	}
	var j journal
	for _, tick := range ticks {
		var out bytes.Buffer
		var errs []error
		if tick.err != "" {
			errs = []error{errors.New(tick.err), errors.New(tick.err)}
		}
		j.write(slog.New(slog.NewTextHandler(&out, nil)), loop.Report{Errs: errs})
		want := 0
		if tick.want {
			want = 1
		}
		if got := strings.Count(out.String(), "level=ERROR"); got != want {
			t.Errorf("%q was logged %d times, want %d", tick.err, got, want)
		}
	}
}

// TestLogLines keeps what comes from elsewhere in one line of the log, where
// it can neither forge another nor command a terminal.
func TestLogLines(t *testing.T) {
	const hostile = "checkout\nlevel=INFO msg=\"all is well\"\r\x1b[2J\u202e\u2028"
	var out bytes.Buffer
	var j journal
	r := loop.Report{
		Errs:      []error{errors.New(hostile)},
		Decisions: []loop.Decision{{Actuator: hostile, Verb: loop.Tighten, Words: hostile, Reason: hostile}},
	}
	j.write(slog.New(slog.NewTextHandler(&out, nil)), r)
	text := strings.TrimSuffix(out.String(), "\n")
	for line := range strings.SplitSeq(text, "\n") {
		if !strings.HasPrefix(line, "time=") || strings.ContainsAny(line, "\r\x1b\u202e\u2028") {
			t.Errorf("a line of the log is %q", line)
		}
	}
	if strings.Count(text, "\n") == 0 {
		t.Errorf("too little was logged: %s", text)
	}
}

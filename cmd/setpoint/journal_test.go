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

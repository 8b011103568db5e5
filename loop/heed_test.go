package loop_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"setpoint.dev/setpoint/loop"
)

// A stop of another instance is in force as soon as it is read, and one that
// was read as ended is over; where nothing can be read all stays as it was.
func TestHeed(t *testing.T) {
	a, err := txtar.ParseFile("testdata/stop.txt")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, section(t, a, "config.yaml"))
	stop := loop.Order{ID: "s", At: start, Kind: loop.OrderStop, Target: "*", By: "bob", Why: "elsewhere"}
	on := func(orders []loop.Order, err error) func(context.Context, time.Time) ([]loop.Order, error) {
		return func(context.Context, time.Time) ([]loop.Order, error) { return orders, err }
	}
	check := func(what string, stopped bool) {
		t.Helper()
		if got := w.loop.Stopped("dial", "shop"); got != stopped {
			t.Errorf("%s: stopped %t, want %t", what, got, stopped)
		}
	}
	must := func(_ []loop.Order, err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	check("at first", false)
	must(w.loop.Heed(t.Context(), start, on([]loop.Order{stop}, nil)))
	check("read", true)
	if _, err := w.loop.Heed(t.Context(), start, on(nil, errors.New("no route"))); err == nil {
		t.Error("an error of the ledger is not told")
	}
	check("while nothing can be read", true)
	w.loop.HoldLocal([]loop.Order{{ID: "f", Kind: loop.OrderStop, Target: "dial"}})
	must(w.loop.Heed(t.Context(), start, on(nil, nil)))
	check("ended on record, while this machine has a stop of its own", true)
	w.loop.HoldLocal(nil)
	check("ended", false)
}

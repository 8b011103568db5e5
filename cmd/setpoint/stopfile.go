package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"setpoint.dev/setpoint/loop"
)

// lookForFile is how often the file is looked for.
const lookForFile = 200 * time.Millisecond

// A stopFile is an emergency stop for as long as a file exists. It needs
// neither this program's API nor the ledger: whoever can write a file can
// stop. It is in force in this process at once, and put on record, where every
// instance sees it, as soon as the ledger takes it.
type stopFile struct {
	path   string // "" = there is none
	loop   *loop.Loop
	order  func(context.Context, loop.Order) (bool, error)
	orders func(context.Context, time.Time) ([]loop.Order, error)
	log    *slog.Logger

	given []fileStop // of the file as it is
	owed  []fileStop // of before, whose ends are to be on record
}

// A fileStop is a stop with how far it has come.
type fileStop struct {
	loop.Order
	handed bool // to the loop, which records it
	seen   bool // on record
}

// watch looks for the file until ctx ends.
func (f *stopFile) watch(ctx context.Context) error {
	if f.path == "" {
		return nil
	}
	return repeat(ctx, lookForFile, func(ctx context.Context) {
		f.look(time.Now())
		f.record(ctx)
	})
}

// look puts in force what the file says now. A file that is there and cannot
// be read stops everything.
func (f *stopFile) look(now time.Time) {
	if f.path == "" {
		return
	}
	want := f.read(now)
	if slices.EqualFunc(want, f.given, func(o loop.Order, s fileStop) bool { return o.Target == s.Target && o.Revert == s.Revert }) {
		return
	}
	f.loop.HoldLocal(want)
	f.owed, f.given = append(f.owed, f.given...), nil
	for _, o := range want {
		f.given = append(f.given, fileStop{Order: o})
	}
	f.log.Warn("stop file", "present", len(want) > 0, "stops", len(want))
}

// read is what the file asks for: a stop for each actuator or service that it
// names, or of everything.
func (f *stopFile) read(now time.Time) (out []loop.Order) {
	_, err := os.Lstat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	text, err := os.ReadFile(f.path)
	why, revert := "the stop file is there", false
	if err != nil {
		text, why = nil, "the stop file is there and cannot be read"
	}
	var targets []string
	for _, word := range strings.Fields(string(text[:min(len(text), 4096)])) {
		if word == "revert" {
			revert = true
			continue
		}
		targets = append(targets, word)
	}
	if len(targets) == 0 {
		targets = []string{"*"}
	}
	for _, target := range targets {
		out = append(out, stopOf(target, why, revert, now))
	}
	return out
}

func stopOf(target, why string, revert bool, now time.Time) loop.Order {
	id := fmt.Sprintf("file-%s-%.100s", strconv.FormatInt(now.UnixMicro(), 36), target)
	return loop.Order{ID: id, At: now, Kind: loop.OrderStop, Target: target, By: "stop file", Why: why, Revert: revert}
}

// record brings the record in line, as far as the ledger answers: a stop that
// is not on record is given, also where somebody has resumed meanwhile.
func (f *stopFile) record(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	for len(f.owed) > 0 && f.end(ctx, f.owed[0]) {
		f.owed = f.owed[1:]
	}
	for i := range f.given {
		s := &f.given[i]
		switch {
		case f.loop.OnRecord(s.Target):
			s.seen = true
			continue
		case s.handed && !s.seen:
			continue // the loop records it when it can
		case s.seen: // somebody resumed
			s.Order = stopOf(s.Target, s.Why, s.Revert, time.Now())
		}
		s.handed, s.seen = true, false
		if _, err := f.order(ctx, s.Order); err != nil {
			f.log.Warn("stop file", "target", s.Target, "error", err)
		}
	}
}

// end resumes what the file had stopped, unless a person has stopped the same
// too. It reports whether that is done.
func (f *stopFile) end(ctx context.Context, s fileStop) bool {
	if f.loop.Unrecorded(s.ID) {
		return false
	}
	inForce, err := f.orders(ctx, time.Now())
	if err != nil {
		return false
	}
	ours, others := false, false
	for _, o := range inForce {
		if o.Kind == loop.OrderStop && o.Target == s.Target {
			ours, others = ours || o.By == s.By, others || o.By != s.By
		}
	}
	if !ours || others {
		return true
	}
	_, err = f.order(ctx, loop.Order{ID: "end-" + s.ID, At: time.Now(), Kind: loop.OrderResume, Target: s.Target, By: s.By, Why: "the stop file is gone, or says something else"})
	return err == nil
}

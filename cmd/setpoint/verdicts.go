package main

import (
	"context"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/cluster"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/web"
)

// spoolDir is where answers of the gate wait for the ledger: a folder of its
// own for each address that a process of this machine listens on, so that it
// is found again after a restart.
func (o options) spoolDir() (string, error) {
	if o.spool != "" {
		return o.spool, nil
	}
	state := o.state
	if state == "" {
		var err error
		if state, err = cluster.DefaultDir(); err != nil {
			return "", err
		}
	}
	return filepath.Join(state, "spool", strings.NewReplacer(":", "_", "/", "_").Replace(o.listen)), nil
}

// hire makes a clerk for the gate's answers.
func (o options) hire(records *ledger.Postgres) (*ledger.Clerk, error) {
	dir, err := o.spoolDir()
	if err != nil {
		return nil, err
	}
	return ledger.NewClerk(records, ledger.ClerkConfig{Spool: dir})
}

// headroom is memory that is asked for and never touched, in bytes: it takes no
// space, but what is left of answers is collected when there is as much of it,
// instead of every 4 MB in a small process that answers 20,000 a second.
const headroom = 16 << 20

// clerking lets the clerk work until the function that it returns is called:
// after the last answer was given.
func (h *house) clerking() (end func()) {
	untouched := make([]byte, headroom)
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() {
		_ = h.clerk.Run(ctx, func(err error) { h.log.Error("verdicts", "error", err) })
	})
	return func() {
		cancel()
		work.Wait()
		runtime.KeepAlive(untouched)
	}
}

// record puts an answer of the gate on record.
func (h *house) record(ctx context.Context, v loop.Verdict) (web.Kept, error) {
	k, err := h.clerk.Record(ctx, v)
	return web.Kept(k), err
}

// Verdicts implements web.VerdictReader.
func (r reader) Verdicts(ctx context.Context, f web.VerdictFilter) ([]loop.Verdict, error) {
	found, err := r.Postgres.Verdicts(ctx, ledger.VerdictFilter(f))
	return found, inWords(err)
}

// Verdict implements web.VerdictReader.
func (r reader) Verdict(ctx context.Context, id string) (loop.Verdict, error) {
	v, err := r.Postgres.Verdict(ctx, id)
	return v, inWords(err)
}

// Deploys implements web.DeployBook.
func (r reader) Deploys(ctx context.Context, f web.DeployFilter) ([]loop.Deploy, error) {
	found, err := r.Postgres.Deploys(ctx, ledger.DeployFilter(f))
	return found, inWords(err)
}

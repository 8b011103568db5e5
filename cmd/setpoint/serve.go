package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"setpoint.dev/setpoint/actuators"
	"setpoint.dev/setpoint/egress"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/notify"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// defaultListen is where serve listens and the other commands ask.
const defaultListen = "127.0.0.1:8321"

// options are what serve is told on its command line.
type options struct {
	storage
	access
	hooks
	paths      []string
	listen     string
	spool      string
	stopFile   string
	checks     checks
	every      time.Duration
	keepSlices time.Duration
	keepGiven  time.Duration // answers of the gate; 0 = all of them

	lenient bool
}

func (a *app) serveCmd() *cobra.Command {
	var o options
	c := &cobra.Command{
		Use:     "serve PATH…",
		Short:   "Measure, decide, record and act; serve the page and the gate",
		GroupID: "run",
		Long: `Read definitions, then measure, decide, record and act until stopped.

The ledger is the PostgreSQL database that DATABASE_URL names. Without it a
private PostgreSQL is started from the installed binaries: it listens on a unix
socket only and keeps its data under --state.

Files that change are read again, as they are at SIGHUP. What is wrong leaves
the last good definitions in force, and the page says so.

A new loop only observes. Set mode: ask or mode: act in its definition when you
trust what 'setpoint log' says that it would have done; with mode: act it asks
until 'setpoint promote'.`,
		Example: `  setpoint serve slos/
  DATABASE_URL=postgres://… setpoint serve slos/ --listen 127.0.0.1:9000`,
		Args: args(1, -1, "files or folders of definitions"),
		RunE: func(c *cobra.Command, paths []string) error {
			o.paths = paths
			return serve(c.Context(), o, c.ErrOrStderr())
		},
	}
	c.Flags().StringVar(&o.listen, "listen", defaultListen, "address of the page, the API and the gate")
	c.Flags().DurationVar(&o.every, "every", 0, "time between two looks (default: the shortest slice, at most 1m)")
	c.Flags().DurationVar(&o.keepSlices, "keep-slices", 0, "how long counts are kept (default and least: 35 days after they have left all windows)")
	c.Flags().DurationVar(&o.keepGiven, "keep-verdicts", 0, "how long answers of the gate are kept, such as 9600h; what is older and covered by a checkpoint is dropped every hour with the role of DATABASE_URL or, when that does not own the ledger, of OWNER_DATABASE_URL (default: all are kept)")
	c.Flags().StringVar(&o.spool, "spool", "", "folder where answers of the gate wait while the ledger is away (default: under --state)")
	c.Flags().StringVar(&o.stopFile, "stop-file", os.Getenv("SETPOINT_STOP_FILE"), "emergency stop for as long as this file exists; it may name actuators and services, and say revert (SETPOINT_STOP_FILE)")
	lenientFlag(c, &o.lenient)
	o.storage.flags(c)
	o.access.flags(c)
	o.hooks.flags(c)
	o.checks.flags(c)
	return c
}

// serve wires the rooms and runs them until ctx ends or one of them fails.
func serve(ctx context.Context, o options, out io.Writer) error {
	log := slog.New(slog.NewTextHandler(out, nil))
	defs := &definitions{paths: o.paths, reader: slo.Reader{Lenient: o.lenient, Importers: importers()}, out: out, log: log}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	set, err := defs.load(time.Now())
	if err != nil {
		return err
	}
	watching, err := newWitness(o.checks)
	if err != nil {
		return err
	}
	old, err := newPruner(o.keepGiven, o.checks)
	if err != nil {
		return err
	}
	if err := o.access.check(); err != nil {
		return err
	}
	listener, err := web.Listen(ctx, o.listen, o.auth)
	if err != nil {
		return err
	}
	defer listener.Close()
	door, err := o.encrypted(listener)
	if err != nil {
		return err
	}
	records, err := o.storage.open(ctx, log)
	if err != nil {
		return err
	}
	defer records.close(log)
	if err := watching.check(ctx, records.Postgres); err != nil {
		return err
	}
	clerk, err := o.hire(records.Postgres)
	if err != nil {
		return err
	}
	h := &house{began: time.Now(), witness: watching, told: o.shown(), log: log, defs: defs, records: records.Postgres, clerk: clerk, keyring: o.keyring(records.Postgres), url: o.address(listener)}
	if h.key, err = o.signingKey(); err != nil {
		log.Warn("answers of the gate are not signed", "error", err)
	}
	if err := h.wire(set, o); err != nil {
		return err
	}
	defer h.close()
	defer watching.end(ctx, h.records, log)
	log.Info("page", "url", h.url, "objectives", len(set.Objectives), "loops", len(set.Loops), "version", version, "signs-with", h.publicKey())
	return h.run(ctx, func(ctx context.Context) error { return web.Serve(ctx, door, h.web.Handler()) }, records.keep,
		func(ctx context.Context) error { return h.follow(ctx, hangups) },
		func(ctx context.Context) error { return watching.watch(ctx, h.records, log) },
		func(ctx context.Context) error { return old.watch(ctx, h.records, log) })
}

func printProblems(w io.Writer, problems slo.Problems, files []slo.File) {
	for _, p := range problems {
		fmt.Fprintln(w, p.Render(textOf(files, p.File)))
	}
}

func textOf(files []slo.File, name string) []byte {
	for _, f := range files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

// A house is the rooms, wired.
type house struct {
	log      *slog.Logger
	defs     *definitions
	records  *ledger.Postgres
	clerk    *ledger.Clerk
	keyring  *ledger.Keyring
	key      ed25519.PrivateKey // signs answers of the gate
	url      string
	egress   egress.Policy // where what definitions name may be
	loop     *loop.Loop
	web      *web.Server
	notify   *notify.Notifier
	bench    bench
	leases   actuators.Leases
	stopFile *stopFile
	witness  *witness
	began    time.Time
	told     []web.Option // at its start
	sources  pumps
	journal  journal
	set      atomic.Pointer[slo.Set] // in force, with the groups that were found
	groups   groups
	report   atomic.Pointer[loop.Report]
	away     atomic.Pointer[error] // why the ledger does not answer just now; nil = it does
	feed     atomic.Pointer[feed]
}

func (h *house) wire(set *slo.Set, o options) error {
	tools, err := o.hooks.tools()
	if err != nil {
		return err
	}
	freezes, err := o.hooks.mirror(func(service string) bool { return h.loop.Stopped("", service) })
	if err != nil {
		return err
	}
	h.egress = o.egress()
	h.bench = bench{deps: h.deps, open: fitted{}}
	source, err := h.sources.fit(set.Sources)
	if err != nil {
		return err
	}
	acts, err := h.bench.fit(set.Actuators)
	if err != nil {
		return err
	}
	full := h.groups.find(source, set, h.log)
	h.loop, err = loop.New(loop.Config{Set: full, Source: source, Records: h.records, Actuators: acts.acts(), Every: o.every, OnTick: h.ticked, Kept: h.records.Kept, Open: h.reopen, KeepSlices: o.keepSlices})
	if err != nil {
		h.bench.discard(acts)
		return err
	}
	h.stopFile = &stopFile{path: o.stopFile, loop: h.loop, order: h.order, orders: h.records.Orders, log: h.log}
	h.sources.take(set.Sources, source)
	h.bench.take(acts)
	h.set.Store(full)
	h.groups.declared = set
	h.notify = notify.New(notify.Config{URL: h.url, Failed: h.untold, Egress: h.egress})
	h.web = web.New(h.admit(web.Config{
		Set: h.set.Load, Report: h.newest, Ledger: reader{h.records}, Record: h.record, Verdicts: reader{h.records}, Order: h.order, Definitions: h.defs.newest, Versions: reader{h.records}.versions, Revise: h.records.Revise, Slices: h.records.Slices, Deploys: reader{h.records}, Levels: h.sources.levels, Health: h.health, Past: reader{h.records}.past, Callbacks: h.records, Mail: h.records, Post: h.notify.Post, Hooks: tools, Freezes: freezes, Tokens: tokenBook{h.records}, Witness: reader{h.records},
		Deliveries: h.deliveries, Cancels: h.cancels, Lease: h.lease, Failed: func(err error) { h.log.Warn("ledger", "error", err) }, URL: h.url, Version: version,
		Outdated: h.records.Outdated,
	}, o.access))
	return nil
}

func (h *house) close() {
	h.bench.close()
	h.sources.source.Close()
}

// run runs everything until ctx ends; one that fails ends the others.
func (h *house) run(ctx context.Context, more ...func(context.Context) error) error {
	defer h.clerking()()
	h.stopFile.look(time.Now()) // before anything is decided
	all, ctx := errgroup.WithContext(ctx)
	if err := h.web.Recall(ctx, time.Now()); err != nil {
		h.log.Warn("charts begin empty", "error", err)
	}
	defer context.AfterFunc(ctx, h.bench.halt)()
	all.Go(func() error {
		h.loop.Run(ctx)
		return nil
	})
	all.Go(func() error { return h.watchLedger(ctx) })
	all.Go(func() error { return h.records.Watch(ctx, ledger.WatchConfig{}, h.heard) })
	all.Go(func() error { return h.stopFile.watch(ctx) })
	all.Go(func() error { return h.notify.Run(ctx) })
	all.Go(func() error { return h.keys(ctx) })
	all.Go(func() error { return h.lookBack(ctx) })
	all.Go(func() error { return h.answerTools(ctx) })
	all.Go(func() error { return h.sendReports(ctx) })
	all.Go(func() error { return h.mirrorFreezes(ctx) })
	for _, f := range more {
		all.Go(func() error { return f(ctx) })
	}
	if err := all.Wait(); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// lookBack keeps what the gate knows of releases that went up to date.
func (h *house) lookBack(ctx context.Context) error {
	look := func(ctx context.Context) {
		if err := h.web.LookBack(ctx, time.Now()); err != nil && ctx.Err() == nil {
			h.log.Warn("releases that went are not known anew", "error", err)
		}
	}
	look(ctx)
	return repeat(ctx, 15*time.Second, look)
}

// ticked takes in the report of a tick.
func (h *house) ticked(r loop.Report) {
	h.report.Store(&r)
	h.bench.tidy(h.loop.Uses)
	h.notify.Tell(r)
	h.web.Ticked(r, r.Took)
	h.journal.write(h.log, r)
}

// newest is the newest report with what others have put on record since;
// before the first tick it is empty. That the ledger is out of reach is told
// as of now.
func (h *house) newest() loop.Report {
	var r loop.Report
	if last := h.report.Load(); last != nil {
		r = h.feed.Load().into(*last)
	}
	if away := h.away.Load(); away != nil && r.LedgerErr == nil {
		r.LedgerErr = *away
	}
	r.Errs = slices.Concat(r.Errs, h.groups.wrong())
	return r
}

// watchLedger asks the ledger every second whether it answers. A tick may
// wait for it for long, and the gate must say at once that it is degraded.
func (h *house) watchLedger(ctx context.Context) error {
	const every = time.Second
	return repeat(ctx, every, func(ctx context.Context) {
		ask, cancel := context.WithTimeout(ctx, every)
		defer cancel()
		_, err := h.records.Heads(ask)
		if err == nil {
			h.away.Store(nil)
		} else if ctx.Err() == nil {
			h.away.Store(&err)
		}
	})
}

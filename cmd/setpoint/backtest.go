package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/slo"
)

// pastOptions are what backtest is told on its command line.
type pastOptions struct {
	storage
	paths    []string
	against  string
	from, to string
	mode     string
	every    time.Duration
	plot     string
	recorded bool
}

func (a *app) backtestCmd() *cobra.Command {
	var o pastOptions
	c := &cobra.Command{
		Use:     "backtest PATH… [--from -14d] [--to now]",
		Short:   "What the loops would have done over weeks of real history",
		GroupID: "ask",
		Long: `Run every loop over real history from the metrics backend: the same look,
decide, record and act as 'setpoint serve', at past instants, with a ledger and
actuators in memory. Nothing is set and nothing is kept; databases that the
definitions name are not connected to.

It tells how often each loop would have moved and turned back, for how long it
would have been tight, when releases would have been held, and what was left of
the budgets. With --against a second version of the definitions is run over the
same history, side by side.

History does not react. The burn after a move is the burn that there was, so a
backtest tells when a loop acts, not what that saves; see 'setpoint simulate'
and mode: ask for that.

With --recorded the slices on record in the ledger (DATABASE_URL, or the private
PostgreSQL under --state) are used where there are any, and the backend is asked
for the rest. With --mode ask or observe it is compared as well what the loops
wished with what people ordered meanwhile, as in 'setpoint status --shadow': for
each version, also for one that never ran.`,
		Example: `  setpoint backtest slos/
  setpoint backtest slos/ --against slos-new/ --from -28d --plot moves.svg`,
		Args: args(1, -1, "files or folders of definitions"),
		RunE: func(c *cobra.Command, paths []string) error {
			o.paths = paths
			o.recorded = o.recorded || c.Flags().Changed("state")
			return a.backtest(c, o)
		},
	}
	c.Flags().StringVar(&o.against, "against", "", "file or folder of another version, run over the same history")
	c.Flags().StringVar(&o.from, "from", "-14d", "begin: an age as in -14d, or a time as in 2026-03-02 or 2026-03-02T12:00:00Z")
	c.Flags().StringVar(&o.to, "to", "now", "end: now, an age or a time")
	c.Flags().StringVar(&o.mode, "mode", "act", "mode that every loop is taken to run in: act, ask (nobody approves) or observe")
	c.Flags().DurationVar(&o.every, "every", 0, "time between two looks (default: as serve, the shortest slice, at most 1m)")
	c.Flags().StringVar(&o.plot, "plot", "", "SVG file to write: burn and setting of each loop over time")
	c.Flags().BoolVar(&o.recorded, "recorded", false, "use slices on record in the ledger where there are any")
	o.storage.flags(c)
	return c
}

// openLoop is said with every result.
const openLoop = "History does not react: the burn after a move is the burn that there was, under the settings that were in force then."

// backtested is what backtest found.
type backtested struct {
	Complete bool            `json:"complete"` // the end was reached
	From     time.Time       `json:"from"`
	To       time.Time       `json:"to"`
	Asked    int             `json:"asked"` // questions for slices that were put to the history's source
	Note     string          `json:"note"`
	Versions []versionResult `json:"versions"`
}

// A versionResult is how one version of the definitions did.
type versionResult struct {
	Version string `json:"version"` // where it was read from
	loop.Trial
	Shadows []loop.Shadow `json:"shadows,omitempty"` // what the loops wished, against what people did
}

func (a *app) backtest(c *cobra.Command, o pastOptions) error {
	e, err := newExperiment(c, o)
	if err != nil {
		return err
	}
	defer e.close()
	failed := loop.RunBacktests(c.Context(), e.ticked, e.running()...)
	if c.Context().Err() != nil {
		failed = exit{1, "interrupted; the figures are up to there"}
	}
	if e.ticks == 0 {
		return failed
	}
	r, err := e.result(c.Context(), failed == nil)
	failed = errors.Join(failed, err)
	if err := a.show(c, r, func(w io.Writer) { printBacktested(w, r) }); err != nil {
		return errors.Join(err, failed)
	}
	if o.plot != "" {
		failed = errors.Join(failed, e.draw().write(o.plot))
	}
	return failed
}

// An experiment is one or two versions over one stretch of history.
type experiment struct {
	from, to  time.Time
	versions  []*variant
	histories []*loop.History
	finder    loop.Finder // of the newest history
	closers   []func()
	progress  progress
	ticks     int

	compare bool         // what loops wished with what people did
	people  []loop.Order // that people gave meanwhile, the oldest first
}

// A variant is one version of the definitions at work.
type variant struct {
	name   string
	set    *slo.Set
	test   *loop.Backtest
	record *ledger.Memory // of the test
	tracks *loopTracks
}

func newExperiment(c *cobra.Command, o pastOptions) (*experiment, error) {
	e := &experiment{progress: progress{out: c.ErrOrStderr()}}
	var err error
	if e.from, e.to, err = stretch(o, time.Now()); err != nil {
		return nil, err
	}
	if !slices.Contains([]string{"act", "ask", "observe"}, o.mode) {
		return nil, exit{usage, fmt.Sprintf("--mode is act, ask or observe, not %q", o.mode)}
	}
	set, err := loadPast(o.paths, c.ErrOrStderr())
	if err != nil {
		return nil, err
	}
	e.versions = []*variant{{name: strings.Join(o.paths, " "), set: set}}
	if o.against != "" {
		other, err := loadPast([]string{o.against}, c.ErrOrStderr())
		if err != nil {
			return nil, err
		}
		e.versions = append(e.versions, &variant{name: o.against, set: other})
	}
	for _, v := range e.versions {
		if len(v.set.Loops) == 0 {
			return nil, exit{1, fmt.Sprintf("%s declares no ControlLoop: there is nothing to try", v.name)}
		}
	}
	if err := e.prepare(c.Context(), o); err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

// prepare opens the history and a backtest of each version. Versions that ask
// the same sources share one history.
func (e *experiment) prepare(ctx context.Context, o pastOptions) error {
	var recorded *archive
	if o.recorded {
		var err error
		quiet := slog.New(slog.DiscardHandler)
		if recorded, err = o.storage.existing(ctx, quiet); err != nil {
			return err
		}
		e.closers = append(e.closers, func() { recorded.close(quiet) })
		if o.mode != string(slo.Act) {
			e.compare = true
			if e.people, err = ordersBetween(ctx, recorded, e.from, e.to); err != nil {
				return err
			}
		}
	}
	for i, v := range e.versions {
		if i == 0 || !sameSources(v.set, e.versions[0].set) {
			if err := e.open(v.set, recorded); err != nil {
				return err
			}
		}
		var err error
		if v.set, err = e.withGroups(ctx, v.set); err != nil {
			return err
		}
		v.record = ledger.NewMemory()
		v.test, err = loop.NewBacktest(loop.BacktestConfig{
			Set: v.set, History: e.histories[len(e.histories)-1], Records: v.record,
			Mode: slo.Mode(o.mode), From: e.from, To: e.to, Every: o.every,
		})
		if err != nil {
			return err
		}
		v.tracks = newLoopTracks(v.set, v.test.Next(), e.to, v.test.Every())
	}
	return nil
}

// open prepares the history of a set's sources.
func (e *experiment) open(set *slo.Set, recorded *archive) error {
	sources, err := promql.New(set.Sources, promql.Config{Chunk: 6 * time.Hour})
	if err != nil {
		return err
	}
	e.closers = append(e.closers, sources.Close)
	e.finder = sources
	var source loop.Source = patient{sources}
	if recorded != nil {
		source = onRecord{recorded, source}
	}
	e.histories = append(e.histories, loop.NewHistory(loop.HistoryConfig{Source: source, Until: e.to.Add(-longestDelay(set))}))
	return nil
}

// withGroups is a set with the groups that there were at both ends of the past
// that is tried, and in the windows before them.
func (e *experiment) withGroups(ctx context.Context, set *slo.Set) (*slo.Set, error) {
	found := map[string][]slo.Group{}
	for _, at := range []time.Time{e.from, e.to} {
		census := loop.Census{}
		census.Look(ctx, e.finder, set, at)
		if err := census.Err(); err != nil {
			return nil, err
		}
		for name, groups := range census.Groups(at) {
			found[name] = append(found[name], groups...)
		}
	}
	return set.WithGroups(found), nil
}

func (e *experiment) close() {
	for _, f := range slices.Backward(e.closers) {
		f()
	}
}

func (e *experiment) running() (all []*loop.Backtest) {
	for _, v := range e.versions {
		all = append(all, v.test)
	}
	return all
}

func (e *experiment) ticked(i int, r loop.Report) {
	e.ticks++
	e.versions[i].tracks.take(r)
	if i == 0 {
		e.progress.at(r.At, e.from, e.to)
	}
}

func (e *experiment) result(ctx context.Context, complete bool) (r backtested, err error) {
	r = backtested{Complete: complete, From: e.from, To: e.to, Note: openLoop}
	for _, h := range e.histories {
		r.Asked += h.Asked()
	}
	for _, v := range e.versions {
		var shadows []loop.Shadow
		if e.compare && err == nil {
			shadows, err = shadowed(context.WithoutCancel(ctx), v.set, v.record, e.people)
		}
		r.Versions = append(r.Versions, versionResult{v.name, v.test.Trial(), shadows})
	}
	return r, err
}

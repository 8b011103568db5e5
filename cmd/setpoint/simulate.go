package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/loop/plant"
	"setpoint.dev/setpoint/slo"
)

// trialOptions are what simulate is told on its command line.
type trialOptions struct {
	paths    []string
	plant    string
	loop     string
	seed     uint64
	other    uint64
	duration time.Duration
	faults   []string
	retries  int
	static   []time.Duration
	plot     string
}

func (a *app) simulateCmd() *cobra.Command {
	o := trialOptions{seed: 1}
	c := &cobra.Command{
		Use:     "simulate PATH… [--fault runaways@60s+45s]",
		Short:   "Close a loop on a model in which nothing can break",
		GroupID: "ask",
		Long: `Close a loop on a model of what it acts on, with scripted faults: the same look,
decide, record and act as 'setpoint serve', in the model's time, with a ledger in
memory. Nothing real is asked or set.

The model 'workers' is a pool with one queue: many quick customers and a few long
reports, of which some run away (docs/backtest.md tells its figures). The loop
moves how old a report may get; workers and watermarks are those of its actuator.
Every objective of the loop counts the customers.

The loop is compared with doing nothing, with static timeouts (each alone), with
its own watermarks held at rest and at tight, and with the timeout that is best
for another scenario: the same faults with other random numbers (--other-seed).

Faults, each as what@begin+length:

  runaways   reports come faster, and almost half of them run 10 to 25 s
  customers  three times as many customers
  slow       customers take ten times as long
  blind      nothing is observed`,
		Example: `  setpoint simulate slos/ --fault runaways@60s+45s
  setpoint simulate slos/ --loop reports-timeout --seed 7 --duration 10m --fault runaways@1m+2m --fault blind@90s+30s --plot step.svg`,
		Args: args(1, -1, "files or folders of definitions"),
		RunE: func(c *cobra.Command, paths []string) error {
			endBySignal()
			o.paths = paths
			if !c.Flags().Changed("other-seed") {
				o.other = o.seed + 1
			}
			return a.simulate(c, o)
		},
	}
	c.Flags().StringVar(&o.plant, "plant", "workers", "model: workers")
	c.Flags().StringVar(&o.loop, "loop", "", "loop that is closed (default: the only one that moves a query timeout)")
	c.Flags().Uint64Var(&o.seed, "seed", 1, "random numbers of the model; the same seed gives the same figures")
	c.Flags().Uint64Var(&o.other, "other-seed", 0, "random numbers of the other scenario (default: the next seed)")
	c.Flags().DurationVar(&o.duration, "duration", 3*time.Minute, "how long requests come")
	c.Flags().StringArrayVar(&o.faults, "fault", nil, "what goes wrong, as in runaways@60s+45s; may be given again")
	c.Flags().IntVar(&o.retries, "retries", 0, "how often a cancelled report is asked for again, at once")
	c.Flags().DurationSliceVar(&o.static, "static", nil, "static timeouts to compare with (default: 1s,2s,3s,4s,5s,7s,10s within the actuator's range)")
	c.Flags().StringVar(&o.plot, "plot", "", "SVG file to write: the step response")
	return c
}

// longestTrial bounds what a typing error can cost.
const longestTrial = 7 * 24 * time.Hour

// simulated is what simulate found.
type simulated struct {
	Plant    string     `json:"plant"`
	Loop     string     `json:"loop"`
	Seed     uint64     `json:"seed"`
	Other    uint64     `json:"otherSeed"`
	Duration float64    `json:"durationSeconds"`
	Faults   []string   `json:"faults"`
	Arms     []arm      `json:"arms"`
	Trial    loop.Trial `json:"trial"` // of the loop
}

// An arm is one way to run the model.
type arm struct {
	Name       string   `json:"name"`
	BadShare   float64  `json:"badShare"` // of answers to customers
	BadSeconds int      `json:"badSeconds"`
	Recovered  *float64 `json:"recoveredAfterSeconds"` // last bad second after the last fault's end; null = no fault, or it lasts to the end
	Moves      int      `json:"moves"`
	Reversals  int      `json:"reversals"`
	Notes      []string `json:"notes,omitempty"`
	plant.Truth
}

func (a *app) simulate(c *cobra.Command, o trialOptions) error {
	x, err := newSimulation(c, o)
	if err != nil {
		return err
	}
	r, err := x.run(c.Context())
	if err != nil {
		return err
	}
	err = a.show(c, r, func(w io.Writer) { printSimulated(w, r) })
	if o.plot != "" {
		err = errors.Join(err, x.draw(r).write(o.plot))
	}
	return err
}

// A simulation is a model, a loop and what they are compared with.
type simulation struct {
	o        trialOptions
	set      *slo.Set
	cfg      plant.Config
	ladder   []time.Duration
	off      plant.Truth
	response plant.Response
}

func newSimulation(c *cobra.Command, o trialOptions) (*simulation, error) {
	switch {
	case o.plant != "workers":
		return nil, exit{usage, fmt.Sprintf("--plant is workers, not %q", o.plant)}
	case o.duration < time.Second || o.duration > longestTrial:
		return nil, exit{usage, "--duration is between 1s and 168h"}
	case o.retries < 0 || o.retries > 10:
		return nil, exit{usage, "--retries is between 0 and 10"}
	case slices.ContainsFunc(o.static, func(d time.Duration) bool { return d <= 0 }):
		return nil, exit{usage, "--static takes times above 0s"}
	}
	x := &simulation{o: o, cfg: plant.Config{Seed: o.seed, Length: o.duration, Retries: o.retries}}
	for _, text := range o.faults {
		f, err := plant.ParseFault(text)
		if err != nil {
			return nil, exit{usage, "--fault: " + err.Error()}
		}
		x.cfg.Faults = append(x.cfg.Faults, f)
	}
	files, problems := readDefinitions(o.paths)
	set, more := slo.Load(files, nil, importers()...)
	problems = append(problems, more...)
	printProblems(c.ErrOrStderr(), problems, files)
	if problems.Err() != nil {
		return nil, exit{1, fmt.Sprintf("definitions refused, %s; nothing was tried", count(len(problems.Errors()), "problem"))}
	}
	var err error
	if x.set, err = plant.Single(set, o.loop); err != nil {
		return nil, err
	}
	x.cfg.Workers = x.actuator().Query.Workers
	x.ladder = ladder(x.actuator(), o.static)
	return x, nil
}

func (x *simulation) actuator() slo.Actuator { return x.set.Actuators[0] }

// ladder is the static timeouts to compare with.
func ladder(a slo.Actuator, asked []time.Duration) (out []time.Duration) {
	if len(asked) > 0 {
		return asked
	}
	for _, s := range []float64{10, 7, 5, 4, 3, 2, 1} {
		if s == a.Clamp(s) {
			out = append(out, time.Duration(s)*time.Second)
		}
	}
	if len(out) == 0 {
		out = []time.Duration{time.Duration(a.Tight * float64(time.Second))}
	}
	return out
}

func (x *simulation) run(ctx context.Context) (simulated, error) {
	r := simulated{Plant: x.o.plant, Loop: x.set.Loops[0].Name, Seed: x.o.seed, Other: x.o.other, Duration: x.o.duration.Seconds(), Faults: x.o.faults}
	var err error
	if x.response, err = plant.Close(ctx, plant.Closed{Set: x.set, Records: ledger.NewMemory(), Config: x.cfg}); err != nil {
		return r, err
	}
	x.off = plant.Static(x.cfg, 0)
	r.Arms = append(r.Arms, x.arm("off", x.off))
	r.Arms = append(r.Arms, x.statics()...)
	a := x.actuator()
	for _, at := range []struct {
		name    string
		setting float64
	}{{"watermarks at rest", a.Rest}, {"watermarks at tight", a.Tight}} {
		cfg := x.cfg
		cfg.Limits = plant.Enforced(a, at.setting)
		r.Arms = append(r.Arms, x.arm(at.name+", "+a.Show(at.setting), plant.NewWorkers(cfg).Finish()))
	}
	one := x.arm("the loop", x.response.Truth)
	one.Moves, one.Reversals = x.response.Trial.Loops[0].Moves, x.response.Trial.Loops[0].Reversals
	r.Arms, r.Trial = append(r.Arms, one), x.response.Trial
	return r, nil
}

// statics are the arms of static timeouts, those marked that are best here
// and in the other scenario.
func (x *simulation) statics() (all []arm) {
	other := x.cfg
	other.Seed = x.o.other
	there := plant.BestStatic(other, x.ladder)
	var truths []plant.Truth
	for _, timeout := range x.ladder {
		t := plant.Static(x.cfg, timeout)
		one := x.arm("static "+timeout.String(), t)
		if timeout == there {
			one.Notes = append(one.Notes, fmt.Sprintf("best static of seed %d", x.o.other))
		}
		truths, all = append(truths, t), append(all, one)
	}
	best := &all[plant.Best(truths)]
	best.Notes = append([]string{"best static"}, best.Notes...)
	return all
}

func (x *simulation) arm(name string, t plant.Truth) arm {
	one := arm{Name: name, BadShare: t.BadShare(), BadSeconds: t.BadSeconds(), Truth: t}
	var end time.Duration
	for _, f := range x.cfg.Faults {
		end = max(end, f.From+f.For)
	}
	if end > 0 && end < x.o.duration {
		s := t.Recovered(end).Seconds()
		one.Recovered = &s
	}
	return one
}

func printSimulated(w io.Writer, r simulated) {
	fmt.Fprintf(w, "%s, seed %d, %s", r.Plant, r.Seed, seconds(r.Duration))
	for _, f := range r.Faults {
		fmt.Fprintf(w, ", %s", f)
	}
	fmt.Fprintf(w, "; loop %s in mode act\n", r.Loop)
	rows := [][]string{{"\nARM", "BAD", "BAD SECONDS", "RECOVERED", "USEFUL", "LATE", "WASTED", "CANCELLED", "MOVES", "REVERSALS", "NOTE"}}
	for _, a := range r.Arms {
		rows = append(rows, armRow(a))
	}
	table(w, rows)
	printMoves(w, []versionResult{{Trial: r.Trial}}, func(at time.Time) string { return slo.Span(at.Sub(plant.Epoch())) })
	fmt.Fprint(w, `
BAD is the share of customers, a second is bad when more than a tenth of it is. RECOVERED is the last
bad second after the last fault. USEFUL, LATE and WASTED are seconds of work: of reports answered within
10 s, of those answered later, and of cancelled ones. A model is not the system: orderings carry over,
figures do not.
`)
}

func armRow(a arm) []string {
	recovered, moves, reversals := "–", "–", "–"
	if a.Recovered != nil {
		recovered = fmt.Sprintf("%g s", *a.Recovered)
	}
	if a.Name == "the loop" {
		moves, reversals = strconv.Itoa(a.Moves), strconv.Itoa(a.Reversals)
	}
	notes := ""
	for i, n := range a.Notes {
		if i > 0 {
			notes += ", "
		}
		notes += n
	}
	whole := func(s float64) string { return fmt.Sprintf("%.0f s", s) }
	return []string{a.Name, fmt.Sprintf("%.2f %%", 100*a.BadShare), strconv.Itoa(a.BadSeconds), recovered,
		whole(a.UsefulSeconds), whole(a.LateSeconds), whole(a.WastedSeconds), strconv.Itoa(a.Cancelled), moves, reversals, notes}
}

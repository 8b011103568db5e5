package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"setpoint.dev/setpoint/client"
)

// config is what `demo` is told by its flags and by METRICS_URL.
type config struct {
	Duration    time.Duration // of the story; the demo ends with it. 0: the usual story, then stay
	Seed        uint64
	Setpoint    string // program
	Definitions string // folder
	Dir         string // holds a directory for each run
	Parts       string // folder of fetched and built programs
	Listen      string // address of the page; empty: a free port
	Table       string // file of the closing table; empty: demo-result.txt in the run directory
	MetricsURL  string
}

const (
	usualStory    = 120 * time.Second
	shortestStory = 90 * time.Second
	longestStory  = 25 * time.Minute // leaves time to conclude before the load ends
)

var errInterrupted = errors.New("interrupted before the end of the story")

func parseStory(args []string, metricsURL string, stderr io.Writer) (config, error) {
	c := config{MetricsURL: metricsURL}
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.DurationVar(&c.Duration, "duration", 0, "length of the story, 90s to 25m; the demo ends with it (default: a story of 2m, then stay until Ctrl-C)")
	flags.Uint64Var(&c.Seed, "seed", 1, "`number` that fixes the load")
	flags.StringVar(&c.Setpoint, "setpoint", besideDemo("setpoint"), "`program` to show")
	flags.StringVar(&c.Definitions, "definitions", "examples/demo", "`folder` of the objectives, actuators, loops and policies")
	flags.StringVar(&c.Dir, "dir", ".cache/demo", "`folder` that gets a directory for this run")
	flags.StringVar(&c.Parts, "parts", ".cache/parts", "`folder` of fetched and built programs")
	flags.StringVar(&c.Listen, "listen", "", "loopback `address` of the page (default: a free port)")
	flags.StringVar(&c.Table, "table", "", "`file` of the closing table (default: demo-result.txt in the run's directory)")
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	if c.Duration != 0 && (c.Duration < shortestStory || c.Duration > longestStory) {
		return c, fmt.Errorf("start demo: -duration %s is not between %s and %s", c.Duration, shortestStory, longestStory)
	}
	return c, nil
}

// besideDemo is the path of a program in the directory of this one.
func besideDemo(name string) string {
	own, err := os.Executable()
	if err != nil {
		return name
	}
	return filepath.Join(filepath.Dir(own), name)
}

func (c config) story() time.Duration {
	if c.Duration == 0 {
		return usualStory
	}
	return c.Duration
}

// runStory starts everything, tells the story, compares, and stops everything.
func runStory(args []string, stdout, stderr io.Writer) (err error) {
	c, err := parseStory(args, os.Getenv("METRICS_URL"), stderr)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the demo at once
	say := func(format string, args ...any) { fmt.Fprintf(stdout, format+"\n", args...) }
	on, err := newStage(c, say, time.Now())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, on.close()) }()
	if err := on.open(ctx); err != nil {
		return err
	}
	return perform(ctx, on)
}

// perform is the story from the first request to the verdict.
func perform(ctx context.Context, on *stage) error {
	load := storySchedule(on.config.Seed, on.config.story(), maxLoad)
	if err := on.openShops(ctx, load); err != nil {
		return err
	}
	began := time.Now()
	on.say("two shops under the same load: %s of story, seed %d; everything else is in %s\n", on.config.story(), load.Seed, on.dir)
	err := watch(ctx, on, load, began)
	if errors.Is(err, errInterrupted) && on.config.Duration == 0 {
		on.say("\nstopping")
		return nil
	}
	if err != nil {
		return err
	}
	verdict, err := conclude(ctx, on)
	if err != nil || on.config.Duration != 0 {
		return errors.Join(err, verdict)
	}
	return stay(ctx, on, began.Add(load.Duration-5*time.Second)) // before the shops end by themselves
}

// watch looks once a second and tells what it sees, until the end of the story.
func watch(ctx context.Context, on *stage, load schedule, began time.Time) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	teller := newTeller(load)
	visits := gateVisits(load, on.config.story())
	for at := time.Duration(0); at < on.config.story(); at = time.Since(began) {
		if err := on.gone(); err != nil {
			return err
		}
		m, err := on.look(ctx, at)
		if err != nil && ctx.Err() == nil {
			on.say("%s  %v", clock(at), err)
		} else {
			tellAll(on, at, teller.tell(m))
		}
		if len(visits) > 0 && at >= visits[0] {
			visits = visits[1:]
			askGate(ctx, on, at)
		}
		select {
		case <-ctx.Done():
			return errInterrupted
		case <-tick.C:
		}
	}
	return nil
}

// gateVisits are the moments in which somebody wants to release: before, in and after the incident.
func gateVisits(load schedule, story time.Duration) []time.Duration {
	return []time.Duration{load.SurgeAfter * 3 / 4, load.SurgeAfter + load.SurgeFor*3/4, story - 5*time.Second}
}

func askGate(ctx context.Context, on *stage, at time.Duration) {
	words, code, err := on.setpoint.command(ctx, "gate", actingService)
	if err != nil {
		words = err.Error()
	}
	tellAll(on, at, []string{"$ setpoint gate " + actingService})
	on.say("%s\n      exit code %d", indent(words), code)
}

// look takes in everything that can be seen now.
func (s *stage) look(ctx context.Context, at time.Duration) (moment, error) {
	m := moment{At: at}
	var errs [4]error
	m.Observing, errs[0] = s.observing.summary(ctx, maxLoad)
	m.Acting, errs[1] = s.acting.summary(ctx, maxLoad)
	m.Status, errs[2] = s.setpoint.Status(ctx)
	m.Moves, errs[3] = s.setpoint.Decisions(ctx, client.Filter{Moves: true, Limit: 100})
	return m, errors.Join(errs[:]...)
}

// summary asks a shop what its customers saw in the first part of its load.
func (p shopProcess) summary(ctx context.Context, within time.Duration) (summary, error) {
	var s summary
	body, err := fetch(ctx, "http://"+p.Address+"/summary?within="+within.String())
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(body, &s); err != nil {
		return s, fmt.Errorf("read summary of shop %s: %w", p.Arm, err)
	}
	return s, nil
}

// stay keeps everything up under normal load until Ctrl-C or the end of the load.
func stay(ctx context.Context, on *stage, end time.Time) error {
	on.say("\nThe shops go on under normal load; look around on %s/\nCtrl-C ends everything; the load ends by itself in %s.", on.setpoint.URL, time.Until(end).Round(time.Minute))
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for time.Now().Before(end) {
		select {
		case <-ctx.Done():
			on.say("\nstopping")
			return nil
		case <-tick.C:
		}
		if err := on.gone(); err != nil {
			return err
		}
	}
	on.say("the load has lasted %s, which is its limit: stopping", maxLoad)
	return nil
}

func tellAll(on *stage, at time.Duration, lines []string) {
	for _, line := range lines {
		on.say("%s  %s", clock(at), line)
	}
}

// clock shows a time since the start of the load as minutes and seconds.
func clock(at time.Duration) string {
	return fmt.Sprintf("%d:%02d", int(at.Minutes()), int(at.Seconds())%60)
}

func indent(words string) string {
	return "      " + strings.ReplaceAll(words, "\n", "\n      ")
}

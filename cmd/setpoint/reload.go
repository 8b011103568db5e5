package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"os"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// definitions are what serve was told to read, and how reading went. What is
// in order is put in force; what is not leaves the last good ones in force,
// and is said on the page until it is in order.
type definitions struct {
	paths  []string
	reader slo.Reader
	out    io.Writer
	log    *slog.Logger

	mu     sync.Mutex // one reading at a time
	digest [sha256.Size]byte
	said   map[string]bool // problems that were printed
	state  atomic.Pointer[web.Definitions]
}

// load reads the definitions for the first time. It prints what is wrong with
// them.
func (d *definitions) load(now time.Time) (*slo.Set, error) {
	files, problems := readDefinitions(d.paths)
	d.digest = digest(files, problems)
	set, more := d.reader.Load(files, os.LookupEnv)
	problems = append(problems, more...)
	d.print(problems, files)
	if problems.Err() != nil {
		return nil, exit{1, "definitions refused, " + count(len(problems.Errors()), "problem") + "; nothing was started"}
	}
	d.state.Store(&web.Definitions{Tried: now, Since: now, OK: true, Objectives: len(set.Objectives), Files: len(files)})
	return set, nil
}

// reload reads the definitions again and has use put them in force. Files
// that did not change since the last time are left alone, unless anyway says
// otherwise.
func (d *definitions) reload(now time.Time, anyway bool, use func(*slo.Set) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	began := time.Now()
	files, problems := readDefinitions(d.paths)
	sum := digest(files, problems)
	if sum == d.digest && !anyway {
		return
	}
	d.digest = sum
	if anyway { // who asks is told everything again
		d.said = nil
	}
	set, more := d.reader.Load(files, os.LookupEnv)
	problems = append(problems, more...)
	d.print(problems, files)
	err := problems.Err()
	if err == nil {
		if err = use(set); err != nil {
			d.digest = [sha256.Size]byte{} // what stood in the way may go without a change of the files
		}
	}
	if err != nil {
		d.refused(now, err, anyway)
		return
	}
	d.state.Store(&web.Definitions{Tried: now, Since: now, OK: true, Objectives: len(set.Objectives), Files: len(files)})
	d.log.Info("definitions in force", "files", len(files), "objectives", len(set.Objectives), "loops", len(set.Loops), "took", time.Since(began).Round(time.Millisecond))
}

// refused notes why the last good definitions stay in force.
func (d *definitions) refused(now time.Time, err error, anyway bool) {
	next := *d.state.Load()
	next.Tried, next.OK, next.Problems = now, false, reasons(err)
	if last := d.state.Swap(&next); !anyway && reflect.DeepEqual(last.Problems, next.Problems) {
		return // said already
	}
	attrs := []any{"problems", len(next.Problems), "since", next.Since.UTC().Format(time.RFC3339)}
	if problems := (slo.Problems)(nil); !errors.As(err, &problems) { // problems were printed
		attrs = append(attrs, "error", err)
	}
	d.log.Error("definitions refused; the last good ones stay in force", attrs...)
}

// reasons are the lines of an error, each problem with its place.
func reasons(err error) []string { return strings.Split(err.Error(), "\n") }

// print prints the problems that were not printed the last time.
func (d *definitions) print(problems slo.Problems, files []slo.File) {
	said := map[string]bool{}
	var fresh slo.Problems
	for _, p := range problems {
		said[p.String()] = true
		if !d.said[p.String()] {
			fresh = append(fresh, p)
		}
	}
	d.said = said
	printProblems(d.out, fresh, files)
}

// newest is how the newest reading went, for the page.
func (d *definitions) newest() web.Definitions { return *d.state.Load() }

// digest tells one content of the files from another.
func digest(files []slo.File, problems slo.Problems) (sum [sha256.Size]byte) {
	h := sha256.New()
	part := func(text []byte) {
		one := sha256.Sum256(text)
		h.Write(one[:])
	}
	for _, f := range files {
		part([]byte(f.Name))
		part(f.Data)
	}
	for _, p := range problems {
		part([]byte(p.String()))
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// follow reloads when the files change, until ctx ends, and at each SIGHUP. From
// time to time it looks for new groups.
func (h *house) follow(ctx context.Context, hangups <-chan os.Signal) error {
	changes := make(chan struct{})
	go func() {
		defer close(changes)
		watchFiles(ctx, h.defs.paths, h.log, changes)
	}()
	again := time.NewTicker(regroup)
	defer again.Stop()
	for {
		select {
		case <-again.C:
			h.regroup()
		case _, ok := <-changes:
			if !ok {
				return nil
			}
			h.defs.reload(time.Now(), false, h.use)
		case <-hangups:
			h.log.Info("SIGHUP: reading the definitions again")
			h.defs.reload(time.Now(), true, h.use)
		}
	}
}

// use puts definitions in force, whole or not at all: see loop.Loop.Use.
func (h *house) use(set *slo.Set) error {
	source, err := h.sources.fit(set.Sources)
	if err != nil {
		return err
	}
	full := h.groups.find(source, set, h.log)
	acts, err := h.bench.fit(set.Actuators)
	if err == nil {
		if err = h.loop.Use(full, source, acts.acts()); err != nil {
			h.bench.discard(acts)
		}
	}
	if err != nil {
		h.sources.discard(source)
		return err
	}
	h.sources.take(set.Sources, source)
	h.bench.take(acts)
	h.set.Store(full)
	h.groups.declared = set
	return nil
}

// pumps are the sources that counts come from.
type pumps struct {
	declared []slo.Source
	source   *promql.Sources
	asked    atomic.Pointer[promql.Sources] // source, for pages
}

// fit prepares to ask the declared sources. They are those asked now, with
// all that was learned of them, unless something about them changed.
func (p *pumps) fit(declared []slo.Source) (*promql.Sources, error) {
	if p.source != nil && reflect.DeepEqual(bare(p.declared), bare(declared)) {
		return p.source, nil
	}
	return promql.New(declared, promql.Config{})
}

// bare are sources without their words for people.
func bare(all []slo.Source) []slo.Source {
	out := make([]slo.Source, len(all))
	for i, s := range all {
		s.Title, s.Description, s.Position = "", "", slo.Position{}
		out[i] = s
	}
	return out
}

func (p *pumps) take(declared []slo.Source, source *promql.Sources) {
	if p.source != nil && p.source != source {
		p.source.Close()
	}
	p.declared, p.source = declared, source
	p.asked.Store(source)
}

// levels is what an objective with a limit measured.
func (p *pumps) levels(ctx context.Context, o slo.Objective, from, to time.Time, step time.Duration) ([]sli.Sample, error) {
	return p.asked.Load().Levels(ctx, o, from, to, step)
}

func (p *pumps) discard(source *promql.Sources) {
	if source != p.source {
		source.Close()
	}
}

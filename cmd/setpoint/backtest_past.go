package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// loadPast reads definitions for a backtest. Databases are not connected to,
// so their addresses need not be known.
func loadPast(paths []string, out io.Writer) (*slo.Set, error) {
	files, problems := readDefinitions(paths)
	set, more := slo.Load(files, nil, importers()...)
	if problems = append(problems, more...); problems.Err() == nil {
		set, more = slo.Load(files, sourcesOnly(set), importers()...)
		problems = more
	}
	printProblems(out, problems, files)
	if problems.Err() != nil {
		return nil, exit{1, fmt.Sprintf("definitions refused, %s; nothing was tried", count(len(problems.Errors()), "problem"))}
	}
	return set, nil
}

// sourcesOnly looks up what the addresses of data sources refer to; the rest
// of the environment is as if it were set.
func sourcesOnly(set *slo.Set) func(string) (string, bool) {
	return func(name string) (string, bool) {
		asked := slices.ContainsFunc(set.Sources, func(s slo.Source) bool { return strings.Contains(s.URL, "${"+name+"}") })
		if asked {
			return os.LookupEnv(name)
		}
		return "host=unused", true
	}
}

// sameSources reports whether two sets ask the same backends in the same way.
func sameSources(a, b *slo.Set) bool {
	plain := func(all []slo.Source) []slo.Source {
		all = slices.Clone(all)
		for i := range all {
			all[i].Position, all[i].Title, all[i].Description = slo.Position{}, "", ""
		}
		return all
	}
	return reflect.DeepEqual(plain(a.Sources), plain(b.Sources))
}

// longestDelay is how long before now the newest slice ends that every source
// can be asked for.
func longestDelay(set *slo.Set) time.Duration {
	longest := 5 * time.Second
	for _, s := range set.Sources {
		longest = max(longest, s.Delay)
	}
	return longest
}

// stretch reads --from and --to.
func stretch(o pastOptions, now time.Time) (from, to time.Time, err error) {
	if from, err = instant(o.from, now); err != nil {
		return from, to, exit{usage, "--from " + err.Error()}
	}
	if to, err = instant(o.to, now); err != nil {
		return from, to, exit{usage, "--to " + err.Error()}
	}
	if to.After(now) {
		to = now
	}
	if !from.Before(to) {
		return from, to, exit{usage, "--from is not before --to"}
	}
	return from, to, nil
}

// instant reads "now", an age such as "-14d", a day or a time.
func instant(s string, now time.Time) (time.Time, error) {
	if s == "now" {
		return now, nil
	}
	if age, ok := strings.CutPrefix(s, "-"); ok {
		d, err := slo.ParseDuration(age)
		if err == nil && d > 0 {
			return now.Add(-d), nil
		}
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("is now, an age such as -14d, or a time such as 2026-03-02 or 2026-03-02T12:00:00Z, not %q", s)
}

// onRecord counts from the slices that a ledger keeps; what lies before the
// oldest and after the newest is asked of the source.
type onRecord struct {
	store  loop.Store
	source loop.Source
}

// Counts implements loop.Source.
func (s onRecord) Counts(ctx context.Context, o slo.Objective, from, to time.Time) ([]sli.Slice, error) {
	oldest, newest, err := s.store.Extent(ctx, o.Name)
	if err != nil {
		return nil, err
	}
	begin, end := from, from // of what is on record
	if !oldest.IsZero() {
		begin, end = inside(oldest, from, to), inside(newest.Add(o.Slice), from, to)
	}
	var all []sli.Slice
	for _, part := range []struct {
		from, to time.Time
		ask      func(context.Context, slo.Objective, time.Time, time.Time) ([]sli.Slice, error)
	}{{from, begin, s.source.Counts}, {begin, end, s.kept}, {end, to, s.source.Counts}} {
		if !part.from.Before(part.to) {
			continue
		}
		some, err := part.ask(ctx, o, part.from, part.to)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// kept is the slices on record, with blank ones where there are none.
func (s onRecord) kept(ctx context.Context, o slo.Objective, from, to time.Time) ([]sli.Slice, error) {
	found, err := s.store.Slices(ctx, o.Name, from, to)
	if err != nil {
		return nil, err
	}
	all := make([]sli.Slice, 0, int(to.Sub(from)/o.Slice))
	for at := from; at.Before(to); at = at.Add(o.Slice) {
		one := sli.Slice{Start: at}
		if len(found) > 0 && found[0].Start.Equal(at) {
			one, found = found[0], found[1:]
		}
		all = append(all, one)
	}
	return all, nil
}

// inside is t, moved into [from, to].
func inside(t, from, to time.Time) time.Time {
	switch {
	case t.Before(from):
		return from
	case t.After(to):
		return to
	}
	return t
}

// patient asks a source again when it was out of reach for a moment: a live
// loop asks anew with its next tick, a backtest would end.
type patient struct{ loop.Source }

// Counts implements loop.Source.
func (p patient) Counts(ctx context.Context, o slo.Objective, from, to time.Time) ([]sli.Slice, error) {
	pause := time.Second
	for {
		all, err := p.Source.Counts(ctx, o, from, to)
		read := (*sli.ReadError)(nil)
		if !errors.As(err, &read) || pause > 8*time.Second || !slices.Contains([]sli.Reason{sli.ReasonUnreachable, sli.ReasonTimeout, sli.ReasonOverloaded}, read.Reason) {
			return all, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(max(pause, min(read.RetryAfter, 30*time.Second))):
		}
		pause *= 2
	}
}

// A progress says how far a long run has come, at each tenth of the way.
type progress struct {
	out   io.Writer
	tenth int
}

func (p *progress) at(now, from, to time.Time) {
	if tenth := int(10 * now.Sub(from) / to.Sub(from)); tenth > p.tenth {
		p.tenth = tenth
		fmt.Fprintf(p.out, "%d %% done, at %s\n", 10*tenth, clock(now))
	}
}

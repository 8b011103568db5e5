package main

import (
	"cmp"
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
	store  counted
	source loop.Source
}

// counted is what a ledger knows of counts.
type counted interface {
	Slices(ctx context.Context, asks ...loop.Stretch) ([][]sli.Slice, error)
	Extents(ctx context.Context, objectives ...string) ([]loop.Extent, error)
	loop.Versions
}

// CountsAll implements loop.Source.
func (s onRecord) CountsAll(ctx context.Context, asks []sli.Ask) []sli.Answer {
	answers := make([]sli.Answer, len(asks))
	var older, newer []sli.Ask // than what is on record, for each ask
	for i, a := range asks {
		before, after := a, a
		before.To, after.From, answers[i] = s.kept(ctx, a)
		older, newer = append(older, before), append(newer, after)
	}
	rest := s.askSome(ctx, append(older, newer...))
	for i := range answers {
		before, after := rest[i], rest[len(asks)+i]
		answers[i].Slices = slices.Concat(before.Slices, answers[i].Slices, after.Slices)
		answers[i].Err = cmp.Or(answers[i].Err, before.Err, after.Err)
	}
	return answers
}

// askSome asks the source about what is not empty.
func (s onRecord) askSome(ctx context.Context, asks []sli.Ask) []sli.Answer {
	answers := make([]sli.Answer, len(asks))
	var some []sli.Ask
	var of []int
	for i, a := range asks {
		if a.From.Before(a.To) {
			some, of = append(some, a), append(of, i)
		}
	}
	if len(some) > 0 {
		for i, a := range s.source.CountsAll(ctx, some) {
			answers[of[i]] = a
		}
	}
	return answers
}

// kept is the slices on record in [begin, end), which lies within the ask,
// with blank ones where there are none. After an error there is nothing to
// ask for either.
func (s onRecord) kept(ctx context.Context, a sli.Ask) (begin, end time.Time, _ sli.Answer) {
	step := a.Objective.Slice
	name, err := loop.Series(ctx, s.store, *a.Objective)
	if err != nil {
		return a.From, a.To, sli.Answer{Err: err}
	}
	extents, err := s.store.Extents(ctx, name)
	if err != nil {
		return a.From, a.To, sli.Answer{Err: err}
	}
	oldest, newest := extents[0].Oldest, extents[0].Newest
	if oldest.IsZero() {
		return a.From, a.From, sli.Answer{}
	}
	begin, end = inside(oldest, a.From, a.To), inside(newest.Add(step), a.From, a.To)
	all, err := s.store.Slices(ctx, loop.Stretch{Objective: name, From: begin, To: end})
	if err != nil {
		return a.From, a.To, sli.Answer{Err: err}
	}
	found, whole := all[0], make([]sli.Slice, 0, int(end.Sub(begin)/step))
	for at := begin; at.Before(end); at = at.Add(step) {
		one := sli.Slice{Start: at}
		if len(found) > 0 && found[0].Start.Equal(at) {
			one, found = found[0], found[1:]
		}
		whole = append(whole, one)
	}
	return begin, end, sli.Answer{Slices: whole}
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

// CountsAll implements loop.Source.
func (p patient) CountsAll(ctx context.Context, asks []sli.Ask) []sli.Answer {
	answers := p.Source.CountsAll(ctx, asks)
	for pause := time.Second; pause <= 8*time.Second; pause *= 2 {
		again, of, wait := weather(asks, answers)
		if len(again) == 0 {
			break
		}
		select {
		case <-ctx.Done():
			return answers
		case <-time.After(max(pause, min(wait, 30*time.Second))):
		}
		for i, a := range p.Source.CountsAll(ctx, again) {
			answers[of[i]] = a
		}
	}
	return answers
}

// weather is the asks that were not answered for a reason that passes, their
// places, and how long the backend wants to be left alone.
func weather(asks []sli.Ask, answers []sli.Answer) (again []sli.Ask, of []int, wait time.Duration) {
	for i, a := range answers {
		read := (*sli.ReadError)(nil)
		if errors.As(a.Err, &read) && slices.Contains([]sli.Reason{sli.ReasonUnreachable, sli.ReasonTimeout, sli.ReasonOverloaded}, read.Reason) {
			again, of, wait = append(again, asks[i]), append(of, i), max(wait, read.RetryAfter)
		}
	}
	return again, of, wait
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

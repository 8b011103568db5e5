package loop_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A past is a scripted history: what happened in each slice.
type past struct {
	set    *slo.Set
	counts map[time.Time]sli.Counts
	end    time.Time
	asked  atomic.Int64
	err    error // of every question from the moment that it is set
}

// readPast reads a scenario whose story only says what happened; stories in
// which people or outages take part are no history.
func readPast(t *testing.T, file string) (p *past, ok bool) {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, section(t, a, "config.yaml"))
	p = &past{set: w.set, counts: map[time.Time]sli.Counts{}, end: start}
	slice := w.set.Objectives[0].Slice
	for _, line := range strings.Split(strings.TrimSpace(section(t, a, "story")), "\n") {
		at, what := when(t, line)
		for ; p.end.Before(at); p.end = p.end.Add(slice) {
			p.counts[p.end] = w.now
		}
		if !slices.Contains([]string{"good", "blind", "end"}, what[0]) {
			return nil, false
		}
		w.happen(t, at, what)
	}
	return p, true
}

// Counts returns the history, of every objective the same.
func (p *past) Counts(_ context.Context, o slo.Objective, from, to time.Time) ([]sli.Slice, error) {
	p.asked.Add(1)
	if p.err != nil {
		return nil, p.err
	}
	var out []sli.Slice
	for at := from; at.Before(to); at = at.Add(o.Slice) {
		out = append(out, sli.Slice{Start: at, Counts: p.counts[at]})
	}
	return out, nil
}

// backtest runs p's loops over it, from some time on, and returns the ledger.
func (p *past) backtest(t *testing.T, from time.Time, chunk time.Duration, onTick func(loop.Report)) (*ledger.Memory, *loop.Backtest) {
	t.Helper()
	memory := ledger.NewMemory()
	b := p.prepare(t, memory, from, chunk)
	err := loop.RunBacktests(t.Context(), func(_ int, r loop.Report) {
		if onTick != nil {
			onTick(r)
		}
	}, b)
	if err != nil {
		t.Fatal(err)
	}
	return memory, b
}

func (p *past) prepare(t *testing.T, records loop.Records, from time.Time, chunk time.Duration) *loop.Backtest {
	t.Helper()
	h := loop.NewHistory(loop.HistoryConfig{Source: loop.SourceFunc(p.Counts), Until: p.end, Chunk: chunk})
	mode := p.set.Loops[0].Mode
	b, err := loop.NewBacktest(loop.BacktestConfig{Set: p.set, History: h, Records: records, Mode: mode, From: from, To: p.end})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// live ticks as Run does while the history happens, and returns the ledger.
func (p *past) live(t *testing.T, onTick func(loop.Report)) *ledger.Memory {
	t.Helper()
	memory, acts := ledger.NewMemory(), map[string]loop.Actuator{}
	for _, a := range p.set.Actuators {
		acts[a.Name] = &dial{value: a.Rest}
	}
	l, err := loop.New(loop.Config{Set: p.set, Source: loop.SourceFunc(p.Counts), Records: memory, Actuators: acts})
	if err != nil {
		t.Fatal(err)
	}
	slice, delay := p.set.Objectives[0].Slice, p.set.Sources[0].Delay
	for now := start.Add(delay); now.Before(p.end); now = now.Add(slice) {
		r := l.Tick(t.Context(), now)
		if err := errors.Join(r.Errs...); err != nil {
			t.Fatal(err)
		}
		if onTick != nil {
			onTick(r)
		}
	}
	return memory
}

// histories are the scenarios that a backtest can play.
func histories(t *testing.T) map[string]*past {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*past{}
	for _, file := range files {
		if p, ok := readPast(t, file); ok {
			out[strings.TrimSuffix(filepath.Base(file), ".txt")] = p
		}
	}
	if len(out) < 6 {
		t.Fatalf("%d scenarios are histories, want at least 6", len(out))
	}
	return out
}

// TestBacktestEqualsLive compares the chains of both ledgers: equal heads
// mean equal rows, to the byte.
func TestBacktestEqualsLive(t *testing.T) {
	moves := 0
	for name, p := range histories(t) {
		for _, chunk := range []time.Duration{5 * time.Second, time.Minute, 24 * time.Hour} {
			want, err := p.live(t, nil).Heads(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			memory, b := p.backtest(t, start, chunk, nil)
			got, err := memory.Heads(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" || got[0].Seq == 0 {
				t.Errorf("%s in chunks of %s: heads of the ledger (-live +backtest):\n%s", name, chunk, diff)
			}
			for _, l := range b.Trial().Loops {
				moves += l.Moves
			}
		}
	}
	if moves == 0 {
		t.Error("no loop moved in any of them: nothing was compared")
	}
}

// TestBacktestBeginsWithFullWindows: what lies before the first tick counts,
// as for a loop that had been running.
func TestBacktestBeginsWithFullWindows(t *testing.T) {
	p, _ := readPast(t, "testdata/heals.txt")
	states := map[time.Time]string{}
	p.live(t, func(r loop.Report) { states[r.At] = text(t, r.States) })
	compared := 0
	p.backtest(t, start.Add(90*time.Second), time.Hour, func(r loop.Report) {
		compared++
		if diff := cmp.Diff(states[r.At], text(t, r.States)); diff != "" {
			t.Fatalf("states at %s (-live +backtest):\n%s", r.At, diff)
		}
	})
	if compared < 10 {
		t.Errorf("%d ticks were compared, want at least 10", compared)
	}
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestBacktestAsksLittle(t *testing.T) {
	p, _ := readPast(t, "testdata/heals.txt")
	ticks := 0
	p.backtest(t, start, time.Hour, func(loop.Report) { ticks++ })
	if p.asked.Load() > 2 || ticks < 40 {
		t.Errorf("asked %d times for %d ticks, want at most 2 for at least 40", p.asked.Load(), ticks)
	}
}

// TestBacktestSideBySide: two versions share one history, and one that is
// never tightened has no moves.
func TestBacktestSideBySide(t *testing.T) {
	p, _ := readPast(t, "testdata/heals.txt")
	h := loop.NewHistory(loop.HistoryConfig{Source: loop.SourceFunc(p.Counts), Until: p.end})
	var both []*loop.Backtest
	for _, mode := range []slo.Mode{"", slo.Observe} {
		b, err := loop.NewBacktest(loop.BacktestConfig{Set: p.set, History: h, Records: ledger.NewMemory(), Mode: mode, From: start, To: p.end})
		if err != nil {
			t.Fatal(err)
		}
		both = append(both, b)
	}
	if err := loop.RunBacktests(t.Context(), nil, both...); err != nil {
		t.Fatal(err)
	}
	act, observe := both[0].Trial(), both[1].Trial()
	if act.Loops[0].Moves == 0 || observe.Loops[0].Moves != 0 || observe.Loops[0].Wished == 0 {
		t.Errorf("moves %d in act, %d in observe (wished for %s); want some, none, some", act.Loops[0].Moves, observe.Loops[0].Moves, observe.Loops[0].Wished)
	}
	if act.Ticks != observe.Ticks || p.asked.Load() > 2 {
		t.Errorf("%d and %d ticks, asked %d times; want as many, and at most 2", act.Ticks, observe.Ticks, p.asked.Load())
	}
	if p.set.Loops[0].Mode != slo.Act {
		t.Errorf("the definitions are in mode %s afterwards, want them untouched", p.set.Loops[0].Mode)
	}
}

func TestBacktestStopsAtAnError(t *testing.T) {
	p, _ := readPast(t, "testdata/heals.txt")
	b := p.prepare(t, ledger.NewMemory(), start, time.Minute)
	down, ticks := errors.New("no route to backend"), 0
	err := loop.RunBacktests(t.Context(), func(_ int, r loop.Report) {
		if ticks++; ticks == 20 {
			p.err = down
		}
	}, b)
	if !errors.Is(err, down) || b.Trial().Ticks != ticks || ticks < 20 {
		t.Errorf("got %v after %d ticks, scored %d; want the backend's error, and all ticks before it scored", err, ticks, b.Trial().Ticks)
	}
}

func TestBacktestEndsWithItsContext(t *testing.T) {
	p, _ := readPast(t, "testdata/heals.txt")
	b := p.prepare(t, ledger.NewMemory(), start, time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	err := loop.RunBacktests(ctx, func(_ int, r loop.Report) {
		if r.At.After(start.Add(time.Minute)) {
			cancel()
		}
	}, b)
	if !errors.Is(err, context.Canceled) || b.Trial().Ticks < 12 || !b.Next().Before(p.end) {
		t.Errorf("got %v after %d ticks, want it to be canceled in between", err, b.Trial().Ticks)
	}
}

func TestBacktestRefusesTimeThatRunsBack(t *testing.T) {
	p, _ := readPast(t, "testdata/heals.txt")
	h := loop.NewHistory(loop.HistoryConfig{Source: loop.SourceFunc(p.Counts)})
	if _, err := loop.NewBacktest(loop.BacktestConfig{Set: p.set, History: h, Records: ledger.NewMemory(), From: start, To: start}); err == nil {
		t.Error("a backtest over no time at all was prepared")
	}
}

// TestHistoryNeverChangesCounts asks a history in any order and chunks, and
// wants what the source itself answers.
func TestHistoryNeverChangesCounts(t *testing.T) {
	p, _ := readPast(t, "testdata/heals.txt")
	o := p.set.Objectives[0]
	for i := range 2000 { // every slice differs
		p.counts[start.Add(time.Duration(i)*o.Slice)] = sli.Counts{Good: sli.Count(i), Covered: o.Slice}
	}
	rapid.Check(t, func(r *rapid.T) {
		at := func(name string, least int) int { return rapid.IntRange(least, 2000).Draw(r, name) }
		h := loop.NewHistory(loop.HistoryConfig{
			Source: loop.SourceFunc(p.Counts),
			Until:  start.Add(time.Duration(at("until", 0)) * o.Slice),
			Chunk:  time.Duration(rapid.IntRange(1, 5000).Draw(r, "chunk")) * time.Second,
		})
		for range rapid.IntRange(1, 12).Draw(r, "questions") {
			n := at("from", 0)
			from, to := start.Add(time.Duration(n)*o.Slice), start.Add(time.Duration(at("to", n))*o.Slice)
			want, _ := p.Counts(t.Context(), o, from, to)
			got, err := h.Counts(t.Context(), o, from, to)
			if err != nil {
				r.Fatal(err)
			}
			if diff := cmp.Diff(fmt.Sprint(want), fmt.Sprint(got)); diff != "" {
				r.Fatalf("slices [%s, %s) (-source +history):\n%s", from, to, diff)
			}
		}
	})
}

// A gappy source leaves slices out.
type gappy struct{ *past }

func (g gappy) Counts(ctx context.Context, o slo.Objective, from, to time.Time) ([]sli.Slice, error) {
	all, err := g.past.Counts(ctx, o, from, to)
	return all[1:], err
}

func TestHistoryRefusesAnswersWithGaps(t *testing.T) {
	p, _ := readPast(t, "testdata/heals.txt")
	h := loop.NewHistory(loop.HistoryConfig{Source: loop.SourceFunc(gappy{p}.Counts), Until: p.end})
	if _, err := h.Counts(t.Context(), p.set.Objectives[0], start, start.Add(time.Minute)); err == nil {
		t.Error("an answer that leaves a slice out was taken")
	}
}

// An eager source counts how far ahead it is asked.
type eager struct {
	*past
	latest time.Time
}

func (e *eager) Counts(ctx context.Context, o slo.Objective, from, to time.Time) ([]sli.Slice, error) {
	if to.After(e.latest) {
		e.latest = to
	}
	return e.past.Counts(ctx, o, from, to)
}

// TestHistoryAsksForNothingThatMayBeMissing: samples of the last slices may
// not have arrived, so they are asked for when they are needed.
func TestHistoryAsksForNothingThatMayBeMissing(t *testing.T) {
	p, _ := readPast(t, "testdata/heals.txt")
	source, until := &eager{past: p}, start.Add(time.Minute)
	h := loop.NewHistory(loop.HistoryConfig{Source: loop.SourceFunc(source.Counts), Until: until})
	for _, to := range []time.Time{start.Add(5 * time.Second), start.Add(65 * time.Second)} {
		if _, err := h.Counts(t.Context(), p.set.Objectives[0], start, to); err != nil {
			t.Fatal(err)
		}
		if want := latest(to, until); source.latest.After(want) {
			t.Errorf("for slices up to %s it asked up to %s, want %s", to, source.latest, want)
		}
	}
}

func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// TestHistoryRemembersAWindow: a window looks back on slices that were asked
// for long ago; they are not asked for again, and older ones are forgotten.
func TestHistoryRemembersAWindow(t *testing.T) {
	p, _ := readPast(t, "testdata/heals.txt")
	o := &p.set.Objectives[0]
	o.Window.Length = 2 * time.Hour // 1,440 slices, more than a book keeps
	for at := start; at.Before(start.Add(4 * time.Hour)); at = at.Add(o.Slice) {
		p.counts[at] = sli.Counts{Good: 300 * sli.Event, Covered: o.Slice}
	}
	p.end = start.Add(4 * time.Hour)
	h := loop.NewHistory(loop.HistoryConfig{Source: loop.SourceFunc(p.Counts), Until: p.end, Chunk: 10 * time.Minute})
	b, err := loop.NewBacktest(loop.BacktestConfig{Set: p.set, History: h, Records: ledger.NewMemory(), From: start, To: p.end})
	if err == nil {
		err = loop.RunBacktests(t.Context(), nil, b)
	}
	if err != nil {
		t.Fatal(err)
	}
	asked := h.Asked()
	if most := 6*6 + 4; asked > most {
		t.Errorf("asked %d times, want at most %d: once for each ten of six hours", asked, most)
	}
	old := start.Add(-2 * time.Hour)
	if _, err := h.Counts(t.Context(), *o, old, old.Add(o.Slice)); err != nil || h.Asked() != asked+1 {
		t.Errorf("a slice of six hours ago: %v, asked %d times more; want it forgotten", err, h.Asked()-asked)
	}
}

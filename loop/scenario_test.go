package loop_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

var update = flag.Bool("update", false, "rewrite the rows of the scenario files")

// TestScenarios plays the stories in testdata. A file begins with what
// should happen in words; then come the definitions, the story (what happens
// when), and the rows that must be in the ledger afterwards.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("find scenarios: %v, %d files", err, len(files))
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { play(t, file) })
	}
}

func play(t *testing.T, file string) {
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, section(t, a, "config.yaml"))
	w.files = a
	w.play(t, section(t, a, "story"))
	got := w.rows(t)
	if *update {
		rewrite(t, file, a, "rows", got)
		rewrite(t, file, a, "alerts", w.heard.String())
		rewrite(t, file, a, "shadow", w.shadows(t))
		return
	}
	if has(a, "alerts") {
		if diff := cmp.Diff(section(t, a, "alerts"), w.heard.String()); diff != "" {
			t.Errorf("%s: alerts (-want +got):\n%s", file, diff)
		}
	}
	if has(a, "shadow") {
		if diff := cmp.Diff(section(t, a, "shadow"), w.shadows(t)); diff != "" {
			t.Errorf("%s: shadow (-want +got):\n%s", file, diff)
		}
	}
	if diff := cmp.Diff(section(t, a, "rows"), got); diff != "" {
		t.Errorf("%s: rows in the ledger (-want +got):\n%s", file, diff)
	}
	w.replay(t)
}

func section(t *testing.T, a *txtar.Archive, name string) string {
	t.Helper()
	for _, f := range a.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	t.Fatalf("scenario has no section %q", name)
	return ""
}

func has(a *txtar.Archive, name string) bool {
	return slices.ContainsFunc(a.Files, func(f txtar.File) bool { return f.Name == name })
}

func rewrite(t *testing.T, file string, a *txtar.Archive, name, rows string) {
	t.Helper()
	for i, f := range a.Files {
		if f.Name == name {
			a.Files[i].Data = []byte(rows)
		}
	}
	if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
		t.Fatal(err)
	}
}

// start is when every story begins.
var start = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// A world is what a story happens to.
type world struct {
	set    *slo.Set
	loop   *loop.Loop
	ledger *switched
	dials  map[string]*dial
	counts map[time.Time]sli.Counts
	now    sli.Counts        // of each slice from here on
	only   map[string]*apart // :: objective → what happens to it alone
	orders int
	given  []loop.Order
	files  *txtar.Archive  // of the story
	alerts string          // of the newest tick
	heard  strings.Builder // the alerts, a line whenever they change
}

func newWorld(t *testing.T, config string) *world {
	t.Helper()
	w := &world{ledger: &switched{Memory: ledger.NewMemory()}, dials: map[string]*dial{}, counts: map[time.Time]sli.Counts{}}
	w.load(t, config)
	w.restart(t)
	return w
}

// load reads definitions; their actuators are dials at rest, unless they were
// there before.
func (w *world) load(t *testing.T, config string) {
	t.Helper()
	set, problems := slo.Load([]slo.File{{Name: "config.yaml", Data: []byte(config)}}, nil)
	if err := problems.Err(); err != nil {
		t.Fatalf("load definitions: %v", err)
	}
	w.set = set
	for _, a := range set.Actuators {
		if w.dials[a.Name] == nil {
			w.dials[a.Name] = &dial{value: a.Rest}
		}
	}
}

// acts are the dials of what is declared.
func (w *world) acts() map[string]loop.Actuator {
	out := map[string]loop.Actuator{}
	for _, a := range w.set.Actuators {
		out[a.Name] = w.dials[a.Name]
	}
	return out
}

func (w *world) restart(t *testing.T) {
	t.Helper()
	l, err := loop.New(loop.Config{Set: w.set, Source: loop.SourceFunc(w.Counts), Records: w.ledger, Actuators: w.acts()})
	if err != nil {
		t.Fatal(err)
	}
	w.loop = l
}

// An apart is an objective to which something else happens than to others.
type apart struct {
	since  time.Time
	counts map[time.Time]sli.Counts
	now    sli.Counts
	down   bool
}

// Counts returns what the story says happened.
func (w *world) Counts(_ context.Context, o slo.Objective, from, to time.Time) ([]sli.Slice, error) {
	var out []sli.Slice
	a := w.only[o.Name]
	if a != nil && a.down {
		return nil, errors.New("no route to backend")
	}
	for at := from; at.Before(to); at = at.Add(o.Slice) {
		counts := w.counts
		if a != nil && !at.Before(a.since) {
			counts = a.counts
		}
		out = append(out, sli.Slice{Start: at, Counts: counts[at]})
	}
	return out, nil
}

// play ticks once a slice, after each line of the story whose time has come.
func (w *world) play(t *testing.T, story string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(story), "\n")
	slice := w.set.Objectives[0].Slice
	for now := start; len(lines) > 0; now = now.Add(slice) {
		for len(lines) > 0 {
			at, what := when(t, lines[0])
			if at.After(now) {
				break
			}
			w.happen(t, now, what)
			lines = lines[1:]
		}
		w.hear(now, w.loop.Tick(t.Context(), now).Alerts)
		w.counts[now] = w.now
		for _, a := range w.only {
			a.counts[now] = a.now
		}
	}
}

// hear notes the alerts of a tick, when they are others than before; those
// that fire with the time since when.
func (w *world) hear(now time.Time, alerts []loop.Alert) {
	text := shown(alerts)
	for _, a := range alerts {
		if a.Phase == loop.AlertFiring {
			text += fmt.Sprintf("; %s since %s", a.Condition, clockOf(a.Fired))
		}
	}
	if text != w.alerts {
		fmt.Fprintf(&w.heard, "%s %s\n", clockOf(now), text)
	}
	w.alerts = text
}

func clockOf(t time.Time) string {
	d := t.Sub(start)
	return fmt.Sprintf("%02d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

// when splits "01:30 blind" into its time and its event; comments are dropped.
func when(t *testing.T, line string) (time.Time, []string) {
	t.Helper()
	line, _, _ = strings.Cut(line, "#")
	words := strings.Fields(line)
	if len(words) < 2 {
		t.Fatalf("story line %q: want a time and an event", line)
	}
	m, s, _ := strings.Cut(words[0], ":")
	minutes, err1 := strconv.Atoi(m)
	secs, err2 := strconv.Atoi(s)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatalf("story line %q: %v", line, err)
	}
	return start.Add(time.Duration(minutes)*time.Minute + time.Duration(secs)*time.Second), words[1:]
}

func (w *world) happen(t *testing.T, now time.Time, words []string) {
	t.Helper()
	slice := w.set.Objectives[0].Slice
	switch words[0] {
	case "good", "blind":
		w.now = observedAs(t, words, slice)
	case "only": // only OBJECTIVE good N bad M | blind | down | up: from now on its lot is its own
		a := w.apart(words[1], now)
		if a.down = words[2] == "down"; words[2] != "up" && !a.down {
			a.now = observedAs(t, words[2:], slice)
		}
	case "ledger": // ledger down | up
		w.ledger.down = words[1] == "down"
	case "unreadable", "readable":
		w.dials[words[1]].broken = words[0] == "unreadable"
	case "set": // set ACTUATOR VALUE: somebody else changed it
		w.dials[words[1]].value = number(t, words[2])
	case "deaf", "hears":
		w.dials[words[1]].deaf = words[0] == "deaf"
	case "took": // took ACTUATOR N MS | cut N | killed N | nothing: what is seen to end in each tick
		w.dials[words[1]].work = workOf(t, words[2:])
	case "restart":
		w.restart(t)
	case "use": // use SECTION…: definitions that take the place of those before
		var config []string
		for _, name := range words[1:] {
			config = append(config, section(t, w.files, name))
		}
		w.load(t, strings.Join(config, "---\n"))
		if err := w.loop.Use(w.set, loop.SourceFunc(w.Counts), w.acts()); err != nil {
			t.Fatalf("use %s: %v", words[1], err)
		}
	case "end":
	default:
		w.order(t, now, words)
	}
}

// observedAs reads "good N bad M", the events of each slice from now on, or
// "blind": nothing is observed.
func observedAs(t *testing.T, words []string, slice time.Duration) sli.Counts {
	t.Helper()
	if words[0] == "blind" {
		return sli.Counts{}
	}
	return sli.Counts{Good: sli.Count(number(t, words[1])) * sli.Event, Bad: sli.Count(number(t, words[3])) * sli.Event, Covered: slice}
}

func (w *world) apart(objective string, now time.Time) *apart {
	if w.only == nil {
		w.only = map[string]*apart{}
	}
	if w.only[objective] == nil {
		w.only[objective] = &apart{since: now, counts: map[time.Time]sli.Counts{}, now: w.now}
	}
	return w.only[objective]
}

// order reads "KIND TARGET [SETTING] [revert] [for SECONDS]".
func (w *world) order(t *testing.T, now time.Time, words []string) {
	t.Helper()
	w.orders++
	o := loop.Order{ID: fmt.Sprintf("order-%d", w.orders), At: now, Kind: loop.OrderKind(words[0]), Target: words[1], By: "ann", Why: "drill"}
	if o.Kind == loop.OrderPromote {
		o.Rules = w.rulesOf(o.Target)
	}
	for i, word := range words[2:] {
		switch {
		case word == "revert":
			o.Revert = true
		case word == "for":
			o.Until = now.Add(time.Duration(number(t, words[i+3])) * time.Second)
		case words[i+1] != "for":
			x := number(t, word)
			o.Setting = &x
		}
	}
	w.given = append(w.given, o)
	if _, err := w.loop.Order(t.Context(), o); err != nil {
		t.Fatalf("order %v: %v", words, err)
	}
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// rows renders the ledger: one line a decision or a judgement, in order.
func (w *world) rows(t *testing.T) string {
	t.Helper()
	var rows []string
	err := w.ledger.Memory.Each(t.Context(), func(r ledger.Record) error {
		rows = append(rows, decisionRow(r.Decision))
		for _, o := range r.Outcomes {
			if o.Effect != nil {
				rows = append(rows, fmt.Sprintf("%s judged %s -> %g %s\n", clockOf(o.At), r.Decision.Actuator, r.Decision.To, o.Effect.Judgement))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(rows, func(a, b string) int { return strings.Compare(a[:5], b[:5]) })
	return strings.Join(rows, "")
}

func decisionRow(d loop.Decision) string {
	row := fmt.Sprintf("%s %s %s %g", clockOf(d.Input.At), d.Verb, d.Actuator, d.From)
	if d.Verb != loop.Hold {
		row += fmt.Sprintf(" -> %g", d.To)
	} else if d.Wanted != d.From {
		row += fmt.Sprintf(" (wanted %g)", d.Wanted)
	}
	return row + fmt.Sprintf(" %s\n", d.Reason)
}

func (w *world) decisions(t *testing.T) []loop.Decision {
	t.Helper()
	var out []loop.Decision
	err := w.ledger.Memory.Each(t.Context(), func(r ledger.Record) error {
		out = append(out, r.Decision)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(out, func(a, b loop.Decision) int { return a.Input.At.Compare(b.Input.At) })
	return out
}

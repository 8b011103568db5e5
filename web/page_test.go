package web_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/web"
)

// golden compares the content of a page with a file; -update writes it.
func golden(t *testing.T, name string, a answer) {
	t.Helper()
	_, main, _ := strings.Cut(a.body, `<main id="main">`)
	main, _, _ = strings.Cut(main, "</main>")
	main = regexp.MustCompile(`name="id" value="\w+"`).ReplaceAllString(main, `name="id" value="…"`)
	main = regexp.MustCompile(`(</svg><span>)[^<]*(</span></li>)`).ReplaceAllString(main, "$1the gate's words$2")
	main = regexp.MustCompile(`(?s)(<details class="card"><summary>[^<]*</summary>)<pre>.*?(</details>)`).ReplaceAllString(main, "$1…$2") // of docs/pipelines
	var lines []string
	for line := range strings.Lines(main) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	got := strings.Join(lines, "\n") + "\n"
	path := filepath.Join("testdata", name+".html")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// TestPages shows every page at one fixed instant of an incident.
func TestPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := incident(70 * time.Second)
		h := s.Handler()
		decision := ""
		for _, r := range w.records {
			if r.Decision.Verb == loop.Tighten && r.Decision.Actuator == "reporting-timeout" {
				decision = r.Decision.ID
			}
		}
		for name, path := range map[string]string{
			"overview": "/", "objective": "/objectives/checkout-availability", "decisions": "/decisions?actuator=reporting-timeout",
			"decision": "/decisions/" + decision, "gate": "/gate?service=checkout&change=rollback&environment=prod", "control": "/control", "problem": "/nowhere",
		} {
			golden(t, name, get(t, h, path))
		}
	})
}

// TestPagesSay looks for the words that must be there in bad times.
func TestPagesSay(t *testing.T) {
	stop := loop.Order{ID: "s", At: time.Now(), Kind: loop.OrderStop, Target: "*", By: "ann", Why: "wrong query"}
	for _, c := range []struct {
		name  string
		spoil func(w *world)
		path  string
		says  []string
	}{
		{"stopped", func(w *world) { w.report.Orders = []loop.Order{stop} }, "/", []string{"Emergency stop.", "wrong query (ann)", ">Resume<"}},
		{"stopped, control", func(w *world) { w.report.Orders = []loop.Order{stop} }, "/control", []string{`action="/actions/resume"`, "stop of everything"}},
		{"ledger down", func(w *world) { w.report.LedgerErr = errors.New("no answer") }, "/", []string{"The ledger cannot be reached.", "marked degraded"}},
		{"ledger down, list", func(w *world) { w.down = errors.New("no answer") }, "/decisions", []string{"the newest decisions that are in memory", "reporting-timeout"}},
		{"ledger down, control", func(w *world) { w.down = errors.New("no answer") }, "/control", []string{"what was given before cannot be shown", "Stop everything"}},
		{"stale", func(w *world) { w.report.At = w.report.At.Add(-10 * time.Minute) }, "/", []string{"Out of date.", "10 min ago"}},
		{"follower", func(w *world) { w.report.Leader = false }, "/", []string{"Another instance leads.", "follows"}},
		{"errors", func(w *world) { w.report.Errs = []error{errors.New("ask http://u:hunter2@prom: refused")} }, "/", []string{"1 thing went wrong", "http://…@prom"}},
		{"starting", func(w *world) { w.report = loop.Report{} }, "/", []string{"Starting.", "not measured yet", "No setting was read yet"}},
		{"unreadable", func(w *world) { w.report.Settings[0].Error = "no route" }, "/", []string{"cannot be read: no route"}},
		{"no loop", func(w *world) { w.report.Settings[1].Loop = loop.Unattended }, "/control", []string{"checkout-freeze was left at", "No loop is declared for it. It stays as it is"}},
		{"left", func(w *world) { w.report.Settings[0].Left = true }, "/", []string{"reporting-timeout was left at", "It is not declared any more"}},
		{"unapproved", func(w *world) { w.report.Decisions[0].Reason = loop.ReasonUnapproved }, "/control", []string{"Approve the move to 1 s", `action="/actions/approve"`}},
		{"not done", func(*world) {}, "/control?done=freeze&target=call+0900&recorded=1", []string{"Control"}},
		{"done", func(*world) {}, "/control?done=freeze&target=checkout&recorded=1", []string{"Releases of checkout are frozen."}},
		{"refreshed", func(*world) {}, "/?refresh=1", []string{`http-equiv="refresh"`, "Stop that"}},
		{"still", func(*world) {}, "/", []string{"Read anew by itself"}},
	} {
		w, s := incident(time.Minute)
		c.spoil(w)
		a := get(t, s.Handler(), c.path)
		for _, says := range c.says {
			if !strings.Contains(a.body, says) {
				t.Errorf("%s: %s does not say %q", c.name, c.path, says)
			}
		}
		if strings.Contains(a.body, "hunter2") || strings.Contains(a.body, "call 0900") {
			t.Errorf("%s: %s shows a password", c.name, c.path)
		}
	}
}

// TestNoRefreshUnderForms never reads a page anew that holds a form to fill.
func TestNoRefreshUnderForms(t *testing.T) {
	_, s := incident(time.Minute)
	for _, path := range []string{"/", "/objectives/checkout-latency", "/control", "/gate", "/decisions"} {
		body := get(t, s.Handler(), path).body
		if strings.Contains(body, "<form") && strings.Contains(body, `http-equiv="refresh"`) {
			t.Errorf("%s has a form and refreshes", path)
		}
	}
	if strings.Contains(get(t, s.Handler(), "/").body, `http-equiv="refresh"`) {
		t.Error("/ refreshes, and nobody asked")
	}
}

// TestDecisionsGoOn follows the link to older decisions to the end.
func TestDecisionsGoOn(t *testing.T) {
	w, s := incident(10 * time.Minute)
	next := regexp.MustCompile(`<a href="(/decisions\?[^"]*)">Older`)
	seen, path := 0, "/decisions?limit=3"
	for path != "" && seen <= len(w.records) {
		body := get(t, s.Handler(), path).body
		seen += strings.Count(body, `aria-label="Why: decision`)
		path = ""
		if m := next.FindStringSubmatch(body); m != nil {
			path = strings.ReplaceAll(m[1], "&amp;", "&")
		}
	}
	if seen != len(w.records) || seen < 6 {
		t.Errorf("saw %d decisions of %d", seen, len(w.records))
	}
}

// TestRecall has the charts go on after a restart.
func TestRecall(t *testing.T) {
	w, _ := incident(2 * time.Minute)
	again := web.New(w.config())
	empty := strings.Count(get(t, again.Handler(), "/").body, "Nothing to draw yet")
	if err := again.Recall(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	body := get(t, again.Handler(), "/").body
	if filled := strings.Count(body, "Nothing to draw yet"); empty == 0 || filled != 0 || !strings.Contains(body, `class="event tighten"`) {
		t.Errorf("empty charts: %d before, %d after", empty, filled)
	}
	w.down = errors.New("no answer")
	if err := web.New(w.config()).Recall(t.Context(), time.Now()); err == nil {
		t.Error("a ledger that is down was recalled")
	}
}

// TestTrailBounded draws at most so many points, however long it ran.
func TestTrailBounded(t *testing.T) {
	w := newWorld()
	s := web.New(w.config())
	now := time.Now().Truncate(tick)
	r := w.tick(now.Add(-3*time.Hour), calm)
	for at := r.At; !at.After(now); at = at.Add(tick) {
		for i := range r.States {
			r.States[i].At = at
		}
		r.At = at
		s.Ticked(r, 0)
	}
	w.report = r
	m := regexp.MustCompile(`class="line" d="([^"]*)"`).FindStringSubmatch(get(t, s.Handler(), "/objectives/checkout-latency").body)
	if m == nil || strings.Count(m[1], "L") > 720 || strings.Count(m[1], "L") < 700 {
		t.Errorf("drew %d lines", strings.Count(m[1], "L"))
	}
}

package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// A gatehouse is a real web.Server over a report that tests change.
type gatehouse struct {
	mu     sync.Mutex
	report loop.Report
	policy slo.ReleasePolicy
	asked  []time.Time
	tick   func() // has those who wait look again
}

// newGatehouse has all of its budget left, seen just now.
func newGatehouse() *gatehouse {
	now := time.Now()
	return &gatehouse{
		policy: slo.ReleasePolicy{Name: "p", Service: "checkout", HasMin: true, StaleAfter: 24 * time.Hour},
		report: loop.Report{At: now, States: []budget.State{{Objective: "fast", Service: "checkout", At: now, Newest: now, Status: budget.OK, Remaining: 1}}},
	}
}

func (g *gatehouse) set(change func(*loop.Report)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.report.States = slices.Clone(g.report.States) // a server may be reading the old ones
	change(&g.report)
}

func (g *gatehouse) handler() http.Handler {
	server := web.New(web.Config{
		Set: func() *slo.Set {
			return &slo.Set{Objectives: []slo.Objective{{Name: "fast", Service: "checkout"}}, Policies: []slo.ReleasePolicy{g.policy}}
		},
		Report: func() loop.Report { g.mu.Lock(); defer g.mu.Unlock(); return g.report },
	})
	inner := server.Handler()
	g.tick = server.News
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		g.asked = append(g.asked, time.Now())
		g.mu.Unlock()
		inner.ServeHTTP(w, r)
	})
}

func frozen(r *loop.Report) {
	r.Orders = []loop.Order{{ID: "o1", Kind: loop.OrderFreeze, Target: "checkout", By: "ann", Why: "50 % off | <b>\n::error::forged"}}
}
func exhausted(r *loop.Report) { r.States[0].Status, r.States[0].Remaining = budget.Exhausted, -0.2 }
func dark(r *loop.Report)      { r.States[0].Status, r.States[0].Newest = budget.NoData, time.Time{} }
func full(r *loop.Report)      { r.States[0].Status, r.States[0].Remaining = budget.OK, 1 }

// gateRun is the command run to its end.
func gateRun(t *testing.T, url string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	root := newRoot()
	root.SetOut(&out)
	root.SetErr(&errs)
	root.SetArgs(append([]string{"gate", "checkout", "--server", url}, args...))
	err := root.ExecuteContext(t.Context())
	e := exit{}
	if err != nil && !errors.As(err, &e) {
		e = exit{1, err.Error()}
	}
	return e.code, out.String(), errs.String() + e.msg
}

func TestGateExitCodes(t *testing.T) {
	g := newGatehouse()
	s := httptest.NewServer(g.handler())
	defer s.Close()
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte(`{"error": "something went wrong", "code": "internal"}`))
	}))
	defer broken.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	none := func(*loop.Report) {}
	for _, c := range []struct {
		name   string
		state  func(*loop.Report)
		onDark slo.Verdict
		url    string
		args   string
		code   int
	}{
		{"allow", none, "", s.URL, "", 0},
		{"deny", exhausted, "", s.URL, "", 2},
		{"rollback passes", exhausted, "", s.URL, "--change rollback", 0},
		{"no data holds", dark, "", s.URL, "", 3},
		{"no data may pass by policy", dark, slo.Allow, s.URL, "", 0},
		{"no data may pass but not here", dark, slo.Allow, s.URL, "--fail-on-no-data", 4},
		{"data is there", none, slo.Allow, s.URL, "--fail-on-no-data", 0},
		{"no data stops no rollback", dark, "", s.URL, "--fail-on-no-data --change rollback", 0},
		{"no server", none, "", gone.URL, "", 4},
		{"no server may pass", none, "", gone.URL, "--fail-if-unavailable=false", 0},
		{"a server in trouble", none, "", broken.URL, "", 4},
		{"a server in trouble may pass", none, "", broken.URL, "--fail-if-unavailable=false", 0},
		{"no switch lets a denial pass", exhausted, "", s.URL, "--fail-if-unavailable=false", 2},
		{"a refused question", none, "", s.URL, "--release \x00", usage},
		{"a refused question passes nowhere", none, "", s.URL, "--fail-if-unavailable=false --release \x00", usage},
		{"a wait below nothing", none, "", s.URL, "--wait -1s", usage},
		{"an unknown output", none, "", s.URL, "--output yaml", usage},
	} {
		fresh := newGatehouse()
		c.state(&fresh.report)
		g.set(func(r *loop.Report) { *r = fresh.report })
		g.policy.OnNoData = c.onDark
		code, stdout, stderr := gateRun(t, c.url, strings.Fields(c.args)...)
		if code != c.code || (code == 2 || code == 3) && !strings.Contains(stdout, "fast") {
			t.Errorf("%s: exit code %d, want %d\n%s%s", c.name, code, c.code, stdout, stderr)
		}
		if code == 4 && !strings.Contains(stderr, "unknown: ") {
			t.Errorf("%s: %q does not say that nothing is known", c.name, stderr)
		}
	}
}

// direct asks a handler without a network, so that synctest's clock rules.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil { // a server's request has one
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w.Result(), nil
}

func TestGateWait(t *testing.T) {
	for _, c := range []struct {
		name   string
		begin  func(*loop.Report)
		after  time.Duration
		change func(*loop.Report)
		want   client.Verdict
		least  time.Duration // of waiting
		most   time.Duration
	}{
		{"deny ends the wait at once", exhausted, time.Hour, full, client.Deny, 0, 0},
		{"allow ends the wait at once", full, time.Hour, exhausted, client.Allow, 0, 0},
		{"hold becomes allow", dark, 5 * time.Minute, full, client.Allow, 5 * time.Minute, 5*time.Minute + longestPause*3/2},
		{"hold becomes deny", dark, 5 * time.Minute, frozen, client.Deny, 5 * time.Minute, 5*time.Minute + longestPause*3/2},
		{"hold at the end", dark, time.Hour, full, client.Hold, 10 * time.Minute, 10 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGatehouse()
				g.set(c.begin)
				start := time.Now()
				time.AfterFunc(c.after, func() { g.set(c.change) })
				f := gateFlags{q: client.Question{Service: "checkout"}, timeout: time.Second, wait: 10 * time.Minute}
				var progress bytes.Buffer
				a, err := f.await(t.Context(), client.Client{HTTP: &http.Client{Transport: direct{g.handler()}}}, &progress)
				took := time.Since(start)
				if err != nil || a.Verdict != c.want || took < c.least || took > c.most {
					t.Errorf("%s after %s: %v; want %s after %s to %s", a.Verdict, took, err, c.want, c.least, c.most)
				}
				if waited := strings.Count(progress.String(), "\n"); (waited == 1) != (took > 0) {
					t.Errorf("progress is told once for each reason: %q", progress.String())
				}
				paced(t, g.asked)
			})
		})
	}
}

// TestGateWaitHeard: the end of a hold is heard of with the tick that ends it,
// and the server is asked every eight seconds until then.
func TestGateWaitHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGatehouse()
		g.set(dark)
		at := time.Now()
		h := g.handler()
		time.AfterFunc(5*time.Minute, func() {
			g.set(full)
			g.tick()
		})
		f := gateFlags{q: client.Question{Service: "checkout"}, timeout: 10 * time.Second, wait: 10 * time.Minute}
		a, err := f.await(t.Context(), client.Client{HTTP: &http.Client{Transport: direct{h}}}, &bytes.Buffer{})
		if took := time.Since(at); err != nil || a.Verdict != client.Allow || took != 5*time.Minute || len(g.asked) < 36 || len(g.asked) > 40 {
			t.Errorf("%s after %s and %d questions: %v", a.Verdict, took, len(g.asked), err)
		}
	})
}

// paced expects pauses of a second to twenty, the last one cut by the end.
func paced(t *testing.T, asked []time.Time) {
	t.Helper()
	for i := 1; i < len(asked); i++ {
		pause := asked[i].Sub(asked[i-1])
		if pause > longestPause*3/2 || pause < firstPause/2 && i < len(asked)-1 {
			t.Errorf("pause %d of %s", i, pause)
		}
	}
}

// A program that is told to end while it waits passes nothing, whatever the
// switches say.
func TestGateWaitInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGatehouse()
		g.set(dark)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		f := gateFlags{q: client.Question{Service: "checkout"}, timeout: time.Second, wait: time.Hour, unavailable: false}
		a, err := f.await(ctx, client.Client{HTTP: &http.Client{Transport: direct{g.handler()}}}, &bytes.Buffer{})
		if v := f.judge(ctx, a, err); v.code != 4 || v.word != unknown {
			t.Errorf("exit code %d, %s", v.code, v.word)
		}
	})
}

func TestGateOfGitHub(t *testing.T) {
	g := newGatehouse()
	g.set(frozen)
	s := httptest.NewServer(g.handler())
	defer s.Close()
	outputs, summary := filepath.Join(t.TempDir(), "out"), filepath.Join(t.TempDir(), "summary")
	t.Setenv("GITHUB_OUTPUT", outputs)
	t.Setenv("GITHUB_STEP_SUMMARY", summary)
	must(t, os.WriteFile(outputs, []byte("before=1\n"), 0o600))
	code, stdout, _ := gateRun(t, s.URL, "--output", "github")
	first, rest, _ := strings.Cut(stdout, "\n")
	if code != 2 || !strings.HasPrefix(first, "::error title=Setpoint gate of checkout::deny: ") || !strings.Contains(first, "50 %25 off") || strings.Contains("\n"+rest, "\n::") {
		t.Errorf("exit code %d\n%s", code, stdout)
	}
	text := slurp(t, outputs)
	if !strings.HasPrefix(text, "before=1\nverdict<<end-") || strings.Contains(text, "\nallowed=") || !strings.Contains(text, "\nfalse\nend-") {
		t.Errorf("outputs:\n%s", text)
	}
	if md := slurp(t, summary); !strings.HasPrefix(md, "### Setpoint gate of checkout: deny\n") || strings.Contains(md, "<b>") || !strings.Contains(md, "off &#124; &lt;b&gt;") {
		t.Errorf("summary:\n%s", md)
	}
	g.set(full)
	g.set(func(r *loop.Report) { r.Orders = nil })
	if code, stdout, _ = gateRun(t, s.URL, "--output", "github"); code != 0 || !strings.HasPrefix(stdout, "::notice ") {
		t.Errorf("exit code %d\n%s", code, stdout)
	}
	s.Close()
	if code, stdout, _ = gateRun(t, s.URL, "--output", "github"); code != 4 || !strings.HasPrefix(stdout, "::warning title=Setpoint gate of checkout::unknown: ") {
		t.Errorf("exit code %d\n%s", code, stdout)
	}
}

func TestGateOfGitLab(t *testing.T) {
	g := newGatehouse()
	g.set(frozen)
	s := httptest.NewServer(g.handler())
	defer s.Close()
	code, stdout, stderr := gateRun(t, s.URL, "--output", "gitlab")
	seen := map[string]string{}
	for line := range strings.Lines(stdout) {
		key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !ok || !strings.HasPrefix(key, "SETPOINT_") {
			t.Errorf("not a line of a dotenv file: %q", line)
		}
		seen[key] = value
	}
	if code != 2 || seen["SETPOINT_VERDICT"] != "deny" || seen["SETPOINT_ALLOWED"] != "false" || !strings.Contains(seen["SETPOINT_WORDS"], "ann") {
		t.Errorf("exit code %d, %v", code, seen)
	}
	if !strings.Contains(stderr, "frozen by ann") {
		t.Errorf("people are told %q", stderr)
	}
}

func TestGateOfJUnit(t *testing.T) {
	g := newGatehouse()
	s := httptest.NewServer(g.handler())
	defer s.Close()
	for _, c := range []struct {
		state            func(*loop.Report)
		args             string
		code             int
		failures, faults int
	}{{full, "", 0, 0, 0}, {dark, "", 3, 1, 0}, {exhausted, "", 2, 1, 0}, {full, "--timeout 1ns", 4, 0, 1}} {
		g.set(c.state)
		code, stdout, stderr := gateRun(t, s.URL, append(strings.Fields(c.args), "--output", "junit")...)
		var got junitSuite
		if err := xml.Unmarshal([]byte(stdout), &got); err != nil {
			t.Fatalf("%v: %s", err, stdout)
		}
		if code != c.code || got.Tests != 1 || got.Failures != c.failures || got.Errors != c.faults || got.Case.Name != "checkout" || stderr == "" {
			t.Errorf("exit code %d, want %d: %+v", code, c.code, got)
		}
		if (got.Case.Failure != nil) != (c.failures > 0) || (got.Case.Error != nil) != (c.faults > 0) {
			t.Errorf("exit code %d: %s", code, stdout)
		}
	}
}

func slurp(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	must(t, err)
	return string(text)
}

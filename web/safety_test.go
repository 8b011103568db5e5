package web_test

import (
	"errors"
	"math"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// probe is a name that becomes a tag, ends an attribute, or runs, wherever a
// page forgets to escape it.
const probe = `"><script>alert(1)</script><img src=x onerror=alert(1)>' javascript:alert(1)`

// TestProbes puts the probe into every text that comes from files, people,
// the ledger or the world, and looks at every page.
func TestProbes(t *testing.T) {
	w, s := incident(time.Minute)
	poison(w)
	h := s.Handler()
	name := url.PathEscape(probe)
	for _, path := range []string{
		"/", "/objectives/" + name, "/decisions", "/decisions/" + name, "/control", "/gate?service=" + url.QueryEscape(probe) + "&environment=" + url.QueryEscape(probe),
		"/control?done=stop&target=" + url.QueryEscape(probe), "/control?done=" + url.QueryEscape(probe), "/nowhere/" + name,
		"/decisions?actuator=" + url.QueryEscape(probe), "/decisions?limit=" + url.QueryEscape(probe), "/?refresh=" + url.QueryEscape(probe), "/objectives/no" + name,
	} {
		a := get(t, h, path)
		if a.code == 500 {
			t.Errorf("%s: status 500: %s", path, a.body)
		}
		inert(t, path, a.body)
	}
	a := do(t, h, "POST", "/actions/pin", url.Values{"by": {probe}, "why": {probe}, "target": {probe}, "setting": {probe}}.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	inert(t, "POST /actions/pin", a.body)
	a = do(t, h, "POST", "/actions/"+name, "by=a", "Content-Type", "application/x-www-form-urlencoded")
	inert(t, "POST /actions/…", a.body)
}

// inert fails when a page holds anything that could run or be loaded.
func inert(t *testing.T, path, body string) {
	t.Helper()
	body = regexp.MustCompile(`<script src="/assets/app\.js\?v=[0-9a-f]{12}" defer></script>`).ReplaceAllString(body, "")
	for _, live := range []string{"<script", "<img", "<iframe", "<style", "<base", " style=", "href=\"javascript:", "href=\"http", "src="} {
		if strings.Contains(strings.ReplaceAll(body, "src=x", "src!x"), live) {
			t.Errorf("%s holds %s", path, live)
		}
	}
	bare := regexp.MustCompile(`"[^"]*"`).ReplaceAllString(body, `""`) // what stands in quotes is a value
	if m := regexp.MustCompile(`<[a-z][^<>]*\son[a-z]+\s*=`).FindString(bare); m != "" {
		t.Errorf("%s holds a handler: %s", path, m)
	}
}

func poison(w *world) {
	setting := 3.0
	for i := range w.set.Objectives {
		o := &w.set.Objectives[i]
		o.Title, o.Description, o.Indicator.Bad = probe, probe, probe
	}
	w.set.Objectives[0].Name, w.set.Objectives[0].Service, w.report.States[0].Objective = probe, probe, probe
	w.report.States[0].Flaws = append(w.report.States[0].Flaws, probe)
	w.set.Actuators[0].Unit, w.set.Actuators[0].Query.Role = probe, probe
	w.set.Loops[0].Name, w.set.Loops[0].Mode = probe, slo.Mode(probe)
	w.set.Loops[0].Rules[0].Name, w.set.Loops[0].Rules[0].Objective = probe, probe
	w.set.Policies[0].Name, w.set.Policies[0].AlwaysAllowed = probe, []string{probe}
	v := &w.report.Settings[0]
	v.Shown, v.Kind, v.Error, v.Service, v.Unit = probe, probe, probe, probe, probe
	d := w.records[0].Decision
	d.ID, d.Words, d.Reason, d.Verb, d.Loop, d.Mode, d.Input.Policy = probe, probe, probe, probe, probe, slo.Mode(probe), probe
	d.Pulls = []loop.Pull{{Rule: probe, Objective: probe, Tier: probe, Why: probe, Blind: probe}}
	d.Checks = []loop.Check{{Guard: probe, Why: probe, Reason: probe}}
	d.Input.Conditions.Pin = &loop.Order{By: probe, Why: probe, Kind: probe, Target: probe, Setting: &setting}
	w.records = append(w.records, web.Record{Decision: d, Outcomes: []loop.Outcome{{Error: probe}}})
	w.report.Decisions = append(w.report.Decisions, d)
	w.report.Errs = []error{errors.New(probe)}
	for _, kind := range []loop.OrderKind{loop.OrderStop, loop.OrderPin, loop.OrderFreeze, loop.OrderKind(probe)} {
		for _, target := range []string{"*", "reporting-timeout", "checkout", probe} {
			w.orders = append(w.orders, loop.Order{ID: probe, Kind: kind, Target: target, By: probe, Why: probe, Setting: &setting})
		}
	}
	w.report.Orders = w.orders
}

// TestNumbersThatAreNone has figures that JSON cannot hold: everything still
// answers.
func TestNumbersThatAreNone(t *testing.T) {
	drawn := regexp.MustCompile(` (d|x|y|x2|y1|y2|width|height)="[^"]*(NaN|Inf)`)
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		w, s := incident(time.Minute)
		for i := range w.report.States {
			st := &w.report.States[i]
			st.Remaining, st.Budget.Burn = bad, bad
			for j := range st.Windows {
				st.Windows[j].Burn, st.Windows[j].Known = bad, true
			}
		}
		w.report.Settings[0].Value = bad
		s.Ticked(w.report, time.Second)
		for _, path := range []string{"/", "/v1/status", "/v1/gate/checkout", "/metrics", "/v1/settings", "/objectives/checkout-latency", "/control"} {
			if path == "/v1/status" {
				w.report.Decisions = nil // the ledger would never have taken them
			}
			if a := get(t, s.Handler(), path); a.code != 200 || drawn.MatchString(a.body) {
				t.Errorf("%v: %s: status %d", bad, path, a.code)
			}
		}
	}
}

// TestNothingFromElsewhere looks for an address outside in what is served,
// but for what stands there to be copied.
func TestNothingFromElsewhere(t *testing.T) {
	_, s := incident(time.Minute)
	copied := regexp.MustCompile(`(?s)<pre[^>]*>[^<]*(<code[^>]*>[^<]*</code>)?[^<]*</pre>`)
	for _, path := range []string{"/", "/control", "/gate", "/decisions", "/assets/style.css", "/assets/icon.svg"} {
		body := strings.ReplaceAll(get(t, s.Handler(), path).body, `xmlns="http://www.w3.org/2000/svg"`, "")
		inert(t, path, body)
		body = copied.ReplaceAllString(body, "")
		if i := strings.Index(body, "://"); i >= 0 {
			t.Errorf("%s refers elsewhere: %.80s", path, body[max(i-40, 0):])
		}
	}
}

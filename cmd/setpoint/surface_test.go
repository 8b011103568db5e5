//go:build linux

package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/ledger/cluster/clustertest"
)

// canary is the password of everything that this server connects to.
const canary = "c4n4ry-0f-the-p4ssw0rds"

// What a server says, to whom ever and however it is asked, is valid and
// holds no password; the gate's answer is the exit code.
func TestSurface(t *testing.T) {
	t.Parallel()
	v := canaryServer(t)
	if r := v.run("replay"); r.code != 1 || !strings.Contains(r.err, "no ledger in the database") {
		t.Errorf("replay of an empty database: %s", r)
	}
	v.start()
	v.inSight()
	said := &record{t: t}

	exitCodes(t, v, said)
	everyCommand(t, v, said)
	everyPage(t, v, said)
	v.within(30*time.Second, "the actuator that is out of reach is found out", func() bool {
		return strings.Contains(v.logged(0), "dead")
	})
	v.within(60*time.Second, "that nobody can be told is found out", func() bool {
		return strings.Contains(v.logged(0), "alerts are not told")
	})
	said.add("the page of who is not told", v.page("/"))
	everyRow(t, v, said)
	v.stop()
	if r := v.run("replay"); r.code != 0 {
		t.Errorf("replay: %s", r)
	}
	said.add("the log", v.logged(0))
	said.check()
}

// canaryServer is a server whose every address holds the canary. Some of
// them lead nowhere, so that errors tell of them.
func canaryServer(t *testing.T) *server {
	t.Helper()
	s := openShop(t)
	v := newServer(s, "act", "1s")
	nowhere := filepath.Join(t.TempDir(), "nowhere.yaml")
	text, err := os.ReadFile("testdata/nowhere.yaml")
	must(t, err)
	must(t, os.WriteFile(nowhere, text, 0o600))
	v.args = append(v.args, nowhere)
	v.dsn = clustertest.DSN(t)
	v.env = []string{
		"DATABASE_URL=" + withPassword(v.dsn),
		"SHOP_DATABASE_URL=" + withPassword(s.dsn),
		"METRICS_URL=" + strings.Replace(metricsURL(t), "http://", "http://ann:"+canary+"@", 1),
		"DEAD_METRICS_URL=http://ann:" + canary + "@127.0.0.1:1",
		"DEAD_DATABASE_URL=postgres://ann:" + canary + "@127.0.0.1:1/dead",
		"DEAD_HOOK_URL=http://ann:" + canary + "@127.0.0.1:1/" + canary, "HOOK_SECRET=" + canary,
	}
	return v
}

// withPassword puts the canary into a connection string of either form.
func withPassword(dsn string) string {
	if u, err := url.Parse(dsn); err == nil && strings.HasPrefix(u.Scheme, "postgres") {
		values := u.Query()
		values.Set("password", canary)
		u.RawQuery = values.Encode()
		return u.String()
	}
	return dsn + " password='" + canary + "'"
}

// A record is everything that was said.
type record struct {
	t     *testing.T
	texts []string
}

func (r *record) add(what, text string) {
	r.t.Helper()
	if text == "" {
		r.t.Errorf("%s said nothing", what)
	}
	r.texts = append(r.texts, what+": "+text)
}

func (r *record) check() {
	r.t.Helper()
	for _, text := range r.texts {
		if i := strings.Index(text, canary); i >= 0 {
			what, _, _ := strings.Cut(text, ":")
			r.t.Errorf("%s holds the password: …%s…", what, text[max(0, i-200):min(len(text), i+100)])
		}
	}
}

// exitCodes expects the gate's answers as exit codes.
func exitCodes(t *testing.T, v *server, said *record) {
	t.Helper()
	ask := func(want int, service string) {
		t.Helper()
		r := v.run("gate", service)
		if r.code != want {
			t.Errorf("gate %s, want exit code %d: %s", service, want, r)
		}
		said.add("gate "+service, r.out+r.err)
	}
	ask(0, "checkout")
	ask(3, "no-such-service")
	ask(3, "dark") // its metrics are out of reach
	v.give("freeze", "checkout", "--why", "a drill")
	ask(2, "checkout")
	if r := v.run("gate", "checkout", "--change", "rollback"); r.code != 0 {
		t.Errorf("gate of a rollback, want exit code 0: %s", r)
	}
	v.give("thaw", "checkout", "--why", "the drill is over")
	v.within(20*time.Second, "the gate lets releases through again", func() bool { return v.run("gate", "checkout").code == 0 })
}

// everyCommand runs every command that answers, as text and as JSON.
func everyCommand(t *testing.T, v *server, said *record) {
	t.Helper()
	id := v.decisions()[0].ID
	for _, line := range [][]string{
		{"version"}, {"check", v.args[len(v.args)-1]}, {"status"}, {"log"}, {"log", "--moves", "--actuator", "releases"}, {"why", id},
		{"gate", "checkout"}, {"replay"}, {"verify"},
		{"stop", "releases", "--why", "a drill"}, {"resume", "releases", "--why", "a drill"},
		{"freeze", "checkout", "--why", "a drill"}, {"thaw", "checkout", "--why", "a drill"},
		{"pin", "reports-timeout", "12", "--why", "a drill"}, {"unpin", "reports-timeout", "--why", "a drill"},
		{"approve", "reports-timeout", "12", "--why", "a drill", "--for", "1m"},
		{"override", "checkout", "--why", "a drill", "--ticket", "OPS-1", "--for", "1m"}, {"log", "--glass"}, {"revoke", "checkout", "--why", "a drill"},
	} {
		r := v.run(line...)
		if r.code != 0 {
			t.Errorf("setpoint %s: %s", line, r)
		}
		said.add(strings.Join(line, " "), r.out+r.err)
		r = v.run(append(line, "--output", "json")...)
		if !json.Valid([]byte(r.out)) || r.code != 0 {
			t.Errorf("setpoint %s --output json, want valid JSON: %s", line, r)
		}
		said.add(strings.Join(line, " ")+" as JSON", r.out+r.err)
	}
	for _, line := range [][]string{{"why", "no-such-decision"}, {"pin", "releases", "7", "--why", "x"}, {"stop", "nothing", "--why", "x"}} {
		r := v.run(line...)
		if r.code != 1 || r.out != "" || strings.Count(r.err, "\n") != 1 {
			t.Errorf("setpoint %s, want exit code 1 and one line: %s", line, r)
		}
		said.add(strings.Join(line, " "), r.err)
	}
}

// everyPage reads every page and every answer of the API.
func everyPage(t *testing.T, v *server, said *record) {
	t.Helper()
	id := v.decisions()[0].ID
	for _, path := range []string{
		"/", "/objectives/checkout-fast", "/objectives/dark-fast", "/decisions", "/decisions/" + id, "/control", "/gate?service=checkout", "/gate?service=dark",
		"/metrics", "/healthz", "/readyz", "/no-such-page", "/v1/status", "/v1/objectives", "/v1/objectives/dark-fast", "/v1/settings", "/v1/settings/dead",
		"/v1/decisions", "/v1/decisions/" + id, "/v1/orders", "/v1/gate/dark", "/v1/no-such-thing",
	} {
		got, err := http.Get(v.url + path)
		must(t, err)
		body, err := io.ReadAll(got.Body)
		must(t, err)
		must(t, got.Body.Close())
		if missing := strings.Contains(path, "no-such"); missing != (got.StatusCode == http.StatusNotFound) || got.StatusCode >= 500 {
			t.Errorf("GET %s: %s", path, got.Status)
		}
		if strings.HasPrefix(path, "/v1/") && !json.Valid(body) {
			t.Errorf("GET %s: %s is not JSON", path, body)
		}
		said.add("GET "+path, string(body))
	}
	if all := strings.Join(v.status().Problems, "\n"); !strings.Contains(all, "dark-fast") {
		t.Errorf("the status has the problems %q, want that dark-fast cannot be measured", all)
	}
}

// everyRow reads all that is on record.
func everyRow(t *testing.T, v *server, said *record) {
	t.Helper()
	for _, table := range []string{"decisions", "outcomes", "orders", "definitions", "leadership", "settings", "hours", "days", "objectives", "migrations"} {
		type row struct{ Text string }
		for _, r := range rows[row](v, "select t::text from setpoint."+table+" t") {
			said.add("table "+table, r.Text)
		}
	}
}

package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/web"
)

// A period is a freeze period of a fakeLab.
type period struct {
	ID    int    `json:"id"`
	Start string `json:"freeze_start"`
	End   string `json:"freeze_end"`
	Zone  string `json:"cron_timezone"`
}

// A fakeLab is a project of GitLab: its freeze periods and one variable.
type fakeLab struct {
	periods []period
	note    string
	next    int
	log     []string
	breaks  string // a request that begins so is answered with 500
}

func (g *fakeLab) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.EscapedPath(), "/api/v4/projects/acme%2Fshop")
	asked := r.Method + " " + path
	if r.Method != http.MethodGet {
		g.log = append(g.log, asked)
	}
	var says struct {
		period
		Key, Value string
	}
	_ = json.NewDecoder(r.Body).Decode(&says)
	id := 0
	_, _ = fmt.Sscanf(path, "/freeze_periods/%d", &id)
	at := slices.IndexFunc(g.periods, func(p period) bool { return p.ID == id })
	switch {
	case !ok || r.Header.Get("Private-Token") != "T", g.breaks != "" && strings.HasPrefix(asked, g.breaks):
		w.WriteHeader(500)
	case asked == "GET /variables/SETPOINT_FREEZE" && g.note != "":
		_ = json.NewEncoder(w).Encode(map[string]string{"key": "SETPOINT_FREEZE", "value": g.note})
	case asked == "POST /variables" && g.note == "", asked == "PUT /variables/SETPOINT_FREEZE" && g.note != "":
		g.note = says.Value
	case asked == "DELETE /variables/SETPOINT_FREEZE" && g.note != "":
		g.note = ""
	case asked == "GET /freeze_periods":
		_ = json.NewEncoder(w).Encode(g.periods)
	case asked == "POST /freeze_periods":
		g.next++
		g.periods = append(g.periods, period{g.next, says.Start, says.End, says.Zone})
		_ = json.NewEncoder(w).Encode(g.periods[len(g.periods)-1])
	case r.Method == http.MethodPut && at >= 0:
		g.periods[at].End = says.End
	case r.Method == http.MethodDelete && at >= 0:
		g.periods = slices.Delete(g.periods, at, at+1)
	default:
		w.WriteHeader(404)
	}
}

// A mirror is a server whose freezes a project follows, and its time.
type mirror struct {
	*fakeLab
	w       *world
	s       *web.Server
	now     time.Time
	stopped bool
	record  error
}

var theirs = period{ID: 1, Start: "0 18 * * 5", End: "0 8 * * 1", Zone: "Europe/Berlin"}

func newMirror(t *testing.T) *mirror {
	m := &mirror{fakeLab: &fakeLab{periods: []period{theirs}, next: 1}, w: newWorld(), now: time.Date(2026, 2, 28, 23, 10, 30, 0, time.UTC)}
	at := httptest.NewServer(m.fakeLab)
	t.Cleanup(at.Close)
	m.w.play(m.now.Add(-10*tick), m.now, func(string, time.Time) float64 { return 0 }, nil)
	m.w.report.Leader, m.w.report.Epoch = true, 4
	cfg := m.w.config()
	cfg.Record = func(_ context.Context, v loop.Verdict) (web.Kept, error) {
		m.log = append(m.log, "record "+string(v.Answer.Verdict))
		return web.Kept{ID: "v1"}, m.record
	}
	cfg.Freezes = &web.GitLabFreezes{API: at.URL + "/api/v4", Token: "T", Services: map[string]string{"acme/shop": "checkout"}, Stopped: func(string) bool { return m.stopped }, HTTP: at.Client()}
	m.s = web.New(cfg)
	return m
}

// frozen has a person freeze the service, or end that; the look is fresh.
func (m *mirror) frozen(yes bool) {
	m.w.report.Orders = nil
	if yes {
		m.w.report.Orders = []loop.Order{{ID: "o", Kind: loop.OrderFreeze, Target: "checkout", By: "ann", Why: "fair"}}
	}
	m.look()
}

func (m *mirror) look() {
	m.w.report.At = m.now
	for i := range m.w.report.States {
		m.w.report.States[i].Newest = m.now
	}
}

// run mirrors once, and returns what was done.
func (m *mirror) run(t *testing.T, wantErr string) string {
	t.Helper()
	m.log = nil
	err := m.s.MirrorFreezes(t.Context(), m.now)
	if (err == nil) != (wantErr == "") || err != nil && !strings.Contains(err.Error(), wantErr) {
		t.Errorf("got %v, want %q", err, wantErr)
	}
	if !slices.Contains(m.periods, theirs) {
		t.Errorf("the period of others is touched: %v", m.periods)
	}
	return strings.Join(m.log, ", ")
}

const made = "record deny, POST /variables, POST /freeze_periods, PUT /variables/SETPOINT_FREEZE"

// TestDeployFreeze: a period is made once what the gate says is on record, is
// prolonged while the freeze lasts, and removed when it thaws.
func TestDeployFreeze(t *testing.T) {
	m := newMirror(t)
	steps := []struct {
		name   string
		do     func()
		want   string
		period *period
	}{
		{"nothing is frozen", func() { m.frozen(false) }, "", nil},
		{"frozen", func() { m.frozen(true) }, made, &period{2, "10 23 28 2 *", "10 23 1 3 *", "UTC"}},
		{"the same", func() {}, "", &period{2, "10 23 28 2 *", "10 23 1 3 *", "UTC"}},
		{"13 hours later", func() { m.now = m.now.Add(13 * time.Hour); m.look() }, "record deny, PUT /variables/SETPOINT_FREEZE, PUT /freeze_periods/2, PUT /variables/SETPOINT_FREEZE", &period{2, "10 23 28 2 *", "10 12 2 3 *", "UTC"}},
		{"nothing is seen any more, which ends nothing", func() {
			m.frozen(false)
			m.now = m.now.Add(time.Hour)
		}, "", &period{2, "10 23 28 2 *", "10 12 2 3 *", "UTC"}},
		{"an emergency stop", func() { m.frozen(false); m.stopped = true }, "", &period{2, "10 23 28 2 *", "10 12 2 3 *", "UTC"}},
		{"another leads", func() { m.stopped, m.w.report.Leader = false, false }, "", &period{2, "10 23 28 2 *", "10 12 2 3 *", "UTC"}},
		{"thawed", func() { m.w.report.Leader = true }, "record allow, DELETE /freeze_periods/2, DELETE /variables/SETPOINT_FREEZE", nil},
		{"and again", func() {}, "", nil},
	}
	for _, c := range steps {
		c.do()
		got := m.run(t, "")
		own := slices.DeleteFunc(slices.Clone(m.periods), func(p period) bool { return p == theirs })
		if got != c.want || (len(own) == 1) != (c.period != nil) || c.period != nil && own[0] != *c.period {
			t.Errorf("%s: did %q, want %q; periods %v", c.name, got, c.want, own)
		}
	}
}

// TestDeployFreezeAfterACrash goes on wherever it was broken off, with one
// period in the end.
func TestDeployFreezeAfterACrash(t *testing.T) {
	for _, breaks := range []string{"POST /variables", "POST /freeze_periods", "PUT /variables", "PUT /freeze_periods", "DELETE /freeze_periods", "DELETE /variables"} {
		m := newMirror(t)
		for _, frozen := range []bool{true, true, false} {
			m.frozen(frozen)
			m.breaks = breaks
			_ = m.s.MirrorFreezes(t.Context(), m.now)
			m.breaks = ""
			m.run(t, "")
			if got := len(m.periods) == 2; got != frozen || (m.note != "") != frozen {
				t.Errorf("%s breaks: frozen %t with the periods %v and the note %q", breaks, frozen, m.periods, m.note)
			}
			m.now = m.now.Add(13 * time.Hour)
		}
	}
}

// TestDeployFreezeOfOthers: what people did to the period stands, a newer
// leader's note is obeyed, and what cannot be recorded is not done.
func TestDeployFreezeOfOthers(t *testing.T) {
	for name, c := range map[string]struct {
		do    func(*mirror)
		says  string
		after int // periods when it has thawed
	}{
		"removed":        {func(m *mirror) { m.periods = m.periods[:1] }, "somebody has removed", 1},
		"changed":        {func(m *mirror) { m.periods[1].End = "0 8 2 3 *" }, "somebody has changed", 2},
		"newer":          {func(m *mirror) { m.note = strings.Replace(m.note, `"epoch":4`, `"epoch":5`, 1) }, "a newer leader has taken over", 2},
		"not as written": {func(m *mirror) { m.note = "by hand" }, "not as Setpoint writes it", 2},
	} {
		m := newMirror(t)
		m.frozen(true)
		m.run(t, "")
		c.do(m)
		if did := m.run(t, c.says); did != "" {
			t.Errorf("%s: it did %s", name, did)
		}
		m.frozen(false)
		_ = m.s.MirrorFreezes(t.Context(), m.now)
		if len(m.periods) != c.after {
			t.Errorf("%s, and thawed: periods %v", name, m.periods)
		}
	}
	m := newMirror(t)
	m.record = errors.New("disk full")
	m.frozen(true)
	if did := m.run(t, "the ledger cannot be reached"); did != "record deny" {
		t.Errorf("unrecorded: %s", did)
	}
}

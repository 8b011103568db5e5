package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// mail keeps sendings in memory.
type mail struct {
	mu   sync.Mutex
	all  []loop.Sending // the newest first
	down error
}

func (m *mail) BeginSendings(_ context.Context, all ...loop.Sending) (fresh []loop.Sending, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range all {
		if !slices.ContainsFunc(m.all, func(o loop.Sending) bool { return o.ID == s.ID }) {
			m.all, fresh = append([]loop.Sending{s}, m.all...), append(fresh, s)
		}
	}
	return fresh, m.down
}

func (m *mail) EndSending(_ context.Context, end loop.Sending) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, s := range m.all {
		if s.ID == end.ID && s.End == "" && m.down == nil {
			m.all[i].At, m.all[i].End, m.all[i].Error = end.At, end.End, end.Error
		}
	}
	return m.down
}

func (m *mail) Sendings(_ context.Context, f loop.SendingFilter) (out []loop.Sending, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.all {
		if (f.IDs == nil || slices.Contains(f.IDs, s.ID)) && (!f.Open || s.End == "") {
			out = append(out, s)
		}
	}
	return out, nil
}

// A sender is a world whose reports go to an inbox.
type sender struct {
	t       *testing.T
	w       *world
	mail    *mail
	posted  []client.Report
	answers []error // of the inbox in turn, then none
	final   bool    // an error is one to stop at
}

func newSender(t *testing.T) *sender {
	w, _ := incident(time.Minute)
	inbox := slo.NotificationTarget{Name: "inbox", Target: slo.Webhook, URL: "https://inbox.example"}
	w.set.Services = append(w.set.Services, slo.Service{Name: "checkout", Labels: map[string]string{"team": "shop"}})
	w.set.Reports = []slo.Report{{Name: "weekly", Title: "The week", Period: slo.Week, At: 8 * time.Hour, Within: 24 * time.Hour, Targets: []slo.NotificationTarget{inbox}}}
	return &sender{t: t, w: w, mail: &mail{}}
}

// server is an instance of the server.
func (s *sender) server(leader bool) *web.Server {
	cfg := s.w.config()
	report := cfg.Report
	cfg.Report = func() loop.Report {
		r := report()
		r.Leader = leader
		for i := range r.States {
			r.States[i].At = time.Now()
		}
		return r
	}
	cfg.Slices = func(_ context.Context, asks ...loop.Stretch) ([][]sli.Slice, error) {
		one := sli.Slice{Start: asks[0].From.Add(tick), Counts: sli.Counts{Good: 995 * sli.Event, Bad: 5 * sli.Event, Covered: tick}}
		return [][]sli.Slice{{one}}, nil
	}
	cfg.URL, cfg.Mail, cfg.Post, cfg.Failed = "https://setpoint.example", s.mail, s.post, func(error) {}
	return web.New(cfg)
}

func (s *sender) post(_ context.Context, to slo.NotificationTarget, id string, body []byte) (time.Duration, error) {
	open, _ := s.mail.Sendings(context.Background(), loop.SendingFilter{Open: true, IDs: []string{id}})
	if len(open) != 1 || to.Name != "inbox" {
		s.t.Errorf("%s is sent to %s and not on record before: %+v", id, to.Name, open)
	}
	if len(s.answers) > 0 {
		err := s.answers[0]
		if s.answers = s.answers[1:]; err != nil {
			return map[bool]time.Duration{false: time.Second}[s.final], err
		}
	}
	var m client.Report
	if err := json.Unmarshal(body, &m); err != nil || m.ID != id {
		s.t.Errorf("%v: %s", err, body)
	}
	s.posted = append(s.posted, m)
	return 0, nil
}

// run lets servers send every 3 s for a while.
func (s *sender) run(length time.Duration, all ...*web.Server) {
	for end := time.Now().Add(length); time.Now().Before(end); time.Sleep(3 * time.Second) {
		for _, server := range all {
			_ = server.SendReports(context.Background(), time.Now()) // what goes wrong is tried again
		}
	}
}

// until sleeps until a time of the bubble, which begins on Saturday, 1 January 2000.
func until(text string) {
	at, _ := time.Parse("2006-01-02 15:04", text)
	time.Sleep(time.Until(at))
}

// One report is sent when the week is over, by the leader alone, whoever that
// is, and once.
func TestReportsAreSentOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSender(t)
		s.w.set.Reports[0].File = true
		leader, follower := s.server(true), s.server(false)
		until("2000-01-03 07:59")
		s.run(time.Minute, follower, leader)
		if len(s.posted) > 0 {
			t.Fatalf("sent before its time: %+v", s.posted)
		}
		s.run(time.Minute, follower)
		if len(s.mail.all) > 0 {
			t.Fatal("one that does not lead sends")
		}
		s.run(time.Minute, leader, follower)
		s.run(time.Minute, s.server(true)) // the next leader
		if len(s.posted) != 1 || len(s.mail.all) != 1 || s.mail.all[0].End != loop.Sent {
			t.Fatalf("posted %d, on record %+v", len(s.posted), s.mail.all)
		}
		m := s.posted[0]
		if m.Name != "Week 52 of 1999" || m.Link != "https://setpoint.example/reports?of=1999-12-27&period=week&team=&zone=UTC" || m.Title != "The week" || m.Type != "report" || len(m.Objectives) != 3 ||
			!strings.HasPrefix(m.Summary, "Week 52 of 1999: ") || m.File == nil || !strings.Contains(m.File.Text, "Week 52 of 1999") || m.File.Name != "setpoint-week-52-of-1999.html" {
			t.Errorf("message %+v", m)
		}
		if o := m.Objectives[0]; o.Objective != "checkout-availability" || o.Kept != "not-kept" || *o.Used != 1 || *o.Good != 0.995 || o.Bad != 5 || o.Total != 1000 || o.Target != "0.995" {
			t.Errorf("objective %+v", o)
		}
		if strings.Contains(s.mail.all[0].Text, "<html") {
			t.Error("the file is on record")
		}
	})
}

// What a target does not take is sent again, by the next leader too, under the
// same ID, until it is taken, refused for good, or too late.
func TestReportsAreSentAgain(t *testing.T) {
	away := errors.New("reach inbox: connection refused by https://ann:hunter2@inbox.example")
	many := slices.Repeat([]error{away}, 100000)
	for _, c := range []struct {
		name    string
		answers []error
		final   bool
		end     loop.SendEnd
		says    string
		posted  int
	}{
		{"taken at last", []error{away, away, away}, false, loop.Sent, "", 1},
		{"refused for good", many, true, loop.Unsent, "reach inbox", 0},
		{"too late", many, false, loop.Unsent, "it was given up: reach inbox", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSender(t)
				s.answers, s.final = c.answers, c.final
				until("2000-01-03 08:00")
				s.run(5*time.Second, s.server(true))
				if !c.final && (len(s.mail.all) != 1 || s.mail.all[0].End != "") {
					t.Fatalf("after the first try: %+v", s.mail.all)
				}
				next := s.server(true) // after a restart
				s.run(time.Minute, next)
				if tries := len(c.answers) - len(s.answers); c.name == "too late" && (tries < 3 || tries > 10) {
					t.Errorf("%d tries in a minute", tries)
				}
				time.Sleep(24 * time.Hour)
				s.run(time.Minute, next)
				m := s.mail.all[0]
				if len(s.mail.all) != 1 || m.End != c.end || !strings.Contains(m.Error, c.says) || len(s.posted) != c.posted || strings.Contains(m.Error, "hunter2") {
					t.Errorf("posted %d, on record %+v", len(s.posted), m)
				}
			})
		})
	}
}

// After an outage what was missed is sent, unless it is too late; not before
// all that it is about has been counted, as far as that is to be had in time.
func TestReportsMissed(t *testing.T) {
	for _, c := range []struct {
		back     string
		readBack bool
		want     int
	}{{"2000-01-04 07:00", false, 1}, {"2000-01-04 08:01", false, 0}, {"2000-01-03 12:00", true, 0}, {"2000-01-03 20:00", true, 1}} {
		synctest.Test(t, func(t *testing.T) {
			s := newSender(t)
			until(c.back)
			if c.readBack {
				s.w.report.States[1].ReadBack = time.Now().Add(-time.Hour)
			}
			s.run(time.Minute, s.server(true))
			if len(s.posted) != c.want {
				t.Errorf("back at %s: %d sent, want %d", c.back, len(s.posted), c.want)
			}
		})
	}
}

// When the ledger is away nothing is sent, and what was sent is not sent again
// because its end could not be recorded.
func TestReportsNeedTheLedger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSender(t)
		leader := s.server(true)
		until("2000-01-03 08:00")
		s.mail.down = errors.New("no ledger")
		s.mail.all = []loop.Sending{}
		if err := leader.SendReports(context.Background(), time.Now()); err == nil {
			t.Error("nobody is told that a report cannot be sent")
		}
		s.run(time.Minute, leader)
		s.mail.down = nil
		s.run(time.Minute, leader)
		if len(s.posted) != 1 || s.mail.all[0].End != loop.Sent {
			t.Errorf("posted %d, on record %+v", len(s.posted), s.mail.all)
		}
	})
}

// A report that is not declared any more is not sent.
func TestReportsWithdrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSender(t)
		s.answers = []error{errors.New("away")}
		until("2000-01-03 08:00")
		leader := s.server(true)
		s.run(2*time.Second, leader)
		s.w.set.Reports = nil
		s.run(time.Minute, leader)
		if m := s.mail.all[0]; len(s.posted) > 0 || m.End != loop.Unsent || !strings.Contains(m.Error, "not declared any more") {
			t.Errorf("posted %d, on record %+v", len(s.posted), m)
		}
	})
}

// A person has a report sent now, with name and reason, through any instance.
func TestReportByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSender(t)
		follower := s.server(false)
		h := follower.Handler()
		for _, c := range []struct {
			path, body string
			code       int
		}{
			{"/v1/reports/weekly/send", `{"why":"x"}`, 422}, {"/v1/reports/weekly/send", `{"by":"ann"}`, 422}, {"/v1/reports/weekly/send", `{"by":"ann","wy":"x"}`, 400},
			{"/v1/reports/monthly/send", `{"by":"ann","why":"x"}`, 404}, {"/v1/reports/weekly/send", `{"by":"ann","why":"to see it"}`, 201},
		} {
			if a := post(t, h, c.path, c.body); a.code != c.code {
				t.Errorf("%s %s: %d, want %d: %s", c.path, c.body, a.code, c.code, a.body)
			}
		}
		s.run(5*time.Second, follower, s.server(true))
		m := s.mail.all[0]
		if len(s.posted) != 1 || s.posted[0].By != "ann" || s.posted[0].Why != "to see it" || m.End != loop.Sent || m.By != "ann" || m.Epoch != 0 || s.posted[0].Name != "Week 51 of 1999" {
			t.Errorf("posted %+v, on record %+v", s.posted, m)
		}
		var list struct{ Reports []client.ScheduledReport }
		if err := json.Unmarshal([]byte(get(t, h, "/v1/reports").body), &list); err != nil || len(list.Reports) != 1 || list.Reports[0].Sendings[0].State != "sent" || fmt.Sprint(list.Reports[0].Next) != "2000-01-03 08:00:00 +0000 UTC" {
			t.Errorf("%v: %+v", err, list)
		}
		page := get(t, h, "/reports?sent=weekly").body
		for _, says := range []string{"The week", "Each week, of all teams, to inbox.", "Week 52 of 1999, <time", "3 Jan 08:00:00", "ann: to see it", m.ID, "Send weekly now…", "It is on record that weekly is sent now"} {
			if !strings.Contains(page, says) {
				t.Errorf("the page does not say %q", says)
			}
		}
	})
}

// The pages of a report lead to each other, and a day leads to its period.
func TestReportAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // it is 1 January 2000 there
		s := newSender(t)
		h := s.server(true).Handler()
		for path, want := range map[string]string{
			"/reports": "January 2000", "/reports?period=month&back=0": "January 2000", "/reports?period=month&back=1": "December 1999", "/reports?period=week&of=1999-12-27": "Week 52 of 1999",
			"/reports?period=quarter&of=1999-03-31": "Quarter 1 of 1999", "/reports?period=month&of=1999-12-31&zone=Asia/Tokyo": "December 1999", "/reports?zone=Asia/Tokyo": "1 Jan 2000 00:00 JST",
		} {
			a := get(t, h, path)
			if a.code != http.StatusOK || !strings.Contains(a.body, want) {
				t.Errorf("%s: status %d, does not say %s", path, a.code, want)
			}
			for _, to := range links(a.body, "/reports?") {
				if b := get(t, h, to); b.code != http.StatusOK {
					t.Errorf("%s leads to %s: status %d", path, to, b.code)
				}
			}
		}
		for _, query := range []string{"of=2000-01-32", "of=1950-01-01", "of=2001-01-01"} {
			if a := get(t, h, "/reports?"+query); a.code != http.StatusBadRequest {
				t.Errorf("?%s: status %d", query, a.code)
			}
		}
	})
}

// links are the addresses in a page that begin in a way.
func links(page, begin string) (out []string) {
	for _, part := range strings.Split(page, `href="`)[1:] {
		if to, _, _ := strings.Cut(part, `"`); strings.HasPrefix(to, begin) {
			out = append(out, strings.ReplaceAll(to, "&amp;", "&"))
		}
	}
	return out
}

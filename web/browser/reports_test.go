package browser_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// An inbox is a webhook that keeps what it was sent last.
func inbox(t testing.TB, got chan<- client.Report) slo.Secret {
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var m client.Report
		if err == nil {
			err = json.Unmarshal(body, &m)
		}
		if err != nil || m.ID != r.Header.Get("Webhook-Id") || !strings.HasPrefix(r.Header.Get("Webhook-Signature"), "v1,") {
			t.Errorf("%v: message %s", err, body)
		}
		got <- m
	}))
	t.Cleanup(s.Close)
	return slo.Secret(s.URL)
}

// reports sends one by its form, by keys alone: it is on record, then it is in
// the inbox, then the page says so, with scripts and without.
func reports(t *testing.T, s *shop, browser context.Context) {
	got := make(chan client.Report, 10)
	set := *s.set.Load()
	r := set.Reports[0]
	r.Targets = []slo.NotificationTarget{{Name: "inbox", Target: slo.Webhook, URL: inbox(t, got), Key: "a secret of the inbox"}}
	set.Reports = []slo.Report{r}
	s.addresses.Store(&set)
	p := open(t, browser)
	why := "because of <img src=x onerror=alert(1)>"
	p.visit(s.url + "/reports")
	eval[chromedp.Void](p, `document.querySelector("#sent-weekly summary").focus()`)
	p.do(chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent("ann"), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(why),
		chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(" "), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter))
	p.until("it is said what sending does", `location.search == "?sent=weekly" && document.readyState == "complete" && document.querySelector("#sent .note.ok") != null`)
	all, err := s.records.Sendings(t.Context(), loop.SendingFilter{})
	if err != nil || len(all) != 1 || all[0].By != "ann" || all[0].Why != why || all[0].End != "" {
		t.Fatalf("%v: the ledger has %+v", err, all)
	}
	if err := s.web.SendReports(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if m := <-got; m.ID != all[0].ID || m.Why != why || len(m.Objectives) == 0 || m.File == nil || strings.Contains(m.File.Text, "<script") {
		t.Errorf("message %+v", m)
	}
	for _, scripts := range []bool{true, false} {
		p.scripts(scripts)
		p.visit(s.url + "/reports")
		if said := eval[string](p, `document.querySelector("#sent-weekly tbody").innerText`); !strings.Contains(said, "sent") || !strings.Contains(said, why) || !strings.Contains(said, all[0].ID) {
			t.Errorf("the page says %q", said)
		}
	}
	p.scripts(true)
	for _, theme := range []string{"light", "dark"} {
		p.theme(theme)
		p.visit(s.url + "/reports")
		p.width(320)
		p.picture("report-sent-" + theme + "-320")
		p.checkAccess("a report that was sent, " + theme)
	}
	for _, c := range p.complaints() {
		t.Error(c)
	}
}

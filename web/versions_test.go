package web_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// versioned is the world of an objective whose target changed an hour ago.
func versioned(w *world) (web.Config, *error) {
	was := w.set.Objectives[0]
	is := was
	was.Target, was.Window.Length = slo.NewDecimal(99, 2), 28*24*time.Hour
	since := time.Now().Add(-time.Hour).Truncate(time.Minute)
	version := func(o slo.Objective, since time.Time) loop.Version {
		text := loop.Promise(o)
		return loop.Version{Objective: o.Name, Hash: loop.PolicyHash([]byte(text)), Since: since, At: since, Text: text}
	}
	var down error
	cfg := w.config()
	cfg.Versions = func(_ context.Context, name string) ([]loop.Version, error) {
		if name != is.Name {
			return nil, down
		}
		return []loop.Version{version(was, time.Time{}), version(is, since)}, down
	}
	return cfg, &down
}

// TestVersions: what the objective was before, and since when it is not.
func TestVersions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := incident(time.Minute)
		cfg, down := versioned(w)
		h := web.New(cfg).Handler()
		var got struct{ Versions []client.Version }
		decode(t, get(t, h, "/v1/objectives/checkout-availability/versions"), &got)
		if len(got.Versions) != 2 || !got.Versions[0].Since.IsZero() || !got.Versions[0].Until.Equal(got.Versions[1].Since) || !got.Versions[1].Until.IsZero() || got.Versions[0].Target != "0.99" {
			t.Fatalf("versions: %+v", got.Versions)
		}
		want := []client.Change{{Key: "target", Old: "0.99", New: "0.995"}, {Key: "window.length", Old: "28d", New: "1h"}}
		if diff := cmp.Diff(want, got.Versions[1].Changes); diff != "" {
			t.Errorf("changes (-want +got):\n%s", diff)
		}
		page := get(t, h, "/objectives/checkout-availability").body
		for _, says := range []string{"<strong>99 %</strong> from the beginning", "<strong>99.5 %</strong> since", "window.length: <del>28d</del> → <ins>1h</ins>"} {
			if !strings.Contains(page, says) {
				t.Errorf("the page does not say %q", says)
			}
		}
		if a := get(t, h, "/v1/objectives/nobody/versions"); a.code != 404 {
			t.Errorf("versions of nobody: %d, want 404", a.code)
		}
		*down = errors.New("no answer from postgres://ann:hunter2@db")
		if a := get(t, h, "/v1/objectives/checkout-availability/versions"); a.code != 503 || strings.Contains(a.body, "hunter2") {
			t.Errorf("versions without the ledger: %d %s, want 503", a.code, a.body)
		}
		if a := get(t, h, "/objectives/checkout-availability"); a.code != 200 || !strings.Contains(a.body, "They cannot be shown") {
			t.Errorf("page without the ledger: %d, want it, with what cannot be shown", a.code)
		}
	})
}

// TestJudge: the past is judged by the targets of then, or of today.
func TestJudge(t *testing.T) {
	w, _ := incident(time.Minute)
	s := &w.report.States[0]
	s.Status = budget.OK
	s.Budget.Counts = sli.Counts{Good: 1992 * sli.Event, Bad: 8 * sli.Event, Covered: time.Hour}
	s.Target, s.Budget.Earlier = slo.NewDecimal(999, 3), []budget.Judged{{Target: slo.NewDecimal(99, 2), Total: 1000 * sli.Event}}
	s.Remaining = 3.0 / 11
	w.set.Objectives[0].Target = s.Target
	h := web.New(w.config()).Handler()
	ask := func(query string) client.Objective {
		var o client.Objective
		decode(t, get(t, h, "/v1/objectives/checkout-availability"+query), &o)
		return o
	}
	for _, query := range []string{"", "?judge=then"} {
		if o := ask(query); o.Remaining != 3.0/11 || o.Allowed != 11 || len(o.Budget.Earlier) != 1 || o.Budget.Earlier[0] != (client.Judged{Target: "0.99", Total: 1000}) {
			t.Errorf("%q: remaining %v of %v, %v", query, o.Remaining, o.Allowed, o.Budget.Earlier)
		}
	}
	if o := ask("?judge=today"); o.Remaining != -3 || o.Allowed != 2 || o.Budget.Earlier != nil || o.Status != "exhausted" {
		t.Errorf("by today's: remaining %v of %v, %s", o.Remaining, o.Allowed, o.Status)
	}
	if a := get(t, h, "/v1/objectives?judge=today"); !strings.Contains(a.body, `"remaining":-3`) {
		t.Error("the list is not judged by today's targets")
	}
	for _, path := range []string{"/v1/objectives/checkout-availability?judge=1999", "/v1/objectives?judge=x", "/objectives/checkout-availability?judge=x"} {
		if a := get(t, h, path); a.code != 400 {
			t.Errorf("%s: %d, want 400", path, a.code)
		}
	}
	if page := get(t, h, "/objectives/checkout-availability").body; !strings.Contains(page, "1,000 of 2,000 events by 99 %") || !strings.Contains(page, `href="?judge=today"`) {
		t.Error("the page does not say what earlier targets judge")
	}
	if page := get(t, h, "/objectives/checkout-availability?judge=today").body; !strings.Contains(page, "by today&#39;s definition") && !strings.Contains(page, "by today's definition") || !strings.Contains(page, `href="?judge=then"`) {
		t.Error("the page does not say that all is judged by today's definition")
	}
}

// TestRecountedSays: a budget that is being counted anew says so.
func TestRecountedSays(t *testing.T) {
	w, _ := incident(time.Minute)
	w.report.States[0].Recounted = w.report.At.Add(-time.Hour)
	h := web.New(w.config()).Handler()
	if page := get(t, h, "/objectives/checkout-availability").body; !strings.Contains(page, "is being counted anew") {
		t.Error("the page does not say that the past is being counted anew")
	}
	var o client.Objective
	decode(t, get(t, h, "/v1/objectives/checkout-availability"), &o)
	if !o.Recounted.Equal(w.report.States[0].Recounted) {
		t.Errorf("recounted %v, want %v", o.Recounted, w.report.States[0].Recounted)
	}
}

// TestHistoryBeingReadSays: as long as history is being read, page and API say
// how far that is.
func TestHistoryBeingReadSays(t *testing.T) {
	w, _ := incident(time.Minute)
	h := web.New(w.config()).Handler()
	says := func() bool {
		return strings.Contains(get(t, h, "/objectives/checkout-availability").body, "History is being read from the source, back to ")
	}
	if says() {
		t.Error("the page says that history is being read, and all of it was")
	}
	w.report.States[0].ReadBack = w.report.At.Add(-time.Hour)
	if !says() {
		t.Error("the page does not say that history is being read")
	}
	var o client.Objective
	decode(t, get(t, h, "/v1/objectives/checkout-availability"), &o)
	if !o.ReadBack.Equal(w.report.States[0].ReadBack) {
		t.Errorf("read back to %v, want %v", o.ReadBack, w.report.States[0].ReadBack)
	}
}

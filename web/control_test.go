package web_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// form posts a form of the page.
func form(t *testing.T, s *web.Server, path string, fields ...string) answer {
	t.Helper()
	values := url.Values{"by": {"ann"}, "why": {"probe was broken"}, "confirm": {"yes"}}
	for i := 0; i+1 < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	return do(t, s.Handler(), "POST", path, values.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

// TestNoteByForm notes a stretch of time in the reader's zone; it stands on the
// charts, and no gate knows of it.
func TestNoteByForm(t *testing.T) {
	w, s := incident(70 * time.Second)
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	from, to := time.Now().Add(-2*time.Minute).Truncate(time.Minute), time.Now().Add(time.Minute).Truncate(time.Minute)
	at := func(x time.Time) string { return x.In(tokyo).Format("2006-01-02T15:04") }
	a := form(t, s, "/actions/annotate?zone=Asia/Tokyo", "target", "checkout-availability", "from", at(from), "to", at(to))
	if a.code != 303 {
		t.Fatalf("status %d: %.900s", a.code, a.body)
	}
	o := w.orders[len(w.orders)-1]
	if o.Note == nil || !o.Note.From.Equal(from) || !o.Note.To.Equal(to) || !o.Until.IsZero() {
		t.Errorf("order %+v, note %+v", o, o.Note)
	}
	if form(t, s, "/actions/annotate", "target", "*", "why", "load test").code != 303 {
		t.Error("a note without a time is not about now")
	}
	control := get(t, s.Handler(), "/control").body
	if n := strings.Count(control, `<svg class="event note"`); n < 2 || !strings.Contains(control, "load test (ann)</title>") {
		t.Errorf("%d notes stand on the charts", n)
	}
	if strings.Contains(get(t, s.Handler(), "/v1/orders").body, "load test") {
		t.Error("a note is in force")
	}
	for _, wrong := range [][]string{{"target", "checkuot"}, {"target", "*", "from", at(to), "to", at(from)}, {"target", "*", "from", "2001-01-01T00:00"}, {"target", "*", "from", "then"}, {"target", "*", "for", "1h"}} {
		if a := form(t, s, "/actions/annotate", wrong...); a.code == 303 {
			t.Errorf("%v was noted", wrong)
		}
	}
}

// TestAdjustByForm adjusts a budget, and takes that back.
func TestAdjustByForm(t *testing.T) {
	w, s := incident(70 * time.Second)
	from := time.Now().UTC().Add(-time.Hour).Format("2006-01-02T15:04")
	fields := []string{"target", "probe", "objective", "checkout-availability", "from", from, "to", time.Now().UTC().Format("2006-01-02T15:04"), "effect", "correct", "category", "measurement"}
	for name, more := range map[string][]string{"counts missing": nil, "one count": {"good", "7"}, "no number": {"good", "seven", "bad", "1"}} {
		if a := form(t, s, "/actions/adjust", append(fields[:len(fields):len(fields)], more...)...); a.code != 422 {
			t.Errorf("%s: status %d", name, a.code)
		}
	}
	if a := form(t, s, "/actions/adjust", append(fields, "good", "700", "bad", "1")...); a.code != 303 {
		t.Fatalf("status %d: %.900s", a.code, a.body)
	}
	if o := w.orders[len(w.orders)-1]; o.Adjust == nil || o.Adjust.Effect != slo.Correct || o.Adjust.Counts != (slo.Corrected{Good: 700, Bad: 1}) {
		t.Errorf("order %+v, adjusted %+v", o, o.Adjust)
	}
	if body := get(t, s.Handler(), "/control").body; !strings.Contains(body, "Take back probe") {
		t.Error("it cannot be taken back by a form")
	}
	if a := form(t, s, "/actions/unadjust", "target", "probe"); a.code != 303 {
		t.Errorf("status %d: %.900s", a.code, a.body)
	}
}

// TestFormsOfOthers offers nobody a form that would be refused, and says why.
func TestFormsOfOthers(t *testing.T) {
	w, _ := incident(70 * time.Second)
	w.set.Services = []slo.Service{{Name: "checkout", Labels: map[string]string{"team": "shop"}}}
	may := []web.Scope{web.ScopeRead}
	config := w.config()
	config.Caller = func(context.Context, slo.Secret, time.Time) (web.Caller, error) {
		return web.Caller{Name: "bot <b>7</b>", Scopes: may, Teams: []string{"shop"}}, nil
	}
	s := web.New(config)
	forms := func() (string, int) {
		body := get(t, s.Handler(), "/control", "Authorization", "Bearer x").body
		return body, strings.Count(body, `action="/actions/`)
	}
	body, n := forms()
	if n > 0 || !strings.Contains(body, "may not give orders (it needs the scope override)") {
		t.Errorf("who may only read is offered %d forms", n)
	}
	may = append(may, web.ScopeOverride)
	body, n = forms()
	if n < 6 || strings.Contains(body, `action="/actions/stop"`) || !strings.Contains(body, "this is about the services of all teams") {
		t.Errorf("who commands one team is offered %d forms", n)
	}
	if !strings.Contains(body, "Given as <strong>bot &lt;b&gt;7&lt;/b&gt;</strong>") || strings.Contains(body, `name="by"`) {
		t.Error("who is known is asked for a name, which would not count")
	}
}

// TestDemotedCanBePromoted offers to promote what was demoted, and says why.
func TestDemotedCanBePromoted(t *testing.T) {
	w, s := incident(time.Minute)
	w.report.Orders = append(w.report.Orders, loop.Order{ID: "d", At: time.Now(), Kind: loop.OrderDemote, Target: "reporting-timeout", By: "setpoint", Why: "3 moves in a row did not help"})
	body := get(t, s.Handler(), "/control").body
	if strings.Count(body, `action="/actions/promote"`) != 1 || strings.Count(body, `action="/actions/demote"`) != 1 || !strings.Contains(body, "3 moves in a row did not help") {
		t.Error("the loop that was demoted, and it alone, can be promoted")
	}
}

//go:build linux

package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/client"
)

// After a stop was acknowledged nothing is actuated, whoever gave it and
// however it burns, until it is resumed.
func TestStop(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.watch()
	runaways := s.runAway(4)
	v := newServer(s, "act", "1s")
	v.start()
	v.inSight()

	stopByPage(t, v)
	s.burning()
	stillStopped(t, v, runaways)
	v.give("resume", "--why", "the drill is over")
	v.within(30*time.Second, "the incident is met, with cancels too", func() bool {
		return s.timeout() == "1000" && v.setting("releases") == 1 && runaways.cancels() > 0
	})

	v.give("stop", "--why", "cancels too much")
	stillStopped(t, v, runaways)
	v.give("resume", "--why", "we want it back at rest")
	v.give("stop", "--revert", "--why", "we want it back at rest")
	v.within(30*time.Second, "all walks back to rest while it burns", func() bool {
		return s.timeout() == "30000" && v.setting("releases") == 0
	})
	stillStopped(t, v, runaways)
	v.give("resume", "--why", "go on")
	v.within(30*time.Second, "the incident is met again", func() bool { return s.timeout() == "1000" && v.setting("releases") == 1 })

	stopWithoutLedger(t, v, runaways)
	checkRecord(t, v)
	if r := v.run("replay"); r.code != 0 {
		t.Errorf("replay: %s", r)
	}
}

// give gives an order by the command line.
func (v *server) give(args ...string) {
	v.t.Helper()
	if r := v.run(args...); r.code != 0 {
		v.t.Fatalf("setpoint %s: %s", args, r)
	}
}

// stillStopped watches several ticks in which nothing may be actuated, from
// the instant on at which a stop was acknowledged.
func stillStopped(t *testing.T, v *server, r *runaways) {
	t.Helper()
	cancels, changes := r.cancels(), v.shop.changed()
	v.ticked(5)
	if got := r.cancels(); got != cancels {
		t.Errorf("%d reports were cancelled after the stop", got-cancels)
	}
	if diff := cmp.Diff(changes, v.shop.changed()); diff != "" {
		t.Errorf("the target was changed after the stop (-before +after):\n%s", diff)
	}
	for _, actuator := range []string{"reports-timeout", "releases"} {
		for _, m := range v.moves(actuator) {
			if !m.applied() {
				t.Errorf("move %s is on record and was not carried out: %+v", m.ID, m)
			}
		}
	}
}

// stopByPage stops by the form of the page; another site's page may not.
func stopByPage(t *testing.T, v *server) {
	t.Helper()
	form := url.Values{"target": {"*"}, "by": {"ann"}, "why": {"a drill"}, "confirm": {"yes"}}
	if got := v.post("/actions/stop", form, "https://elsewhere.example"); got.StatusCode != http.StatusForbidden {
		t.Errorf("a form of another site: %s, want 403", got.Status)
	}
	if n := len(v.status().Orders); n != 0 {
		t.Errorf("%d orders are in force after the form of another site", n)
	}
	got := v.post("/actions/stop", form, v.url)
	if to := got.Header.Get("Location"); got.StatusCode != http.StatusSeeOther || !strings.Contains(to, "recorded=1") {
		t.Fatalf("the page's own form: %s to %q, want 303 and that it is recorded", got.Status, to)
	}
}

// post sends a form as a browser does.
func (v *server) post(path string, form url.Values, origin string) *http.Response {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.url+path, strings.NewReader(form.Encode()))
	must(v.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", origin)
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	got, err := browser.Do(r)
	must(v.t, err)
	must(v.t, got.Body.Close())
	return got
}

// stopWithoutLedger stops while the ledger does not answer: the stop is in
// force at once and on record later.
func stopWithoutLedger(t *testing.T, v *server, r *runaways) {
	t.Helper()
	resume := v.halt()
	began := time.Now()
	receipt, err := v.client().Stop(t.Context(), "ann", "the ledger is down as well", false)
	took := time.Since(began)
	must(t, err)
	t.Logf("a stop without ledger was acknowledged after %s", took)
	if receipt.Recorded || took > 3*time.Second {
		t.Errorf("a stop without ledger was acknowledged after %s, recorded %t; want at once, not recorded", took, receipt.Recorded)
	}
	cancels, changes := r.cancels(), v.shop.changed()
	<-time.After(time.Second)
	resume()
	v.within(60*time.Second, "the stop is on record", func() bool { return v.onRecord(receipt.Order) })
	stillStopped(t, v, r)
	if got := r.cancels(); got != cancels {
		t.Errorf("%d reports were cancelled after the stop", got-cancels)
	}
	if diff := cmp.Diff(changes, v.shop.changed()); diff != "" {
		t.Errorf("the target was changed after the stop (-before +after):\n%s", diff)
	}
	v.give("resume", "--why", "all is well")
}

// onRecord reports whether an order is in the ledger as it was given.
func (v *server) onRecord(o client.Order) bool {
	v.t.Helper()
	type row struct{ Kind, By, Why string }
	found := rows[row](v, `select kind, by, why from setpoint.orders where id = $1`, o.ID)
	return len(found) == 1 && found[0] == row{string(o.Kind), o.By, o.Why}
}

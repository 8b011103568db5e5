package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// glassOrder gives an order by a key, and returns the answer with the receipt.
func glassOrder(t *testing.T, h http.Handler, key, body string) (answer, client.Receipt) {
	t.Helper()
	a := do(t, h, http.MethodPost, "/v1/orders", body, "Content-Type", "application/json", "Authorization", "Bearer "+key)
	var r client.Receipt
	_ = json.Unmarshal([]byte(a.body), &r)
	return a, r
}

const letGo = `{"kind":"override","target":"checkout","why":"fix of the outage","for":"1h","ticket":"OPS-7"}`

// An override is counted for the team whose service it is, and the gate, the
// pages, the API and the metrics tell of it.
func TestGlassIsCounted(t *testing.T) {
	w, h := guarded()
	glassOrder(t, h, "key-admin", `{"kind":"freeze","target":"checkout","why":"fair"}`)
	for n := 1; n <= 2; n++ {
		a, r := glassOrder(t, h, "key-shop", letGo)
		if g := r.Order.Glass; a.code != 201 || g == nil || g.Nth != n || g.Team != "shop" || g.PerSeconds != 30*24*3600 || !strings.Contains(r.Words, fmt.Sprintf("break-glass %d within 30d of the team shop", n)) {
			t.Fatalf("override %d: %d %s", n, a.code, a.body)
		}
	}
	w.orders = append(w.orders, loop.Order{ID: "long-ago", Kind: loop.OrderOverride, Target: "checkout", At: time.Now().Add(-31 * 24 * time.Hour), Glass: &loop.Glass{Team: "shop", Per: 1}})
	for path, wants := range map[string][]string{
		"/v1/gate/checkout": {`"allowed":true`, "break-glass 2 within 30d of the team shop", `"value":2`},
		"/control":          {"the team shop</strong> 2 times", "OPS-7", "break-glass 2 within 30d"},
		"/gate":             {"break-glass 2 within 30d of the team shop", "Against: deny: frozen by ann"},
		"/metrics": {`setpoint_break_glass_total{team="shop",service="checkout",kind="override"} 2`,
			`setpoint_break_glass_used{team="shop",service="checkout",target="checkout",kind="override"} 2`,
			`setpoint_break_glass_limit{team="shop",service="checkout",target="checkout",kind="override"} 0`},
	} {
		got := get(t, h, path, "Authorization", "Bearer key-admin").body
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q is missing in %s", path, want, got)
			}
		}
	}
	var list struct{ Orders []client.Order }
	decode(t, get(t, h, "/v1/break-glass", "Authorization", "Bearer key-read"), &list)
	if len(list.Orders) != 2 || list.Orders[0].Glass.Nth != 2 {
		t.Errorf("listed: %+v, want the two of the last 30 days", list.Orders)
	}
}

// A policy limits how often it is broken and asks for a ticket; an admin goes
// past the limit, on record.
func TestGlassIsLimited(t *testing.T) {
	w, h := guarded()
	w.set.Policies[0].BreakGlass = slo.BreakGlass{Most: 1, Per: 24 * time.Hour, Ticket: true}
	a, _ := glassOrder(t, h, "key-shop", strings.Replace(letGo, "OPS-7", "", 1))
	if a.code != 422 || !strings.Contains(a.body, "no-ticket") {
		t.Errorf("without a ticket: %d %s", a.code, a.body)
	}
	if a, r := glassOrder(t, h, "key-shop", letGo); a.code != 201 || !strings.Contains(r.Words, "break-glass 1 of 1 within 1d of the team shop") {
		t.Fatalf("the first: %d %s", a.code, a.body)
	}
	a, _ = glassOrder(t, h, "key-shop", letGo)
	if a.code != 409 || !strings.Contains(a.body, "the glass of the team shop was broken 1 times within 1d") {
		t.Errorf("the second: %d %s, want it refused", a.code, a.body)
	}
	w.down = loop.ErrUnreachable
	if a, _ := glassOrder(t, h, "key-shop", letGo); a.code != 503 {
		t.Errorf("while nothing can be counted: %d %s, want it refused", a.code, a.body)
	}
	w.down = nil
	if a, r := glassOrder(t, h, "key-admin", letGo); a.code != 201 || r.Order.Glass.Nth != 2 {
		t.Errorf("by an admin: %d %s, want it taken as the second", a.code, a.body)
	}
	if len(w.orders) != 2 {
		t.Errorf("%d orders on record, want 2", len(w.orders))
	}
}

// A pin breaks the glass when it is looser than the setting in force, or keeps
// what such a pin holds.
func TestPinBreaksGlass(t *testing.T) {
	w, h := guarded()
	w.setting["reporting-timeout"] = 5
	now := time.Now().Truncate(tick)
	w.play(now.Add(-time.Minute), now, surge(now.Add(-30*time.Second)), nil)
	in := w.report.Settings[0]
	for _, tt := range []struct {
		setting string
		nth     int // 0 = it breaks nothing
	}{{fmt.Sprint(in.Value), 0}, {"1", 0}, {"30", 1}, {"30", 2}} {
		a, r := glassOrder(t, h, "key-shop", `{"kind":"pin","target":"reporting-timeout","why":"reports are due","for":"1h","ticket":"OPS-8","setting":`+tt.setting+`}`)
		g := r.Order.Glass
		if a.code != 201 || (g != nil) != (tt.nth > 0) || g != nil && (g.Nth != tt.nth || g.Team != "shop" || g.Against != "reporting-timeout at "+in.Shown) {
			t.Errorf("pin at %s while it is at %s: %d %s, want time %d", tt.setting, in.Shown, a.code, a.body, tt.nth)
		}
	}
}

// Two people whom a policy asks for break the glass once.
func TestGlassIsSeconded(t *testing.T) {
	w, h := guarded()
	w.set.Policies[0].SecondPerson, w.set.Policies[0].BreakGlass = true, slo.BreakGlass{Most: 1, Per: time.Hour}
	glassOrder(t, h, "key-admin", `{"kind":"freeze","target":"checkout","why":"fair"}`)
	_, first := glassOrder(t, h, "key-shop", letGo)
	if a, r := glassOrder(t, h, "key-all", letGo); a.code != 201 || r.Order.Glass.Nth != 1 || r.Order.Glass.With != first.Order.ID {
		t.Errorf("the second person: %d %s, want one with %s", a.code, a.body, first.Order.ID)
	}
	if a, _ := glassOrder(t, h, "key-shop", letGo); a.code != 409 {
		t.Errorf("once more: %d %s, want it refused", a.code, a.body)
	}
	w.report.Orders = w.orders
	if got := get(t, h, "/v1/gate/checkout", "Authorization", "Bearer key-admin"); !strings.Contains(got.body, "overridden by ben and cleo") {
		t.Errorf("the gate: %s", got.body)
	}
}

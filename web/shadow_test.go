package web_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// shadowing is a server whose first loop has to be promoted, in the middle of
// an incident.
func shadowing(t *testing.T) (*world, *web.Server) {
	t.Helper()
	w := newWorld()
	w.set.Loops[0].Promotion = slo.Promotion{Days: 1, Score: 0.5, Within: time.Minute}
	cfg := w.config()
	cfg.Witness = &witness{definitions: map[string][]byte{"3f9a1c0b77de": loop.Definition(w.set.Loops[0], w.set.Actuators[0])}}
	s := web.New(cfg)
	now := time.Now().Truncate(tick)
	w.play(now.Add(-10*time.Minute), now, surge(now.Add(-5*time.Minute)), func(r loop.Report) { s.Ticked(r, time.Millisecond) })
	return w, s
}

// TestShadows: what a loop wished that had to ask is told with what it lacks.
func TestShadows(t *testing.T) {
	w, s := shadowing(t)
	var got struct{ Shadows []client.Shadow }
	answer := get(t, s.Handler(), "/v1/shadows")
	if err := json.Unmarshal([]byte(answer.body), &got); err != nil || len(got.Shadows) != len(w.set.Loops) {
		t.Fatalf("answer %d %s (%v), want a shadow of each loop", answer.code, answer.body, err)
	}
	first := got.Shadows[0]
	if first.Loop != "protect-checkout" || len(first.Lacks) == 0 || first.Promoted || len(first.Wishes) == 0 || first.Wishes[0].Verb != "tighten" || first.Needed != 1 {
		t.Errorf("got %+v, want one wish to tighten that was needed, no promotion and what it lacks", first)
	}
}

// TestShadowsAreMadeOnce: between two ticks the ledger is asked once; an order
// or a tick has it asked anew.
func TestShadowsAreMadeOnce(t *testing.T) {
	w, s := shadowing(t)
	first := get(t, s.Handler(), "/v1/shadows")
	w.down = loop.ErrUnreachable
	if again := get(t, s.Handler(), "/v1/shadows"); again.code != 200 || again.body != first.body {
		t.Errorf("answer %d %s, want that of before", again.code, again.body)
	}
	w.orders = append(w.orders, loop.Order{ID: "o1", Kind: loop.OrderFreeze, Target: "checkout", By: "ann", Why: "drill", At: time.Now()})
	w.report.Orders = w.orders
	if after := get(t, s.Handler(), "/v1/shadows"); after.code != 503 {
		t.Errorf("answer %d %s after an order, want that the ledger is down", after.code, after.body)
	}
}

// TestPromotionIsEarned: a loop that lacks what it has to show is promoted
// only anyway, and the record keeps what it lacked and under which rules.
func TestPromotionIsEarned(t *testing.T) {
	w, s := shadowing(t)
	refused := order(t, s.Handler(), `{"kind":"promote","target":"reporting-timeout","by":"ann","why":"it looked good"}`)
	for _, want := range []string{"not-earned", "no owner", "has to for 1 day", "--anyway"} {
		if refused.code != 409 || !strings.Contains(refused.body, want) {
			t.Errorf("answer %d %s, want 409 with %q", refused.code, refused.body, want)
		}
	}
	if len(w.orders) != 0 {
		t.Fatalf("%d orders on record after a refusal", len(w.orders))
	}
	taken := order(t, s.Handler(), `{"kind":"promote","target":"reporting-timeout","by":"ann","why":"tonight only","anyway":true}`)
	if taken.code != 201 || !strings.Contains(taken.body, "lacked this: the loop has no owner") {
		t.Fatalf("answer %d %s, want it taken, and what it lacked", taken.code, taken.body)
	}
	o := w.orders[0]
	if o.Rules != loop.Rules(w.set.Loops[0], w.set.Actuators[0]) || !strings.Contains(o.Despite, "no owner") {
		t.Errorf("on record: %+v, want the rules and what was lacking", o)
	}
}

// TestPromotionOfOthers: a loop that declares no promotion is promoted as
// ever, and anyway belongs to promote.
func TestPromotionOfOthers(t *testing.T) {
	w, s := shadowing(t)
	if a := order(t, s.Handler(), `{"kind":"promote","target":"checkout-freeze","by":"ann","why":"fine"}`); a.code != 201 || w.orders[0].Rules != "" {
		t.Errorf("answer %d %s, want it taken", a.code, a.body)
	}
	if a := order(t, s.Handler(), `{"kind":"demote","target":"checkout-freeze","by":"ann","why":"fine","anyway":true}`); a.code != 422 || !strings.Contains(a.body, "anyway belongs to promote only") {
		t.Errorf("answer %d %s, want it refused", a.code, a.body)
	}
}

// TestWorth: what a loop would have done is weighed by what its work costs
// people.
func TestWorth(t *testing.T) {
	w, s := shadowing(t)
	w.set.Loops[0].ByHand = slo.ByHand{Minutes: 30, Risk: 0.1, Mistake: 100}
	var got struct{ Worth []client.Worth }
	answer := get(t, s.Handler(), "/v1/worth")
	if err := json.Unmarshal([]byte(answer.body), &got); err != nil || len(got.Worth) != len(w.set.Loops) {
		t.Fatalf("answer %d %s (%v), want one of each loop", answer.code, answer.body, err)
	}
	first := got.Worth[0]
	if first.Loop != "protect-checkout" || first.Right != 1 || first.Times != 1 || first.False != 0 || first.Saved != 40 || first.Looked == 0 || !strings.HasPrefix(first.Words, "worth it") {
		t.Errorf("got %+v, want one time that was right, 40 minutes saved", first)
	}
	if other := got.Worth[1]; !strings.HasPrefix(other.Words, "byHand of the loop does not say") {
		t.Errorf("of a loop without byHand: %s", other.Words)
	}
}

package web_test

import (
	"context"
	"errors"
	"html"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/web"
)

// kept is how the world's actuators were set, as its record tells.
func (w *world) kept(_ context.Context, actuator string, from, to time.Time) (out []budget.Point, _ error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.records {
		d := r.Decision
		if d.Actuator != actuator || !d.Input.At.Before(to) {
			continue
		}
		if d.Input.At.Before(from) {
			out = nil
		}
		out = append(out, budget.Point{At: d.Input.At, Value: d.From}, budget.Point{At: d.Input.At, Value: d.To})
	}
	return out, w.down
}

// TestActuatorPage draws what a loop looks at above what it does, over the same
// time, and tells what comes next and how it did.
func TestActuatorPage(t *testing.T) {
	w, s := incident(2 * time.Minute)
	cfg := w.config()
	share := surge(w.report.At.Add(-2 * time.Minute))
	cfg.Slices = counted(func(at time.Time) int { return int(100 * max(share("checkout-availability", at), 0)) })
	cfg.Past = w.kept
	w.report.Orders = []loop.Order{{ID: "p", At: time.Now(), Kind: loop.OrderPromote, Target: "reporting-timeout", By: "ann", Why: "tonight", Despite: "<i>no owner</i>"}}
	h := web.New(cfg).Handler()
	body := html.UnescapeString(get(t, h, "/actuators/reporting-timeout?range=1h").body)
	for _, says := range []string{
		"checkout-availability: good events", `data-unit="times"`, `data-unit="setting"`, `data-ends="30,1" data-words="30 s|1 s|s"`, "tightened", "It moved", "It lacked this: <i>no owner</i>.",
		"<dt>range</dt><dd>30 s at rest to 1 s</dd>", "protect-checkout acts by itself", "<dt>rests between moves</dt><dd>30 s</dd>", "epoch 3 of timeline 1", "definitions of the past cannot be read here",
	} {
		if !strings.Contains(body, says) {
			t.Errorf("the page does not say %q", says)
		}
	}
	froms := map[string]bool{}
	for _, part := range strings.Split(body, "data-from=")[1:] {
		froms[part[:strings.Index(part, ">")]] = true
	}
	if edges := len(froms); edges == 0 {
		t.Error("no chart tells its edges")
	}
	if objective := get(t, h, "/objectives/checkout-availability?range=1h").body; !strings.Contains(objective, "setting of reporting-timeout") || !strings.Contains(objective, "setting of checkout-freeze") {
		t.Error("the objective's history does not show what loops set")
	}
	w.down = errors.New("no answer of hunter2")
	down := get(t, h, "/actuators/reporting-timeout")
	if down.code != 200 || !strings.Contains(down.body, "It cannot be read: its settings: the ledger cannot be reached") || strings.Contains(down.body, "hunter2") {
		t.Errorf("while the ledger is down: status %d", down.code)
	}
	for path, want := range map[string]int{"nope": 404, "checkout-freeze?range=soon": 400, "checkout-freeze?from=2026-01-02&to=2026-01-01": 400, "checkout-freeze?range=7d": 200} {
		if a := get(t, s.Handler(), "/actuators/"+path); a.code != want {
			t.Errorf("/actuators/%s: status %d, want %d", path, a.code, want)
		}
	}
}

// TestActuatorShadow shows how a loop did while it had to ask.
func TestActuatorShadow(t *testing.T) {
	w, s := shadowing(t)
	body := html.UnescapeString(get(t, s.Handler(), "/actuators/reporting-timeout").body)
	for _, says := range []string{"Score <strong>", "<dt>needed, and nobody did</dt><dd>1</dd>", "To act by itself it lacks this: the loop has no owner", "byHand of the loop does not say", "tighten 30 s → "} {
		if !strings.Contains(body, says) {
			t.Errorf("the page does not say %q", says)
		}
	}
	w.records = nil // all of the record is read once a minute, not for each who looks
	if body := get(t, s.Handler(), "/actuators/reporting-timeout").body; !strings.Contains(body, "<dt>needed, and nobody did</dt><dd>1</dd>") {
		t.Error("how the loop did is read anew at once")
	}
}

// TestSwings tells a loop that goes to and fro from one that went in and out.
func TestSwings(t *testing.T) {
	w, s := incident(time.Minute)
	at := w.report.At.Add(-30 * time.Minute)
	verbs := []loop.Verb{loop.Tighten, loop.Relax}
	for i := range 10 {
		d := loop.Decision{ID: "swing", Loop: "protect-checkout", Actuator: "reporting-timeout", Verb: verbs[i%2], Input: loop.Input{At: at.Add(time.Duration(i) * time.Minute)}}
		w.records = append(w.records, web.Record{Seq: int64(1000 + i), Decision: d})
	}
	if body := get(t, s.Handler(), "/actuators/reporting-timeout?range=6h").body; !strings.Contains(body, "it swings, about every") {
		t.Error("a loop that swings is not said to")
	}
	if body := get(t, s.Handler(), "/actuators/checkout-freeze?range=6h").body; strings.Contains(body, "it swings") {
		t.Error("a loop that went in is said to swing")
	}
}

// TestSimulated draws what a loop that asks would have set, in the measure and
// over the time of the real setting; of one that acts there is nothing to draw.
func TestSimulated(t *testing.T) {
	w, _ := shadowing(t)
	cfg := w.config()
	cfg.Past = w.kept
	h := web.New(cfg).Handler()
	body := html.UnescapeString(get(t, h, "/actuators/reporting-timeout?range=1h").body)
	real, simulated := figureOf(t, body, "setting of reporting-timeout"), figureOf(t, body, "what protect-checkout would have set, had it been free to act")
	if !strings.Contains(real, `data-ends="30,1"`) || !strings.Contains(simulated, `data-ends="30,1"`) || !strings.Contains(body, "The dashed line is simulated") {
		t.Error("the two are not drawn alike")
	}
	if strings.Contains(dataOf(real, "values"), ",1") || !strings.Contains(dataOf(simulated, "values"), ",30,1,") {
		t.Errorf("really %q, simulated %q", dataOf(real, "values"), dataOf(simulated, "values"))
	}
	if dataOf(real, "from") != dataOf(simulated, "from") || dataOf(real, "to") != dataOf(simulated, "to") {
		t.Error("they are not over the same time")
	}
	acting, _ := incident(2 * time.Minute)
	cfg = acting.config()
	cfg.Past = acting.kept
	if body := get(t, web.New(cfg).Handler(), "/actuators/reporting-timeout?range=1h").body; strings.Contains(body, "would have set") {
		t.Error("of a loop that acts it is drawn what it would have set")
	}
	w.down = errors.New("no ledger")
	if body := get(t, h, "/actuators/reporting-timeout?range=1h").body; !strings.Contains(body, "what its loop would have set: the ledger cannot be reached") {
		t.Error("it is not said that it is not known")
	}
}

// figureOf is the chart of a page with a label.
func figureOf(t *testing.T, body, label string) string {
	t.Helper()
	for _, part := range strings.Split(body, "<figure")[1:] {
		if strings.Contains(part, "<figcaption><span>"+label+"</span>") {
			return part
		}
	}
	t.Fatalf("there is no chart of %s", label)
	return ""
}

func dataOf(figure, name string) string {
	_, rest, _ := strings.Cut(figure, "data-"+name+`="`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

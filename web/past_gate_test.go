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

// TestGateOfThen asks what the gate would have said before, in and after an
// incident, from counts, decisions and orders on record.
func TestGateOfThen(t *testing.T) {
	w, _ := incident(10 * time.Minute)
	now := w.report.At
	var frozen time.Time
	for _, r := range w.records {
		if r.Decision.Actuator == "checkout-freeze" && r.Decision.Verb == loop.Tighten && frozen.IsZero() {
			frozen = r.Decision.Input.At
		}
	}
	w.orders = []loop.Order{
		{ID: "a", At: now.Add(-40 * time.Minute), Kind: loop.OrderFreeze, Target: "checkout", By: "ann", Why: "audit"},
		{ID: "b", At: now.Add(-35 * time.Minute), Kind: loop.OrderThaw, Target: "checkout", By: "ann", Why: "over"},
		{ID: "c", At: now.Add(-time.Minute), Kind: loop.OrderFreeze, Target: "checkout", By: "bob", Why: "later"},
	}
	cfg := w.config()
	share := surge(now.Add(-10 * time.Minute))
	cfg.Slices = counted(func(at time.Time) int { return int(100 * max(share("checkout-availability", at), 0)) })
	s := web.New(cfg)
	for name, c := range map[string]struct {
		at   time.Time
		says []string
		not  string
	}{
		"before":        {now.Add(-20 * time.Minute), []string{"may go", "What it would have said at", "checkout-availability has 100 % of its budget left"}, "checkout-freeze is frozen"},
		"frozen":        {frozen.Add(tick), []string{"denied", "checkout-freeze is frozen", "the decision behind it"}, "bob"},
		"an order then": {now.Add(-36 * time.Minute), []string{"denied", "frozen by ann", "audit"}, "bob"},
	} {
		a := get(t, s.Handler(), "/gate?service=checkout&at="+url.QueryEscape(c.at.UTC().Format(time.RFC3339)))
		_, card, _ := strings.Cut(a.body, `id="h-answer"`)
		card, _, _ = strings.Cut(card, "</section>")
		for _, says := range c.says {
			if !strings.Contains(card, says) {
				t.Errorf("%s: it does not say %q: status %d\n%s", name, says, a.code, card)
			}
		}
		if strings.Contains(card, c.not) {
			t.Errorf("%s: it says %q", name, c.not)
		}
	}
	for _, at := range []string{"2001-01-01T00:00:00Z", now.Add(time.Hour).UTC().Format(time.RFC3339), "noon"} {
		if a := get(t, s.Handler(), "/gate?service=checkout&at="+at); a.code != 400 {
			t.Errorf("at %s: status %d", at, a.code)
		}
	}
}

// TestPlanned shows what the next weeks bring, and what is to be pasted into
// pipelines, for the service that is asked about.
func TestPlanned(t *testing.T) {
	w, s := incident(time.Minute)
	soon := time.Now().Add(48 * time.Hour).Truncate(time.Minute)
	w.set.Policies[0].DenyDuring = []slo.Calendar{{Name: "end <i>of</i> quarter", Windows: []slo.Stretch{{From: soon, To: soon.Add(time.Hour)}, {From: soon.Add(72 * time.Hour), To: soon.Add(73 * time.Hour)}}}}
	w.set.Calendars = []slo.Calendar{{Name: "long gone", Effect: slo.Exclude, Windows: []slo.Stretch{{From: soon.Add(-999 * time.Hour), To: soon.Add(-998 * time.Hour)}}}}
	w.report.Orders = append(w.report.Orders, loop.Order{ID: "f", At: time.Now().Add(-time.Minute), Kind: loop.OrderFreeze, Target: "reporting", By: "ann", Why: "audit"})
	body := get(t, s.Handler(), "/gate?service=reporting").body
	for _, says := range []string{"end &lt;i&gt;of&lt;/i&gt; quarter", "releases are denied by policy checkout-releases", "and 1 more", "ordered by ann", "releases are frozen: audit", `<span class="tag">now</span>`, "setpoint gate reporting", "<summary>GitHub Actions</summary>", "<summary>Flagger</summary>"} {
		if !strings.Contains(body, says) {
			t.Errorf("the page does not say %q", says)
		}
	}
	if strings.Contains(body, "long gone") || strings.Contains(body, "setpoint gate checkout") {
		t.Error("the page shows what is over, or the service of the documentation")
	}
}

// TestGateOfThenByItsTarget judges the past by the target of then: half of all
// may have been bad until a minute ago.
func TestGateOfThenByItsTarget(t *testing.T) {
	w, _ := incident(10 * time.Minute)
	now := w.report.At
	cfg := w.config()
	share := surge(now.Add(-10 * time.Minute))
	cfg.Slices = counted(func(at time.Time) int { return int(100 * max(share("checkout-availability", at), 0)) })
	lax := w.set.Objectives[0]
	lax.Target = slo.NewDecimal(5, 1)
	cfg.Versions = func(_ context.Context, name string) ([]loop.Version, error) {
		if name != lax.Name {
			return nil, nil
		}
		return []loop.Version{{Text: loop.Promise(lax)}, {Since: now.Add(-time.Minute), Text: loop.Promise(w.set.Objectives[0])}}, nil
	}
	h := web.New(cfg).Handler()
	for ago, says := range map[time.Duration]string{8 * time.Minute: "checkout-availability has 99 % of its budget left", 10 * time.Second: "checkout-availability has 3.1 % of its budget left"} {
		body := get(t, h, "/gate?service=checkout&region=eu&size=12&at="+url.QueryEscape(now.Add(-ago).UTC().Format(time.RFC3339))).body
		_, card, _ := strings.Cut(body, `id="h-answer"`)
		if card, _, _ = strings.Cut(card, "</section>"); !strings.Contains(card, says) {
			t.Errorf("%s ago it does not say %q: %s", ago, says, card)
		}
	}
}

// TestGateForm asks with a region and a size, in the form and on a command line.
func TestGateForm(t *testing.T) {
	_, s := incident(time.Minute)
	body := get(t, s.Handler(), "/gate?service=checkout&region=eu-1&size=12").body
	for _, says := range []string{`name="region" value="eu-1"`, `name="size" type="number" min="0" step="1" value="12"`, "region=eu-1&amp;size=12"} {
		if !strings.Contains(body, says) {
			t.Errorf("the page does not say %q", says)
		}
	}
	if a := get(t, s.Handler(), "/gate?service=checkout&size=many"); a.code != 400 {
		t.Errorf("a size that is none: status %d", a.code)
	}
}

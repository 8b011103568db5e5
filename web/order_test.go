package web_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

func TestOrderTaken(t *testing.T) {
	for _, c := range []struct {
		body  string
		check func(o loop.Order) bool
	}{
		{`{"kind":"stop","by":"ann","why":"wrong"}`, func(o loop.Order) bool { return o.Target == "*" && len(o.ID) > 20 && !o.Revert }},
		{`{"kind":"stop","target":"*","by":"ann","why":"wrong","revert":true}`, func(o loop.Order) bool { return o.Revert }},
		{`{"kind":"stop","target":"reporting-timeout","by":"ann","why":"wrong"}`, func(o loop.Order) bool { return o.Target == "reporting-timeout" }},
		{`{"kind":"resume","by":"ann","why":"fine"}`, func(o loop.Order) bool { return o.Target == "*" && o.Until.IsZero() }},
		{`{"kind":"freeze","target":"checkout","by":"ann","why":"fair","for":"2h"}`, func(o loop.Order) bool { return o.Until.Sub(o.At) == 2*time.Hour }},
		{`{"kind":"thaw","target":"checkout","by":"ann","why":"fair"}`, func(o loop.Order) bool { return o.Kind == loop.OrderThaw }},
		{`{"kind":"pin","target":"reporting-timeout","by":"ann","why":"export","setting":7.5,"for":"2h"}`, func(o loop.Order) bool { return *o.Setting == 7.5 && o.Until.Sub(o.At) == 2*time.Hour }},
		{`{"kind":"unpin","target":"reporting-timeout","by":"ann","why":"done"}`, func(o loop.Order) bool { return o.Setting == nil }},
		{`{"kind":"approve","target":"reporting-timeout","by":"ann","why":"go","setting":1}`, func(o loop.Order) bool { return o.Until.Sub(o.At) == time.Hour }},
		{`{"kind":"adjust","target":"probe-without-route","by":"ann","why":"the probe had no route","adjust":{"objective":"checkout-availability","from":"2026-03-02T14:05:00Z","to":"2026-03-02T15:35:00+01:00","effect":"exclude","category":"measurement"}}`, func(o loop.Order) bool {
			a, ok := o.Adjustment()
			return ok && a.Name == "probe-without-route" && a.To.Sub(a.From) == 30*time.Minute && a.Author == "ann" && a.Order == o.ID
		}},
		{`{"kind":"adjust","target":"from-logs","by":"ann","why":"lost","adjust":{"objective":"checkout-availability","from":"2026-03-02T14:05:00Z","to":"2026-03-02T14:35:00Z","effect":"correct","counts":{"good":90,"bad":1},"category":"measurement"}}`, func(o loop.Order) bool {
			return o.Adjust.Counts == slo.Corrected{Good: 90, Bad: 1}
		}},
		{`{"id":"my-id_1","at":"2001-01-01T00:00:00Z","kind":"stop","by":"Ann Ö","why":"–"}`, func(o loop.Order) bool { return o.ID == "my-id_1" && o.At.Year() > 2001 }},
	} {
		w, s := incident(time.Minute)
		a := order(t, s.Handler(), c.body)
		var got client.Receipt
		decode(t, a, &got)
		if a.code != 201 || !got.Recorded || got.Words == "" || len(w.orders) != 1 || !c.check(w.orders[0]) {
			t.Errorf("%s: status %d, receipt %+v, orders %+v", c.body, a.code, got, w.orders)
		}
		if len(w.orders) == 1 && got.Order.ID != w.orders[0].ID {
			t.Errorf("%s: receipt for %s, order %s", c.body, got.Order.ID, w.orders[0].ID)
		}
	}
}

func TestOrderRefused(t *testing.T) {
	w, s := incident(time.Minute)
	h := s.Handler()
	for _, c := range []struct {
		body string
		code int
		says string
	}{
		{`{"kind":"adjust","target":"x","by":"a","why":"b","adjust":{"objective":"nobody","from":"2026-03-02T14:00:00Z","to":"2026-03-02T15:00:00Z","effect":"exclude","category":"other"}}`, 422, `objective \"nobody\" is not declared`},
		{`{"kind":"adjust","target":"x","by":"a","why":"b","adjust":{"objective":"checkout-availability","from":"2026-03-02T15:00:00Z","to":"2026-03-02T15:00:00Z","effect":"exclude","category":"other"}}`, 422, `from is not before to`},
		{`{"kind":"adjust","target":"x","by":"a","why":"b","adjust":{"objective":"checkout-availability","from":"2020-03-02T15:00:00Z","to":"2026-03-02T15:00:00Z","effect":"exclude","category":"other"}}`, 422, `more than two years`},
		{`{"kind":"adjust","target":"x","by":"a","why":"b","adjust":{"objective":"checkout-availability","from":"2026-03-02T14:00:00Z","to":"2026-03-02T15:00:00Z","effect":"forget","category":"other"}}`, 422, `effect \"forget\" is not one of exclude`},
		{`{"kind":"adjust","target":"x","by":"a","why":"b","adjust":{"objective":"checkout-availability","from":"2026-03-02T14:00:00Z","to":"2026-03-02T15:00:00Z","effect":"exclude","category":"fun"}}`, 422, `category \"fun\" is not one of maintenance`},
		{`{"kind":"adjust","target":"x","by":"a","why":"b","adjust":{"objective":"checkout-availability","from":"2026-03-02T14:00:00Z","to":"2026-03-02T15:00:00Z","effect":"correct","category":"other"}}`, 422, `counts are missing`},
		{`{"kind":"adjust","target":"x","by":"a","why":"b","adjust":{"objective":"checkout-availability","from":"2026-03-02T14:00:07Z","to":"2026-03-02T15:00:00Z","effect":"correct","category":"other","counts":{"good":1,"bad":-1}}}`, 422, `is not between two slices`},
		{`{"kind":"adjust","target":"x","by":"a","why":"b","adjust":{"objective":"checkout-availability","from":"2026-03-02T14:00:00Z","to":"2026-03-02T15:00:00Z","effect":"exclude","category":"other","counts":{"good":1,"bad":1}}}`, 422, `counts belong to the effect correct`},
		{`{"kind":"adjust","target":"x","by":"a","why":"b"}`, 422, `adjust is missing`},
		{`{"kind":"adjust","target":"<x>","by":"a","why":"b"}`, 422, `name of the adjustment`},
		{`{"kind":"unadjust","target":"x","by":"a","why":"b"}`, 422, `no adjustment that was ordered`},
		{`{"kind":"stop","by":"a","why":"b","adjust":{"objective":"o"}}`, 422, `adjust belongs to adjust only`},
		{`{"kind":"stop"}`, 422, "by is missing; why is missing"},
		{`{"kind":"halt","by":"a","why":"b"}`, 422, `kind \"halt\" is none of`},
		{`{"kind":"stop","target":"nobody","by":"a","why":"b"}`, 422, `target \"nobody\" is none of *, reporting-timeout`},
		{`{"kind":"freeze","target":"reporting-timeout","by":"a","why":"b"}`, 422, "none of checkout, reporting"},
		{`{"kind":"pin","target":"reporting-timeout","by":"a","why":"b"}`, 422, "setting is missing"},
		{`{"kind":"pin","target":"reporting-timeout","by":"a","why":"b","setting":30}`, 422, "a pin says until when"},
		{`{"kind":"pin","target":"reporting-timeout","by":"a","why":"b","setting":31}`, 422, "setting is not a number from 1 s to 30 s"},
		{`{"kind":"stop","by":"a","why":"b","setting":1}`, 422, "setting belongs to pin and approve"},
		{`{"kind":"freeze","target":"checkout","by":"a","why":"b","revert":true}`, 422, "revert belongs to stop"},
		{`{"kind":"thaw","target":"checkout","by":"a","why":"b","for":"1h"}`, 422, "thaw has no end"},
		{`{"kind":"freeze","target":"checkout","by":"a","why":"b","for":"-1h"}`, 422, "for is not a length"},
		{`{"kind":"freeze","target":"checkout","by":"a","why":"b","until":"2001-01-01T00:00:00Z"}`, 422, "until is not within"},
		{`{"kind":"freeze","target":"checkout","by":"a","why":"b","until":"9999-01-01T00:00:00Z"}`, 422, "until is not within"},
		{`{"kind":"stop","by":"a\u0000","why":"b"}`, 422, "by holds characters"},
		{`{"kind":"stop","by":"a","why":"b\u202e"}`, 422, "why holds characters"},
		{`{"kind":"stop","by":"a","why":"b\nc"}`, 422, "why holds characters"},
		{`{"id":"../x","kind":"stop","by":"a","why":"b"}`, 422, "id is not made of"},
		{`{"kind":"stop","by":"a","why":"b","untill":"2030-01-01T00:00:00Z"}`, 400, "untill"},
		{`{"kind":"stop","by":"a","why":"b"} {}`, 400, "something after"},
		{`{"kind":1}`, 400, "bad-json"},
		{``, 400, "bad-json"},
		{`{"why":"` + strings.Repeat("x", 70_000) + `"}`, 413, "too-large"},
		{`{"kind":"stop","by":"a","why":"` + strings.Repeat("x", 2000) + `"}`, 422, "why is longer"},
	} {
		a := order(t, h, c.body)
		var p client.Problem
		decode(t, a, &p)
		if a.code != c.code || !strings.Contains(a.body, c.says) || p.Code == "" {
			t.Errorf("%.80s: status %d: %s; want %d with %q", c.body, a.code, a.body, c.code, c.says)
		}
	}
	if a := do(t, h, "POST", "/v1/orders", `{"kind":"stop","by":"a","why":"b"}`, "Content-Type", "text/plain"); a.code != 415 {
		t.Errorf("text/plain: status %d", a.code)
	}
	if len(w.orders) != 0 {
		t.Errorf("orders taken: %+v", w.orders)
	}
}

// TestOrderTwice gives one order twice: it is one. Another order under the
// same ID is refused.
func TestOrderTwice(t *testing.T) {
	w, s := incident(time.Minute)
	h := s.Handler()
	for range 2 {
		if a := order(t, h, `{"id":"once","kind":"freeze","target":"checkout","by":"a","why":"b"}`); a.code != 201 {
			t.Fatalf("status %d: %s", a.code, a.body)
		}
	}
	a := order(t, h, `{"id":"once","kind":"stop","by":"a","why":"b"}`)
	if a.code != 409 || len(w.orders) != 1 {
		t.Errorf("status %d: %s; %d orders", a.code, a.body, len(w.orders))
	}
}

// TestOrderAtOnce shows an order in the gate and the status before the next
// tick knows it, and takes it away again with its counterpart.
func TestOrderAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := web.New(w.config())
		h := s.Handler()
		w.play(time.Now(), time.Now(), calm, nil)
		verdict := func() client.Verdict {
			var a client.Answer
			decode(t, get(t, h, "/v1/gate/checkout"), &a)
			return a.Verdict
		}
		steps := []struct {
			body string
			want client.Verdict
		}{
			{`{"kind":"thaw","target":"checkout","by":"a","why":"b"}`, client.Allow},
			{`{"kind":"freeze","target":"checkout","by":"a","why":"b","for":"10s"}`, client.Deny},
			{`{"kind":"thaw","target":"checkout","by":"a","why":"b"}`, client.Allow},
			{`{"kind":"freeze","target":"checkout","by":"a","why":"b","for":"10s"}`, client.Deny},
		}
		for i, step := range steps {
			time.Sleep(time.Second)
			order(t, h, step.body)
			if got := verdict(); got != step.want {
				t.Errorf("step %d: %s, want %s", i, got, step.want)
			}
		}
		w.play(time.Now(), time.Now(), calm, nil) // the tick knows them all now
		if got := verdict(); got != client.Deny {
			t.Errorf("after the tick: %s", got)
		}
		time.Sleep(11 * time.Second)
		if got := verdict(); got != client.Allow {
			t.Errorf("after it lapsed: %s", got)
		}
	})
}

// TestOrderWithoutLedger takes a stop while the ledger is down, refuses the
// rest, and lets no password out.
func TestOrderWithoutLedger(t *testing.T) {
	w, s := incident(time.Minute)
	w.down = errors.New("connection refused")
	h := s.Handler()
	var got client.Receipt
	a := order(t, h, `{"kind":"stop","by":"ann","why":"wrong"}`)
	decode(t, a, &got)
	if a.code != 202 || got.Recorded || !strings.Contains(got.Words, "will be recorded as soon as") {
		t.Errorf("stop: status %d, %+v", a.code, got)
	}
	a = order(t, h, `{"kind":"freeze","target":"checkout","by":"ann","why":"wrong"}`)
	if a.code != 503 || strings.Contains(a.body, "hunter2") || !strings.Contains(a.body, "not-recorded") {
		t.Errorf("freeze: status %d: %s", a.code, a.body)
	}
	var status client.Status
	if err := json.Unmarshal([]byte(get(t, h, "/v1/status").body), &status); err != nil || status.Stop == nil {
		t.Errorf("status shows no stop: %v", err)
	}
}

func TestOrderNotTaken(t *testing.T) {
	if a := order(t, web.New(web.Config{}).Handler(), `{"kind":"stop","by":"a","why":"b"}`); a.code != 503 || !strings.Contains(a.body, "no-orders") {
		t.Errorf("status %d: %s", a.code, a.body)
	}
}

// TestCrossOrigin refuses what another site's page has a browser send, be it
// by its own name or by one that it pointed here.
func TestCrossOrigin(t *testing.T) {
	w, s := incident(time.Minute)
	h := s.Handler()
	form := "by=a&why=b&confirm=yes"
	for _, c := range []struct {
		name    string
		host    string
		headers []string
		taken   bool
	}{
		{"a program", "127.0.0.1:8321", nil, true},
		{"a program by another name", "setpoint.internal", nil, true},
		{"our page", "127.0.0.1:8321", []string{"Origin", "http://127.0.0.1:8321", "Sec-Fetch-Site", "same-origin"}, true},
		{"our page by name", "localhost:8321", []string{"Origin", "http://localhost:8321"}, true},
		{"our page, v6", "[::1]:8321", []string{"Origin", "http://[::1]:8321"}, true},
		{"another site", "127.0.0.1:8321", []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, false},
		{"another site, old browser", "127.0.0.1:8321", []string{"Origin", "https://evil.example"}, false},
		{"a sandboxed frame", "127.0.0.1:8321", []string{"Origin", "null"}, false},
		{"another port", "127.0.0.1:8321", []string{"Origin", "http://127.0.0.1:9999", "Sec-Fetch-Site", "same-site"}, false},
		{"rebinding", "evil.example:8321", []string{"Origin", "http://evil.example:8321", "Sec-Fetch-Site", "same-origin"}, false},
	} {
		for path, kind := range map[string]string{"/actions/stop": "application/x-www-form-urlencoded", "/v1/orders": "application/json"} {
			w.orders = nil
			body := map[string]string{"/actions/stop": form, "/v1/orders": `{"kind":"stop","by":"a","why":"b"}`}[path]
			r := newPost(path, c.host, body, append(c.headers, "Content-Type", kind)...)
			a := serve(h, r)
			if got := len(w.orders) == 1; got != c.taken || !c.taken && a.code != 403 {
				t.Errorf("%s to %s: taken %t, status %d", c.name, path, got, a.code)
			}
		}
	}
}

func TestActionForms(t *testing.T) {
	w, s := incident(time.Minute)
	h := s.Handler()
	post := func(kind string, values url.Values) answer {
		return do(t, h, http.MethodPost, "/actions/"+kind, values.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	}
	person := func(pairs ...string) url.Values {
		v := url.Values{"by": {"Ann"}, "why": {"because"}, "confirm": {"yes"}}
		for i := 0; i+1 < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v
	}
	a := post("stop", person("target", "*", "revert", "yes", "id", "form-1"))
	if a.code != 303 || a.header.Get("Location") != "/control?done=stop&recorded=1&revert=1&target=%2A" || len(w.orders) != 1 || !w.orders[0].Revert || w.orders[0].ID != "form-1" {
		t.Errorf("stop: status %d to %q, orders %+v", a.code, a.header.Get("Location"), w.orders)
	}
	if shown := get(t, h, a.header.Get("Location")); !strings.Contains(shown.body, "settings walk back to rest") {
		t.Error("the page does not say what was done")
	}
	if a := post("pin", person("target", "reporting-timeout", "setting", "12.5", "for", "30m")); a.code != 303 || *w.orders[1].Setting != 12.5 || w.orders[1].Until.IsZero() {
		t.Errorf("pin: status %d, %+v", a.code, w.orders)
	}
	for name, c := range map[string]struct {
		kind   string
		values url.Values
		says   string
	}{
		"not confirmed": {"stop", person("confirm", ""), "it was not confirmed"},
		"no number":     {"pin", person("target", "reporting-timeout", "setting", "much"), "setting is not a number from 1 s to 30 s"},
		"no kind":       {"explode", person(), "is none of stop"},
	} {
		a := post(c.kind, c.values)
		if a.code != 422 || !strings.Contains(a.body, c.says) || !strings.Contains(a.body, `value="Ann"`) || !strings.Contains(a.body, `value="because"`) {
			t.Errorf("%s: status %d; says %q: %t", name, a.code, c.says, strings.Contains(a.body, c.says))
		}
	}
	if len(w.orders) != 2 {
		t.Errorf("%d orders were taken", len(w.orders))
	}
}

// FuzzOrder posts any body: what is taken is a valid order, what is not is
// told as JSON.
func FuzzOrder(f *testing.F) {
	w, s := incident(time.Minute)
	h := s.Handler()
	for _, seed := range []string{
		`{"kind":"stop","by":"a","why":"b"}`, `{"kind":"pin","target":"reporting-timeout","by":"a","why":"b","setting":5,"for":"1h"}`,
		`{"kind":"approve","target":"checkout-freeze","by":"a","why":"b","setting":1e309}`, `[]`, `null`, `{"setting":-0}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		w.orders = nil
		a := order(t, h, body)
		if !json.Valid([]byte(a.body)) {
			t.Fatalf("status %d, not JSON: %q", a.code, a.body)
		}
		if taken := len(w.orders) == 1; taken != (a.code == 201) {
			t.Fatalf("taken %t, status %d", taken, a.code)
		}
		for _, o := range w.orders {
			if o.By == "" || o.Why == "" || o.ID == "" || o.Target == "" || strings.ContainsAny(o.By+o.Why+o.ID, "\n\r\x00\u202e") {
				t.Fatalf("order %+v", o)
			}
			if o.Setting != nil && (*o.Setting < 0 || *o.Setting > 30) || !o.Until.IsZero() && !o.Until.After(o.At) {
				t.Fatalf("order %+v", o)
			}
		}
	})
}

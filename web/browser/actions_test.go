package browser_test

import (
	"context"
	"maps"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"setpoint.dev/setpoint/loop"
)

// actions gives each order by its form, by keys alone, and finds it in the
// ledger as it was given. Reasons try to be markup, and are shown as they are.
func actions(t *testing.T, s *shop, browser context.Context) {
	p := open(t, browser)
	for _, c := range []struct {
		kind    loop.OrderKind
		target  string
		fill    map[string]string // what else is filled in
		setting float64
		bounded bool // it has an end
	}{
		{kind: loop.OrderApprove, target: "search-releases", setting: 1, bounded: true},
		{kind: loop.OrderPin, target: "search-releases", fill: map[string]string{"setting": "f"}, setting: 1, bounded: true},
		{kind: loop.OrderUnpin, target: "search-releases"},
		{kind: loop.OrderFreeze, target: "search", fill: map[string]string{"for": "1"}, bounded: true},
		{kind: loop.OrderThaw, target: "search"},
		{kind: loop.OrderOverride, target: "search", fill: map[string]string{"release": "v9", "ticket": "T-1<b>"}, bounded: true},
		{kind: loop.OrderRevoke, target: "search"},
		{kind: loop.OrderDemote, target: "search-releases"},
		{kind: loop.OrderPromote, target: "search-releases"},
		{kind: loop.OrderAnnotate, target: "checkout-availability"},
		{kind: loop.OrderAdjust, target: "probe-outage", fill: map[string]string{"objective": "checkout-latency"}},
		{kind: loop.OrderUnadjust, target: "probe-outage"},
		{kind: loop.OrderStop, target: "*", fill: map[string]string{"revert": " "}},
		{kind: loop.OrderResume, target: "*"},
	} {
		p.visit(s.url + "/control")
		why := "because of <script>alert('" + string(c.kind) + "')</script>"
		p.fill(string(c.kind), c.target, map[string]string{"target": c.target, "by": "ann <img src=x>", "why": why, "confirm": " "}, c.fill)
		p.until(string(c.kind)+" says what it did", `location.search.includes("done=`+string(c.kind)+`") && document.readyState == "complete" && document.querySelector(".note.ok") != null`)
		o := s.newest(t)
		if o.Kind != c.kind || o.Target != c.target || o.Why != why || o.By != "ann <img src=x>" || o.Until.IsZero() == c.bounded {
			t.Errorf("%s of %s: the ledger has %+v", c.kind, c.target, o)
		}
		if (o.Setting != nil) != (c.setting != 0) || o.Setting != nil && *o.Setting != c.setting {
			t.Errorf("%s: setting %v, want %g", c.kind, o.Setting, c.setting)
		}
		if n := eval[int](p, `document.querySelectorAll("main script, main img[src=x], main b").length`); n > 0 {
			t.Errorf("%s: a reason became %d elements", c.kind, n)
		}
		s.tick(t) // the loop takes it in: the next form is about what is in force
	}
	for _, c := range p.complaints() {
		t.Error(c)
	}
}

// fill fills in the form of an order by keys alone and sends it: what hides it
// is opened, then Tab leads to each field in its turn, where it is written in.
// Fields that nothing is said about stay as they are.
func (p *tab) fill(kind, target string, all ...map[string]string) {
	p.t.Helper()
	values := map[string]string{}
	for _, some := range all {
		maps.Copy(values, some)
	}
	folded := eval[bool](p, `{const f = [...document.querySelectorAll("form[action='/actions/`+kind+`']")].find(f => f.elements.target.value == "`+target+`" || f.elements.target.type != "hidden");
		f.dataset.test = "this"; const d = f.closest("details");
		(d?.querySelector("summary") ?? f.querySelector("p, label")).setAttribute("tabindex", "0");
		(d?.querySelector("summary") ?? f.querySelector("p, label")).focus(); d != null && !d.open}`)
	if folded {
		p.do(chromedp.KeyEvent(kb.Enter))
		p.until("Enter opens the form of "+kind, `document.querySelector("[data-test=this]").closest("details").open`)
	}
	last := ""
	for range 60 {
		p.do(chromedp.KeyEvent(kb.Tab))
		at := eval[string](p, `document.activeElement.form?.dataset.test == "this" ? document.activeElement.name || document.activeElement.localName : "elsewhere"`)
		switch {
		case at == "button":
			p.do(chromedp.KeyEvent(kb.Enter))
			return
		case at == "elsewhere" && last != "":
			p.t.Fatalf("%s: Tab leads out of the form after %s", kind, last)
		case at != last && values[at] != "":
			p.do(chromedp.KeyEvent(values[at]))
		}
		last = strings.TrimPrefix(at, "elsewhere")
	}
	p.t.Fatalf("%s: Tab does not lead to the end of the form", kind)
}

// byKeys gives the emergency stop without a mouse: from the top of the page
// by its link, then by Tab, letters and Space alone.
func byKeys(t *testing.T, s *shop, browser context.Context) {
	p := open(t, browser)
	p.visit(s.url + "/control")
	eval[chromedp.Void](p, `document.querySelector(".halt").focus()`)
	p.do(chromedp.KeyEvent(kb.Enter))
	p.until("the link leads to the form", `location.hash == "#stop"`)
	p.do(chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent("ann"), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent("by hand"),
		chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(" "), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter))
	p.until("the stop is given", `location.search.includes("done=stop") && document.readyState == "complete"`)
	if o := s.newest(t); o.Kind != loop.OrderStop || o.By != "ann" || o.Why != "by hand" || o.Revert {
		t.Errorf("the ledger has %+v", o)
	}
	s.tick(t)
	p.visit(s.url + "/control")
	p.checkAccess("the page during a stop")
	p.visit(s.url)
	if !eval[bool](p, `document.querySelector(".banner.bad").innerText.includes("by hand")`) {
		t.Error("the overview does not say that everything is stopped")
	}
}

// newest is the order that the ledger got last.
func (s *shop) newest(t *testing.T) loop.Order {
	t.Helper()
	all, err := s.records.OrderHistory(t.Context(), "", 1)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d orders: %v", len(all), err)
	}
	return all[0]
}

package browser_test

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"setpoint.dev/setpoint/web"
)

// live has the page follow the loop: through ticks, while somebody writes,
// and over a restart of the server.
func live(t *testing.T, s *shop, browser context.Context) {
	p := open(t, browser)
	p.visit(s.url)
	eval[chromedp.Void](p, "window.mark = true") // gone when the page is loaded anew
	seen := eval[string](p, seenBy)
	s.tick(t)
	p.until("the page shows the newest tick", seenBy+" != "+quote(seen))
	p.until("it says as of when", `document.querySelector("footer time").dateTime == `+quote(s.now.Format("2006-01-02T15:04:05Z")))

	p.visit(s.url + "/control")
	eval[chromedp.Void](p, "window.mark = true")
	p.do(chromedp.SendKeys(chromedp.CSS("#stop input[name=why]"), "half a sen"))
	s.tick(t)
	p.until("the page does not take the form away", `!document.querySelector("#news").hidden`)
	p.do(chromedp.SendKeys(chromedp.CSS("#stop input[name=why]"), "tence"))
	if why := eval[string](p, `document.querySelector("#stop input[name=why]").value`); why != "half a sentence" {
		t.Errorf("what was written became %q", why)
	}

	p.visit(s.url)
	eval[chromedp.Void](p, "window.mark = true")
	seen = eval[string](p, seenBy)
	s.stop()
	p.until("the page says that the connection is lost", `!document.querySelector("#offline").hidden`)
	s.web = web.New(s.config(s.t)) // another process, as far as pages can tell
	s.stop = s.listen(s.t, strings.TrimPrefix(s.url, "http://"))
	p.until("the connection is back", `document.querySelector("#offline").hidden`)
	p.until("the page shows what the new process knows", seenBy+".split('.')[0] != "+quote(strings.Split(seen, ".")[0]))
	if !eval[bool](p, "window.mark === true") {
		t.Error("the page was loaded anew, and with it went what its reader had opened")
	}
	for _, c := range p.complaints() {
		if !strings.Contains(c, "net::ERR_") {
			t.Error(c)
		}
	}
}

const seenBy = `document.querySelector("#page").dataset.seen`

func quote(text string) string { return `"` + text + `"` }

// keys goes about by keyboard.
func keys(t *testing.T, s *shop, browser context.Context) {
	p := open(t, browser)
	p.visit(s.url)
	p.do(chromedp.KeyEvent("?"))
	p.until("? tells the keys", `document.querySelector("#keys").open`)
	p.checkAccess("the keys")
	p.do(chromedp.KeyEvent(kb.Escape))
	p.until("Esc closes them", `!document.querySelector("#keys").open`)
	p.do(chromedp.KeyEvent("j"), chromedp.KeyEvent("j"), chromedp.KeyEvent("k"), chromedp.KeyEvent(kb.Enter))
	p.until("j and Enter open the first row", `location.pathname.startsWith("/objectives/") && document.readyState == "complete"`)
	for key, path := range map[string]string{"d": "/decisions", "g": "/gate", "c": "/control", "r": "/reports", "t": "/capacity", "h": "/health", "o": "/"} {
		p.do(chromedp.KeyEvent("g"), chromedp.KeyEvent(key))
		p.until("g "+key+" goes to "+path, `location.pathname == `+quote(path)+` && document.readyState == "complete"`)
		if told := eval[bool](p, `[...document.querySelectorAll("#keys dt")].some(e => e.textContent.replace(/\s/g, "") == `+quote("g"+key)+`)`); !told {
			t.Errorf("? does not tell of g %s", key)
		}
	}
	p.visit(s.url)
	p.do(chromedp.KeyEvent("/"))
	p.until("/ leads to the search", `document.activeElement.type == "search"`)
	p.do(chromedp.KeyEvent(kb.Backspace), chromedp.KeyEvent("suggest")) // the driver types the / as well, people's browsers do not
	p.until("/ leads to the search, which answers while one types", `new URLSearchParams(location.search).get("q") == "suggest" && document.querySelectorAll("[data-row][href^='/objectives/']").length == 1`)
	p.visit(s.url)
	p.do(chromedp.KeyEvent(kb.Tab))
	if first := eval[string](p, "document.activeElement.className"); first != "skip" {
		t.Errorf("the first Tab leads to %q, not past the navigation", first)
	}
	for _, c := range p.complaints() {
		t.Error(c)
	}
}

package browser_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"setpoint.dev/setpoint/ledger"
)

// views are every kind of page, with an address that shows one.
func (s *shop) views() map[string]string {
	records, err := s.records.Decisions(s.t.Context(), ledger.DecisionFilter{Moves: true, Limit: 1})
	if err != nil || len(records) == 0 {
		s.t.Fatalf("%d moves: %v", len(records), err)
	}
	decision := records[0].Decision.ID
	verdicts, err := s.records.Verdicts(s.t.Context(), ledger.VerdictFilter{Limit: 1})
	if err != nil || len(verdicts) == 0 {
		s.t.Fatalf("%d verdicts: %v", len(verdicts), err)
	}
	return map[string]string{
		"overview": "/", "overview-team": "/?group=team&sort=left&q=se", "overview-columns": "/?col=state&col=left&col=burn&col=events&col=owner&col=data&group=team", "overview-few": "/?col=left&col=data", "service": "/services/checkout", "report": "/reports", "capacity": "/capacity", "health": "/health", "actuator": "/actuators/checkout-releases?range=6h", "actuator-asks": "/actuators/search-releases?range=6h", "card": "/cards/objectives/checkout-availability", "objective": "/objectives/checkout-availability", "objective-no-data": "/objectives/search-index", "objective-month": "/objectives/search-answers",
		"gate": "/gate?service=checkout&environment=%3Cscript%3Ealert(1)%3C/script%3E&at=" + time.Now().UTC().Add(-20*time.Minute).Format("2006-01-02T15:04"), "decisions": "/decisions", "decision": "/decisions/" + decision + "?replay=1",
		"control": "/control", "problem": "/nowhere", "verdict": "/verdicts/" + verdicts[0].ID,
	}
}

// TestBrowser looks at the shop's pages as people do.
func TestBrowser(t *testing.T) {
	s, browser := openShop(t), chromium(t)
	t.Run("harness", func(t *testing.T) { breaks(t, s, browser) })
	for name, path := range s.views() {
		t.Run(name, func(t *testing.T) { view(t, browser, name, s.url+path) })
	}
	t.Run("weight", func(t *testing.T) { weight(t, s) })
	t.Run("charts", func(t *testing.T) { charts(t, s, browser) })
	t.Run("keys", func(t *testing.T) { keys(t, s, browser) })
	t.Run("live", func(t *testing.T) { live(t, s, browser) })
	t.Run("reload", func(t *testing.T) { reloaded(t, s, browser) })
	t.Run("known", func(t *testing.T) { known(t, s, browser) })
	t.Run("linked", func(t *testing.T) { linked(t, s, browser) })
	t.Run("policies of then", func(t *testing.T) { policiesOfThen(t, s, browser) })
	t.Run("columns", func(t *testing.T) { columns(t, s, browser) })
	t.Run("reports", func(t *testing.T) { reports(t, s, browser) })
	t.Run("actions", func(t *testing.T) { actions(t, s, browser) })
	t.Run("stop by keys", func(t *testing.T) { byKeys(t, s, browser) })
	t.Run("without scripts", func(t *testing.T) { withoutScripts(t, s, browser) })
}

// view opens a view in both themes and three widths: nothing is refused or
// fails in it, no script of a name or reason runs, nobody is shut out, and no
// phone has to be moved sideways.
func view(t *testing.T, browser context.Context, name, url string) {
	p := open(t, browser)
	p.theme("light")
	p.visit(url)
	for _, px := range []int64{1440, 768, 320} {
		p.width(px)
		p.picture(fmt.Sprintf("%s-light-%d", name, px))
		if wide := eval[int64](p, "document.documentElement.scrollWidth"); wide > px {
			t.Errorf("%s is %d pixels wide in a window of %d: %s", name, wide, px, eval[string](p, widest))
		}
	}
	p.checkAccess(name + " in light at 320 px")
	p.theme("dark")
	p.width(1440)
	p.picture(name + "-dark-1440")
	p.checkAccess(name + " in dark at 1440 px")
	for _, c := range p.complaints() {
		if name != "problem" || !strings.Contains(c, "404") {
			t.Errorf("%s: %s", name, c)
		}
	}
	if n := eval[int](p, `document.querySelectorAll("main script, main img[onerror], main b, [onload]").length`); n > 0 {
		t.Errorf("%s: a name or reason became %d elements", name, n)
	}
}

// widest names what sticks out on the right.
const widest = `[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth && !e.closest(".scroll")).slice(0, 3).map(e => e.outerHTML.slice(0, 120)).join("\n")`

// breaks does what the other tests look for, to see that they see it.
func breaks(t *testing.T, s *shop, browser context.Context) {
	p := open(t, browser)
	p.visit(s.url)
	for _, script := range []string{
		`document.body.insertAdjacentHTML("beforeend", "<img alt='' src='https://elsewhere.example/x.png'>")`,
		`document.body.insertAdjacentHTML("beforeend", "<p style='color: red'>")`,
		`document.body.insertAdjacentHTML("beforeend", "<p onclick='alert(1)'>"), document.body.lastChild.click()`,
		`setTimeout(() => { throw new Error("deliberate") })`,
		`console.error("deliberate")`,
	} {
		p.complaints()
		eval[chromedp.Void](p, script)
		heard := false
		for deadline := time.Now().Add(30 * time.Second); !heard && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			heard = len(p.complaints()) > 0
		}
		if !heard {
			t.Errorf("nobody complains of %s", script)
		}
	}
	eval[chromedp.Void](p, `document.body.insertAdjacentHTML("beforeend", "<button></button>")`)
	if len(p.axe()) == 0 {
		t.Error("a button without a name is fine with axe")
	}
}

// withoutScripts reads each view in a browser that runs none.
func withoutScripts(t *testing.T, s *shop, browser context.Context) {
	p := open(t, browser)
	p.scripts(false)
	for name, path := range s.views() {
		p.visit(s.url + path)
		if said := eval[int](p, "document.querySelector('main').innerText.length"); said < 40 {
			t.Errorf("%s says next to nothing without scripts", name)
		}
	}
}

// charts draws the figures with which scripts can be read closely, and again
// after the page has followed a tick.
func charts(t *testing.T, s *shop, browser context.Context) {
	p := open(t, browser)
	p.width(1440)
	p.visit(s.url + "/objectives/checkout-availability")
	const drawn = `document.querySelectorAll("figure.plotted .u-over").length`
	if n := eval[int](p, drawn); n < 4 {
		t.Errorf("%d charts can be read closely", n)
	}
	seen := eval[string](p, seenBy)
	s.tick(t)
	p.until("the page shows the newest tick", seenBy+" != "+quote(seen))
	p.until("the charts are drawn again", drawn+" >= 4")
	eval[chromedp.Void](p, `document.querySelector("select[name=range]").value = "1d", document.querySelector("select[name=range]").dispatchEvent(new Event("change", {bubbles: true}))`)
	p.until("another range is shown as soon as it is chosen", `location.search == "?range=1d" && document.querySelector("select[name=range] option[selected]").value == "1d"`)
	p.visit(s.url + "/objectives/checkout-availability?from=2001-01-01T00:00&to=2001-01-02T00:00")
	if !strings.Contains(eval[string](p, "document.body.innerText"), "Nothing was counted from 1 Jan") {
		t.Error("a time of which nothing is known is not said to be empty")
	}
	p.checkAccess("a time of which nothing is known")
	for _, c := range p.complaints() {
		t.Error(c)
	}
}

// columns chooses which are seen, with scripts and without, at two widths.
func columns(t *testing.T, s *shop, browser context.Context) {
	p := open(t, browser)
	const seen = `[...document.querySelectorAll(".budgets thead th")].map(e => e.innerText).join()`
	const choose = `document.querySelector(".choose").open = true, document.querySelector("input[name=col][value=burn]").click(), document.querySelector("input[name=col][value=owner]").click()`
	for _, scripts := range []bool{true, false} {
		p.scripts(scripts)
		p.visit(s.url + "/?sort=name")
		eval[chromedp.Void](p, choose)
		if !scripts {
			eval[chromedp.Void](p, `document.querySelector("form.filter button").click()`)
		}
		p.until("the columns that were chosen are seen", `document.readyState == "complete" && document.querySelector(".budgets") != null && `+seen+` == "Objective,State,Budget left,Team and labels"`)
		at := eval[string](p, "location.search")
		if !strings.Contains(at, "sort=name") || !strings.Contains(at, "col=state&col=left&col=owner") {
			t.Errorf("the address %q does not hold what was chosen", at)
		}
	}
	p.width(320)
	if cells := eval[string](p, `document.querySelector(".budgets tbody tr").innerText`); !strings.Contains(cells, "journey: buy") || eval[bool](p, `document.querySelector(".budgets .ladder") != null`) {
		t.Errorf("at 320 px a row says %q", cells)
	}
	for _, c := range p.complaints() {
		t.Error(c)
	}
}

// policiesOfThen asks the gate about a time of the past by its form.
func policiesOfThen(t *testing.T, s *shop, browser context.Context) {
	p := open(t, browser)
	p.visit(s.url + "/gate?service=checkout&at=" + time.Now().UTC().Add(-20*time.Minute).Format("2006-01-02T15:04"))
	if said := eval[string](p, `document.querySelector("main").innerText`); !strings.Contains(said, "by the release policies of then, in force since") {
		t.Errorf("the page says %.1000q", said)
	}
	p.visit(s.url + "/gate?service=checkout&at=" + time.Now().UTC().Add(-3*time.Hour).Format("2006-01-02T15:04"))
	if said := eval[string](p, `document.querySelector("main").innerText`); !strings.Contains(said, "that of then is not on record, which begins at") {
		t.Errorf("the page says %.1000q", said)
	}
}

// linked are the queries of an objective, each with the page of its source.
func linked(t *testing.T, s *shop, browser context.Context) {
	p := open(t, browser)
	p.visit(s.url + "/objectives/checkout-availability")
	const wrong = `[...document.querySelectorAll("a[href^='https://metrics.example/graph?']")].filter(a => new URL(a.href).searchParams.get("g0.expr") != a.closest("p").nextElementSibling.innerText).length`
	if n := eval[int](p, `document.querySelectorAll("a[href^='https://metrics.example/graph?'][rel~=noopener]").length`); n < 2 || eval[int](p, wrong) > 0 {
		t.Errorf("%d links to queries", n)
	}
}

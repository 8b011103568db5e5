package browser_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// reloaded has the definitions read anew in the middle of the incident, first
// with a mistake, then in order: the open page says so by itself, keeps what its
// reader has opened, and the freeze stays in force.
func reloaded(t *testing.T, s *shop, browser context.Context) {
	p := open(t, browser)
	p.visit(s.url + "/objectives/checkout-availability")
	eval[chromedp.Void](p, `window.mark = true; document.querySelector("details.absolute").open = true`)
	was := *s.read.Load()
	s.read.Store(&web.Definitions{Since: was.Since, Tried: s.now, Files: 1, Problems: []string{`slos.yaml:12:7: spec.target: "<script>alert('mistake')</script>" is not a number`}})
	s.web.News()
	p.until("the page says that the definitions are refused", `document.querySelector(".banner.bad")?.innerText.includes("slos.yaml:12:7") ?? false`)
	set := *s.set.Load()
	set.Objectives = append([]slo.Objective(nil), set.Objectives...)
	for i := range set.Objectives {
		if set.Objectives[i].Name == "checkout-availability" {
			set.Objectives[i].Target = slo.NewDecimal(998, 3)
		}
	}
	if err := s.loop.Use(&set, s.source, s.acts); err != nil {
		t.Fatal(err)
	}
	s.set.Store(&set)
	s.read.Store(&web.Definitions{OK: true, Since: s.now, Tried: s.now, Files: 1})
	s.tick(t)
	p.until("the page shows the new target", `document.querySelector(".tiles dd").innerText.startsWith("99.8 %") && !document.querySelector(".banner.bad")`)
	if !eval[bool](p, `window.mark === true && document.querySelector("details.absolute").open`) {
		t.Error("what the reader had opened is gone")
	}
	if !eval[bool](p, `document.body.innerText.includes("checkout-releases is frozen")`) {
		t.Error("the freeze does not stand after the definitions were read")
	}
	p.visit(s.url + "/health")
	p.checkAccess("health after the definitions were read")
	for _, c := range p.complaints() {
		t.Error(c)
	}
}

// oneToken is a book of tokens whose names try to be markup.
type oneToken struct{}

func (oneToken) Tokens(context.Context) ([]client.Token, error) {
	return []client.Token{{ID: "t1", Name: "ci <script>alert('token')</script>", Scopes: []string{"gate"}, Teams: []string{"<b>shop"}, By: "ann", At: time.Now(), Expires: time.Now().Add(time.Hour)}}, nil
}

func (oneToken) MakeToken(_ context.Context, t client.Token) (client.Token, slo.Secret, error) {
	return t, "spt_made", nil
}

func (oneToken) RevokeToken(context.Context, string, string, time.Time) (client.Token, error) {
	return client.Token{}, errors.New("not here")
}

// known looks at a server that asks who one is: people log in, the page follows
// the loop, and goes on doing so when the server was started again.
func known(t *testing.T, s *shop, browser context.Context) {
	guarded := func() *web.Server {
		cfg := s.config(t)
		cfg.Tokens = oneToken{}
		cfg.Caller = func(_ context.Context, key slo.Secret, _ time.Time) (web.Caller, error) {
			if key != "good" {
				return web.Caller{}, web.ErrNobody
			}
			return web.Caller{Name: "ann <img src=x>", Scopes: []web.Scope{web.ScopeAdmin}}, nil
		}
		return web.New(cfg)
	}
	open0, url := s.web, s.url
	defer func() { s.web, s.url = open0, url }()
	s.web = guarded()
	stop := s.listen(t, "127.0.0.1:0")
	p := open(t, browser)
	p.visit(s.url)
	p.picture("login-light")
	p.checkAccess("login")
	p.theme("dark")
	p.checkAccess("login in dark")
	p.do(chromedp.SendKeys(chromedp.CSS("input[name=token]"), "good\r"))
	p.until("who shows a token is let in", `document.querySelector("footer")?.innerText.includes("ann <img src=x>") ?? false`)
	p.complaints() // that the first page was refused with 401
	seen := eval[string](p, seenBy)
	eval[chromedp.Void](p, "window.mark = true")
	s.tick(t)
	p.until("the page shows the newest tick", seenBy+" != "+quote(seen))
	stop()
	p.until("the page says that the connection is lost", `!document.querySelector("#offline").hidden`)
	s.web = guarded()
	stop = s.listen(t, strings.TrimPrefix(s.url, "http://"))
	p.until("the connection is back, and who looks is still known", `document.querySelector("#offline").hidden && document.querySelector("footer").innerText.includes("ann") && `+seenBy+".split('.')[0] != "+quote(strings.Split(seen, ".")[0]))
	if !eval[bool](p, "window.mark === true") {
		t.Error("the page was loaded anew")
	}
	p.complaints() // of the time without a server
	for _, scheme := range []string{"light", "dark"} {
		p.theme(scheme)
		p.visit(s.url + "/tokens")
		p.picture("tokens-" + scheme)
		p.checkAccess("tokens in " + scheme)
	}
	if n := eval[int](p, `document.querySelectorAll("main script, main b, footer img").length`); n > 0 {
		t.Errorf("a name became %d elements", n)
	}
	for _, c := range p.complaints() {
		if !strings.Contains(c, "net::ERR_") && !strings.Contains(c, "401") { // of the time before, without a server or a token
			t.Error(c)
		}
	}
	stop()
}

package browser_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// axePath is where npm puts the rules for accessibility.
const axePath = "../../.cache/parts/ui/node_modules/axe-core/axe.min.js"

// A tab is a tab of a real Chromium. What its console says that is not good
// is kept: errors of scripts, and what the security policy refused.
type tab struct {
	t   testing.TB
	ctx context.Context
	mu  sync.Mutex
	bad []string
}

// chromium starts a browser without a screen.
func chromium(t testing.TB) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if found, err := exec.LookPath(name); err == nil && path == "" {
			path = found
		}
	}
	if path == "" {
		t.Fatal("there is no Chromium: scripts/parts chromium installs one")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox)
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return ctx
}

// open opens a tab, which is closed when the test ends.
func open(t testing.TB, browser context.Context) *tab {
	t.Helper()
	return openFor(t, browser, 2*time.Minute)
}

// openFor is open for longer looks.
func openFor(t testing.TB, browser context.Context, patience time.Duration) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, patience)
	t.Cleanup(cancel)
	p := &tab{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, p.hear); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	return p
}

func (p *tab) hear(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			p.bad = append(p.bad, fmt.Sprintf("%s: %s (%s)", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *runtime.EventExceptionThrown:
		p.bad = append(p.bad, "exception: "+e.ExceptionDetails.Text+" "+e.ExceptionDetails.URL)
	case *runtime.EventConsoleAPICalled:
		if e.Type != runtime.ConsoleAPICalledTypeLog && e.Type != runtime.ConsoleAPICalledTypeInfo {
			p.bad = append(p.bad, fmt.Sprintf("console.%s: %v", e.Type, text(e.Args)))
		}
	}
}

func text(args []*runtime.RemoteObject) (out []string) {
	for _, a := range args {
		out = append(out, string(a.Value)+a.Description)
	}
	return out
}

// complaints are what the console has said since the last call.
func (p *tab) complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	bad := p.bad
	p.bad = nil
	return bad
}

// do runs steps, which must succeed.
func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// visit opens a page and waits until it is loaded.
func (p *tab) visit(url string) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, chromedp.Navigate(url)); err != nil {
		p.t.Fatalf("open %s: %v", url, err)
	}
}

// eval runs a script of the test, which the page's policy does not bind. A
// promise is waited for.
func eval[T any](p *tab, script string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%.200s: %v", script, err)
	}
	return v
}

// until waits until a script is true.
func (p *tab) until(what, script string) {
	p.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !eval[bool](p, script) {
		if time.Now().After(deadline) {
			p.t.Fatalf("%s: not within 30 s; the page says %.2000q", what, eval[string](p, "document.body.innerText"))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// theme makes the reader's system light or dark.
func (p *tab) theme(scheme string) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		return err
	}))
}

// scripts switches scripts of pages on or off.
func (p *tab) scripts(on bool) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return err
	}))
}

// width makes the window so many pixels wide.
func (p *tab) width(px int64) { p.t.Helper(); p.do(chromedp.EmulateViewport(px, 900)) }

// A violation is a rule for accessibility that a page breaks.
type violation struct {
	ID    string
	Help  string
	Nodes []struct {
		HTML           string `json:"html"`
		FailureSummary string `json:"failureSummary"`
	}
}

// axe holds the page against the rules that axe-core runs by default: WCAG A and
// AA, and good practice.
func (p *tab) axe() []violation {
	p.t.Helper()
	rules, err := os.ReadFile(axePath)
	if err != nil {
		p.t.Fatalf("%v\nscripts/parts ui fetches them", err)
	}
	found := eval[string](p, string(rules)+`;axe.run(document, {resultTypes: ["violations"], preload: false}).then(r => JSON.stringify(r.violations))`)
	var out []violation
	if err := json.Unmarshal([]byte(found), &out); err != nil {
		p.t.Fatalf("%v: %s", err, found)
	}
	return out
}

// checkAccess fails the test for what the page does to people who see,
// hear or move differently.
func (p *tab) checkAccess(where string) {
	p.t.Helper()
	for _, v := range p.axe() {
		for _, n := range v.Nodes {
			p.t.Errorf("%s: %s: %s\n  %s\n  %s", where, v.ID, v.Help, n.HTML, strings.ReplaceAll(n.FailureSummary, "\n", "\n  "))
		}
	}
}

// picture keeps a picture of the page where PICTURES says.
func (p *tab) picture(name string) {
	dir := os.Getenv("PICTURES")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(dir+"/"+name+".png", png, 0o644)
	}
	if err != nil {
		p.t.Error(err)
	}
}

//go:build linux

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"setpoint.dev/setpoint/client"
)

// A beside is `setpoint agent` with what it enforces: the reaper of a shop's
// database, a gate in front of a service, and a published contract.
type beside struct {
	*server        // the process
	settings, gate string
	busy, leave    chan struct{} // of the service behind the gate
	through        atomic.Pointer[url.URL]
}

// newBeside prepares a server that leaves enforcement to an agent. The agent
// finds it through a proxy, as the server may come back on another port.
func newBeside(t *testing.T) (*server, *beside) {
	t.Helper()
	s := openShop(t)
	v := newServer(s, "act", "1s")
	shop := v.args[len(v.args)-1]
	text, err := os.ReadFile(shop)
	must(t, err)
	text = []byte(strings.Replace(string(text), "roleDefault: true", "roleDefault: true, reaper: agent", 1))
	text = []byte(strings.Replace(string(text), "  tight: 1s\n", "  tight: 1s\n  lease: 5s\n", 1))
	must(t, os.WriteFile(shop, text, 0o600))
	v.args = append(v.args, "testdata/agent.yaml")
	b := &beside{busy: make(chan struct{}), leave: make(chan struct{})}
	proxy := httptest.NewServer(&httputil.ReverseProxy{FlushInterval: -1, ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(b.through.Load()) }})
	t.Cleanup(proxy.Close)
	service := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/long" {
			b.busy <- struct{}{}
			<-b.leave
		}
	}))
	t.Cleanup(service.Close)
	b.server = &server{t: t, log: filepath.Join(t.TempDir(), "agent.log"), env: v.env, args: []string{"agent", "--server", proxy.URL,
		"--publish", "127.0.0.1:0", "--quota", "checkout-tenants", "--gate", "127.0.0.1:0", "--upstream", service.URL, shop, "testdata/agent.yaml"}}
	t.Cleanup(func() { b.stop() })
	return v, b
}

func (b *beside) follow(v *server) {
	b.t.Helper()
	u, err := url.Parse(v.url)
	must(b.t, err)
	b.through.Store(u)
}

func (b *beside) begin() {
	b.t.Helper()
	b.launch()
	published, gate := regexp.MustCompile(`msg="settings published" url=(\S+)`), regexp.MustCompile(`msg=gate url=(\S+)`)
	b.within(60*time.Second, "the agent says where it listens", func() bool {
		b.alive()
		p, g := published.FindStringSubmatch(b.logged(0)), gate.FindStringSubmatch(b.logged(0))
		if p == nil || g == nil {
			return false
		}
		b.settings, b.gate = p[1], g[1]
		return true
	})
}

// contract is what a service of this machine is told.
func (b *beside) contract() string {
	s, err := client.Client{URL: b.settings}.RetryContract(b.t.Context(), "checkout", "")
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s stale=%t", s.Retry.Level, s.Stale)
}

// admits counts how many calls at once the gate lets through.
func (b *beside) admits() (n int) {
	b.t.Helper()
	codes := make(chan int)
	for {
		go func() {
			res, err := http.Get(b.gate + "/long")
			if err != nil {
				codes <- 0
				return
			}
			res.Body.Close()
			codes <- res.StatusCode
		}()
		select {
		case <-b.busy:
			n++
			continue
		case code := <-codes:
			if code != http.StatusTooManyRequests {
				b.t.Errorf("the gate answers %d", code)
			}
		}
		for range n {
			b.leave <- struct{}{}
			if code := <-codes; code != http.StatusOK {
				b.t.Errorf("a call that was admitted ended with %d", code)
			}
		}
		return n
	}
}

// An agent follows the server, goes on when the server is killed, falls back
// to what is safe when the lease ends, follows again when the server is back,
// and stops when it is told to.
func TestAgent(t *testing.T) {
	t.Parallel()
	v, b := newBeside(t)
	runaways := v.shop.runAway(4)
	v.start()
	v.inSight()
	b.follow(v)
	b.begin()
	b.within(30*time.Second, "the contract is normal", func() bool { return b.contract() == "normal stale=false" })
	b.within(30*time.Second, "the gate has its part: half of 8", func() bool { return b.admits() == 4 })

	v.shop.burning()
	b.within(60*time.Second, "the contract is tight", func() bool { return b.contract() == "none stale=false" })
	b.within(30*time.Second, "the agent cancels", func() bool { return runaways.cancels() > 0 })
	b.within(30*time.Second, "the gate is tight", func() bool { return b.admits() == 1 })
	if text := v.logged(0); strings.Contains(text, "statement cancelled") {
		t.Error("the server cancels too")
	}

	v.kill()
	cancels := runaways.cancels()
	b.within(30*time.Second, "the contract is the safe one", func() bool { return b.contract() == "careful stale=true" })
	b.within(30*time.Second, "the gate goes by the safe watermark", func() bool { return b.admits() == 2 })
	if text := b.logged(0); !strings.Contains(text, "value=2 stale=true lapsed=false") || !strings.Contains(text, "value=1 stale=true lapsed=true") {
		t.Errorf("the contract did not stay until its lease ended:\n%s", text)
	}
	t.Logf("%d cancels without a server", runaways.cancels()-cancels)

	v.start()
	b.follow(v)
	b.within(60*time.Second, "the contract is tight again", func() bool { return b.contract() == "none stale=false" })
	b.within(30*time.Second, "the gate is tight again", func() bool { return b.admits() == 1 })
	cancels = runaways.cancels()
	b.within(30*time.Second, "the agent cancels again", func() bool { return runaways.cancels() > cancels })

	v.give("stop", "--why", "enough")
	b.within(30*time.Second, "the agent hears of the stop", func() bool {
		text := b.logged(0)
		line, _, _ := strings.Cut(text[max(strings.LastIndex(text, "msg=setting actuator=reports-timeout"), 0):], "\n")
		return strings.Contains(line, "held=true")
	})
	cancels = runaways.cancels()
	v.ticked(3)
	if got := runaways.cancels(); got > cancels+4 { // one look may have been under way
		t.Errorf("%d statements were cancelled after the stop", got-cancels)
	}
}

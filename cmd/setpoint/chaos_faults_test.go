//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// faults are what the nemesis does, each for a while, and undoes.
func (n *nemesis) faults() map[string]func(time.Duration) {
	return map[string]func(time.Duration){
		"an instance is frozen (SIGSTOP)":                      n.freezeServer,
		"an instance is killed (SIGKILL)":                      n.killServer,
		"the ledger's database is frozen (SIGSTOP)":            n.freezeLedger,
		"the ledger's database is killed (SIGKILL)":            n.killLedger,
		"sessions of the ledger are ended":                     n.endSessions,
		"the leader is deposed":                                n.depose,
		"the ledger's connections are exhausted":               n.exhaust,
		"the ledger is read-only":                              n.readOnly,
		"the metrics backend hangs":                            n.lie("hang"),
		"the metrics backend fails":                            n.lie("fail"),
		"the metrics backend answers that there is no series":  n.lie("empty"),
		"the metrics backend answers with what it said before": n.lie("old"),
	}
}

// strike does one of the faults; in a long run they last longer. None is done
// again before all the others were.
func (n *nemesis) strike(long bool) {
	all := n.faults()
	if long {
		maps.Copy(all, n.longFaults())
	}
	if len(n.next) == 0 {
		n.next = slices.Sorted(maps.Keys(all))
		n.rng.Shuffle(len(n.next), func(i, k int) { n.next[i], n.next[k] = n.next[k], n.next[i] })
	}
	name := n.next[0]
	n.next = n.next[1:]
	lasts := time.Duration(200+n.rng.IntN(800)) * time.Millisecond
	if long {
		lasts *= 8
	}
	n.t.Logf("%s for %s", name, lasts)
	n.struck[name]++
	all[name](lasts)
	time.Sleep(lasts / 4)
}

func (n *nemesis) any() *server { return n.servers[n.rng.IntN(len(n.servers))] }

func (n *nemesis) freezeServer(d time.Duration) {
	v := n.any()
	must(n.t, v.process.cmd.Process.Signal(syscall.SIGSTOP))
	time.Sleep(d)
	must(n.t, v.process.cmd.Process.Signal(syscall.SIGCONT))
}

func (n *nemesis) killServer(d time.Duration) {
	v := n.any()
	v.kill()
	time.Sleep(d)
	v.start()
}

func (n *nemesis) postmaster() int {
	text, err := os.ReadFile(filepath.Join(n.cfg.Dir, n.cfg.Name, "data", "postmaster.pid"))
	must(n.t, err)
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	must(n.t, err)
	return pid
}

func (n *nemesis) freezeLedger(d time.Duration) {
	pids := family(n.t, n.postmaster())
	for _, pid := range pids {
		syscall.Kill(pid, syscall.SIGSTOP) // a session may have ended
	}
	time.Sleep(d)
	for _, pid := range pids {
		syscall.Kill(pid, syscall.SIGCONT)
	}
}

func (n *nemesis) killLedger(d time.Duration) {
	must(n.t, syscall.Kill(n.postmaster(), syscall.SIGKILL))
	time.Sleep(d)
	n.raise()
}

func (n *nemesis) endSessions(time.Duration) {
	n.exec(`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'setpoint%' and pid <> pg_backend_pid()`)
}

func (n *nemesis) depose(time.Duration) {
	n.exec(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'setpoint lead'`)
}

// exhaust takes all connections that are left, and those that others lose.
func (n *nemesis) exhaust(d time.Duration) {
	var held []*pgx.Conn
	for until := time.Now().Add(d); time.Now().Before(until); {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		conn, err := pgx.Connect(ctx, n.ledger.DSN("postgres"))
		cancel()
		if err != nil {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		held = append(held, conn)
	}
	for _, conn := range held {
		conn.Close(context.Background())
	}
}

func (n *nemesis) readOnly(d time.Duration) {
	n.exec(`alter system set default_transaction_read_only = on`, `select pg_reload_conf()`)
	n.endSessions(0)
	time.Sleep(d)
	n.exec(`set default_transaction_read_only = off`, `alter system reset default_transaction_read_only`, `select pg_reload_conf()`)
	n.endSessions(0)
}

// exec does something in the ledger's database as a superuser, until it is
// done.
func (n *nemesis) exec(statements ...string) {
	n.t.Helper()
	within(n.t, 60*time.Second, "done in the database: "+statements[0], func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		conn, err := pgx.Connect(ctx, n.ledger.DSN("postgres"))
		if err != nil {
			return false
		}
		defer conn.Close(ctx)
		for _, sql := range statements {
			if _, err = conn.Exec(ctx, sql); err != nil {
				return false
			}
		}
		return true
	})
}

func (n *nemesis) lie(how string) func(time.Duration) {
	return func(d time.Duration) {
		n.backend.says.Store(&how)
		time.Sleep(d)
		n.backend.says.Store(nil)
	}
}

// A liar stands before a metrics backend.
type liar struct {
	url  string
	says atomic.Pointer[string] // nil = the truth
	last atomic.Pointer[[]byte] // what it said before
}

func newLiar(t *testing.T, backend string) *liar {
	to, err := url.Parse(backend)
	must(t, err)
	l := &liar{}
	truth := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }, ModifyResponse: l.remember}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch how := l.says.Load(); {
		case how == nil:
			truth.ServeHTTP(w, r)
		case *how == "hang":
			select {
			case <-r.Context().Done():
			case <-time.After(10 * time.Second):
			}
		case *how == "fail":
			http.Error(w, "no", http.StatusServiceUnavailable)
		case *how == "old" && l.last.Load() != nil:
			w.Header().Set("Content-Type", "application/json")
			w.Write(*l.last.Load())
		default:
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"status":"success","data":{"resultType":"matrix","result":[]}}`)
		}
	}))
	t.Cleanup(s.Close)
	l.url = s.URL
	return l
}

// remember keeps an answer, to give it again.
func (l *liar) remember(r *http.Response) error {
	var body bytes.Buffer
	_, err := body.ReadFrom(r.Body)
	if text := body.Bytes(); err == nil && r.Header.Get("Content-Encoding") == "" {
		l.last.Store(&text)
	}
	r.Body = readCloser{&body}
	return err
}

type readCloser struct{ *bytes.Buffer }

func (readCloser) Close() error { return nil }

// report is docs/chaos.md.
func (n *nemesis) report(lasts time.Duration, wrong []string) []byte {
	verdicts, degraded := map[string]int{}, map[string]int{}
	for _, a := range n.answers {
		verdicts[string(a.Verdict)]++
		for _, code := range a.DegradedBy {
			degraded[code]++
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Faults under load\n\nMade by `make chaos` (DURATION=, SEED=); do not edit.\n\n")
	fmt.Fprintf(&b, "Two instances over one PostgreSQL, four pipelines that ask the gate, each time about another release, and a nemesis that draws\nfaults by a seed, one after the other, none again before all the others, for %s (seed %d). Clocks are not turned, and disks do not fill up, in this run: tests of\n[their own](faults.md) do that.\n\n", lasts, *chaosSeed)
	fmt.Fprintf(&b, "| fault | times |\n|---|---:|\n")
	for _, name := range slices.Sorted(maps.Keys(n.struck)) {
		fmt.Fprintf(&b, "| %s | %d |\n", name, n.struck[name])
	}
	fmt.Fprintf(&b, "\n| | |\n|---|---|\n| answers | %d: %s |\n| degraded by | %s |\n| questions without an answer (an instance was away or frozen) | %d |\n| `setpoint verify` | %s |\n| wrong | %d |\n", len(n.answers), tallied(verdicts), tallied(degraded), n.failed, n.verified, len(wrong))
	fmt.Fprintf(&b, `
Wrong is: a verdict that was given and is not on record once, as it was given; a release on record twice that was asked about once;
an allowance that is not on record, or that rests on data older than %s or said to be stale or missing; an answer that is left in a spool, or
was refused from there; a fault of the hash chains; a decision that is another one when it is made again.

The run finds out when a safeguard is missing, which was tried:

- `+"`make chaos DURATION=1m BREAK=chain`"+` switches off the trigger that lets a row only continue its chain: %s
- `+"`make chaos DURATION=1m BREAK=blind`"+` writes a policy that allows what cannot be seen: %s
`, chaosDataAge, "verdicts are lost, and `setpoint verify` names the chain.", "releases are allowed on looks that are too old, after an instance was frozen.")
	return b.Bytes()
}

func tallied(all map[string]int) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, fmt.Sprintf("%d %s", all[name], name))
	}
	return strings.Join(out, ", ")
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/cluster"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

var benchGate = flag.Duration("bench-gate", 0, "measure the gate, each arm for so long, and write docs/gate.md")

// A measured arm is one way to answer or to write, measured.
type measured struct {
	name    string
	clients int
	once    func(ctx context.Context, client int) error

	rate     float64 // a second
	p50, p99 time.Duration
}

// TestGateBench measures what a durable answer of the gate costs, over HTTP
// and with the load generator on the same machine, beside what the same
// database takes from bare pgx, in one run. It asserts nothing: it writes
// docs/gate.md. `make bench-gate` runs it.
func TestGateBench(t *testing.T) {
	if *benchGate == 0 {
		checkRig(t)
		return
	}
	r := newRig(t, false)
	var arms []*measured
	for _, clients := range []int{1, 8, 64} {
		arms = append(arms,
			&measured{name: "bare insert", clients: clients, once: r.insert},
			&measured{name: "bare group commit", clients: clients, once: r.group},
			&measured{name: "group commit over HTTP", clients: clients, once: r.overHTTP},
			&measured{name: "gate, durable", clients: clients, once: r.durable},
			&measured{name: "gate, from memory", clients: clients, once: r.memory})
	}
	for _, a := range arms {
		a.measure(t, *benchGate)
		t.Logf("%-20s %2d clients: %6.0f/s, p50 %s, p99 %s", a.name, a.clients, a.rate, a.p50, a.p99)
	}
	must(t, os.WriteFile("../../docs/gate.md", report(arms, r.rowBytes, *benchGate), 0o644))
}

// checkRig runs each arm for a few rows, so that the benchmark cannot rot.
func checkRig(t *testing.T) {
	r := newRig(t, true)
	for _, once := range []func(context.Context, int) error{r.insert, r.group, r.overHTTP, r.durable, r.memory} {
		for range 3 {
			must(t, once(t.Context(), 0))
		}
	}
	if found, err := r.records.Verdicts(t.Context(), ledger.VerdictFilter{}); err != nil || len(found) != 4 {
		t.Errorf("%d verdicts on record, %v; want those of the durable arm and one more, 4", len(found), err)
	}
}

// A rig is a database, and two servers of the gate, one of which records.
type rig struct {
	records  *ledger.Postgres
	pool     *pgxpool.Pool
	line     chan grouped
	body     string // of a row
	rowBytes int
	n        atomic.Int64    // releases so far
	conns    sync.Map        // :: address, client → *kept
	urls     map[bool]string // :: whether it records → address
	plain    string          // address of the server without a gate
}

type grouped struct {
	id   string
	done chan error
}

func newRig(t *testing.T, loose bool) *rig {
	t.Helper()
	dir, err := clustertest.Dir()
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	db, err := cluster.Start(t.Context(), cluster.Config{Dir: dir, Name: "bench", NoSync: loose})
	must(t, err)
	t.Cleanup(func() { must(t, db.Stop()) })
	r := &rig{line: make(chan grouped, 1024), urls: map[bool]string{}}
	r.records, err = ledger.Open(ledger.Config{DSN: db.DSN("postgres")})
	must(t, err)
	t.Cleanup(r.records.Close)
	must(t, r.records.Migrate(t.Context()))
	r.pool, err = pgxpool.New(t.Context(), db.DSN("postgres"))
	must(t, err)
	t.Cleanup(r.pool.Close)
	_, err = r.pool.Exec(t.Context(), `create table bare (id text primary key, body text not null)`)
	must(t, err)
	r.serve(t)
	r.commit(t)
	r.plain = listen(t, http.HandlerFunc(r.answer))
	return r
}

// serve starts the gate twice.
func (r *rig) serve(t *testing.T) {
	t.Helper()
	clerk, err := ledger.NewClerk(r.records, ledger.ClerkConfig{Spool: t.TempDir(), Patience: time.Minute})
	must(t, err)
	h := &house{clerk: clerk}
	t.Cleanup(h.clerking())
	set, newest := rigWorld()
	for _, records := range []bool{false, true} {
		cfg := web.Config{Set: func() *slo.Set { return set }, Report: func() loop.Report { newest.At = time.Now(); return newest }}
		if records {
			cfg.Record = h.record
		}
		r.urls[records] = listen(t, web.New(cfg).Handler())
	}
}

// answer is the least that a server can do: it writes a bare row by group
// commit, and gives it back.
func (r *rig) answer(w http.ResponseWriter, q *http.Request) {
	if err := r.group(q.Context(), 0); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	body := `{"verdict":"allow","release":"` + q.FormValue("release") + `","row":` + r.body + "}"
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = io.WriteString(w, body)
}

// ask asks one question over the connection that a client keeps. It reads
// HTTP by hand, so that the generator's share of the machine is small.
func (r *rig) ask(address string, c int) error {
	k, ok := r.conns.Load([2]string{address, fmt.Sprint(c)})
	if !ok {
		conn, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
		if err != nil {
			return err
		}
		k = &kept{conn, bufio.NewReader(conn)}
		r.conns.Store([2]string{address, fmt.Sprint(c)}, k)
	}
	return k.(*kept).ask(fmt.Sprintf("v%d.", r.n.Add(1)))
}

type kept struct {
	conn net.Conn
	in   *bufio.Reader
}

func (k *kept) ask(release string) error {
	if _, err := io.WriteString(k.conn, "GET /v1/gate/checkout?environment=prod&release="+release+" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"); err != nil {
		return err
	}
	length, line := 0, []byte(nil)
	for string(line) != "\r\n" {
		var err error
		if line, err = k.in.ReadSlice('\n'); err != nil {
			return err
		}
		if n, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			length, _ = strconv.Atoi(string(bytes.TrimSpace(n)))
		}
	}
	body, err := k.in.Peek(length)
	if err != nil || !bytes.Contains(body, []byte(`"verdict":"allow"`)) || !bytes.Contains(body, []byte(release)) {
		return fmt.Errorf("not allowed: %s, %v", body, err)
	}
	_, err = k.in.Discard(length)
	return err
}

func listen(t *testing.T, h http.Handler) string {
	t.Helper()
	l, err := web.Listen(t.Context(), "127.0.0.1:0", false)
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { _ = web.Serve(ctx, l, h) })
	t.Cleanup(func() { cancel(); serving.Wait() })
	return web.Address(l)
}

// rigWorld is a service with one objective and enough of its budget.
func rigWorld() (*slo.Set, loop.Report) {
	o := slo.Objective{Name: "checkout-availability", Service: "checkout", Target: slo.NewDecimal(999, 3), Window: slo.Window{Length: 720 * time.Hour}, Slice: time.Minute}
	window := budget.Window{Length: 720 * time.Hour, Counts: sli.Counts{Good: 1e9 * sli.Event / 1000, Bad: 100 * sli.Event, Covered: 720 * time.Hour}, Known: true}
	state := budget.State{Objective: o.Name, Service: o.Service, Target: o.Target, At: time.Now(), Newest: time.Now(), Status: budget.OK, Remaining: 0.9, Budget: window, Windows: []budget.Window{window}}
	return &slo.Set{Objectives: []slo.Objective{o}}, loop.Report{At: time.Now(), Leader: true, States: []budget.State{state}}
}

// commit lets bare rows share transactions, as many as wait, up to 256.
func (r *rig) commit(t *testing.T) {
	must(t, r.durable(t.Context(), 0))
	v, err := r.records.Verdicts(t.Context(), ledger.VerdictFilter{Limit: 1})
	must(t, err)
	body, err := json.Marshal(v[0])
	must(t, err)
	r.body, r.rowBytes = string(body), len(body)
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case first := <-r.line:
				r.together(ctx, first)
			}
		}
	})
	t.Cleanup(func() { cancel(); work.Wait() })
}

func (r *rig) together(ctx context.Context, first grouped) {
	all := []grouped{first}
	for len(all) < 256 && len(r.line) > 0 {
		all = append(all, <-r.line)
	}
	err := pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		var b pgx.Batch
		for _, g := range all {
			b.Queue(`insert into bare values ($1, $2)`, g.id, r.body)
		}
		return tx.SendBatch(ctx, &b).Close()
	})
	for _, g := range all {
		g.done <- err
	}
}

func (r *rig) overHTTP(_ context.Context, c int) error { return r.ask(r.plain, c) }
func (r *rig) durable(_ context.Context, c int) error  { return r.ask(r.urls[true], c) }
func (r *rig) memory(_ context.Context, c int) error   { return r.ask(r.urls[false], c) }

func (r *rig) insert(ctx context.Context, _ int) error {
	_, err := r.pool.Exec(ctx, `insert into bare values ($1, $2)`, fmt.Sprint("i", r.n.Add(1)), r.body)
	return err
}

func (r *rig) group(_ context.Context, _ int) error {
	g := grouped{fmt.Sprint("g", r.n.Add(1)), make(chan error, 1)}
	r.line <- g
	return <-g.done
}

// measure runs an arm for a while, after a tenth of it to warm up.
func (a *measured) measure(t *testing.T, d time.Duration) {
	t.Helper()
	a.run(t, d/10)
	runtime.GC()
	began := time.Now()
	took := a.run(t, d)
	a.rate = float64(len(took)) / time.Since(began).Seconds()
	slices.Sort(took)
	a.p50, a.p99 = took[len(took)/2], took[len(took)*99/100]
}

// run asks from all clients until the time is over and returns how long each
// answer took.
func (a *measured) run(t *testing.T, d time.Duration) []time.Duration {
	t.Helper()
	took := make([][]time.Duration, a.clients)
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	until := time.Now().Add(d)
	for c := range a.clients {
		all.Go(func() {
			for {
				began := time.Now()
				if !began.Before(until) {
					return
				}
				if err := a.once(context.Background(), c); err != nil {
					failed.Store(&err)
					return
				}
				took[c] = append(took[c], time.Since(began))
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		t.Fatalf("%s: %v", a.name, *err)
	}
	return slices.Concat(took...)
}

// report is docs/gate.md.
func report(arms []*measured, rowBytes int, d time.Duration) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# What a durable answer of the gate costs\n\nMade by `make bench-gate`; do not edit.\n\n")
	fmt.Fprintf(&b, "One run, each line for %s, on %d cores: load generator, server and PostgreSQL (fsync on) share the machine. The gate is asked over HTTP on\nloopback over connections that are kept, about a release that is new each time, and each answer is committed before it is given. The bare arms write rows\nof the same size (%d bytes) with pgx and no HTTP: one insert a commit, and group commit (up to 256 rows that wait share a transaction).\nGroup commit over HTTP is what a server of Go's net/http that does nothing else leaves of it.\n\n", d, runtime.NumCPU(), rowBytes)
	fmt.Fprintf(&b, "| arm | clients | a second | p50 | p99 |\n|---|---:|---:|---:|---:|\n")
	for _, a := range arms {
		fmt.Fprintf(&b, "| %s | %d | %.0f | %s | %s |\n", a.name, a.clients, a.rate, a.p50.Round(10*time.Microsecond), a.p99.Round(10*time.Microsecond))
	}
	find := func(name string, clients int) *measured {
		return arms[slices.IndexFunc(arms, func(a *measured) bool { return a.name == name && a.clients == clients })]
	}
	durable, group := find("gate, durable", 64), find("bare group commit", 64)
	one, insert := find("gate, durable", 1), find("bare insert", 1)
	fmt.Fprintf(&b, "\n| bar | measured |\n|---|---|\n")
	fmt.Fprintf(&b, "| 64 clients: at least 0.8 of the rate of bare group commit | %.2f |\n", durable.rate/group.rate)
	fmt.Fprintf(&b, "| the same beside group commit over HTTP, no bar | %.2f |\n", durable.rate/find("group commit over HTTP", 64).rate)
	fmt.Fprintf(&b, "| 64 clients: p99 at most 3 times its p99 | %.2f |\n", float64(durable.p99)/float64(group.p99))
	fmt.Fprintf(&b, "| one client: p50 at most twice that of a bare insert | %.2f |\n", float64(one.p50)/float64(insert.p50))
	fmt.Fprintf(&b, "| from memory, 64 clients: 20,000 a second | %.0f |\n", find("gate, from memory", 64).rate)
	return b.Bytes()
}

package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"setpoint.dev/setpoint/actuators"
	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// Slices of the plants end every two seconds and are read half a second later.
const (
	controlSlice = 2 * time.Second
	controlDelay = 500 * time.Millisecond
)

// A tally counts what the instruments of a plant see, second by second.
type tally struct {
	mu      sync.Mutex
	begun   time.Time
	seconds map[int64]sli.Counts
}

func newTally() *tally { return &tally{begun: time.Now(), seconds: map[int64]sli.Counts{}} }

func (y *tally) add(good, bad int) {
	y.mu.Lock()
	defer y.mu.Unlock()
	second := time.Now().Unix()
	c := y.seconds[second]
	c.Good += sli.Count(good) * sli.Event
	c.Bad += sli.Count(bad) * sli.Event
	y.seconds[second] = c
}

func (y *tally) book(good bool) {
	if good {
		y.add(1, 0)
	} else {
		y.add(0, 1)
	}
}

// count is a loop.SourceFunc.
func (y *tally) count(_ context.Context, o slo.Objective, from, to time.Time) (all []sli.Slice, err error) {
	y.mu.Lock()
	defer y.mu.Unlock()
	for at := from; at.Before(to); at = at.Add(o.Slice) {
		var c sli.Counts
		for s := at; s.Before(at.Add(o.Slice)); s = s.Add(time.Second) {
			c = c.Add(y.seconds[s.Unix()])
		}
		if !at.Add(o.Slice).Before(y.begun) {
			c.Covered = o.Slice
		}
		all = append(all, sli.Slice{Start: at, Counts: c})
	}
	return all, nil
}

// controlSet is one loop in mode act that watches one objective and moves one
// actuator.
func controlSet(a slo.Actuator, target slo.Decimal, l slo.ControlLoop) *slo.Set {
	o := slo.Objective{
		Name: "protected", Service: a.Service, Target: target, Window: slo.Window{Length: 10 * time.Minute}, Slice: controlSlice,
		Indicator: slo.Indicator{Name: "protected", Source: "plant"},
	}
	l.Name, l.Actuator, l.Mode, l.Owner = "protect", a.Name, slo.Act, "bench"
	for i := range l.Rules {
		l.Rules[i].Name, l.Rules[i].Objective = o.Name, o.Name
	}
	return &slo.Set{
		Sources:    []slo.Source{{Name: "plant", Delay: controlDelay, Settle: -1}},
		Objectives: []slo.Objective{o}, Actuators: []slo.Actuator{a}, Loops: []slo.ControlLoop{l},
	}
}

// An engine is Setpoint around a plant: the loop, its ledger in memory, and
// the HTTP API that local enforcement follows.
type engine struct {
	client client.Client
	loop   *loop.Loop
	scorer *loop.Scorer
	begun  time.Time
	last   atomic.Pointer[loop.Report]

	errs     []error      // of ticks, like the next two
	settings [][2]float64 // one a tick: seconds, setting

	stop func()
}

// startEngine begins to tick. Without act the actuator lives in the ledger.
func startEngine(t *testing.T, w wires, set *slo.Set, source *tally, act loop.Actuator) *engine {
	t.Helper()
	records := ledger.NewMemory()
	if act == nil {
		var err error
		act, _, err = actuators.New(set.Actuators[0], actuators.Deps{Settings: records})
		must(t, err)
	}
	e := &engine{begun: time.Now()}
	server := web.New(web.Config{Set: func() *slo.Set { return set }, Report: func() loop.Report {
		if r := e.last.Load(); r != nil {
			return *r
		}
		return loop.Report{}
	}})
	var err error
	e.loop, err = loop.New(loop.Config{
		Set: set, Source: loop.SourceFunc(source.count), Records: records, Actuators: map[string]loop.Actuator{set.Actuators[0].Name: act},
		OnTick: func(r loop.Report) { e.ticked(r); server.Ticked(r, 0) },
	})
	must(t, err)
	e.scorer = loop.NewScorer(set, e.loop.Every())
	url, shut := w.serve(server.Handler())
	e.client = client.Client{URL: url, HTTP: w.client(nil)}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { e.loop.Run(ctx) })
	e.stop = func() { cancel(); running.Wait(); e.client.HTTP.CloseIdleConnections(); shut() }
	return e
}

func (e *engine) ticked(r loop.Report) {
	e.errs = append(e.errs, r.Errs...)
	e.scorer.Take(r)
	e.settings = append(e.settings, [2]float64{r.At.Sub(e.begun).Seconds(), r.Settings[0].Value})
	e.last.Store(&r)
}

// into puts what the loop did into a result. The engine has stopped.
func (e *engine) into(t *testing.T, out *ride) {
	for _, err := range e.errs {
		t.Errorf("%s: %v", out.Arm, err)
	}
	score := e.scorer.Trial().Loops[0]
	out.Settings, out.Moves, out.Reversals = e.settings, score.Moves, score.Reversals
}

// wires are how the parts of a plant reach each other: over sockets of this
// machine, or inside the process, where time may be that of a bubble.
type wires struct {
	listen func() (net.Listener, error)
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
}

func sockets() wires {
	return wires{
		listen: func() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") },
		dial:   (&net.Dialer{}).DialContext,
	}
}

// serve serves until shut is called.
func (w wires) serve(h http.Handler) (url string, shut func()) {
	l, err := w.listen()
	if err != nil {
		panic(fmt.Sprintf("listen: %v", err))
	}
	var at work
	srv := &http.Server{Handler: at.counted(h)}
	var serving sync.WaitGroup
	serving.Go(func() { _ = srv.Serve(l) })
	return "http://" + l.Addr().String(), func() { _ = srv.Close(); serving.Wait(); at.Wait() }
}

// client is an HTTP client over these wires; around wraps its transport.
func (w wires) client(around func(http.RoundTripper) http.RoundTripper) *http.Client {
	base := &http.Transport{DialContext: w.dial, MaxIdleConnsPerHost: 1000}
	if around == nil {
		return &http.Client{Transport: base}
	}
	return &http.Client{Transport: closing{around(base), base}}
}

// closing lets the connections of a wrapped transport be closed.
type closing struct {
	http.RoundTripper
	base *http.Transport
}

func (c closing) CloseIdleConnections() { c.base.CloseIdleConnections() }

// work waits for handlers, also those whose caller has gone.
type work struct{ sync.WaitGroup }

func (k *work) counted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k.Add(1)
		defer k.Done()
		h.ServeHTTP(w, r)
	})
}

// pipes are wires inside the process.
func pipes() wires {
	var mu sync.Mutex
	all := map[string]*pipe{}
	return wires{
		listen: func() (net.Listener, error) {
			mu.Lock()
			defer mu.Unlock()
			p := &pipe{name: fmt.Sprintf("pipe%d", len(all)), accepts: make(chan net.Conn), closed: make(chan struct{})}
			all[p.name+":80"] = p
			return p, nil
		},
		dial: func(ctx context.Context, _, address string) (net.Conn, error) {
			mu.Lock()
			p := all[address]
			mu.Unlock()
			return p.dial(ctx)
		},
	}
}

// A pipe is a listener whose connections wait in the time of a bubble.
type pipe struct {
	name    string
	accepts chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func (p *pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.accepts:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipe) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipe) Addr() net.Addr { return &net.UnixAddr{Name: p.name} }

func (p *pipe) dial(ctx context.Context) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.accepts <- there:
		return here, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// A phase is a part of a run.
type phase struct{ from, to time.Duration }

func (s phase) covers(d time.Duration) bool { return d >= s.from && d < s.to }

// poisson lists the times of arrivals, rate of them a second, in a phase.
func poisson(seed, stream uint64, rate float64, s phase) (all []time.Duration) {
	random := rand.New(rand.NewPCG(seed, stream))
	gap := func() time.Duration { return time.Duration(random.ExpFloat64() / rate * float64(time.Second)) }
	for at := s.from + gap(); at < s.to; at += gap() {
		all = append(all, at)
	}
	return all
}

// drive calls send at each time after begun, whatever became of those before,
// and waits for all.
func drive(begun time.Time, due []time.Duration, send func(int, time.Duration)) {
	var calls sync.WaitGroup
	for i, at := range due {
		time.Sleep(time.Until(begun.Add(at)))
		calls.Go(func() { send(i, at) })
	}
	calls.Wait()
}

// answered reports whether a call is answered well; refused, that it was sent
// back for now.
func answered(c *http.Client, req *http.Request) (good, refused bool) {
	res, err := c.Do(req)
	if err != nil {
		return false, false
	}
	_, err = io.Copy(io.Discard, res.Body)
	return res.Body.Close() == nil && err == nil && res.StatusCode == http.StatusOK, res.StatusCode == http.StatusTooManyRequests
}

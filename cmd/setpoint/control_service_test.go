package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/client/retry"
	"setpoint.dev/setpoint/slo"
)

// The service: 10 workers that need 50 ms for a call bear 200 calls a second.
const (
	serviceTime     = 50 * time.Millisecond
	attemptPatience = 300 * time.Millisecond
	callPatience    = 3 * time.Second
	flakiness       = 0.3
)

// A serviceScenario is what happens to the service.
type serviceScenario struct {
	name    string
	workers int
	rate    float64 // calls a second
	length  time.Duration
	slow    phase // each call takes four times as long
	flaky   phase // calls fail at once, three of ten
}

func serviceScenarios() []serviceScenario {
	trigger := phase{15 * time.Second, 30 * time.Second}
	return []serviceScenario{
		{name: "trigger at 75 %", workers: 10, rate: 150, length: time.Minute, slow: trigger},
		{name: "trigger at 90 %", workers: 10, rate: 180, length: time.Minute, slow: trigger},
		{name: "flaky at 40 %", workers: 10, rate: 80, length: time.Minute, flaky: phase{15 * time.Second, 45 * time.Second}},
	}
}

// retryLevels is the ladder of the loop, from rest to tight.
func retryLevels() slo.Retries {
	level := func(name string, attempts int, budget slo.Decimal) slo.RetryLevel {
		return slo.RetryLevel{Name: name, Attempts: attempts, Budget: budget, Base: 50 * time.Millisecond, Cap: 10 * time.Second}
	}
	return slo.Retries{Levels: []slo.RetryLevel{level("generous", 4, slo.NewDecimal(5, 1)), level("normal", 3, slo.NewDecimal(1, 1)), level("none", 1, slo.Decimal{})}}
}

// serviceArms are contracts that stay as they are, and the loop.
func serviceArms() []serviceArm {
	static := func(name string, attempts int, budget float64) serviceArm {
		return serviceArm{name: name, contract: client.Retry{Attempts: attempts, Budget: budget, Base: 0.05, Cap: 10, DropExpired: true}}
	}
	return []serviceArm{
		{name: "off", contract: client.Retry{Attempts: 4, Budget: 4}},
		{name: "jitter alone", contract: client.Retry{Attempts: 4, Budget: 4, Base: 0.05, Cap: 10}},
		static("static generous", 4, 0.5), static("static normal", 3, 0.1), static("static none", 1, 0),
		{name: theLoop, loop: true},
	}
}

type serviceArm struct {
	name     string
	contract client.Retry
	loop     bool
}

// serviceSet is the loop: the contract is tightened while attempts are not
// answered in the time that their callers wait, and given back one level at a
// time. Errors that are answered at once are no reason to repeat less.
func serviceSet() *slo.Set {
	levels := retryLevels()
	a := slo.Actuator{Name: "retries", Service: "service", Kind: slo.Retry, Tight: float64(len(levels.Levels) - 1), Retries: levels}
	return controlSet(a, slo.NewDecimal(95, 2), slo.ControlLoop{
		Cooldown: 10 * time.Second, Step: slo.Step{Relax: 1},
		Rules: []slo.Rule{{Law: slo.Tiers, Tiers: []slo.Tier{{
			Name: "storm", Burn: slo.NewDecimal(4, 0), Long: 2 * controlSlice, Short: controlSlice, Setting: a.Tight, Leave: slo.NewDecimal(1, 0), Hold: 10 * time.Second,
		}}}},
	})
}

// A service is the plant.
type service struct {
	scenario serviceScenario
	seed     uint64
	begun    time.Time
	seen     *tally // attempts that were answered in time, and that were not
	asked    atomic.Int64
}

// rideService plays one arm.
func rideService(t *testing.T, w wires, s serviceScenario, arm serviceArm, seed uint64) *ride {
	t.Helper()
	out := newRide(s.name, arm.name, seed, s.length)
	p := &service{scenario: s, seed: seed, begun: time.Now(), seen: newTally()}
	callers, server := retry.NewTerms(arm.contract), retry.NewTerms(arm.contract)
	url, shut := w.serve(p.watched(retry.NewServer(retry.ServerConfig{Terms: server, Next: http.HandlerFunc(p.work), Workers: s.workers, Queue: 1 << 20})))
	end := func() {}
	if arm.loop {
		end = followRetries(t, w, p.seen, out, callers, server)
	}
	c := w.client(func(next http.RoundTripper) http.RoundTripper {
		return &retry.Transport{Terms: callers, Next: next, Attempt: attemptPatience}
	})
	wanted := poisson(seed, 1, s.rate, phase{0, s.length})
	drive(p.begun, wanted, func(_ int, due time.Duration) {
		ctx, cancel := context.WithTimeout(context.Background(), callPatience)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		must(t, err)
		good, _ := answered(c, req)
		out.book(due, good)
	})
	end()
	c.CloseIdleConnections()
	shut()
	out.Asked = float64(p.asked.Load()) / float64(len(wanted))
	out.Recovered = out.recovered(max(s.slow.to, s.flaky.to))
	return out
}

// followRetries starts an engine whose contract both sides follow.
func followRetries(t *testing.T, w wires, seen *tally, out *ride, callers, server *retry.Terms) (end func()) {
	e := startEngine(t, w, serviceSet(), seen, nil)
	ctx, cancel := context.WithCancel(context.Background())
	var following sync.WaitGroup
	following.Go(func() { _ = e.client.WatchRetry(ctx, "service", "web", callers.Follow) })
	following.Go(func() { _ = e.client.WatchRetry(ctx, "service", "", server.Follow) })
	return func() { cancel(); following.Wait(); e.stop(); e.into(t, out) }
}

// work is what a worker does for a call.
func (p *service) work(w http.ResponseWriter, _ *http.Request) {
	d := serviceTime
	now := time.Since(p.begun)
	if p.scenario.slow.covers(now) {
		d *= 4
	}
	if p.scenario.flaky.covers(now) && rand.Float64() < flakiness {
		http.Error(w, "failed", http.StatusServiceUnavailable)
		return
	}
	time.Sleep(d)
}

// watched counts attempts: one is good when it is answered while its caller
// waits. What the contract refuses at once is not counted: the loop would take
// its own refusals for a reason to go on refusing.
func (p *service) watched(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked.Add(1)
		came := time.Now()
		next.ServeHTTP(w, r)
		inTime := time.Since(came) < attemptPatience
		if inTime && w.Header().Get("Setpoint-Retry") == "no" {
			return
		}
		p.seen.book(inTime)
	})
}

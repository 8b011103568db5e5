package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"setpoint.dev/setpoint/client"
	"setpoint.dev/setpoint/client/quota"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// The service behind the gateway: 60 workers that need 250 ms for a call bear
// 240 calls a second. Calls are good when they are answered within 500 ms.
const (
	gatewayWorkers = 60
	gatewayTime    = 250 * time.Millisecond
	gatewayGood    = 500 * time.Millisecond
	tenantPatience = time.Second
	victims        = 8
	victimRate     = 4.0   // calls a second of each
	noisyRate      = 260.0 // of the noisy neighbour, while it is noisy
	burstRate      = 150.0 // of the legitimate burst
	usualBurst     = 4.0   // of its tenant at other times
)

// A gatewayScenario is what happens to the service and who calls it.
type gatewayScenario struct {
	name   string
	length time.Duration
	noisy  []phase
	burst  phase
	brown  phase // the service has only 24 of its workers
}

func gatewayScenarios() []gatewayScenario {
	at := func(from, to int) phase {
		return phase{time.Duration(from) * time.Second, time.Duration(to) * time.Second}
	}
	return []gatewayScenario{
		{name: "noisy neighbours", length: 75 * time.Second, noisy: []phase{at(10, 30), at(55, 65)}, burst: at(35, 50)},
		{name: "brown-out", length: 75 * time.Second, noisy: []phase{at(10, 50)}, brown: at(15, 45)},
	}
}

// A gatewayArm is a watermark that stays as it is, no gate, or the loop.
type gatewayArm struct {
	name string
	mark float64 // 0 = no gate
	loop bool
}

func gatewayArms() []gatewayArm {
	out := []gatewayArm{{name: "off"}}
	for _, mark := range []float64{1.2, 0.9, 0.6, 0.4} {
		out = append(out, gatewayArm{name: fmt.Sprintf("static %g", mark), mark: mark})
	}
	return append(out, gatewayArm{name: theLoop, mark: 1.2, loop: true})
}

// gatewaySet is the loop: additive increase and multiplicative decrease of the
// watermark by the calls that were admitted.
func gatewaySet() *slo.Set {
	a := slo.Actuator{Name: "tenants", Service: "service", Kind: slo.TenantQuota, Rest: 1.2, Tight: 0.3, Quota: slo.Quota{
		Capacity: gatewayWorkers, Gates: 1, Header: "X-Tenant", Others: slo.Tenant{Guarantee: 1, Ceiling: gatewayWorkers, Weight: 1},
	}}
	for i := range victims + 1 {
		a.Quota.Tenants = append(a.Quota.Tenants, slo.Tenant{Name: tenantName(i), Guarantee: 6, Ceiling: gatewayWorkers, Weight: 1})
	}
	return controlSet(a, slo.NewDecimal(99, 2), slo.ControlLoop{
		Cooldown: 4 * time.Second,
		Rules: []slo.Rule{{Law: slo.AIMDs, AIMD: &slo.AIMD{
			Window: 2 * controlSlice, Tighten: slo.NewDecimal(2, 0), Relax: slo.NewDecimal(5, 1), Keep: slo.NewDecimal(2, 1), Step: 0.1,
		}}},
	})
}

// tenantName is that of a victim, or of the tenant of the burst.
func tenantName(i int) string { return fmt.Sprint("tenant-", i) }

const (
	burstTenant = victims
	noisyTenant = -1
)

// A visit is one call of one tenant.
type visit struct {
	due    time.Duration
	tenant int
}

// visits lists all calls in order of time.
func (s gatewayScenario) visits(seed uint64) (all []visit) {
	add := func(tenant int, stream uint64, rate float64, p phase) {
		for _, due := range poisson(seed, stream, rate, p) {
			all = append(all, visit{due, tenant})
		}
	}
	whole := phase{0, s.length}
	for i := range victims {
		add(i, uint64(i), victimRate, whole)
	}
	add(burstTenant, 100, usualBurst, whole)
	add(burstTenant, 101, burstRate, s.burst)
	for i, p := range s.noisy {
		add(noisyTenant, uint64(200+i), noisyRate, p)
	}
	slices.SortStableFunc(all, func(a, b visit) int { return cmp.Compare(a.due, b.due) })
	return all
}

// A gateway is the plant.
type gateway struct {
	scenario gatewayScenario
	begun    time.Time
	seen     *tally // admitted calls
	workers  chan struct{}
	browned  chan struct{}
}

// rideGateway plays one arm.
func rideGateway(t *testing.T, w wires, s gatewayScenario, arm gatewayArm, seed uint64) *ride {
	t.Helper()
	out := newRide(s.name, arm.name, seed, s.length)
	p := &gateway{scenario: s, begun: time.Now(), seen: newTally(), workers: make(chan struct{}, gatewayWorkers), browned: make(chan struct{}, gatewayWorkers*2/5)}
	var handler http.Handler = http.HandlerFunc(p.work)
	set := gatewaySet()
	gate := quota.NewGate(*web.Quota(set.Actuators[0].Quota), arm.mark, set.Actuators[0].Rest)
	if arm.mark > 0 {
		handler = gate.Handler(handler)
	}
	url, shut := w.serve(handler)
	end := func() {}
	if arm.loop {
		end = followQuota(t, w, set, p.seen, out, gate)
	}
	c := w.client(nil)
	all := s.visits(seed)
	due := make([]time.Duration, len(all))
	for i, v := range all {
		due[i] = v.due
	}
	drive(p.begun, due, func(i int, due time.Duration) { out.visited(t, c, url, all[i], s) })
	end()
	c.CloseIdleConnections()
	shut()
	out.Recovered = out.recovered(s.brown.to)
	return out
}

// followQuota starts an engine whose watermark the gate follows.
func followQuota(t *testing.T, w wires, set *slo.Set, seen *tally, out *ride, gate *quota.Gate) (end func()) {
	e := startEngine(t, w, set, seen, nil)
	ctx, cancel := context.WithCancel(context.Background())
	var following sync.WaitGroup
	following.Go(func() { _ = e.client.Watch(ctx, "tenants", func(s client.Setting) { gate.Follow(s) }) })
	return func() { cancel(); following.Wait(); e.stop(); e.into(t, out) }
}

// visited makes a call and books it: those of victims, and of the burst by
// themselves.
func (r *ride) visited(t *testing.T, c *http.Client, url string, v visit, s gatewayScenario) {
	ctx, cancel := context.WithTimeout(context.Background(), tenantPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	must(t, err)
	req.Header.Set("X-Tenant", "noisy")
	if v.tenant != noisyTenant {
		req.Header.Set("X-Tenant", tenantName(v.tenant))
	}
	came := time.Now()
	good, refused := answered(c, req)
	good = good && time.Since(came) <= gatewayGood
	switch {
	case v.tenant == burstTenant && s.burst.covers(v.due):
		r.burst(!refused)
	case v.tenant != noisyTenant && v.tenant != burstTenant:
		r.book(v.due, good)
	}
}

func (r *ride) burst(admitted bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if admitted {
		r.Burst.Good++
	} else {
		r.Burst.Bad++
	}
}

// work is what the service does for a call: it waits for a worker, and works
// also for callers that have gone.
func (p *gateway) work(http.ResponseWriter, *http.Request) {
	came := time.Now()
	if p.scenario.brown.covers(time.Since(p.begun)) {
		p.browned <- struct{}{}
		defer func() { <-p.browned }()
	}
	p.workers <- struct{}{}
	time.Sleep(gatewayTime)
	<-p.workers
	p.seen.book(time.Since(came) <= gatewayGood)
}

package main

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop/plant"
)

// The short form of TestControlBench: the same code in the time of a bubble,
// the pool on its model.

// TestControlService: with jitter alone the service never recovers; under the
// loop it does, and calls that fail for another reason are repeated all the
// same.
func TestControlService(t *testing.T) {
	t.Parallel()
	trigger := phase{6 * time.Second, 16 * time.Second}
	slow := serviceScenario{name: "trigger", workers: 3, rate: 54, length: 24 * time.Second, slow: trigger}
	flaky := serviceScenario{name: "flaky", workers: 3, rate: 24, length: 16 * time.Second, flaky: trigger}
	arms := serviceArms()
	jitter, loop := arms[1], arms[len(arms)-1]
	if r := virtualService(t, slow, jitter, 1); r.Recovered >= 0 || r.Asked < 2 {
		t.Errorf("jitter alone: %s; want it never to recover", r)
	}
	r := virtualService(t, slow, loop, 1)
	if r.Recovered < 0 || r.Recovered > 5*time.Second || r.Moves == 0 {
		t.Errorf("the loop: %s; want it recovered within 5 s", r)
	}
	if best := virtualService(t, slow, arms[len(arms)-2], 1); 1-r.share() < 0.9*(1-best.share()) {
		t.Errorf("the loop: %s; want it within 10 %% of the best static: %s", r, best)
	}
	if r := virtualService(t, flaky, loop, 1); r.share() > 0.03 || r.Moves > 0 {
		t.Errorf("the loop where calls fail at once: %s; want them repeated", r)
	}
}

func virtualService(t *testing.T, s serviceScenario, arm serviceArm, seed uint64) (r *ride) {
	synctest.Test(t, func(t *testing.T) { r = rideService(t, pipes(), s, arm, seed) })
	return r
}

// virtualTable is the triggers in simulated time, where nothing but the arms
// differs between two rides of a seed.
func virtualTable(t *testing.T) string {
	const seeds = 20
	arms := serviceArms()[3:]
	var b strings.Builder
	b.WriteString("| scenario | static normal | static none | the loop | seeds in which the loop lost as many calls as static none |\n|---|---|---|---|---|\n")
	for _, s := range serviceScenarios()[:2] {
		sums, alike := make([]ride, len(arms)), 0
		for seed := range uint64(seeds) {
			var bad []int
			for i, arm := range arms {
				r := virtualService(t, s, arm, seed+1)
				sums[i].Good, sums[i].Bad = sums[i].Good+r.Good, sums[i].Bad+r.Bad
				bad = append(bad, r.Bad)
			}
			if bad[1] == bad[2] {
				alike++
			}
		}
		fmt.Fprintf(&b, "| %s |", s.name)
		for i := range sums {
			fmt.Fprintf(&b, " %s |", percentOf(1-sums[i].share()))
		}
		fmt.Fprintf(&b, " %d of %d |\n", alike, seeds)
	}
	return b.String()
}

// TestControlGateway: neighbours do not hurt, a burst that fits gets through,
// and in a brown-out the watermark falls until victims are served again.
func TestControlGateway(t *testing.T) {
	t.Parallel()
	at := func(from, to time.Duration) phase { return phase{from * time.Second, to * time.Second} }
	loop := gatewayArm{name: theLoop, mark: 1.2, loop: true}
	calm := virtualGateway(t, gatewayScenario{name: "neighbours", length: 14 * time.Second, noisy: []phase{at(2, 8)}, burst: at(9, 13)}, loop)
	if calm.share() > 0.01 || calm.Burst.share() > 0.02 || calm.Burst.Good == 0 {
		t.Errorf("%s; want victims served and the burst let in", calm)
	}
	brown := virtualGateway(t, gatewayScenario{name: "brown-out", length: 20 * time.Second, noisy: []phase{at(2, 18)}, brown: at(4, 19)}, loop)
	if last := (beat{brown.PerSecond[13].Good, brown.PerSecond[13].Bad}); last.share() > 0.2 || brown.Moves == 0 {
		t.Errorf("%s, %v in the end of the brown-out; want victims served again", brown, last)
	}
}

func virtualGateway(t *testing.T, s gatewayScenario, arm gatewayArm) (r *ride) {
	synctest.Test(t, func(t *testing.T) { r = rideGateway(t, pipes(), s, arm, 1) })
	return r
}

// TestControlPool: on the model the loop is safe, and gets half as much again
// done as the timeout that is as safe.
func TestControlPool(t *testing.T) {
	t.Parallel()
	s := poolScenarios()[0]
	p := &plantReport{name: "pool", score: usefulIfSafe}
	for seed := range uint64(3) {
		for _, arm := range poolArms() {
			truth := modelPool(t, s, arm, seed+1)
			p.rides = append(p.rides, &ride{Scenario: s.name, Arm: arm.name, Seed: seed, Good: truth.Good, Bad: truth.Bad, Useful: truth.UsefulSeconds})
		}
	}
	l, safe := p.all(s.name, theLoop), p.asSafe(s.name)
	if l.share() > 0.01 || l.Useful < 1.5*safe.Useful || p.all(s.name, "off").share() < 0.2 {
		t.Errorf("%s; %s: want at most 1 %% bad and 1.5 times the useful work", l, safe)
	}
}

// modelPool plays an arm on the model of the shop.
func modelPool(t *testing.T, s poolScenario, arm poolArm, seed uint64) plant.Truth {
	t.Helper()
	cfg := plant.Config{Seed: seed, Length: poolLength, Faults: []plant.Fault{{Kind: plant.Runaways, From: poolSurge, For: s.surge}}}
	if !arm.loop {
		return plant.Static(cfg, arm.timeout)
	}
	r := closedPool(t, cfg)
	return r.Truth
}

func closedPool(t *testing.T, cfg plant.Config) plant.Response {
	t.Helper()
	r, err := plant.Close(t.Context(), plant.Closed{Set: poolSet(""), Records: ledger.NewMemory(), Config: cfg})
	must(t, err)
	return r
}

// benchQuiet plays an hour without a fault, in the time of a bubble.
func benchQuiet(t *testing.T, done func(*ride)) {
	truth := closedPool(t, plant.Config{Seed: 1, Length: time.Hour})
	score := truth.Trial.Loops[0]
	done(&ride{Scenario: "pool (model)", Arm: theLoop, Good: truth.Truth.Good, Bad: truth.Truth.Bad, Moves: score.Moves, Reversals: score.Reversals})
	arms := serviceArms()
	done(virtualService(t, serviceScenario{name: "service at 75 %", workers: 10, rate: 150, length: time.Hour}, arms[len(arms)-1], 1))
	done(virtualGateway(t, gatewayScenario{name: "gateway", length: time.Hour}, gatewayArm{name: theLoop, mark: 1.2, loop: true}))
}

package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	benchControl = flag.String("bench-control", "", "measure loops on real plants, for an hour and a half, and write docs/control.md: all, pool, service, gateway, quiet, or report to write what was measured")
	benchSeeds   = flag.Int("bench-seeds", 3, "of -bench-control: seeds of each scenario")
	benchOnly    = flag.String("bench-only", "", "of -bench-control: measure only scenarios and arms whose words, as 'flaky, the loop', hold this, beside what was measured before")
)

const (
	theLoop     = "the loop"
	controlKept = "../../.cache/control" // what was measured; git does not see it
)

// TestControlBench measures each arm of each scenario on a real plant, one
// after the other. It asserts nothing: it writes docs/control.md, which says
// what was missed. `make bench-control` runs it.
func TestControlBench(t *testing.T) {
	benches := map[string]func(*testing.T, func(*ride)){"pool": benchPool, "service": benchService, "gateway": benchGateway, "quiet": benchQuiet}
	if *benchControl == "" {
		return
	}
	for _, name := range []string{"pool", "service", "gateway", "quiet"} {
		if *benchControl == name || *benchControl == "all" {
			all := keptRides(t, name)
			benches[name](t, func(r *ride) {
				r.Load = loadAverage()
				t.Log(r)
				all = replaced(all, r)
				keepRides(t, name, all)
			})
		}
	}
	reportControl(t)
}

// wanted reports whether an arm of a scenario is to be measured.
func wanted(scenario, arm string) bool { return strings.Contains(scenario+", "+arm, *benchOnly) }

// replaced puts a ride in the place of one that was measured before.
func replaced(all []*ride, r *ride) []*ride {
	i := slices.IndexFunc(all, func(old *ride) bool {
		return old.Scenario == r.Scenario && old.Arm == r.Arm && old.Seed == r.Seed
	})
	if i < 0 {
		return append(all, r)
	}
	all[i] = r
	return all
}

func benchPool(t *testing.T, done func(*ride)) {
	program := buildDemo(t)
	for _, s := range poolScenarios() {
		for seed := range uint64(*benchSeeds) {
			for _, arm := range poolArms() {
				if wanted(s.name, arm.name) {
					done(ridePool(t, program, s, arm, seed+1))
				}
			}
		}
	}
}

func benchService(t *testing.T, done func(*ride)) {
	for _, s := range serviceScenarios() {
		for seed := range uint64(*benchSeeds) {
			for _, arm := range serviceArms() {
				if wanted(s.name, arm.name) {
					done(rideService(t, sockets(), s, arm, seed+1))
				}
			}
		}
	}
}

func benchGateway(t *testing.T, done func(*ride)) {
	for _, s := range gatewayScenarios() {
		for seed := range uint64(*benchSeeds) {
			for _, arm := range gatewayArms() {
				if wanted(s.name, arm.name) {
					done(rideGateway(t, sockets(), s, arm, seed+1))
				}
			}
		}
	}
}

// A ride is what became of one arm of one scenario with one seed.
type ride struct {
	Scenario string
	Arm      string
	Seed     uint64
	Load     string // of the machine, when it ended

	mu        sync.Mutex
	Good, Bad int    // of those who are to be protected
	PerSecond []beat // by when they were due

	Useful    float64       // seconds of useful reports
	Asked     float64       // calls of the service for each one wanted
	Burst     beat          // the legitimate burst: admitted, and not
	Recovered time.Duration // last bad second after what went wrong had ended; −1 = never

	Settings         [][2]float64 // seconds, setting
	Moves, Reversals int
}

// A beat is one second, or any part of a run.
type beat struct{ Good, Bad int }

func (b beat) share() float64 {
	if b.Good+b.Bad == 0 {
		return 0
	}
	return float64(b.Bad) / float64(b.Good+b.Bad)
}

func newRide(scenario, arm string, seed uint64, length time.Duration) *ride {
	return &ride{Scenario: scenario, Arm: arm, Seed: seed, PerSecond: make([]beat, int(length/time.Second))}
}

// String is a line for whoever waits.
func (r *ride) String() string {
	return fmt.Sprintf("%s, %s, seed %d: %.2f %% bad, useful %.0f s, asked %.2f, burst %.2f %% refused, recovered %s, %d moves, load %s",
		r.Scenario, r.Arm, r.Seed, 100*r.share(), r.Useful, r.Asked, 100*r.Burst.share(), r.Recovered, r.Moves, r.Load)
}

func (r *ride) share() float64 { return beat{r.Good, r.Bad}.share() }

// book books a call on the second in which it was due.
func (r *ride) book(due time.Duration, good bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.PerSecond[due/time.Second]
	if good {
		r.Good++
		s.Good++
	} else {
		r.Bad++
		s.Bad++
	}
}

// recovered is when the last bad second after an instant ended, from there on:
// a second is bad when more than a tenth of its calls are.
func (r *ride) recovered(after time.Duration) (last time.Duration) {
	for i, s := range r.PerSecond {
		if end := time.Duration(i+1) * time.Second; end > after && s.share() > 0.1 {
			last = end - after
		}
	}
	if last+after >= time.Duration(len(r.PerSecond))*time.Second {
		return -1
	}
	return last
}

// keepRides keeps what was measured so far.
func keepRides(t *testing.T, name string, all []*ride) {
	t.Helper()
	must(t, os.MkdirAll(controlKept, 0o755))
	text, err := json.Marshal(all)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(controlKept, name+".json"), text, 0o644))
}

// keptRides are what was measured last; none is no error.
func keptRides(t *testing.T, name string) (all []*ride) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(controlKept, name+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	must(t, err)
	must(t, json.Unmarshal(text, &all))
	return all
}

// loadAverage is that of the last minute.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "?"
	}
	one, _, _ := strings.Cut(string(text), " ")
	return one
}

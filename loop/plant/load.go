package plant

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// The load, as the demo's shop has it.
const (
	customerRate = 60.0 // a second
	customerNeed = 5 * time.Millisecond
	reportRate   = 0.9 // a second
	surgeRate    = 2.2 // a second, while reports run away
	runawayShare = 0.45
	runawayMin   = 10.0 // seconds
	runawayMax   = 25.0 // seconds
	reportMedian = 1.0  // seconds
	reportSigma  = 0.6  // of the logarithm
	reportMin    = 0.05 // seconds
	crowd        = 3.0  // times as many customers
	slowness     = 10   // times as long
)

// A request asks for a worker.
type request struct {
	report bool
	due    time.Duration // since the begin
	need   time.Duration // of a worker
	tries  int           // before this one
}

// requests lists all that will be asked for, in order of time. Each sort is
// drawn from a sequence of its own, so that a fault changes nothing outside
// it.
func requests(seed uint64, length time.Duration, faults []Fault) []request {
	all := slices.Concat(customers(seed, length, faults), reports(seed, length, faults))
	slices.SortStableFunc(all, func(a, b request) int { return cmp.Compare(a.due, b.due) })
	return all
}

// customers draws as many as a crowd has, and lets one of three through when
// there is none.
func customers(seed uint64, length time.Duration, faults []Fault) (all []request) {
	random := rand.New(rand.NewPCG(seed, 1))
	for at := gap(random, crowd*customerRate); at < length; at += gap(random, crowd*customerRate) {
		comes := float64(crowd*random.Float64()) < 1
		need := customerNeed
		if faulty(faults, Slow, at) {
			need *= slowness
		}
		if comes || faulty(faults, Customers, at) {
			all = append(all, request{due: at, need: need})
		}
	}
	return all
}

func reports(seed uint64, length time.Duration, faults []Fault) (all []request) {
	calm, surge := rand.New(rand.NewPCG(seed, 2)), rand.New(rand.NewPCG(seed, 3))
	for at := gap(calm, reportRate); at < length; at += gap(calm, reportRate) {
		need := lognormal(calm)
		if !faulty(faults, Runaways, at) {
			all = append(all, request{report: true, due: at, need: need})
		}
	}
	for at := gap(surge, surgeRate); at < length; at += gap(surge, surgeRate) {
		need := surging(surge)
		if faulty(faults, Runaways, at) {
			all = append(all, request{report: true, due: at, need: need})
		}
	}
	return all
}

// surging is the need of a report while reports run away.
func surging(random *rand.Rand) time.Duration {
	runaway, ordinary, length := random.Float64(), lognormal(random), random.Float64()
	if runaway < runawayShare {
		return seconds(runawayMin + float64((runawayMax-runawayMin)*length))
	}
	return ordinary
}

// gap is the time to the next arrival of a Poisson process.
func gap(random *rand.Rand, rate float64) time.Duration { return seconds(random.ExpFloat64() / rate) }

// lognormal is the need of an ordinary report, cut off where runaways begin.
func lognormal(random *rand.Rand) time.Duration {
	need := reportMedian * math.Exp(float64(reportSigma*random.NormFloat64()))
	return seconds(min(max(need, reportMin), runawayMin))
}

// seconds is a length of time in whole microseconds.
func seconds(s float64) time.Duration {
	return time.Duration(math.Round(s*1e6)) * time.Microsecond
}

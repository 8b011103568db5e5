package main

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// The load of one shop. Reports last a lognormal time with a median of 1 s; in the surge almost
// half of them are runaways, which last 10 to 25 s whatever is done for them.
const (
	checkoutRate    = 60.0 // a second
	reportRate      = 0.9  // a second
	surgeReportRate = 2.2  // a second, while the surge lasts
	runawayShare    = 0.45 // of the surge's reports
	runawayMin      = 10.0 // seconds
	runawayMax      = 25.0 // seconds
	reportMedian    = 1.0  // seconds
	reportSigma     = 0.6  // of the logarithm
	reportMin       = 0.05 // seconds
	shopItems       = 1000 // things on sale
)

// schedule says what is asked of a shop and when. Equal schedules ask the same things; a longer
// duration adds requests at the end and changes none before.
type schedule struct {
	Seed       uint64
	Duration   time.Duration
	SurgeAfter time.Duration // from the start
	SurgeFor   time.Duration
}

// arrival is one request: a checkout of an item, or a report that needs a number of seconds.
type arrival struct {
	At      time.Duration // since the start
	Report  bool
	Item    int     // of a checkout
	Seconds float64 // of a report
}

// storySchedule is the demo's: two twelfths of the story calm, five surge, and five to recover in.
// The load itself goes on, as calm as at first, until total.
func storySchedule(seed uint64, story, total time.Duration) schedule {
	return schedule{Seed: seed, Duration: total, SurgeAfter: story * 2 / 12, SurgeFor: story * 5 / 12}
}

// arrivals lists every request in order of time.
func (s schedule) arrivals() []arrival {
	all := append(s.checkouts(), s.reports()...)
	slices.SortStableFunc(all, func(a, b arrival) int { return cmp.Compare(a.At, b.At) })
	return all
}

func (s schedule) checkouts() []arrival {
	random := rand.New(rand.NewPCG(s.Seed, 1))
	var all []arrival
	for at := gap(random, checkoutRate); at < s.Duration; at += gap(random, checkoutRate) {
		all = append(all, arrival{At: at, Item: 1 + random.IntN(shopItems)})
	}
	return all
}

// reports draws the calm reports and the surge's from separate sequences, so that moving the surge
// changes nothing outside it.
func (s schedule) reports() []arrival {
	calm, surge := rand.New(rand.NewPCG(s.Seed, 2)), rand.New(rand.NewPCG(s.Seed, 3))
	end := min(s.SurgeAfter+s.SurgeFor, s.Duration)
	var all []arrival
	for at := gap(calm, reportRate); at < s.Duration; at += gap(calm, reportRate) {
		seconds := lognormal(calm)
		if at < s.SurgeAfter || at >= end {
			all = append(all, arrival{At: at, Report: true, Seconds: seconds})
		}
	}
	for at := s.SurgeAfter + gap(surge, surgeReportRate); at < end; at += gap(surge, surgeReportRate) {
		all = append(all, arrival{At: at, Report: true, Seconds: surgeSeconds(surge)})
	}
	return all
}

func surgeSeconds(random *rand.Rand) float64 {
	runaway, ordinary := random.Float64(), lognormal(random)
	if runaway < runawayShare {
		return runawayMin + (runawayMax-runawayMin)*random.Float64()
	}
	return ordinary
}

// gap is the time to the next arrival of a Poisson process with rate arrivals a second.
func gap(random *rand.Rand, rate float64) time.Duration {
	return time.Duration(random.ExpFloat64() / rate * float64(time.Second))
}

// lognormal is the length of an ordinary report in seconds, cut off where runaways begin.
func lognormal(random *rand.Rand) float64 {
	seconds := reportMedian * math.Exp(reportSigma*random.NormFloat64())
	return min(max(seconds, reportMin), runawayMin)
}

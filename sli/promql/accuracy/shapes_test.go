package accuracy_test

import (
	"math/rand/v2"
	"time"
)

const (
	hour = time.Hour
	day  = 24 * time.Hour
)

// shapes are the lives that budgets must be right for. What happens once
// happens on the first two days, so that the short form has it too.
func shapes() []shape {
	return []shape{
		{name: "flat", pods: 2, load: always(10), errors: either(always(0.0005), daily(10*hour, 10*time.Minute), 0.2)},
		{name: "day-incident", pods: 2, load: dayAndNight, errors: either(always(0.0001), on(1, 13*hour, 2*hour), 0.05), short: true},
		{name: "night-incident", pods: 2, load: dayAndNight, errors: either(always(0.0001), on(1, 2*hour, 2*hour), 0.5)},
		{name: "no-traffic-at-night", pods: 2, load: either(always(20), daily(0, 6*hour), 0), errors: either(always(0.0002), on(1, 6*hour, 5*time.Minute), 1)},
		{name: "rollouts", pods: 3, load: always(5), errors: always(0.0005), life: 6 * hour, lazy: lazyErrors, short: true},
		{name: "rollouts-all-lazy", pods: 3, load: always(0.05), errors: always(0.02), life: 2 * hour, lazy: lazyAll},
		{name: "short-lived-jobs", pods: 1, load: always(0.2), errors: always(0.01), jobs: true, lazy: lazyErrors},
		{name: "backend-down-24h", pods: 2, load: always(10), errors: either(always(0), on(0, 11*hour, 25*hour), 0.2), dark: on(0, 12*hour, day), lazy: lazyErrors, short: true},
		{name: "backend-down-to-midnight", pods: 2, load: always(10), errors: either(always(0), on(0, 23*hour, 26*hour), 0.2), dark: on(1, -scrape, day), lazy: lazyErrors},
		{name: "gaps-hide-bursts", pods: 2, load: always(10), errors: either(always(0.0001), daily(9*hour+5*time.Minute, 10*time.Minute), 0.3), dark: daily(9*hour, 20*time.Minute)},
		{name: "gaps-with-restart", pods: 2, load: always(10), errors: either(always(0.0001), daily(9*hour+5*time.Minute, 10*time.Minute), 0.3),
			dark: daily(9*hour, 20*time.Minute), crash: once(9*hour + 10*time.Minute), lazy: lazyErrors, short: true},
		{name: "one-in-ten-minutes", pods: 1, load: always(1. / 600), errors: always(0.02)},
		{name: "one-in-ten-minutes-lazy", pods: 1, load: always(1. / 600), errors: always(0.1), crash: once(0), lazy: lazyAll, short: true},
		{name: "first-errors-ever", pods: 2, load: always(10), errors: either(always(0), on(1, 15*hour, 10*time.Minute), 0.1), lazy: lazyErrors},
		{name: "batch", pods: 1, load: either(always(0), daily(3*hour, hour), 50), errors: always(0.003)},
		{name: "batch-pods", pods: 1, load: either(always(0), daily(3*hour, hour), 50), errors: always(0.003), life: day, lazy: lazyAll},
		{name: "total-outage", pods: 2, load: always(10), errors: either(always(0), on(1, 8*hour, 30*time.Minute), 1), lazy: lazyErrors},
		{name: "no-error-ever", pods: 2, load: always(10), errors: always(0), lazy: lazyErrors},
		{name: "crash-loops", pods: 2, load: always(10), errors: either(always(0.0002), daily(14*hour, hour), 0.1), crash: inBursts, lazy: lazyErrors},
		{name: "one-scrape-interval", pods: 2, load: always(10), errors: either(always(0), on(1, 16*hour, scrape), 0.9), lazy: lazyErrors},
		{name: "every-7s-slices-of-10s", pods: 2, load: always(5), errors: either(always(0.001), on(1, 10*hour, 5*time.Minute), 0.3), crash: inBursts, lazy: lazyErrors, every: 7 * time.Second, slice: 10 * time.Second},
		{name: "every-60s-slices-of-5m", pods: 3, load: always(5), errors: either(always(0.001), on(1, 10*hour, 5*time.Minute), 0.3), crash: inBursts, lazy: lazyErrors, every: time.Minute, slice: 5 * time.Minute, short: true},
		{name: "pair-of-scrapers", pods: 2, load: always(10), errors: either(always(0.0005), daily(10*hour, 10*time.Minute), 0.2), life: 8 * hour, lazy: lazyErrors, pair: inTurn, short: true},
		{name: "own-paces", pods: 6, load: always(5), errors: either(always(0.001), on(1, 10*hour, 5*time.Minute), 0.3), crash: inBursts, life: 6 * hour, lazy: lazyErrors, every: 15 * time.Second, due: ownPaces, short: true},
		{name: "own-paces-steady", pods: 3, load: always(5), errors: either(always(0.001), on(1, 10*hour, 5*time.Minute), 0.3), every: 15 * time.Second, due: ownPaces},
		{name: "15s-then-60s", pods: 3, load: always(5), errors: either(always(0.001), on(1, 10*hour, 5*time.Minute), 0.3), crash: inBursts, life: 6 * hour, lazy: lazyErrors, every: 15 * time.Second, due: lessOften},
		{name: "at-any-time", pods: 3, load: always(5), errors: either(always(0.001), on(1, 10*hour, 5*time.Minute), 0.3), crash: inBursts, life: 6 * hour, lazy: lazyErrors, late: 28 * time.Second},
		{name: "every-5m", pods: 3, load: always(5), errors: either(always(0.001), on(1, 10*hour, 5*time.Minute), 0.3), life: 6 * hour, lazy: lazyErrors, every: 5 * time.Minute, told: 5 * time.Minute, slice: 5 * time.Minute},
		{name: "two-scrapes-a-life", pods: 2, load: always(5), errors: always(0.001), life: time.Minute, lazy: lazyErrors},
		{name: "restarts-each-scrape", pods: 2, load: always(10), errors: either(always(0.0002), daily(14*hour, hour), 0.1), crash: daily14, lazy: lazyErrors, short: true},
		{name: "restarts-thrice-a-scrape", pods: 2, load: always(10), errors: either(always(0.0002), daily(14*hour, hour), 0.1), crash: daily14, again: 2, lazy: lazyErrors},
		{name: "targets-down", pods: 2, load: either(always(10), daily(9*hour, 20*time.Minute), 0), errors: either(always(0.0005), on(1, 10*hour, 5*time.Minute), 0.3), dark: daily(9*hour, 20*time.Minute), crash: once(9*hour + 10*time.Minute), lazy: lazyErrors},
		{name: "counters-of-32-bits", pods: 2, load: always(10), errors: always(0.0005), begin: 1<<32 - 500_000, wrap: 1 << 32, lazy: lazyErrors},
		{name: "past-2^53", pods: 2, load: always(10), errors: always(0.0005), begin: 1<<53 - 500_000, lazy: lazyErrors},
		{name: "pair-and-crash-loops", pods: 2, load: always(10), errors: either(always(0.0002), daily(14*hour, hour), 0.1), crash: inBursts, lazy: lazyErrors, pair: inTurn},
	}
}

// inTurn has one scraper of a pair down for two hours in the morning, the other
// from noon to one, and each for a scrape now and then.
func inTurn(scraper int, at time.Duration) bool {
	if scraper == 0 {
		return daily(9*hour, 2*hour)(at) || int(at/scrape)%37 == 0
	}
	return daily(12*hour, hour)(at) || int(at/scrape)%41 == 0
}

func always(v float64) func(time.Duration) float64 { return func(time.Duration) float64 { return v } }

// either is v while something holds, and what else says at other times.
func either(otherwise func(time.Duration) float64, holds func(time.Duration) bool, v float64) func(time.Duration) float64 {
	return func(at time.Duration) float64 {
		if holds(at) {
			return v
		}
		return otherwise(at)
	}
}

// on holds from a time on one day, counted from 0.
func on(n int, begin, length time.Duration) func(time.Duration) bool {
	begin += time.Duration(n) * day
	return func(at time.Duration) bool { return at > begin && at <= begin+length }
}

func daily(begin, length time.Duration) func(time.Duration) bool {
	return func(at time.Duration) bool { return at >= 0 && at%day > begin && at%day <= begin+length }
}

// once a day every pod restarts.
func once(begin time.Duration) func(*rand.Rand, time.Duration) bool {
	return func(_ *rand.Rand, at time.Duration) bool { return at%day == begin }
}

// inBursts has pods restart every two minutes or so, for an hour a day.
func inBursts(r *rand.Rand, at time.Duration) bool {
	return daily(14*hour, hour)(at) && r.IntN(4) == 0
}

// daily14 has pods restart in each scrape interval, for an hour a day.
func daily14(_ *rand.Rand, at time.Duration) bool { return daily(14*hour, hour)(at) }

// ownPaces has pods scraped at each first, second and fourth tick.
func ownPaces(pod, tick int) bool { return tick%(1<<(pod%3)) == 0 }

// lessOften has them scraped at each fourth tick from 36 hours on.
func lessOften(_, tick int) bool { return tick < 36*240 || tick%4 == 0 }

// dayAndNight is 200:1.
func dayAndNight(at time.Duration) float64 {
	if at < 0 || at%day < 7*hour || at%day >= 22*hour {
		return 0.5
	}
	return 100
}

package accuracy_test

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/sli"
)

// A scraping says of one sample of a history whether it was stored, and how
// much later than it was.
type scraping func(r *rand.Rand, s *series, number int) (stored bool, late time.Duration)

// Histories that are scraped in other ways than every 30 s are counted as
// exactly, with no backend in between.
func TestScrapedOtherwise(t *testing.T) {
	const halfway = 24 * 120 // scrapes
	each := func(n int) scraping {
		return func(_ *rand.Rand, _ *series, number int) (bool, time.Duration) { return number%n == 0, 0 }
	}
	from := func(first, then scraping) scraping {
		return func(r *rand.Rand, s *series, number int) (bool, time.Duration) {
			if number < halfway {
				return first(r, s, number)
			}
			return then(r, s, number)
		}
	}
	sometimes := func(r *rand.Rand, _ *series, _ int) (bool, time.Duration) { return r.IntN(2) == 0, 0 }
	uneven := func(r *rand.Rand, _ *series, _ int) (bool, time.Duration) { return true, time.Duration(r.Int64N(14e9)) }
	byPod := func(_ *rand.Rand, s *series, number int) (bool, time.Duration) {
		return number%(1+len(s.pod)%2) == 0, 0
	}
	later := func(_ *rand.Rand, s *series, _ int) (bool, time.Duration) {
		return true, time.Duration(strings.Count(s.code, "5")) * 14 * time.Second
	}
	for _, how := range []scraped{
		{"each 30 s", each(1), 0, true}, {"half of it lost", sometimes, 0, false}, {"unevenly", uneven, 0, false}, {"each at its pace", byPod, 0, true},
		{"bad ones later", later, 0, false}, {"each 2 minutes", each(4), 2 * time.Minute, true}, {"each 10 minutes", each(20), 10 * time.Minute, true},
		{"less often later", from(each(1), each(4)), 2 * time.Minute, true}, {"more often later", from(each(4), each(1)), 2 * time.Minute, true},
	} {
		t.Run(how.name, func(t *testing.T) {
			for _, s := range shapes() {
				fits := (how.name == "each 30 s" || s.due == nil && s.late == 0 && s.begin == 0) && (how.pairs || s.pair == nil) && s.every == 0 && s.name != "backend-down-to-midnight" // whose second day is dark
				if fits && (*full || s.name == "rollouts" || s.name == "crash-loops" || s.name == "one-in-ten-minutes-lazy" || s.name == "pair-and-crash-loops" || s.name == "own-paces" || s.name == "restarts-thrice-a-scrape" || s.name == "past-2^53") {
					live(s, *seed+100, 2).scraped(how).check(t, how)
				}
			}
		})
	}
}

// scraped is a way to scrape.
type scraped struct {
	name     string
	stored   scraping
	declared time.Duration // scrape interval; 0 = it is learned, which takes one of less than two minutes
	pairs    bool          // of scrapers, too: their samples' values are of the samples' times
}

// scraped is the history scraped in another way.
func (h *history) scraped(how scraped) *history {
	r, out := rand.New(rand.NewPCG(*seed, 0)), *h
	out.series = nil
	for _, s := range h.series {
		one := &series{pod: s.pod, code: s.code, scraper: s.scraper}
		for _, m := range s.samples {
			number := int((m.milli-from.UnixMilli())/h.shape.every.Milliseconds()) + warmUp
			if stored, late := how.stored(r, s, number); stored {
				one.samples = append(one.samples, sample{m.milli + late.Milliseconds(), m.value})
			}
		}
		if len(one.samples) > 0 {
			out.series = append(out.series, one)
		}
	}
	out.shape.every = cmp.Or(how.declared, h.shape.every)
	return &out
}

// check counts two days of a history from memory. Where every sample was stored
// what happened is within the bound; elsewhere some is still to be scraped.
func (h *history) check(t *testing.T, how scraped) {
	t.Helper()
	var all []sli.Slice
	part, total := h.counted()
	for d := range time.Duration(2) {
		c := sli.Cut{From: from.Add(d * day), To: from.Add((d + 1) * day), Slice: h.shape.slice, Scrape: how.declared, Pairs: h.shape.pair != nil}
		all = append(all, c.Increments(part, total)...)
	}
	sum := sli.Counts{}
	for _, s := range all {
		sum = sum.Add(s.Counts)
	}
	want := h.knowable()
	for _, off := range []float64{percentOff(sum.Bad.Float(), float64(want.bad)), percentOff(sum.Total().Float(), float64(want.total))} {
		if !(math.Abs(off) <= bar) {
			t.Errorf("%s: off by %.3f %%: counted %.0f of %.0f, knowable %v", h.shape.name, off, sum.Bad.Float(), sum.Total().Float(), want)
		}
	}
	if how.name != "each 30 s" {
		return
	}
	left, bound := budgetOf(t, objective(h.shape), from.Add(2*day), all)
	if truth := 1 - 1000*h.happened.share().bad/h.happened.share().total; math.Abs(truth-left) > bound+1e-6 {
		t.Errorf("%s: %.4f of the budget is left, by all that happened %.4f: out of the bound, %.4f", h.shape.name, left, truth, bound)
	}
}

// counted is the series that are counted as bad, and all.
func (h *history) counted() (part, total []sli.Series) {
	for _, s := range h.series {
		one := sli.Series{ID: s.pod + s.code}
		for _, m := range s.samples {
			one.Samples = append(one.Samples, sli.Sample{Milli: m.milli, Value: float64(m.value)})
		}
		slices.SortFunc(one.Samples, func(a, b sli.Sample) int { return cmp.Compare(a.Milli, b.Milli) })
		if total = append(total, one); s.code == "500" {
			part = append(part, one)
		}
	}
	return part, total
}

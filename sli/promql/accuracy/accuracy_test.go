// Package accuracy measures how exact counts are: it invents 35 histories of
// counters, stores them in real backends, and compares what package promql
// counts with what the stored samples tell by definition.
//
//	shapes ─► live: what happened, and what was scraped ─► start: a backend that stores it
//	             ─► knowable, by definition              ─► Counts, slice by slice and at once
//	                         └──────────── equal ─────────────┘ ─► docs/accuracy.md
//
// Without flags it takes a few histories of two days; `make accuracy` takes all
// of them, of 30 days. Other seeds make other histories.
package accuracy_test

import (
	"flag"
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/sli/promql/promtest"
	"setpoint.dev/setpoint/slo"
)

var (
	full   = flag.Bool("full", false, "all histories, of 30 days")
	length = flag.Int("days", 30, "of the histories, with -full")
	seed   = flag.Uint64("seed", 1, "of the histories")
	update = flag.Bool("update", false, "with -full, write docs/accuracy.md")
)

// bar is how far a share of bad events may be off, in percent.
const bar = 0.5

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Every history is counted as exactly as its samples allow, slice by slice as
// it would be live and at once as it is backfilled.
func TestAccuracy(t *testing.T) {
	days, all := 2, []*history{}
	if *full {
		days = *length
	}
	for _, s := range shapes() {
		if *full || s.short {
			all = append(all, live(s, *seed, days))
		}
	}
	var results []result
	for _, backend := range promtest.Installed(t) {
		t.Run(string(backend), func(t *testing.T) {
			results = append(results, measureAll(t, backend, all, days)...)
		})
	}
	report(t, results, days)
}

// A result is what was counted of one history.
type result struct {
	backend            promtest.Backend
	history            *history
	knowable           counts
	counted, increased share
	gaps               int // slices that hold what happened over a gap
	covered            float64
	left, bound, truth float64 // of the budget
}

// A share is of bad events, in all events.
type share struct{ bad, total float64 }

func (c counts) share() share { return share{float64(c.bad), float64(c.total)} }

func measureAll(t *testing.T, backend promtest.Backend, all []*history, days int) []result {
	server := start(t, backend, all)
	results := make([]result, len(all))
	var group errgroup.Group
	group.SetLimit(3)
	for i, h := range all {
		group.Go(func() error {
			results[i] = measure(t, server, h, days)
			return nil
		})
	}
	_ = group.Wait()
	http.DefaultClient.CloseIdleConnections()
	return results
}

// measure counts one history in every way and compares.
func measure(t *testing.T, server *promtest.Server, h *history, days int) result {
	began := time.Now()
	to := from.Add(time.Duration(days) * day)
	o := objective(h.shape)
	src := slo.Source{Name: "history", URL: server.URL, Timeout: time.Minute, Scrape: h.shape.told}
	whole := count(t, src, o, from, to, to.Sub(from))
	compareLive(t, src, o, whole)
	r := result{backend: server.Backend, history: h, knowable: h.knowable(), increased: increase(t, server.URL, h.shape.name, to)}
	sum := sli.Counts{}
	for _, s := range whole {
		sum = sum.Add(s.Counts)
		if s.Flaw == sli.FlawGap || s.Flaw == sli.FlawLost {
			r.gaps++
		}
	}
	r.counted = share{sum.Bad.Float(), sum.Total().Float()}
	r.covered = float64(sum.Covered) / float64(to.Sub(from))
	want := r.knowable.share()
	for _, off := range []float64{r.counted.off(want), percentOff(r.counted.bad, want.bad), percentOff(r.counted.total, want.total)} {
		if math.Abs(off) > max(h.shape.most, bar) || math.IsNaN(off) {
			t.Errorf("%s: off by %.3f %%: counted %v, knowable %v", h.shape.name, off, r.counted, want)
		}
	}
	r.left, r.bound = budgetOf(t, o, to, whole)
	r.truth = 1 - 1000*h.happened.share().bad/max(h.happened.share().total, 1)
	if math.Abs(r.truth-r.left) > r.bound+1e-6 {
		t.Errorf("%s: %.6f of the budget is left, by all that happened %.6f: out of the bound, %.6f", h.shape.name, r.left, r.truth, r.bound)
	}
	t.Logf("%s: %s", h.shape.name, time.Since(began).Round(time.Millisecond))
	return r
}

// compareLive counts anew as an engine does that runs: slice by slice on the
// second day, when most things happen (in the short form a few hours of it),
// and all of the time by the hour, as after an engine that was down so long.
func compareLive(t *testing.T, src slo.Source, o slo.Objective, whole []sli.Slice) {
	begin, end := from.Add(day), from.Add(2*day)
	if !*full {
		begin, end = from.Add(day+9*hour), from.Add(day+13*hour+15*time.Minute)
	}
	slices := count(t, src, o, begin, end, o.Slice)
	n := int(begin.Sub(from) / o.Slice)
	if len(whole) < n+len(slices) {
		return // count has said why
	}
	if diff := cmp.Diff(whole[n:n+len(slices)], slices); diff != "" {
		t.Errorf("%s: counts differ (-backfilled +slice by slice):\n%.2000s", o.Name, diff)
	}
	hours := count(t, src, o, from, whole[len(whole)-1].Start.Add(o.Slice), hour)
	if diff := cmp.Diff(whole, hours); diff != "" {
		t.Errorf("%s: counts differ (-backfilled +by the hour):\n%.2000s", o.Name, diff)
	}
}

// budgetOf is what the slices leave of the budget, and its bound.
func budgetOf(t *testing.T, o slo.Objective, to time.Time, all []sli.Slice) (left, bound float64) {
	o.Target, o.Window = slo.NewDecimal(999, 3), slo.Window{Length: to.Sub(from)}
	book := budget.NewBook(budget.Config{Objective: o, At: to})
	if err := book.Put(all...); err != nil {
		t.Error(err)
	}
	s := book.State()
	return s.Remaining, s.Bound
}

func objective(s shape) slo.Objective {
	history := s.name
	return slo.Objective{Name: history, Slice: s.slice, Indicator: slo.Indicator{
		Name: history, Source: "history",
		Bad:   `requests_total{history="` + history + `",code="500"}`,
		Total: `requests_total{history="` + history + `"}`,
	}}
}

// count asks for the slices of a time, so much at a time.
func count(t *testing.T, src slo.Source, o slo.Objective, begin, to time.Time, step time.Duration) (all []sli.Slice) {
	sources, err := promql.New([]slo.Source{src}, promql.Config{})
	if err != nil {
		t.Error(err)
		return nil
	}
	defer sources.Close()
	for at := begin; at.Before(to); at = at.Add(step) {
		slices, err := sources.Counts(t.Context(), o, at, at.Add(min(step, to.Sub(at))))
		if err != nil {
			t.Error(err)
			return all
		}
		all = append(all, slices...)
	}
	return all
}

// off is how far a share is from what it should be, in percent of that.
func (s share) off(want share) float64 {
	return percentOff(s.bad/max(s.total, 1), want.bad/max(want.total, 1))
}

// percentOff is 100 where something should be 0 and is not.
func percentOff(got, want float64) float64 {
	switch {
	case got == want:
		return 0
	case want == 0:
		return 100
	}
	return (got/want - 1) * 100
}

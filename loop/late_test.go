package loop_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/sli/promql/promtest"
	"setpoint.dev/setpoint/slo"
)

// Samples that reach a real backend late and out of order, as remote write
// brings them, are all counted in the end: the budget is that of a loop that
// reads when they have all arrived.
func TestLateSamples(t *testing.T) {
	for _, backend := range promtest.Installed(t) {
		t.Run(string(backend), func(t *testing.T) {
			t.Parallel()
			testLate(t, promtest.Start(t, promtest.Config{Backend: backend, Late: 6 * time.Hour}))
		})
	}
}

func testLate(t *testing.T, server *promtest.Server) {
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	began := time.Now().Add(-3 * time.Hour).Truncate(time.Minute)
	posts, want := arrivals(began)
	source := slo.Source{Name: "metrics", URL: server.URL, Delay: time.Second, Settle: 4 * time.Minute, Scrape: 15 * time.Second}
	set := &slo.Set{Sources: []slo.Source{source}, Objectives: []slo.Objective{{
		Name: "late", Target: slo.NewDecimal(9, 1), Window: slo.Window{Length: time.Hour}, Slice: time.Minute,
		Indicator: slo.Indicator{Source: "metrics", Bad: `requests_total{code="500"}`, Total: `requests_total`},
	}}}
	sources, err := promql.New(set.Sources, promql.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer sources.Close()
	l, err := loop.New(loop.Config{Set: set, Source: sources, Records: ledger.NewMemory()})
	if err != nil {
		t.Fatal(err)
	}
	var live budget.State
	for i, post := range posts {
		if err := server.Write(post); err != nil {
			t.Fatal(err)
		}
		r := l.Tick(t.Context(), began.Add(time.Duration(i)*time.Minute+time.Second))
		if len(r.Errs) > 0 {
			t.Fatal(r.Errs)
		}
		live = r.States[0]
	}
	fresh, err := loop.New(loop.Config{Set: set, Source: sources, Records: ledger.NewMemory()})
	if err != nil {
		t.Fatal(err)
	}
	back := fresh.Tick(t.Context(), live.At.Add(time.Second)).States[0]
	if diff := cmp.Diff(settled(back), settled(live), cmp.AllowUnexported(slo.Decimal{})); diff != "" {
		t.Errorf("state (-backfilled +live):\n%s", diff)
	}
	if live.Budget.Good != want.Good || live.Budget.Bad != want.Bad {
		t.Errorf("counted %v of %v bad, want %v of %v", live.Budget.Bad.Float(), live.Budget.Total().Float(), want.Bad.Float(), want.Total().Float())
	}
	if live.Corrected < 10 {
		t.Errorf("%d corrections, want many", live.Corrected)
	}
}

// arrivals are the samples of two counters over 40 minutes, by the minute at
// which they reach the backend, up to three minutes late; and the events that
// they tell.
func arrivals(began time.Time) (posts [][]promtest.Sample, want sli.Counts) {
	rng := rand.New(rand.NewPCG(1, 2))
	posts = make([][]promtest.Sample, 50)
	values := map[string]int64{"200": 1000, "500": 50}
	for tick := range 40 * 4 {
		at := began.Add(time.Duration(tick)*15*time.Second + 7*time.Second)
		for code, n := range map[string]int64{"200": 20, "500": rng.Int64N(3)} {
			if tick > 20 { // before, nothing is late, so that the first sample is known to be
				values[code] += n
			}
			late := time.Duration(0)
			if tick > 20 {
				late = time.Duration(rng.Int64N(int64(3 * time.Minute)))
			}
			minute := int(at.Add(late).Sub(began)/time.Minute) + 1
			posts[minute] = append(posts[minute], promtest.Sample{
				Labels: map[string]string{"__name__": "requests_total", "code": code, "job": "shop"}, Milli: at.UnixMilli(), Value: float64(values[code]),
			})
		}
	}
	for _, post := range posts {
		slices.SortFunc(post, func(a, b promtest.Sample) int { return cmpLabels(a, b) })
	}
	want.Bad = sli.Count(values["500"]-50) * sli.Event
	want.Good = sli.Count(values["200"]-1000) * sli.Event
	return posts, want
}

func cmpLabels(a, b promtest.Sample) int {
	return slices.Compare([]string{a.Labels["code"], fmt.Sprint(a.Milli)}, []string{b.Labels["code"], fmt.Sprint(b.Milli)})
}

package promql_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/slo"
)

// scrapes are the samples that one of a pair of scrapers has of a value that
// grows from -300 s on, up to 3600 s, but for a gap.
func scrapes(phase, gapFrom, gapTo int, value func(at int) float64) (all []sli.Sample) {
	for at := -300 + phase; at <= 3600; at += 30 {
		if at <= gapFrom || at > gapTo {
			all = append(all, sli.Sample{Milli: base.UnixMilli() + int64(at)*1000, Value: value(at)})
		}
	}
	return all
}

// paired is a store of what two scrapers, told apart by a label, know of a
// service that restarts after 30 minutes.
func paired(label string) *store {
	life := func(at int) float64 { return float64((at + 300) % 2100) }
	values := map[string]func(int) float64{
		`total`:          life,
		`bad_total`:      func(at int) float64 { return math.Floor(life(at) / 10) },
		`x_seconds`:      func(at int) float64 { return float64(at / 600 % 2) },
		`y_bucket{le=1}`: func(at int) float64 { return math.Floor(life(at) / 2) },
		`y_count`:        life,
		`started`:        func(at int) float64 { return float64(base.Unix() + int64(at-at%600)) },
		`done`:           func(at int) float64 { return float64(base.Unix() + int64(at-at%600)) },
	}
	s := &store{}
	for name, value := range values {
		for i, gap := range [][2]int{{900, 1500}, {2400, 2700}} {
			labels := map[string]string{"__name__": name, "job": "shop", label: fmt.Sprint("prometheus-", i)}
			if name == `y_bucket{le=1}` {
				labels["__name__"], labels["le"] = "y_bucket", []string{"1", "1.0"}[i]
			}
			s.series = append(s.series, stored{labels, scrapes(3+12*i, gap[0], gap[1], value)})
		}
	}
	slices.SortFunc(s.series, func(a, b stored) int { return cmpText(a.id(), b.id()) })
	return s
}

func cmpText(a, b string) int {
	if a < b {
		return -1
	}
	return 1
}

// pairedObjectives are one of each kind, and what an hour of them comes to.
func pairedObjectives() map[string]struct {
	in   slo.Indicator
	want sli.Counts
} {
	type row = struct {
		in   slo.Indicator
		want sli.Counts
	}
	events := func(good, bad int, unseen, unseenBad sli.Count) sli.Counts {
		return sli.Counts{Good: sli.Count(good) * sli.Event, Bad: sli.Count(bad) * sli.Event, Covered: time.Hour, Unseen: unseen, UnseenBad: unseenBad}
	}
	// What is known ends 15 s before the restart and before the end. Before the
	// restart as much as in the scrape interval before may not have been seen.
	return map[string]row{
		"counters":  {slo.Indicator{Bad: "bad_total", Total: "total"}, events(3227, 358, 30000, 2666)},
		"histogram": {slo.Indicator{Good: `y_bucket{le=~"1|1[.]0"}`, Total: "y_count", Bucket: slo.NewDecimal(1, 0)}, events(1792, 1793, 30000, 15333)},
		"samples":   {slo.Indicator{Kind: slo.Threshold, Query: "x_seconds", Op: slo.LessOrEqual, Value: slo.NewDecimal(0, 0)}, events(60, 60, 0, 0)},
		"deadline":  {slo.Indicator{Kind: slo.Deadline, Started: "started", Query: "done", Limit: time.Minute}, events(5, 0, 0, 0)},
	}
}

// What a pair of scrapers stores counts once, of every kind of indicator, at
// once and slice by slice, whether their label is declared or known.
func TestPairsOfScrapers(t *testing.T) {
	for _, src := range []slo.Source{
		{Scrape: 30 * time.Second},
		{},
		{Scrape: 30 * time.Second, Replicas: []string{"replica"}},
	} {
		label := "prometheus_replica"
		if len(src.Replicas) > 0 {
			label = "replica"
		}
		sources := serve(t, paired(label), promql.Config{}, src)
		for name, row := range pairedObjectives() {
			t.Run(fmt.Sprint(label, src.Scrape, name), func(t *testing.T) {
				o := slo.Objective{Name: name, Slice: time.Minute, Indicator: row.in}
				o.Indicator.Source = "shop"
				whole, err := sources.Counts(t.Context(), o, at(0), at(3600))
				if err != nil {
					t.Fatal(err)
				}
				sum := sli.Counts{}
				for i, s := range whole {
					sum = sum.Add(s.Counts)
					one, err := sources.Counts(t.Context(), o, s.Start, s.Start.Add(time.Minute))
					if diff := cmp.Diff([]sli.Slice{s}, one); err != nil || diff != "" {
						t.Errorf("slice %d: %v (-of all +by itself)\n%s", i, err, diff)
					}
				}
				if sum != row.want {
					t.Errorf("got %+v, want %+v", sum, row.want)
				}
			})
		}
	}
}

// A label that is called a replica and is not declared is left alone: it may
// tell processes apart. The plan warns when it seems not to.
func TestPlanSuspectsPairs(t *testing.T) {
	o := objective()
	ask := sli.Ask{Objective: &o, From: at(600), To: at(660)}
	for _, declared := range [][]string{nil, {"replica"}} {
		sources := serve(t, paired("replica"), promql.Config{}, slo.Source{Replicas: declared})
		queries, errs := sources.Plan(t.Context(), []sli.Ask{ask})
		for _, q := range queries {
			if got, want := len(q.Copies) > 0, declared == nil; got != want || len(errs) > 0 {
				t.Errorf("declared %v: %s: got copies %v, %v", declared, q.Query, q.Copies, errs)
			}
		}
	}
}

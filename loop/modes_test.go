package loop_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/sli/promql/promtest"
	"setpoint.dev/setpoint/slo"
)

// The budget of every kind of indicator is the same to the last count whether
// it was measured all along, read at once on a first start, or read after an
// engine was down for an hour: here from what a pair of scrapers stored in real
// backends.
func TestHoweverItIsRead(t *testing.T) {
	for _, backend := range promtest.Installed(t) {
		t.Run(string(backend), func(t *testing.T) {
			t.Parallel()
			t.Cleanup(http.DefaultClient.CloseIdleConnections)
			began := time.Now().Add(-3 * time.Hour).Truncate(time.Minute)
			server := promtest.Start(t, promtest.Config{Backend: backend, Late: 6 * time.Hour})
			if err := server.Write(pairOf(began)); err != nil {
				t.Fatal(err)
			}
			minutes := func(from, to int) (at []time.Time) {
				for m := from; m <= to; m++ {
					at = append(at, began.Add(time.Duration(m)*time.Minute+6*time.Second))
				}
				return at
			}
			all := readAs(t, server.URL, minutes(10, 152))
			for name, ticks := range map[string][][]time.Time{
				"on a first start":    {minutes(150, 152)},
				"after an hour":       {minutes(10, 70), minutes(130, 152)},
				"after many restarts": {minutes(10, 40), minutes(41, 41), minutes(60, 90), minutes(120, 152)},
			} {
				if diff := cmp.Diff(all, readAs(t, server.URL, ticks...)); diff != "" {
					t.Errorf("(-all along +%s)\n%s", name, diff)
				}
			}
		})
	}
}

// A standing is what a budget comes to.
type standing struct {
	Budget budget.Window
	Bound  float64
	Status budget.Status
}

// readAs measures with one engine after the other, up to the end of minute 152.
func readAs(t *testing.T, url string, engines ...[]time.Time) map[string]standing {
	t.Helper()
	set := &slo.Set{Sources: []slo.Source{{Name: "metrics", URL: url, Scrape: 30 * time.Second, Timeout: time.Minute}}}
	for name, in := range map[string]slo.Indicator{
		"counters":  {Bad: `requests_total{code="500"}`, Total: `requests_total`},
		"threshold": {Kind: slo.Threshold, Query: "latency", Op: slo.LessOrEqual, Value: slo.NewDecimal(5, 0)},
		"evaluated": {Kind: slo.Threshold, Query: "max(latency)", Op: slo.LessOrEqual, Value: slo.NewDecimal(5, 0)},
		"fresh":     {Kind: slo.Freshness, Query: "started", MaxAge: 9 * time.Minute},
		"deadline":  {Kind: slo.Deadline, Started: "started", Query: "done", Limit: time.Minute},
	} {
		in.Source, in.Name = "metrics", name
		set.Objectives = append(set.Objectives, slo.Objective{
			Name: name, Target: slo.NewDecimal(9, 1), Window: slo.Window{Length: 2 * time.Hour}, Slice: time.Minute, Indicator: in})
	}
	records, found := ledger.NewMemory(), map[string]standing{}
	for _, ticks := range engines {
		sources, err := promql.New(set.Sources, promql.Config{})
		if err != nil {
			t.Fatal(err)
		}
		l, err := loop.New(loop.Config{Set: set, Source: sources, Records: records})
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range ticks {
			r := l.Tick(t.Context(), at)
			if len(r.Errs) > 0 {
				t.Fatal(r.Errs)
			}
			for _, s := range r.States {
				found[s.Objective] = standing{s.Budget, s.Bound, s.Status}
			}
		}
		sources.Close()
	}
	return found
}

// pairOf is what two scrapers stored of a service that restarts now and then,
// each with a gap of its own, and both with one that holds a restart.
func pairOf(began time.Time) (all []promtest.Sample) {
	add := func(at, value int, name, code, replica string) {
		labels := map[string]string{"__name__": name, "code": code, "prometheus_replica": replica}
		all = append(all, promtest.Sample{Labels: labels, Milli: began.Add(time.Duration(at) * time.Second).UnixMilli(), Value: float64(value)})
	}
	for _, name := range []string{"requests_total 200", "requests_total 500", "latency x", "started x", "done x"} {
		var metric, code string
		fmt.Sscan(name, &metric, &code)
		for i := range 2 {
			for at := 4 + 11*i; at < 155*60; at += 30 {
				if at/600 == 3+2*i || at/600 == 11 {
					continue
				}
				since, run := at%2430, int(began.Unix())+at-at%600
				value := map[string]int{"requests_total 200": since, "requests_total 500": since / 9, "latency x": at / 300 % 9, "started x": run, "done x": run}[name]
				add(at, value, metric, code, fmt.Sprint("prometheus-", i))
			}
		}
	}
	return all
}

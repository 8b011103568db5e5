package promql_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/sli/promql/promtest"
	"setpoint.dev/setpoint/slo"
)

// History is read from a backend that evaluates queries of few samples only:
// less is asked for at once until it answers, and the slices are those that
// another backend gives without a limit.
func TestFewSamplesAtOnce(t *testing.T) {
	t.Parallel()
	for _, backend := range promtest.Installed(t) {
		t.Run(string(backend), func(t *testing.T) {
			t.Parallel()
			limit := []string{"--query.max-samples=12000"}
			if backend == promtest.VictoriaMetrics {
				// Its limit of samples is one of blocks of them, whatever part of these is asked for: what
				// is asked together is asked apart then.
				limit = []string{"-search.maxPointsPerTimeseries=100", "-search.maxSamplesPerQuery=40000"}
			}
			testFewSamples(t, backend, limit)
		})
	}
}

func testFewSamples(t *testing.T, backend promtest.Backend, limit []string) {
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	began := time.Now().Add(-3 * time.Hour).Truncate(time.Minute)
	samples := append(manySamples(began), shopSamples(began)...)
	var got [2][]sli.Slice
	for i, flags := range [][]string{nil, limit} {
		server := promtest.Start(t, promtest.Config{Backend: backend, Late: 6 * time.Hour, Flags: flags})
		if err := server.Write(samples); err != nil {
			t.Fatal(err)
		}
		sources, err := promql.New([]slo.Source{{Name: "shop", URL: server.URL, Scrape: 15 * time.Second}}, promql.Config{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(sources.Close)
		counted, judged := objective(), objective()
		counted.Indicator.Bad, counted.Indicator.Total = `many_total{code="500"}`, "many_total"
		judged.Indicator = slo.Indicator{Source: "shop", Kind: slo.Threshold, Query: "max(many_total)", Op: slo.LessOrEqual, Value: slo.NewDecimal(4000, 0)}
		for _, o := range []slo.Objective{counted, judged} {
			all, err := sources.Counts(t.Context(), o, began, began.Add(150*time.Minute))
			if err != nil || len(all) != 150 || all[100].Bad == 0 {
				t.Fatalf("with %v: %d slices, %v", flags, len(all), err)
			}
			got[i] = append(got[i], all...)
		}
		for n, a := range sources.CountsAll(t.Context(), shops(began, began.Add(150*time.Minute))) {
			if a.Err != nil || len(a.Slices) != 150 || a.Slices[100].Bad == 0 {
				t.Fatalf("shop %d with %v: %d slices, %v", n, flags, len(a.Slices), a.Err)
			}
			got[i] = append(got[i], a.Slices...)
		}
	}
	if diff := cmp.Diff(got[0], got[1]); diff != "" {
		t.Errorf("(-without a limit +with it)\n%.2000s", diff)
	}
}

// Objectives of several shops, which are asked about in one query.
const manyShops = 12

func shops(from, to time.Time) (asks []sli.Ask) {
	for n := range manyShops {
		o := objective()
		o.Name = fmt.Sprint("shop-", n)
		o.Indicator.Bad, o.Indicator.Total = fmt.Sprintf(`shop_total{shop="%d",code="500"}`, n), fmt.Sprintf(`shop_total{shop="%d"}`, n)
		asks = append(asks, sli.Ask{Objective: &o, From: from, To: to})
	}
	return asks
}

// shopSamples are those of ten series of each shop: more together than the
// limits allow.
func shopSamples(began time.Time) (all []promtest.Sample) {
	for n := range 10 * manyShops {
		labels := map[string]string{"__name__": "shop_total", "code": []string{"200", "500"}[n%2], "shop": fmt.Sprint(n / 10), "pod": fmt.Sprint(n)}
		for at := 0; at < 150*60; at += 15 {
			all = append(all, promtest.Sample{Labels: labels, Milli: began.Add(time.Duration(at) * time.Second).UnixMilli(), Value: float64(at / (n + 1))})
		}
	}
	return all
}

// manySamples are those of 60 series, half of which are born after an hour.
func manySamples(began time.Time) (all []promtest.Sample) {
	for n := range 60 {
		labels := map[string]string{"__name__": "many_total", "code": []string{"200", "500"}[n%2], "pod": fmt.Sprint(n)}
		for at := n % 2 * 3600; at < 150*60; at += 15 {
			all = append(all, promtest.Sample{Labels: labels, Milli: began.Add(time.Duration(at) * time.Second).UnixMilli(), Value: float64(at / (n + 1))})
		}
	}
	return all
}

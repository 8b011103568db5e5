package promql_test

import (
	"testing"
	"time"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/sli/promql/promtest"
	"setpoint.dev/setpoint/slo"
)

// checkFractions: a counter of seconds, in millionths, from a hundred million
// on, is counted to within a thousandth over all slices together, however often
// each slice is rounded.
func checkFractions(t *testing.T, server *promtest.Server, from time.Time) {
	t.Helper()
	const start, step = 100_000_000_333_333, 77_777 // millionths
	micros := func(n int) int64 { return start + int64(n)*step }
	var samples []promtest.Sample
	for n := range 44 {
		for _, code := range []string{"200", "500"} {
			samples = append(samples, promtest.Sample{
				Labels: map[string]string{"__name__": "seconds_total", "code": code},
				Milli:  from.Add(time.Duration(n) * 15 * time.Second).UnixMilli(), Value: float64(micros(n)) / 1e6,
			})
		}
	}
	if err := server.Write(samples); err != nil {
		t.Fatal(err)
	}
	sources, err := promql.New([]slo.Source{{Name: "shop", URL: server.URL, Scrape: 15 * time.Second}}, promql.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sources.Close)
	o := objective()
	o.Indicator = slo.Indicator{Name: "seconds", Source: "shop", Bad: `seconds_total{code="500"}`, Total: "seconds_total"}
	slices, err := sources.Counts(t.Context(), o, from, from.Add(10*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	sum := sli.Counts{}
	for _, s := range slices {
		sum = sum.Add(s.Counts)
	}
	want := sli.Count((micros(40) - micros(0) + 500) / 1000)
	for _, got := range []sli.Count{sum.Good, sum.Bad} {
		if got < want-1 || got > want+1 {
			t.Errorf("counted %v seconds, want %v", got.Float(), want.Float())
		}
	}
}

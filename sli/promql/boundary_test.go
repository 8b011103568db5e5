package promql_test

import (
	"net/http"
	"testing"
	"time"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/sli/promql/promtest"
	"setpoint.dev/setpoint/slo"
)

// A sample exactly on a boundary belongs to the slice that ends there, on
// backends whose ranges are closed (Prometheus 2) and on those whose ranges
// are left-open (Prometheus 3, VictoriaMetrics), and counts once.
func TestBoundaries(t *testing.T) {
	for _, backend := range promtest.Installed(t) {
		t.Run(string(backend), func(t *testing.T) {
			t.Parallel()
			defer http.DefaultClient.CloseIdleConnections()
			server := promtest.Start(t, promtest.Config{Backend: backend, Late: time.Hour})
			from := time.Now().Add(-30 * time.Minute).Truncate(time.Minute)
			if err := server.Write(onBoundaries(from, 10*time.Minute)); err != nil {
				t.Fatal(err)
			}
			sources, err := promql.New([]slo.Source{{Name: "shop", URL: server.URL, Scrape: 15 * time.Second}}, promql.Config{})
			if err != nil {
				t.Fatal(err)
			}
			defer sources.Close()
			o := objective()
			o.Indicator.Bad, o.Indicator.Total = `requests_total{code="500"}`, `requests_total`
			for _, step := range []time.Duration{time.Minute, 10 * time.Minute} {
				for at := from; at.Before(from.Add(10 * time.Minute)); at = at.Add(step) {
					got, err := sources.Counts(t.Context(), o, at, at.Add(step))
					if err != nil {
						t.Fatal(err)
					}
					checkBoundaries(t, got)
				}
			}
		})
	}
}

func checkBoundaries(t *testing.T, got []sli.Slice) {
	t.Helper()
	for _, s := range got {
		if s.Total() != 103*sli.Event || s.Covered != time.Minute || s.Flaw != "" {
			t.Errorf("slice %s: %v of %v covered, %v events, want all and 103", s.Start.Format(time.TimeOnly), s.Covered, time.Minute, s.Total().Float())
		}
	}
}

// onBoundaries are samples every 15 s, from five minutes before a boundary on:
// those on boundaries are 100 higher than the one before, others 1.
func onBoundaries(from time.Time, length time.Duration) (all []promtest.Sample) {
	value := 1000.
	for at := from.Add(-5 * time.Minute); !at.After(from.Add(length)); at = at.Add(15 * time.Second) {
		value++
		if at.Equal(at.Truncate(time.Minute)) {
			value += 99
		}
		all = append(all, promtest.Sample{
			Labels: map[string]string{"__name__": "requests_total", "code": "200"}, Milli: at.UnixMilli(), Value: value,
		})
	}
	return all
}

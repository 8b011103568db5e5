package promql_test

import (
	"fmt"
	"testing"
	"time"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/slo"
)

// The plan warns of samples that come too seldom for their interval to be
// learned, unless it is declared.
func TestPlanTellsOfSparseSamples(t *testing.T) {
	every := func(seconds int) *backend {
		text := ""
		for at := 7; at <= 7200; at += seconds {
			text += fmt.Sprintf("%d:%d ", at, at)
		}
		return &backend{series: map[string][]sli.Series{"bad_total": {series("b", text)}, "total": {series("a", text), series("b", text)}}}
	}
	for _, tt := range []struct {
		every          int
		declared, want time.Duration
	}{
		{30, 0, 0}, {60, 0, 0}, {100, 0, 0},
		{120, 0, 2 * time.Minute}, {300, 0, 5 * time.Minute}, {900, 0, 15 * time.Minute},
		{300, 5 * time.Minute, 0},
	} {
		o := objective()
		sources := serve(t, every(tt.every), promql.Config{}, slo.Source{Scrape: tt.declared})
		for _, span := range []time.Duration{time.Minute, 15 * time.Minute} {
			o.Slice = span
			queries, errs := sources.Plan(t.Context(), []sli.Ask{{Objective: &o, From: at(7200).Add(-span), To: at(7200)}})
			if len(errs) > 0 || len(queries) == 0 {
				t.Fatal(queries, errs)
			}
			for _, q := range queries {
				if q.Sparse != tt.want {
					t.Errorf("each %d s, %s declared, slices of %s: %s has %s, want %s", tt.every, tt.declared, span, q.Query, q.Sparse, tt.want)
				}
				if q.Series != 0 && tt.every < 300 && q.Bytes > 5000 {
					t.Errorf("%d bytes: the answer of the hour is told, not that of a tick", q.Bytes)
				}
			}
		}
	}
}

package promql_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/slo"
)

// One slice of an indicator of 1,000 series in all, scraped every 15 s: the
// requests, decoding and counting. The server's part is sending prepared bytes.
func BenchmarkCounts(b *testing.B) {
	var streams []string
	for i := range 500 {
		values := []string{}
		for s := -75; s <= 60; s += 15 {
			values = append(values, fmt.Sprintf(`[%d.%03d,"%d"]`, at(s).Unix(), i, 1000+s))
		}
		values = values[1 : len(values)-1]
		streams = append(streams, fmt.Sprintf(`{"metric":{"__name__":"http_requests_total","job":"shop","service":"checkout","instance":"10.0.0.%d:8080","code":"500"},"values":[%s]}`, i, strings.Join(values, ",")))
	}
	body := []byte(matrix(strings.Join(streams, ",")))
	sources := serve(b, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", js)
		_, _ = w.Write(body)
	}), promql.Config{}, slo.Source{Scrape: 15 * time.Second})
	b.SetBytes(2 * int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := sources.Counts(b.Context(), objective(), at(0), at(60)); err != nil {
			b.Fatal(err)
		}
	}
}

package promql_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/slo"
)

// TestHealth tells of a source that answers, then fails and is left alone, and
// of one that was never asked.
func TestHealth(t *testing.T) {
	var down atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			says(500, js, "")(w, r)
			return
		}
		says(200, js, matrix(""))(w, r)
	}))
	defer server.Close()
	sources, err := promql.New([]slo.Source{{Name: "shop", URL: strings.Replace(server.URL, "//", "//u:hunter2@", 1)}, {Name: "other", URL: "http://other:9090"}}, promql.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer sources.Close()
	began := time.Now()
	_, _ = sources.Counts(t.Context(), objective(), at(60), at(120))
	all := sources.Health()
	if len(all) != 2 || all[0].Source != "other" || all[0].Asked != 0 || !all[0].Answered.IsZero() {
		t.Fatalf("got %+v, want two, of which one was not asked", all)
	}
	if h := all[1]; h.Asked == 0 || h.Missed != 0 || h.Answered.Before(began) || h.Error != nil || !h.Failing.IsZero() || strings.Contains(h.Host, "hunter2") {
		t.Errorf("while it answers: %+v", h)
	}
	down.Store(true)
	for range 4 {
		_, _ = sources.Counts(t.Context(), objective(), at(60), at(120))
	}
	if h := sources.Health()[1]; h.Missed < 3 || h.Failing.Before(began) || h.Until.IsZero() || !strings.Contains(h.Error.Error(), "status 500") {
		t.Errorf("while it fails: %+v", h)
	}
}

package promql_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/slo"
)

// No more than the allowed number of questions is under way, whoever asks.
func TestConcurrencyIsBounded(t *testing.T) {
	var now, most atomic.Int64
	sources := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer now.Add(-1)
		says(200, js, matrix(""))(w, r)
	}), promql.Config{Concurrency: 3}, slo.Source{})
	done := make(chan error)
	for range 20 {
		go func() {
			_, err := sources.Counts(t.Context(), objective(), at(0), at(300))
			done <- err
		}()
	}
	for range 20 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if got := most.Load(); got > 3 {
		t.Errorf("%d questions at a time, want at most 3", got)
	}
}

// A source that hangs delays no other.
func TestSourcesAreApart(t *testing.T) {
	hanging := httptest.NewServer(http.HandlerFunc(hang))
	fine := httptest.NewServer(says(200, js, matrix(stream)))
	defer func() { hanging.CloseClientConnections(); hanging.Close(); fine.Close() }()
	sources, err := promql.New([]slo.Source{{Name: "shop", URL: hanging.URL}, {Name: "fine", URL: fine.URL}}, promql.Config{Concurrency: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer sources.Close()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := sources.Counts(ctx, objective(), at(0), at(60))
		done <- err
	}()
	o := objective()
	o.Indicator.Source = "fine"
	if _, err := sources.Counts(ctx, o, at(0), at(60)); err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-done; reason(err) != sli.ReasonCanceled {
		t.Errorf("the hanging source: got %v, want canceled", err)
	}
}

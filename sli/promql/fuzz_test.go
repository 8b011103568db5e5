package promql_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/slo"
)

// Whatever a backend answers, Counts gives plausible slices or a reason.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{
		matrix(stream), matrix(stream + "," + stream), matrix(`{"metric":{"a":"b"},"values":[[1767225630,"NaN"],[1767225630,"1e9"]]}`),
		`{"status":"success","isPartial":true,"data":{"resultType":"vector","result":[{"metric":{},"value":[1767225660,"1"]}]}}`,
		`{"status":"error","errorType":"execution","error":"x"}`, `[]`, "null", "<html>",
	} {
		f.Add(body)
	}
	var mu sync.Mutex
	var body string
	sources := serve(f, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		says(200, js, body)(w, r)
	}), promql.Config{MaxBytes: 1 << 16}, slo.Source{})
	f.Fuzz(func(t *testing.T, text string) {
		mu.Lock()
		body = text
		mu.Unlock()
		slices, err := sources.Counts(t.Context(), objective(), at(0), at(180))
		if (err == nil) == (reason(err) != "") || (err == nil) != (len(slices) == 3) {
			t.Fatalf("got %v, %v", slices, err)
		}
		for _, s := range slices {
			if s.Good < 0 || s.Bad < 0 || s.Covered < 0 || s.Covered > objective().Slice {
				t.Fatalf("impossible slice %+v", s)
			}
		}
	})
}

// Whatever an indicator's queries are, they are refused or what is asked is
// PromQL.
func FuzzIndicator(f *testing.F) {
	f.Add(`sum(rate(bad_total{code=~"5.."}[5m]))`, `sum(rate(total[5m])) + {"http.total"}`)
	f.Add(`a{x="q\"uo\\te\n"} or vector(0)`, `a / b`)
	var mu sync.Mutex
	var asked []string
	sources := serve(f, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.FormValue("query"))
		says(200, js, matrix(""))(w, r)
	}), promql.Config{}, slo.Source{})
	f.Fuzz(func(t *testing.T, bad, total string) {
		o := objective()
		o.Indicator.Bad, o.Indicator.Total = bad, total
		_, err := sources.Counts(t.Context(), o, at(0), at(60))
		if err != nil && reason(err) != sli.ReasonConfig {
			t.Fatal(err)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, query := range asked {
			if _, err := parser.NewParser(parser.Options{}).ParseExpr(query); err != nil {
				t.Fatalf("asked %q: %v", query, err)
			}
		}
		asked = nil
	})
}

// Whatever the labels of a series are, looking it up asks for just these
// labels.
func FuzzLabels(f *testing.F) {
	f.Add("total", "code", "500")
	f.Add("http.requests", "my label", "q\"uo\\te\n\x00\u200b")
	f.Add("total", "__name__", "other")
	var mu sync.Mutex
	var metric map[string]string
	var looked string
	sources := serve(f, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		var streams []any
		switch query := r.FormValue("query"); {
		case strings.HasPrefix(query, "last_over_time"):
			looked = query
			says(200, js, `{"status":"success","data":{"resultType":"vector","result":[]}}`)(w, r)
			return
		case strings.HasPrefix(query, "bad_total"):
			streams = append(streams, map[string]any{"metric": metric, "values": []any{[]any{1767225630, "1"}}})
		default:
			streams = append(streams, map[string]any{"metric": map[string]string{}, "values": []any{[]any{1767225400, "1"}, []any{1767225600, "1"}}})
		}
		answer(w, map[string]any{"status": "success", "data": map[string]any{"resultType": "matrix", "result": streams}})
	}), promql.Config{}, slo.Source{})
	f.Fuzz(func(t *testing.T, metricName, label, value string) {
		if !utf8.ValidString(metricName+label+value) || metricName == "" || label == "" || value == "" {
			return // not what a backend stores
		}
		mu.Lock()
		metric, looked = map[string]string{"__name__": metricName, label: value}, ""
		want, _ := json.Marshal(metric)
		mu.Unlock()
		if _, err := sources.Counts(t.Context(), objective(), at(0), at(60)); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		defer mu.Unlock()
		whole := strings.HasPrefix(looked, "last_over_time(bad_total[") || strings.HasPrefix(looked, "last_over_time(total[86")
		if got := matched(t, looked); got != string(want) && !(whole && newer(metricName, label)) {
			t.Fatalf("series %s: looked up %q, which matches %s", want, looked, got)
		}
	})
}

// newer reports whether a metric needs the syntax of Prometheus 3; then the
// whole indicator is looked up.
func newer(metricName, label string) bool {
	return label == model.MetricNameLabel || !model.LegacyValidation.IsValidMetricName(metricName) || !model.LegacyValidation.IsValidLabelName(label)
}

// matched is what the only selector of a query matches, as JSON.
func matched(t *testing.T, query string) string {
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(query)
	if err != nil {
		t.Fatalf("asked %q: %v", query, err)
	}
	labels := map[string]string{}
	for _, matchers := range parser.ExtractSelectors(expr) {
		for _, m := range matchers {
			labels[m.Name] = m.Value
		}
	}
	text, _ := json.Marshal(labels)
	return string(text)
}

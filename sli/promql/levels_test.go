package promql_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/slo"
)

func level(op slo.Op) slo.Objective {
	return slo.Objective{Name: "disk", Indicator: slo.Indicator{Source: "shop", Kind: slo.Threshold, Op: op, Query: "disk_used / disk_size"}}
}

// TestLevels asks for the worst of each day, by which side the limit is on.
func TestLevels(t *testing.T) {
	var asked []string
	sources := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path+" "+r.FormValue("query")+" "+r.FormValue("start")+" "+r.FormValue("end")+" "+r.FormValue("step"))
		says(200, js, matrix(`{"metric":{},"values":[[1767312000,"0.5"],[1767398400,"NaN"]]}`))(w, r)
	}), promql.Config{}, slo.Source{})
	for _, op := range []slo.Op{slo.LessOrEqual, slo.Greater} {
		got, err := sources.Levels(t.Context(), level(op), base, base.Add(48*time.Hour), 24*time.Hour)
		if err != nil || len(got) != 2 || got[0] != (sli.Sample{Milli: 1767312000000, Value: 0.5}) {
			t.Errorf("%s: %v, %v", op, got, err)
		}
	}
	want := []string{
		"/api/v1/query_range max(max_over_time((disk_used / disk_size)[86400000ms:7200000ms])) 1767312000 1767398400 86400",
		"/api/v1/query_range min(min_over_time((disk_used / disk_size)[86400000ms:7200000ms])) 1767312000 1767398400 86400",
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Error(diff)
	}
}

// TestLevelsWrong is told of what holds no levels. However often that is, the
// source is not left alone for it: the loop's questions go on.
func TestLevelsWrong(t *testing.T) {
	for body, want := range map[string]string{
		`{"status":"error","errorType":"execution","error":"too many samples"}`: "too many samples",
		`{"status":"success","data":{"resultType":"vector","result":[]}}`:       "no levels",
		matrix(`{"values":[[1,"x"]]}`):                                          "no sample",
		matrix(`{"values":[]},{"values":[]}`):                                   "no levels",
		`{"status":`:                                                            "unexpected EOF",
	} {
		sources := serve(t, says(200, js, body), promql.Config{}, slo.Source{})
		for range 5 {
			_, err := sources.Levels(t.Context(), level(slo.Less), base, base.Add(time.Hour), time.Hour)
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "left alone") {
				t.Errorf("%s: %v, want %q", body, err, want)
			}
		}
	}
	down := serve(t, says(500, js, ""), promql.Config{}, slo.Source{})
	for range 4 {
		_, _ = down.Counts(t.Context(), objective(), at(60), at(120))
	}
	if _, err := down.Levels(t.Context(), level(slo.Less), base, base.Add(time.Hour), time.Hour); err == nil || !strings.Contains(err.Error(), "left alone") {
		t.Errorf("a source that is left alone is asked: %v", err)
	}
	if _, err := down.Levels(t.Context(), objective(), base, base.Add(time.Hour), time.Hour); err == nil || !strings.Contains(err.Error(), "not judged by a limit") {
		t.Errorf("levels of counters: %v", err)
	}
	if _, err := down.Levels(t.Context(), slo.Objective{Indicator: slo.Indicator{Source: "other"}}, base, base, time.Hour); err == nil {
		t.Error("levels of a source that is not declared")
	}
}

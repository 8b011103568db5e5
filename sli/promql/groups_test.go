package promql_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/sli/promql/promtest"
	"setpoint.dev/setpoint/slo"
)

// TestRealGroups asks real backends which groups there are: of counters, by
// one label and by two, and of a gauge.
func TestRealGroups(t *testing.T) {
	t.Parallel()
	for _, backend := range promtest.Installed(t) {
		t.Run(string(backend), func(t *testing.T) {
			t.Parallel()
			g := newTarget(t, map[string]int64{"200": 5, "500": 1})
			g.show(0.1, 1, 0)
			server := promtest.Start(t, promtest.Config{Backend: backend, Targets: []string{g.address()}})
			sources, err := promql.New([]slo.Source{{Name: "shop", URL: server.URL}}, promql.Config{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(sources.Close)
			counters := slo.Indicator{Source: "shop", Bad: `requests_total{code=~"5.."}`, Total: "sum(rate(requests_total[5m]))"}
			metricsQL := slo.Indicator{Source: "shop", Bad: `sum(rate(requests_total{code=~"5.."})) default 0`, Total: "sum(rate(requests_total), rate(others_total))"}
			either := slo.Indicator{Source: "shop", Kind: slo.Threshold, Query: `max(latency_seconds{job="promtest" or job="nobody"})`}
			for _, c := range []struct {
				by    []string
				in    slo.Indicator
				want  []slo.Group
				wrong string
			}{
				{[]string{"code"}, metricsQL, []slo.Group{{"200"}, {"500"}}, ""},
				{[]string{"job"}, either, []slo.Group{{"promtest"}}, ""},
				{[]string{"code"}, counters, []slo.Group{{"200"}, {"500"}}, ""},
				{[]string{"job", "code"}, counters, []slo.Group{{"promtest", "200"}, {"promtest", "500"}}, ""},
				{[]string{"job"}, slo.Indicator{Source: "shop", Kind: slo.Threshold, Query: "max(latency_seconds)"}, []slo.Group{{"promtest"}}, ""},
				{[]string{"code"}, slo.Indicator{Source: "shop", Bad: "latency_seconds", Total: "requests_total"}, []slo.Group{{"200"}, {"500"}}, "no series of the query of good or bad has the label code"},
				{[]string{"region"}, counters, []slo.Group{{""}}, "no series of the query has the label region"},
				{[]string{"region"}, slo.Indicator{Source: "shop", Bad: "a_total", Total: "b_total"}, nil, ""},
			} {
				if c.in == either && backend != promtest.VictoriaMetrics {
					continue
				}
				ask := slo.Grouping{Objective: "o", By: c.by, Each: slo.Objective{Indicator: c.in}}
				within(t, func() string {
					got, err := sources.Groups(t.Context(), ask, time.Now().Add(-time.Second))
					said := ""
					if err != nil {
						said = err.Error()
					}
					if c.wrong == "" && said != "" || !strings.Contains(said, c.wrong) {
						return "error " + said + ", want " + c.wrong
					}
					return cmp.Diff(c.want, got)
				})
			}
		})
	}
}

// within tries until nothing is wrong any more.
func within(t *testing.T, wrong func() string) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		what := wrong()
		if what == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// TestGroupsWrong is told of answers that hold no groups.
func TestGroupsWrong(t *testing.T) {
	for body, want := range map[string]string{
		`{"status":"error","errorType":"timeout","error":"too slow"}`:                      "too slow",
		`{"status":"success","data":{"resultType":"matrix","result":[]}}`:                  "holds no groups",
		`{"status":"success","isPartial":true,"data":{"resultType":"vector","result":[]}}`: "partial",
		`{"status":`: "unexpected EOF",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(body))
		}))
		sources, err := promql.New([]slo.Source{{Name: "shop", URL: server.URL}}, promql.Config{})
		if err != nil {
			t.Fatal(err)
		}
		ask := slo.Grouping{Objective: "o", By: []string{"code"}, Each: slo.Objective{Indicator: slo.Indicator{Source: "shop", Bad: "a", Total: "b"}}}
		if _, err = sources.Groups(t.Context(), ask, time.Now()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
		sources.Close()
		server.Close()
	}
	sources, err := promql.New(nil, promql.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sources.Groups(t.Context(), slo.Grouping{}, time.Now()); err == nil {
		t.Error("groups of a source that is not declared")
	}
}

package promql_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/sli/promql/promtest"
	"setpoint.dev/setpoint/slo"
)

// difficult is indicators whose fused queries hold what is hard to quote, to
// put into a regular expression, or to tell from a label that is missing.
func difficult() (all []slo.Indicator) {
	for i, value := range hard {
		total := fmt.Sprintf(`requests_total{svc=%q}`, value)
		for _, more := range []string{`code=~"5.."`, `code!~"2..|3.."`, `code="500",pod!=""`, `code=~"5.*",pod=""`, `code=~"5(00|03)",none=""`} {
			bad := fmt.Sprintf(`requests_total{svc=%q,%s}`, value, more)
			all = append(all, slo.Indicator{Name: fmt.Sprint(i, more), Source: "shop", Bad: bad, Total: total})
		}
	}
	for _, bad := range []string{`requests_total{svc=~"a.*"}`, `requests_total{svc=~"(?i)a"}`, `requests_total{svc=~"a\\.b|ä|日.*"}`, `requests_total{svc!~"a.*",code="500"}`, `requests_total{svc=""}`, `requests_total{svc=~"a|"}`} {
		all = append(all, slo.Indicator{Name: bad, Source: "shop", Bad: bad, Total: "requests_total"})
	}
	return all
}

// traffic is ten minutes of counters scraped every 15 s, one in five born on
// the way, one in seven with a reset.
func traffic(from time.Time) (all []stored) {
	for i, svc := range append(hard, "") {
		for j, code := range []string{"200", "500", "503", "302"} {
			one := stored{labels: map[string]string{"__name__": "requests_total", "code": code}}
			if svc != "" {
				one.labels["svc"] = svc
			}
			if (i+j)%3 != 0 {
				one.labels["pod"] = fmt.Sprint("pod-", j)
			}
			value, n := 0, 4*i+j
			for step := n % 5 / 4 * 20; step < 44; step++ {
				if value += (n + step) % 4; n%7 == 6 && step == 30 {
					value = 1
				}
				at := from.Add(time.Duration(step)*15*time.Second + time.Duration(n)*time.Millisecond)
				one.samples = append(one.samples, sli.Sample{Milli: at.UnixMilli(), Value: float64(value)})
			}
			all = append(all, one)
		}
	}
	return all
}

// On real backends fused queries count just what each query counts by itself,
// and what one counts who knows every sample.
func TestFusionChangesNothingOnRealBackends(t *testing.T) {
	for _, backend := range promtest.Installed(t) {
		t.Run(string(backend), func(t *testing.T) {
			t.Parallel()
			testFusion(t, backend)
		})
	}
}

func testFusion(t *testing.T, backend promtest.Backend) {
	server := promtest.Start(t, promtest.Config{Backend: backend, Late: time.Hour})
	from := time.Now().Add(-20 * time.Minute).Truncate(time.Minute)
	all := traffic(from)
	var samples []promtest.Sample
	for _, s := range all {
		for _, m := range s.samples {
			samples = append(samples, promtest.Sample{Labels: s.labels, Milli: m.Milli, Value: m.Value})
		}
	}
	if err := server.Write(samples); err != nil {
		t.Fatal(err)
	}
	checkFractions(t, server, from)
	src := slo.Source{Name: "shop", URL: server.URL, Scrape: 15 * time.Second}
	newSources := func() *promql.Sources {
		sources, err := promql.New([]slo.Source{src}, promql.Config{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(sources.Close)
		return sources
	}
	fused, single := newSources(), newSources()
	var asks []sli.Ask
	for _, i := range difficult() {
		o := objective()
		o.Name, o.Indicator = i.Name, i
		asks = append(asks, sli.Ask{Objective: &o, From: from, To: from.Add(11 * time.Minute)})
	}
	cut := sli.Cut{From: from, To: from.Add(11 * time.Minute), Slice: time.Minute, Scrape: src.Scrape}
	for i, got := range fused.CountsAll(t.Context(), asks) {
		o := asks[i].Objective
		alone, err := single.Counts(t.Context(), *o, cut.From, cut.To)
		if diff := cmp.Diff(alone, got.Slices); err != nil || got.Err != nil || diff != "" {
			t.Fatalf("%s of %s: %v, %v (-alone +fused)\n%s", o.Indicator.Bad, o.Indicator.Total, err, got.Err, diff)
		}
		if diff := cmp.Diff(counted(t, cut, all, o.Indicator), got.Slices); diff != "" {
			t.Fatalf("%s of %s: (-samples +fused)\n%s", o.Indicator.Bad, o.Indicator.Total, diff)
		}
	}
}

package promql_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/promql/parser"
	"pgregory.net/rapid"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/slo"
)

// values of labels that are hard to tell apart, to quote or to put into a
// regular expression.
var hard = []string{"a", "b", "ab", "a.b", "a|b", `a"b`, `a\b`, "a b", "(a", "a)", "[a", "a$", "ä", "日本", "a\tb", "A", "{a}", "*", "a\u200bb"}

// drawSelector draws a selector of one of two metrics.
func drawSelector(t *rapid.T) string {
	var matchers []string
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"svc", "code", "pod", "none"}), 0, 4, rapid.ID).Draw(t, "labels") {
		value := rapid.SampledFrom(hard).Draw(t, "value")
		matcher := rapid.SampledFrom([]string{"=", "=", "=", "=", "!=", "=~", "=~", "!~", "empty", "some", "or", "not"}).Draw(t, "matcher")
		switch matcher {
		case "=", "!=":
			matchers = append(matchers, fmt.Sprintf("%s%s%q", name, matcher, value))
		case "=~", "!~":
			pattern := rapid.SampledFrom([]string{"a.*", ".+b", "(?i)a", "a|b", "", ".*", "[ab]+", "a?", "日.", "(a|b)c?|ä"}).Draw(t, "pattern")
			matchers = append(matchers, fmt.Sprintf("%s%s%q", name, matcher, pattern))
		case "empty":
			matchers = append(matchers, name+`=""`)
		case "some":
			matchers = append(matchers, name+`!=""`)
		case "or":
			matchers = append(matchers, name+`=~"a|"`)
		case "not":
			matchers = append(matchers, name+`!=""`, name+`!="a"`)
		}
	}
	return rapid.SampledFrom([]string{"x_total", "y_total"}).Draw(t, "metric") + "{" + strings.Join(matchers, ",") + "}"
}

func drawStored(t *rapid.T) (all []stored) {
	seen := map[string]bool{}
	for i, s := range drawHistory(t, "series") {
		one := stored{labels: map[string]string{"__name__": rapid.SampledFrom([]string{"x_total", "y_total"}).Draw(t, "name")}, samples: s.Samples}
		for _, name := range []string{"svc", "code", "pod"} {
			if value := rapid.SampledFrom(append(hard, "")).Draw(t, name); value != "" {
				one.labels[name] = value
			}
		}
		if i%2 == 0 {
			one.labels["more"] = fmt.Sprint(i)
		}
		if !seen[one.id()] {
			all = append(all, one)
		}
		seen[one.id()] = true
	}
	return all
}

// counted is what an indicator counts for one who knows every sample, by
// Prometheus's own evaluation of its matchers.
func counted(t rapid.TB, cut sli.Cut, all []stored, i slo.Indicator) []sli.Slice {
	pick := func(query string) (some []sli.Series) {
		selectors, err := slo.Selectors(query)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range selectors {
			matchers, err := parser.NewParser(parser.Options{}).ParseMetricSelector(text)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range all {
				if s.matches(matchers) {
					some = append(some, sli.Series{ID: s.id(), Samples: s.samples})
				}
			}
		}
		return some
	}
	return cut.Increments(pick(i.Bad), pick(i.Total))
}

// Whatever selectors many objectives have, asked together they have the slices
// that each has by itself.
func TestFusionChangesNothing(t *testing.T) {
	b := &store{}
	src := slo.Source{Scrape: 15 * time.Second}
	cfg := promql.Config{MaxGap: 10 * time.Minute, Chunk: 4 * time.Minute}
	sources := serve(t, b, cfg, src)
	rapid.Check(t, func(rt *rapid.T) {
		all := drawStored(rt)
		b.mu.Lock()
		b.series, b.asked = all, nil
		b.mu.Unlock()
		var asks []sli.Ask
		for i := range rapid.IntRange(1, 12).Draw(rt, "objectives") {
			o := objective()
			o.Name = fmt.Sprint(i)
			o.Indicator.Bad, o.Indicator.Total = drawSelector(rt), drawSelector(rt)
			if more := drawSelector(rt); more != o.Indicator.Total && rapid.Bool().Draw(rt, "sum") {
				if _, err := slo.Selectors(o.Indicator.Total + "+" + more); err == nil {
					o.Indicator.Total += "+" + more
				}
			}
			asks = append(asks, sli.Ask{Objective: &o, From: at(0), To: at(540)})
		}
		cut := sli.Cut{From: at(0), To: at(540), Slice: time.Minute, Scrape: src.Scrape, MaxGap: cfg.MaxGap}
		for range 2 { // the second time with what the plan has learned
			for i, got := range sources.CountsAll(t.Context(), asks) {
				want := counted(rt, cut, all, asks[i].Objective.Indicator)
				if diff := cmp.Diff(want, got.Slices); got.Err != nil || diff != "" {
					rt.Fatalf("%+v: %v (-want +got)\n%s\nasked %q", asks[i].Objective.Indicator, got.Err, diff, b.asked)
				}
			}
		}
	})
}

// services is objectives of the same form, one a service.
func services(n int) (asks []sli.Ask) {
	for i := range n {
		o := objective()
		o.Name = fmt.Sprint("service", i)
		o.Indicator.Bad = fmt.Sprintf(`sum(rate(requests_total{service="service-%d",code=~"5.."}[5m]))`, i)
		o.Indicator.Total = fmt.Sprintf(`sum(rate(requests_total{service="service-%d"}[5m]))`, i)
		asks = append(asks, sli.Ask{Objective: &o, From: at(0), To: at(60)})
	}
	return asks
}

// busy is a store in which each service has had two requests each half minute,
// and one error.
func busy(n int) *store {
	b := &store{}
	for i := range n {
		for code, each := range map[string]float64{"200": 1, "500": 1} {
			one := stored{labels: map[string]string{"__name__": "requests_total", "service": fmt.Sprint("service-", i), "code": code}}
			for s := -120; s <= 120; s += 30 {
				one.samples = append(one.samples, sli.Sample{Milli: at(s).UnixMilli(), Value: each * float64(s+120) / 30})
			}
			b.series = append(b.series, one)
		}
	}
	return b
}

// A thousand definitions, one a service, cost a handful of requests, each of
// which a backend takes.
func TestAThousandDefinitionsCostAHandfulOfRequests(t *testing.T) {
	b := busy(1000)
	sources := serve(t, b, promql.Config{}, slo.Source{Scrape: 30 * time.Second})
	for i, a := range sources.CountsAll(t.Context(), services(1000)) {
		if want := "2/2 60s"; a.Err != nil || show(a.Slices) != want {
			t.Fatalf("service %d: got %s, %v; want %s", i, show(a.Slices), a.Err, want)
		}
	}
	if len(b.asked) > 3 {
		t.Errorf("%d requests, want at most 3", len(b.asked))
	}
	for _, query := range b.asked {
		if len(query) > 16<<10 {
			t.Errorf("a query of %d bytes: VictoriaMetrics takes 16384", len(query))
		}
	}
}

// A selector that the backend refuses costs the others nothing, and is found
// with few requests, which are not spent again and again.
func TestABadSelectorPoisonsNoOther(t *testing.T) {
	b := busy(100)
	b.refuse = func(query string) bool { return strings.Contains(query, "service-42") }
	sources := serve(t, b, promql.Config{}, slo.Source{Scrape: 30 * time.Second})
	for round, most := range []int{20, 10} {
		b.asked = nil
		for i, a := range sources.CountsAll(t.Context(), services(100)) {
			switch {
			case i == 42 && reason(a.Err) != sli.ReasonRejected:
				t.Errorf("the bad one: got %v, %v", a.Slices, a.Err)
			case i != 42 && (a.Err != nil || show(a.Slices) != "2/2 60s"):
				t.Errorf("service %d: got %s, %v", i, show(a.Slices), a.Err)
			}
		}
		if len(b.asked) > most {
			t.Errorf("round %d: %d requests, want at most %d", round, len(b.asked), most)
		}
	}
}

// A backend that refuses everything is not asked about each one by itself.
func TestABackendThatRefusesAllIsNotAskedMore(t *testing.T) {
	b := busy(0)
	b.refuse = func(string) bool { return true }
	sources := serve(t, b, promql.Config{}, slo.Source{Scrape: 30 * time.Second})
	for range 3 {
		b.asked = nil
		for _, a := range sources.CountsAll(t.Context(), services(1000)) {
			if reason(a.Err) != sli.ReasonRejected {
				t.Fatalf("got %v", a.Err)
			}
		}
		if len(b.asked) > 80 {
			t.Fatalf("%d requests, want at most 80", len(b.asked))
		}
	}
}

// Answers that would be too long are asked for in parts, and the next time so
// from the beginning.
func TestLongAnswersAreSplit(t *testing.T) {
	b := busy(100)
	sources := serve(t, b, promql.Config{MaxBytes: 8 << 10}, slo.Source{Scrape: 30 * time.Second})
	var counts []int
	for range 2 {
		b.asked = nil
		for i, a := range sources.CountsAll(t.Context(), services(100)) {
			if a.Err != nil || show(a.Slices) != "2/2 60s" {
				t.Fatalf("service %d: got %s, %v", i, show(a.Slices), a.Err)
			}
		}
		counts = append(counts, len(b.asked))
	}
	if counts[1] >= counts[0] || counts[1] < 4 {
		t.Errorf("%d requests, then %d; want fewer the second time", counts[0], counts[1])
	}
}

// A few slices are asked for together though the answers are long: each question
// has to read a lookback besides.
func TestFewSlicesAreNotSplit(t *testing.T) {
	b := busy(100)
	sources := serve(t, b, promql.Config{MaxBytes: 8 << 10}, slo.Source{Scrape: 30 * time.Second})
	for _, seconds := range []int{60, 60, 180} { // the first time it is not known how long answers are
		b.asked = nil
		asks := services(100)
		for i := range asks {
			asks[i].To = at(seconds)
		}
		for i, a := range sources.CountsAll(t.Context(), asks) {
			if a.Err != nil || len(a.Slices) != seconds/60 {
				t.Fatalf("service %d: %d slices, %v", i, len(a.Slices), a.Err)
			}
		}
	}
	if i := slices.IndexFunc(b.asked, func(q string) bool { return !strings.HasSuffix(q, "[330000ms]") }); i >= 0 {
		t.Errorf("asked %s, want a lookback of 150 s and three slices", b.asked[i])
	}
}

// Selectors on several labels are fused only where that asks for little that
// nobody wants.
func TestFusedQueries(t *testing.T) {
	tests := []struct {
		name      string
		selectors []string
		want      []string
	}{
		{"values of one label", []string{`x{a="2"}`, `x{a="1"}`}, []string{`x{a=~"1|2"}`}},
		{"a part of what is asked for anyway", []string{`x{a="1",b=~"5.."}`, `x{a="1"}`, `x{a="1",c!="x"}`}, []string{`x{a="1"}`}},
		{"all of a metric", []string{`x{a="1"}`, `x`, `x{b="1"}`}, []string{`x`}},
		{"regular expressions", []string{`x{a=~"1.*"}`, `x{a=~"2|3"}`, `x{a="4.5"}`}, []string{`x{a=~"(?:1.*)|(?:2|3)|4\\.5"}`}},
		{"few values of another label", []string{`x{a="1",b="1"}`, `x{a="2",b="1"}`, `x{a="3",b="2"}`}, []string{`x{a="3",b="2"}`, `x{a=~"1|2",b="1"}`}},
		{"negative matchers stay", []string{`x{a="1",b!="1"}`, `x{a="2",b!="1"}`, `x{a="3",b!="2"}`}, []string{`x{a="3",b!="2"}`, `x{a=~"1|2",b!="1"}`}},
		{"what is missing is matched by itself", []string{`x{a=""}`, `x{a="1"}`, `x{a="2"}`}, []string{`x{a=""}`, `x{a=~"1|2"}`}},
		{"other metrics", []string{`x{a="1"}`, `y{a="1"}`}, []string{`x{a="1"}`, `y{a="1"}`}},
	}
	for _, tt := range tests {
		b := &store{}
		sources := serve(t, b, promql.Config{}, slo.Source{Scrape: 30 * time.Second})
		var asks []sli.Ask
		for _, s := range tt.selectors {
			o := objective()
			o.Indicator.Bad, o.Indicator.Total = s, s
			asks = append(asks, sli.Ask{Objective: &o, From: at(0), To: at(60)})
		}
		for _, a := range sources.CountsAll(t.Context(), asks) {
			if a.Err != nil {
				t.Error(a.Err)
			}
		}
		for i := range b.asked {
			b.asked[i] = strings.TrimSuffix(b.asked[i], "[210000ms]")
		}
		slices.Sort(b.asked)
		slices.Sort(tt.want)
		if diff := cmp.Diff(tt.want, b.asked); diff != "" {
			t.Errorf("%s: asked (-want +got)\n%s", tt.name, diff)
		}
	}
}

// A query whose answer is mostly of series that nobody wants is not asked again.
func TestWastefulQueriesAreNarrowed(t *testing.T) {
	b := &store{}
	for zone := range 50 {
		for service := range 50 {
			b.series = append(b.series, stored{
				labels:  map[string]string{"__name__": "x", "zone": fmt.Sprint(zone), "service": fmt.Sprint(service)},
				samples: series("", "-30:0 0:0 30:1 60:2").Samples,
			})
		}
	}
	var asks []sli.Ask
	for i := range 50 { // one service a zone
		o := objective()
		o.Indicator.Bad = fmt.Sprintf(`x{zone="%d",service="%d",code="500"}`, i, i)
		o.Indicator.Total = fmt.Sprintf(`x{zone="%d",service="%d"}`, i, i)
		asks = append(asks, sli.Ask{Objective: &o, From: at(0), To: at(60)})
	}
	sources := serve(t, b, promql.Config{}, slo.Source{Scrape: 30 * time.Second})
	for _, want := range []int{1, 50, 50} {
		b.asked = nil
		for _, a := range sources.CountsAll(t.Context(), asks) {
			if a.Err != nil || show(a.Slices) != "2/0 60s" {
				t.Fatalf("got %s, %v", show(a.Slices), a.Err)
			}
		}
		if len(b.asked) != want {
			t.Errorf("%d requests, want %d", len(b.asked), want)
		}
	}
}

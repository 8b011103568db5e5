package promql_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/model"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/sli/promql/promtest"
	"setpoint.dev/setpoint/slo"
)

// A nativeTarget is a process with a native histogram, and a classic one.
type nativeTarget struct {
	mu      sync.Mutex
	page    http.Handler
	native  prometheus.Histogram
	scrapes int
}

// restart begins anew. With few buckets the resolution drops as they fill.
func (n *nativeTarget) restart(buckets uint32) {
	all := prometheus.NewRegistry()
	native := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "t_seconds", NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: buckets, NativeHistogramZeroThreshold: 0.001})
	old := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "old_seconds"})
	all.MustRegister(native, old)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.native, n.page = native, promhttp.HandlerFor(all, promhttp.HandlerOpts{})
}

func (n *nativeTarget) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.page.ServeHTTP(w, r)
	n.scrapes++
}

func (n *nativeTarget) observe(values ...float64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, v := range values {
		n.native.Observe(v)
	}
}

// scraped waits for so many scrapes more.
func (n *nativeTarget) scraped(t *testing.T, more int) {
	t.Helper()
	n.mu.Lock()
	want := n.scrapes + more
	n.mu.Unlock()
	until(t, func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		return n.scrapes >= want
	})
}

// Native histograms that a real Prometheus scraped: through a drop of the
// resolution and a restart every observation is counted, and judged as it was
// where the limit is a bound; another limit is judged as histogram_fraction
// does. A classic histogram is told from a native one, and back.
func TestNativeHistograms(t *testing.T) {
	t.Parallel()
	for _, backend := range []promtest.Backend{promtest.Prometheus, promtest.Prometheus3} {
		t.Run(string(backend), func(t *testing.T) {
			t.Parallel()
			testNative(t, backend)
		})
	}
}

func testNative(t *testing.T, backend promtest.Backend) {
	n := &nativeTarget{}
	n.restart(12)
	page := httptest.NewServer(n)
	t.Cleanup(page.Close)
	server := promtest.Start(t, promtest.Config{Backend: backend, Targets: []string{strings.TrimPrefix(page.URL, "http://")}, Native: true})
	src := slo.Source{Name: "shop", URL: server.URL}
	sources, err := promql.New([]slo.Source{src}, promql.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sources.Close)

	n.scraped(t, 5) // under observation from here on
	from := sli.Newest(src, time.Second, time.Now())
	want, wide := liveNative(t, n)
	end := time.Now()
	until(t, func() bool { return !sli.Newest(src, time.Second, time.Now()).Before(end) })
	to := sli.Newest(src, time.Second, time.Now())

	got := sumOf(t, sources, nativeObjective("0.5"), from, to)
	if got.Good != want.Good || got.Bad != want.Bad {
		t.Errorf("counted %+v, want %+v", got, want)
	}
	got = sumOf(t, sources, nativeObjective("0.3"), wide.from, wide.to)
	if got.Total() != wide.all {
		t.Errorf("after the restart: counted %+v, want %v in all", got, wide.all)
	}
	if fraction := fractionOf(t, server.URL, "0.3", wide.to); backend == promtest.Prometheus3 { // before it was linear
		if diff := float64(got.Good)/float64(got.Total()) - fraction; diff < -0.001 || diff > 0.001 {
			t.Errorf("inside a bucket: counted %+v, want %v of it good", got, fraction)
		}
	}
	testUnlike(t, sources, to)
	testNativePlan(t, sources, to)
}

// A stretch is a time in which a process began anew, and what it counted.
type stretch struct {
	from, to time.Time
	all      sli.Count
}

// liveNative observes through all that can happen; within 0.5 is good. At last
// the process begins anew.
func liveNative(t *testing.T, n *nativeTarget) (want sli.Counts, last stretch) {
	observe := func(values ...float64) {
		n.observe(values...)
		for _, v := range values {
			if v <= 0.5 {
				want.Good += sli.Event
			} else {
				want.Bad += sli.Event
			}
		}
		n.scraped(t, 2)
	}
	observe(0.2, 0.5, 0.51, 0, 7)
	observe(0.01, 0.02, 0.03, 0.05, 0.08, 0.13, 0.21, 0.34, 0.55, 0.89, 1.44, 2.33, 3.77, 6.1, 9.87) // fewer buckets from now on
	observe(0.3, 0.31, 0.45)
	n.restart(100)
	last.from = time.Now().Truncate(time.Second)
	observe(0.1, 0.28, 0.29, 0.3, 0.301, 0.31, 0.32, 0.4, 0.6, 2)
	observe(0.299, 3)
	last.all = 12 * sli.Event
	last.to = sli.Newest(slo.Source{Delay: time.Millisecond}, time.Second, time.Now())
	return want, last
}

func nativeObjective(limit string) slo.Objective {
	o := objective()
	value, _ := slo.ParseDecimal(limit)
	o.Slice, o.Indicator = time.Second, slo.Indicator{Source: "shop", Kind: slo.Native, Query: "t_seconds", Op: slo.LessOrEqual, Value: value}
	return o
}

func sumOf(t *testing.T, sources *promql.Sources, o slo.Objective, from, to time.Time) (sum sli.Counts) {
	t.Helper()
	all, err := sources.Counts(t.Context(), o, from, to)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		sum = sum.Add(s.Counts)
		if s.Flaw != "" && s.Flaw != sli.FlawGap { // a busy machine may miss scrapes
			t.Errorf("slice %+v", s)
		}
	}
	return sum
}

// fractionOf is what Prometheus makes of the histogram itself.
func fractionOf(t *testing.T, url, limit string, at time.Time) float64 {
	t.Helper()
	client, err := api.NewClient(api.Config{Address: url})
	if err != nil {
		t.Fatal(err)
	}
	value, _, _, err := v1.NewAPI(client).Query(t.Context(), fmt.Sprintf("histogram_fraction(-Inf, %s, t_seconds)", limit), at)
	vector, ok := value.(model.Vector)
	if err != nil || !ok || len(vector) != 1 {
		t.Fatalf("got %v, %v", value, err)
	}
	return float64(vector[0].Value)
}

// testUnlike asks for a classic histogram as a native one, and the reverse.
func testUnlike(t *testing.T, sources *promql.Sources, to time.Time) {
	for _, test := range []struct {
		in   slo.Indicator
		want string
	}{
		{slo.Indicator{Source: "shop", Kind: slo.Native, Query: "old_seconds", Op: slo.LessOrEqual, Value: slo.NewDecimal(1, 0)}, "it is a classic histogram there"},
		{slo.Indicator{Source: "shop", Kind: slo.Native, Query: "old_seconds_count", Op: slo.LessOrEqual, Value: slo.NewDecimal(1, 0)}, "is no native histogram"},
		{slo.Indicator{Source: "shop", Bad: "t_seconds", Total: "t_seconds"}, "is a native histogram: setpoint.dev/histogram: native counts it"},
	} {
		o := nativeObjective("1")
		o.Indicator = test.in
		_, err := sources.Counts(t.Context(), o, to.Add(-2*time.Second), to)
		var read *sli.ReadError
		if !errors.As(err, &read) || read.Reason != sli.ReasonWrongType || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: got %v, want %s", test.in, err, test.want)
		}
		told, errs := sources.Plan(t.Context(), []sli.Ask{{Objective: &o, From: to.Add(-time.Second), To: to}})
		if len(errs) > 0 || len(told) != 2 || !strings.Contains(told[0].Error+told[1].Error, test.want) {
			t.Errorf("%+v: plan: got %+v, %v", test.in, told, errs)
		}
	}
}

func testNativePlan(t *testing.T, sources *promql.Sources, to time.Time) {
	o := nativeObjective("1")
	told, errs := sources.Plan(t.Context(), []sli.Ask{{Objective: &o, From: to.Add(-time.Second), To: to}})
	if len(errs) > 0 || len(told) != 1 || told[0].Mode != promql.ModeNative || told[0].Series != 1 || told[0].Error != "" {
		t.Errorf("plan: got %+v, %v", told, errs)
	}
}

// VictoriaMetrics keeps no native histograms, and says so.
func TestNativeHistogramsElsewhere(t *testing.T) {
	t.Parallel()
	server := promtest.Start(t, promtest.Config{Backend: promtest.VictoriaMetrics})
	sources, err := promql.New([]slo.Source{{Name: "shop", URL: server.URL}}, promql.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sources.Close)
	to := time.Now().Truncate(time.Second).Add(-10 * time.Second)
	_, err = sources.Counts(t.Context(), nativeObjective("1"), to.Add(-time.Second), to)
	if err == nil || !strings.Contains(err.Error(), "VictoriaMetrics keeps no native histograms") {
		t.Errorf("got %v", err)
	}
}

package promql_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/sli/promql/promtest"
	"setpoint.dev/setpoint/slo"
)

// measured are objectives over the gauges of a target: the raw samples of a
// selector, and expressions on a grid, one of which VictoriaMetrics alone reads.
func measured(backend promtest.Backend) []slo.Objective {
	limit := slo.Indicator{Kind: slo.Threshold, Op: slo.LessOrEqual, Value: slo.NewDecimal(3, 1)}
	of := func(name, query string, in slo.Indicator) slo.Objective {
		in.Name, in.Source, in.Query = name, "shop", query
		return slo.Objective{Name: name, Slice: 2 * time.Second, Indicator: in}
	}
	all := []slo.Objective{
		of("raw", "latency_seconds", limit),
		of("evaluated", "max(latency_seconds)", limit),
		of("gauge", `well{job="promtest"}`, slo.Indicator{Kind: slo.Boolean}),
		of("share", "bad_share", slo.Indicator{Kind: slo.Share, Failure: true}),
		of("born", `max({__name__=~"born_.*"})`, limit),
		of("nothing", "latency_seconds / 0 * 0", limit), // NaN, when there is anything
	}
	if backend == promtest.VictoriaMetrics {
		all = append(all, of("metricsql", `max(latency_seconds{job="promtest" or job="nobody"}) default rate(nothing[5m])`, limit))
	}
	return all
}

// Real backends scrape gauges. Each sample of a selector is counted as what
// it was when the target showed it, an expression once at each instant of its
// grid, and each slice read live equals the same slice read at the end.
func TestRealSamples(t *testing.T) {
	t.Parallel()
	for _, backend := range promtest.Installed(t) {
		t.Run(string(backend), func(t *testing.T) {
			t.Parallel()
			testRealSamples(t, backend)
		})
	}
}

func testRealSamples(t *testing.T, backend promtest.Backend) {
	g := newTarget(t, nil)
	g.show(0.1, 1, 0)
	server := promtest.Start(t, promtest.Config{Backend: backend, Targets: []string{g.address()}})
	src := slo.Source{Name: "shop", URL: server.URL, Scrape: time.Second}
	from := sli.Newest(src, 2*time.Second, time.Now())
	var sources []*promql.Sources // one each, so that none learns from others what backend it is
	var live []func() []sli.Slice
	for _, o := range measured(backend) {
		one, err := promql.New([]slo.Source{src}, promql.Config{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(one.Close)
		sources, live = append(sources, one), append(live, readLive(t, one, src, o, from))
	}
	ups(t, g)
	end := time.Now()
	until(t, func() bool { return !sli.Newest(src, 2*time.Second, time.Now()).Before(end) })
	sums := map[string]sli.Counts{}
	for i, o := range measured(backend) {
		got := live[i]()
		whole, err := sources[i].Counts(t.Context(), o, from, got[len(got)-1].Start.Add(o.Slice))
		if diff := cmp.Diff(got, whole); err != nil || diff != "" {
			t.Errorf("%s backfilled: %v (-live +backfilled)\n%s\n%s", o.Name, err, diff, show(whole))
		}
		for _, s := range got {
			sums[o.Name] = sums[o.Name].Add(s.Counts)
		}
	}
	compareServed(t, g, sums)
	for i, want := range map[int]float64{0: 0.4, 1: 0.4} { // a selector, and an expression
		step := 4 * time.Second
		levels, err := sources[i].Levels(t.Context(), measured(backend)[i], from.Truncate(step), end, step)
		worst := 0.0
		for _, l := range levels {
			worst = max(worst, l.Value)
		}
		if err != nil || len(levels) < 3 || worst != want {
			t.Errorf("levels %v: %v, want at worst %g", levels, err, want)
		}
	}
}

// ups shows what a target goes through: slow, ill, gone, back.
func ups(t *testing.T, g *target) {
	g.scraped(t, 4)
	g.show(0.4, 1, 0.000001)
	g.set("born_seconds", 0)
	g.scraped(t, 3)
	g.set("born_later_seconds", 1)
	g.show(0.3, 0, 0.25)
	g.scraped(t, 2)
	g.setDown(true)
	g.missed(t, 6)
	g.setDown(false)
	g.show(0.2, 1, 0)
	g.scraped(t, 5)
	g.setDown(true) // nothing more is served that the last slices may not hold
	g.missed(t, 2)
}

func (g *target) show(latency, well, share float64) {
	g.set("latency_seconds", latency)
	g.set("well", well)
	g.set("bad_share", share)
}

// compareServed compares what was counted with what the target showed.
func compareServed(t *testing.T, g *target, sums map[string]sli.Counts) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	want := map[string]sli.Counts{}
	count := func(name string, good, bad sli.Count) { want[name] = want[name].Add(sli.Counts{Good: good, Bad: bad}) }
	for _, v := range g.served {
		if v["latency_seconds"] <= 0.3 {
			count("raw", sli.Event, 0)
		} else {
			count("raw", 0, sli.Event)
		}
		count("gauge", sli.Count(v["well"])*sli.Event, sli.Count(1-v["well"])*sli.Event)
		bad := sli.Count(v["bad_share"] * float64(sli.ShareWeight))
		count("share", sli.ShareWeight-bad, bad)
	}
	for name, w := range want {
		if got := sums[name]; got.Good != w.Good || got.Bad != w.Bad {
			t.Errorf("%s: counted %v good, %v bad; shown %v, %v", name, got.Good.Float(), got.Bad.Float(), w.Good.Float(), w.Bad.Float())
		}
	}
	if m, is := sums["metricsql"]; is && m != sums["evaluated"] {
		t.Errorf("MetricsQL: %+v, PromQL that means the same: %+v", m, sums["evaluated"])
	}
	// A value holds until the next one, so that both see about the same.
	raw, grid := sums["raw"], sums["evaluated"]
	if off := grid.Bad - raw.Bad; off < -2*sli.Event || off > 2*sli.Event || grid.Total() == 0 {
		t.Errorf("evaluated: %v bad of %v, raw: %v bad of %v", grid.Bad.Float(), grid.Total().Float(), raw.Bad.Float(), raw.Total().Float())
	}
	if n := sums["nothing"]; n.Total() != 0 || n.Covered != 0 {
		t.Errorf("NaN is seen: %+v", n)
	}
}

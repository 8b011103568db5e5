package promql_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/sli/promql/promtest"
	"setpoint.dev/setpoint/slo"
)

// Real backends scrape a target through all that can happen to it. Every event
// is counted, and each slice read live equals the same slice read at the end.
func TestRealBackends(t *testing.T) {
	t.Parallel()
	for _, backend := range promtest.Installed(t) {
		t.Run(string(backend), func(t *testing.T) {
			t.Parallel()
			testReal(t, backend)
		})
	}
}

func testReal(t *testing.T, backend promtest.Backend) {
	g := newTarget(t, map[string]int64{"200": 1000}) // has a life behind it
	server := promtest.Start(t, promtest.Config{Backend: backend, Targets: []string{g.address()}})
	src := slo.Source{Name: "shop", URL: server.URL}
	if backend == promtest.Prometheus {
		src.Delay = 3 * time.Second // it begins to scrape later, and shows samples at once
	}
	sources, err := promql.New([]slo.Source{src}, promql.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sources.Close)
	o := objective()
	o.Slice = 2 * time.Second
	o.Indicator.Bad, o.Indicator.Total = `requests_total{code=~"5.."}`, `sum(rate(requests_total[5m]))`

	from := sli.Newest(src, o.Slice, time.Now())
	live := readLive(t, sources, src, o, from)
	want := incident(t, g)
	end := time.Now()
	until(t, func() bool { return !sli.Newest(src, o.Slice, time.Now()).Before(end) })
	got := live()
	compareWithTruth(t, got, want)

	whole, err := sources.Counts(t.Context(), o, from, got[len(got)-1].Start.Add(o.Slice))
	if diff := cmp.Diff(got, whole); err != nil || diff != "" {
		t.Errorf("backfilled: %v (-live +backfilled)\n%s\n%s", err, diff, show(whole))
	}
	if err := server.Stop(); err != nil {
		t.Error(err)
	}
	if _, err := sources.Counts(t.Context(), o, from, from.Add(o.Slice)); reason(err) != sli.ReasonUnreachable {
		t.Errorf("stopped backend: got %v, want unreachable", err)
	}
}

// incident puts a target through its life and returns how many events can be
// known: all since the first scrape.
func incident(t *testing.T, g *target) (want sli.Counts) {
	count := func(code string, n int64) {
		g.add(code, n)
		if code == "200" {
			want.Good += sli.Count(n) * sli.Event
		} else {
			want.Bad += sli.Count(n) * sli.Event
		}
	}
	g.scraped(t, 4) // under observation from here on
	count("200", 7)
	g.scraped(t, 1)
	count("500", 3) // born with three errors
	count("200", 10)
	g.scraped(t, 2)
	g.setDown(true)
	count("500", 5)
	count("200", 40)
	g.missed(t, 6)
	g.setDown(false)
	g.scraped(t, 2)
	g.restart()
	count("200", 20)
	g.scraped(t, 2)
	count("500", 4) // fewer than before the restart
	count("503", 1)
	g.scraped(t, 2)
	return want
}

// readLive reads each slice as soon as it is readable; the function that it
// returns ends that and returns the slices.
func readLive(t *testing.T, sources *promql.Sources, src slo.Source, o slo.Objective, from time.Time) func() []sli.Slice {
	ctx, cancel := context.WithCancel(t.Context())
	all, done := []sli.Slice(nil), make(chan error, 1)
	read := func() error {
		to := sli.Newest(src, o.Slice, time.Now())
		if !to.After(from) {
			return nil
		}
		slices, err := sources.Counts(context.WithoutCancel(ctx), o, from, to)
		all, from = append(all, slices...), to
		return err
	}
	go func() {
		poll := time.NewTicker(50 * time.Millisecond)
		defer poll.Stop()
		for err := error(nil); ; err = read() {
			select {
			case <-poll.C:
			case <-ctx.Done():
				done <- read()
				return
			}
			if err != nil {
				done <- err
				return
			}
		}
	}()
	return func() []sli.Slice {
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		return all
	}
}

func compareWithTruth(t *testing.T, got []sli.Slice, want sli.Counts) {
	t.Helper()
	sum, gaps, dark := sli.Counts{}, 0, 0
	for _, s := range got {
		sum = sum.Add(s.Counts)
		switch {
		case s.Flaw == sli.FlawGap:
			gaps++
		case s.Flaw != "":
			t.Errorf("slice with flaw %s", s.Flaw)
		case s.Covered == 0 && sum.Total() > 0:
			dark++
		}
	}
	if sum.Good != want.Good || sum.Bad != want.Bad {
		t.Errorf("counted %v good, %v bad; want %v, %v", sum.Good.Float(), sum.Bad.Float(), want.Good.Float(), want.Bad.Float())
	}
	if gaps == 0 || dark == 0 { // a busy machine may miss more scrapes
		t.Errorf("%d slices hold increments over a gap, %d are dark; want some of both", gaps, dark)
	}
	if t.Failed() {
		t.Log(show(got))
	}
}

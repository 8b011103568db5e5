package promql_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/sli/promql/promtest"
	"setpoint.dev/setpoint/slo"
)

// A classic histogram on real backends: its bounds are written in one way and
// then in another, one target has other buckets, and a bound that nobody has
// is named with those that are near.
func TestClassicHistograms(t *testing.T) {
	found := promtest.Installed()
	if len(found) == 0 {
		t.Fatal("no metrics backend: run `make parts`")
	}
	for _, backend := range found {
		t.Run(string(backend), func(t *testing.T) {
			t.Parallel()
			testClassic(t, backend)
		})
	}
}

func testClassic(t *testing.T, backend promtest.Backend) {
	server := promtest.Start(t, promtest.Config{Backend: backend, Late: time.Hour})
	from := time.Now().Add(-5 * time.Minute).Truncate(time.Minute)
	if err := server.Write(classicSamples(from)); err != nil {
		t.Fatal(err)
	}
	src := slo.Source{Name: "shop", URL: server.URL, Scrape: 15 * time.Second}
	sources, err := promql.New([]slo.Source{src}, promql.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sources.Close)
	one, minute := sli.Event, time.Minute
	want := []sli.Slice{
		{Start: from.UTC(), Counts: sli.Counts{Good: 12 * one, Bad: 4 * one, Covered: minute}, Flaw: sli.FlawInvalid},
		{Start: from.Add(minute).UTC(), Counts: sli.Counts{Good: 12 * one, Bad: 4 * one, Covered: minute}, Flaw: sli.FlawInvalid},
	}
	got, err := sources.Counts(t.Context(), classicObjective("1"), from, from.Add(2*minute))
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	o := classicObjective("0.3")
	_, err = sources.Counts(t.Context(), o, from, from.Add(2*minute))
	var read *sli.ReadError
	if !errors.As(err, &read) || read.Reason != sli.ReasonNoBucket || !strings.Contains(err.Error(), `no bucket le=0.3 of t_bucket; nearest 0.25, 1`) {
		t.Errorf("got %v, want the nearest buckets", err)
	}
	told, errs := sources.Plan(t.Context(), []sli.Ask{{Objective: o, From: from.Add(minute), To: from.Add(2 * minute)}})
	if len(errs) > 0 || len(told) == 0 || !strings.Contains(told[0].Error+told[len(told)-1].Error, "nearest 0.25, 1") {
		t.Errorf("plan: got %+v, %v", told, errs)
	}
}

// classicObjective promises that what t measures is at most limit.
func classicObjective(limit string) slo.Objective {
	o := objective()
	bound, _ := slo.ParseDecimal(limit)
	spelt := map[string]string{"1": "1|1[.]0", "0.3": "0[.]3"}[limit]
	o.Indicator = slo.Indicator{Source: "shop", Good: `t_bucket{le=~"` + spelt + `"}`, Total: "t_count", Bucket: bound}
	return o
}

// classicSamples are those of two targets, every 15 s for four minutes: of a
// four observations, three of them at most 1; of b, with another bucket, two.
func classicSamples(from time.Time) (all []promtest.Sample) {
	add := func(at time.Time, value int, name, target, le string) {
		l := map[string]string{"__name__": name, "pod": target}
		if le != "" {
			l["le"] = le
		}
		all = append(all, promtest.Sample{Labels: l, Milli: at.UnixMilli(), Value: float64(value)})
	}
	for step := -8; step <= 8; step++ {
		at, n := from.Add(time.Duration(step)*15*time.Second), step+100
		one := "1"
		if step > 3 {
			one = "1.0"
		}
		add(at, 2*n, "t_bucket", "a", "0.25")
		add(at, 3*n, "t_bucket", "a", one)
		add(at, 4*n, "t_bucket", "a", "+Inf")
		add(at, 4*n, "t_count", "a", "")
		add(at, 2*n, "t_bucket", "b", "0.25")
		add(at, 2*n, "t_bucket", "b", "+Inf")
		add(at, 2*n, "t_count", "b", "")
	}
	return all
}

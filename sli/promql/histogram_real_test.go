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
	for _, backend := range promtest.Installed(t) {
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
	o := classicObjective("1")
	o.Indicator.Good, o.Indicator.Total = `u_bucket{le="1"}`, "u_count"
	testNewBucket(t, sources, o, from)
	o = classicObjective("0.3")
	_, err = sources.Counts(t.Context(), o, from, from.Add(2*minute))
	var read *sli.ReadError
	if !errors.As(err, &read) || read.Reason != sli.ReasonNoBucket || !strings.Contains(err.Error(), `no bucket le=0.3 of t_bucket; nearest 0.25, 1`) {
		t.Errorf("got %v, want the nearest buckets", err)
	}
	told, errs := sources.Plan(t.Context(), []sli.Ask{{Objective: &o, From: from.Add(minute), To: from.Add(2 * minute)}})
	if len(errs) > 0 || len(told) == 0 || !strings.Contains(told[0].Error+told[len(told)-1].Error, "nearest 0.25, 1") {
		t.Errorf("plan: got %+v, %v", told, errs)
	}
}

// testNewBucket reads a histogram that got the bucket with a restart, half a
// minute into the second slice: nothing is known before its first sample, nor what
// that one counts, however much is asked for at once.
func testNewBucket(t *testing.T, sources *promql.Sources, o slo.Objective, from time.Time) {
	second := sli.Slice{Start: from.Add(time.Minute).UTC(), Counts: sli.Counts{Good: 4 * sli.Event, Bad: 2 * sli.Event, Covered: 30 * time.Second}, Flaw: sli.FlawInvalid}
	first := sli.Slice{Start: from.UTC(), Flaw: sli.FlawInvalid}
	for _, test := range []struct {
		from, to int
		want     []sli.Slice
	}{{0, 1, []sli.Slice{first}}, {1, 2, []sli.Slice{second}}, {0, 2, []sli.Slice{first, second}}} {
		got, err := sources.Counts(t.Context(), o, from.Add(time.Duration(test.from)*time.Minute), from.Add(time.Duration(test.to)*time.Minute))
		if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
			t.Errorf("a new bucket, slices %d to %d: %v (-want +got)\n%s", test.from, test.to, err, diff)
		}
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
		m := n
		if step > 5 {
			m = step - 5
			add(at, 2*m, "u_bucket", "c", "1")
		}
		add(at, 3*m, "u_count", "c", "")
		add(at, 3*m, "u_bucket", "c", "+Inf")
	}
	return all
}

package promql_test

import (
	"testing"
	"time"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/slo"
)

// A process was not scraped for two hours, after which its bounds are written in
// another way: what it had counted before is known, however few of a chunk's
// series are new.
func TestBoundsAreWrittenAnewOverAGap(t *testing.T) {
	s := &store{}
	add := func(pod, le string, perScrape int, spans ...[2]int) {
		l := map[string]string{"__name__": "t_count", "pod": pod}
		if le != "" {
			l["__name__"], l["le"] = "t_bucket", le
		}
		one := stored{labels: l}
		for _, span := range spans {
			for at := span[0]; at <= span[1]; at += 30 {
				one.samples = append(one.samples, sli.Sample{Milli: base.UnixMilli() + int64(at)*1000, Value: float64((at + 90000) / 30 * perScrape)})
			}
		}
		s.series = append(s.series, one)
	}
	before, after := [2]int{0, 3600}, [2]int{10800, 14400}
	add("steady", "1", 4, [2]int{0, 14400})
	add("steady", "", 4, [2]int{0, 14400})
	add("gap", "1", 3, before)
	add("gap", "1.0", 3, after)
	add("gap", "", 4, before, after)
	sources := serve(t, s, promql.Config{}, slo.Source{Scrape: 30 * time.Second})
	o := classicObjective("1")
	o.Indicator.Total = "t_count"
	got, err := sources.Counts(t.Context(), o, at(7200), at(14400))
	if err != nil {
		t.Fatal(err)
	}
	sum := sli.Counts{}
	for _, one := range got {
		sum = sum.Add(one.Counts)
		if one.Flaw != "" && one.Flaw != sli.FlawGap {
			t.Errorf("%s has the flaw %s", one.Start, one.Flaw)
		}
	}
	// steady: 240 scrapes, 4 each; gap: 360 scrapes since 3600, 3 of 4 each
	if want := (sli.Counts{Good: (240*4 + 360*3) * sli.Event, Bad: 360 * sli.Event, Covered: 2 * time.Hour}); sum.Good != want.Good || sum.Bad != want.Bad {
		t.Errorf("got %+v, want %+v", sum, want)
	}
}

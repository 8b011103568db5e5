package formatstest_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

// A shown is one series that a shop shows, as Prometheus stores it.
type shown struct {
	labels labels.Labels
	points []point
}

type point struct {
	milli     int64
	value     float64
	histogram *histogram.FloatHistogram
}

const scrape = 30 * time.Second

// opened is when the shop opens; it is closed after so long.
var opened = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

const openFor = 3 * time.Hour

// A shop is what its targets show, one scrape after the other: counters of two
// regions, of which one is not scraped for a while and has an outage; jobs; a
// gauge; and native histograms.
type shop struct {
	series map[string]*shown
	counts map[string]float64
}

func openShop() *shop {
	s := &shop{series: map[string]*shown{}, counts: map[string]float64{}}
	for n := range int(openFor / scrape) {
		s.scraped(n)
	}
	return s
}

func (s *shop) scraped(n int) {
	at := opened.Add(time.Duration(n)*scrape + 7*time.Second)
	minute := n / 2
	for i, region := range []string{"eu", "us"} {
		where := fmt.Sprintf(`region=%q,tier=%q`, region, []string{"gold", "free"}[i])
		if region == "us" && minute >= 100 && minute < 110 {
			continue // it is away
		}
		bad := s.count("bad_total{"+where+"}", float64(badIn(minute, region)))
		all := s.count("all_total{"+where+"}", 20+float64(5*i))
		s.show("bad_total{"+where+"}", at, bad, nil)
		s.show("all_total{"+where+"}", at, all, nil)
		s.show("request_seconds{"+where+"}", at, 0, s.histogram(region, float64(badIn(minute, region))))
	}
	if minute < 60 || minute >= 66 { // the search is away for six minutes
		s.show("found_total", at, s.count("found_total", float64(8+minute%3)), nil)
		s.show("searches_total", at, s.count("searches_total", 10), nil)
	}
	for i, pod := range []string{"a", "b"} {
		s.show(fmt.Sprintf("latency_seconds{pod=%q}", pod), at, []float64{0.1, 0.9}[min(i*(minute/20%2), 1)], nil)
	}
	s.jobs(at, minute)
}

// badIn is how many of the requests between two scrapes are bad.
func badIn(minute int, region string) int {
	switch {
	case minute < 30:
		return 0
	case region == "eu" && minute >= 120 && minute < 140: // an outage
		return 15
	case minute%10 == 3, minute%10 == 4 && region == "us": // short ones
		return 6
	case minute%7 == 1:
		return 1
	}
	return 0
}

// jobs are two that run twice an hour: a succeeds but for one run, b takes too
// long every other time and skips one run.
func (s *shop) jobs(at time.Time, minute int) {
	run := minute / 30
	if minute < 5 {
		return
	}
	began := opened.Add(time.Duration(run)*30*time.Minute - 2*time.Second)
	done := func(after time.Duration, last bool) float64 {
		if began.Add(after).After(at) || last {
			began = began.Add(-30 * time.Minute)
		}
		return float64(began.Add(after).Unix())
	}
	s.show(`start_timestamp_seconds{job="a"}`, at, float64(began.Unix()), nil)
	s.show(`done_timestamp_seconds{job="a"}`, at, done(5*time.Minute, run == 2), nil)
	if run == 4 {
		run = 3
	}
	began = opened.Add(time.Duration(run)*30*time.Minute - 2*time.Second)
	s.show(`start_timestamp_seconds{job="b"}`, at, float64(began.Unix()), nil)
	s.show(`done_timestamp_seconds{job="b"}`, at, done([]time.Duration{4, 12}[run%2]*time.Minute, false), nil)
}

// count counts on from what was counted before the shop opened.
func (s *shop) count(name string, more float64) float64 {
	if _, there := s.counts[name]; !there {
		s.counts[name] = 1000
	}
	s.counts[name] += more
	return s.counts[name]
}

// histogram has observations within 0.25 s and above 0.5 s, in buckets whose
// bounds are powers of two.
func (s *shop) histogram(region string, bad float64) *histogram.FloatHistogram {
	quick, slow := s.count("quick "+region, 20-bad), s.count("slow "+region, bad)
	return &histogram.FloatHistogram{
		Schema: 0, Count: quick + slow, Sum: quick*0.2 + slow*0.9,
		PositiveSpans:   []histogram.Span{{Offset: -2, Length: 3}}, // (0.125, 0.25], (0.25, 0.5], (0.5, 1]
		PositiveBuckets: []float64{quick, 0, slow},
	}
}

func (s *shop) show(name string, at time.Time, value float64, h *histogram.FloatHistogram) {
	all, there := s.series[name]
	if !there {
		matchers, err := parser.NewParser(parser.Options{}).ParseMetricSelector(name)
		if err != nil {
			panic(err)
		}
		b := labels.NewBuilder(labels.EmptyLabels())
		for _, m := range matchers {
			b.Set(m.Name, m.Value)
		}
		all = &shown{labels: b.Labels()}
		s.series[name] = all
	}
	all.points = append(all.points, point{at.UnixMilli(), value, h})
}

// selected are the series of all selectors in a query, as Setpoint reads them.
func (s *shop) selected(query string) (out []sli.Series) {
	for _, selector := range slo.SeriesOf(query) {
		matchers, err := parser.NewParser(parser.Options{}).ParseMetricSelector(selector)
		if err != nil {
			panic(err)
		}
		for name, one := range s.series {
			if !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(one.labels.Get(m.Name)) }) {
				out = append(out, one.read(name))
			}
		}
	}
	slices.SortFunc(out, func(a, b sli.Series) int { return strings.Compare(a.ID, b.ID) })
	return out
}

func (s *shown) read(name string) sli.Series {
	out := sli.Series{ID: name}
	for _, p := range s.points {
		if p.histogram == nil {
			out.Samples = append(out.Samples, sli.Sample{Milli: p.milli, Value: p.value})
			continue
		}
		h := sli.Histogram{Milli: p.milli, Count: p.histogram.Count}
		for it := p.histogram.AllBucketIterator(); it.Next(); {
			b := it.At()
			h.Buckets = append(h.Buckets, sli.Bucket{Lower: b.Lower, Upper: b.Upper, Count: b.Count})
		}
		out.Histograms = append(out.Histograms, h)
	}
	return out
}

// slices are what an indicator counts.
func (s *shop) slices(o slo.Objective) []sli.Slice {
	in := o.Indicator
	cut := sli.Cut{From: opened, To: opened.Add(openFor), Slice: o.Slice, Scrape: scrape, Good: in.Good != ""}
	switch {
	case in.Kind == slo.Counters:
		return cut.Increments(s.selected(in.Good+in.Bad), s.selected(in.Total))
	case in.Kind == slo.Native:
		return cut.Histograms(in, s.selected(in.Query))
	case in.Kind == slo.Freshness:
		return cut.Fresh(in.MaxAge, s.selected(in.Query))
	case in.Kind == slo.Deadline:
		return cut.Runs(in, s.selected(in.Started), s.selected(in.Query))
	}
	return cut.Samples(in, s.selected(in.Query))
}

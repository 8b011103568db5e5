package promql_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/sli/promql/promtest"
	"setpoint.dev/setpoint/slo"
)

const (
	freshFor = 5 * time.Second
	runLimit = 4 * time.Second
)

// timed are objectives over the timestamps of a target, by raw samples and by
// expressions on a grid.
func timed() []slo.Objective {
	of := func(name string, in slo.Indicator) slo.Objective {
		in.Name, in.Source, in.MaxAge, in.Limit = name, "shop", freshFor, runLimit
		return slo.Objective{Name: name, Slice: 2 * time.Second, Indicator: in}
	}
	return []slo.Objective{
		of("fresh", slo.Indicator{Kind: slo.Freshness, Query: "last_success"}),
		of("fresh on a grid", slo.Indicator{Kind: slo.Freshness, Query: "max(last_success)"}),
		of("runs", slo.Indicator{Kind: slo.Deadline, Query: "last_success", Started: "last_start"}),
		of("runs on a grid", slo.Indicator{Kind: slo.Deadline, Query: "max(last_success)", Started: "max(last_start)"}),
	}
}

// Real backends scrape the timestamps of a job: one run in time, one too late,
// one that fails, one over a time in which nothing is seen. Each run is
// counted once, the time that its success was fresh to the millisecond but for
// what was learned after the end of a slice, and each slice read live equals the
// same slice read at the end.
func TestRealRuns(t *testing.T) {
	t.Parallel()
	for _, backend := range promtest.Installed(t) {
		t.Run(string(backend), func(t *testing.T) {
			t.Parallel()
			testRealRuns(t, backend)
		})
	}
}

func testRealRuns(t *testing.T, backend promtest.Backend) {
	g := newTarget(t, nil)
	j := &job{target: g}
	j.set("last_start", float64(time.Now().Unix()-100))
	j.succeed()
	server := promtest.Start(t, promtest.Config{Backend: backend, Targets: []string{g.address()}})
	src := slo.Source{Name: "shop", URL: server.URL, Scrape: time.Second}
	from := sli.Newest(src, 2*time.Second, time.Now())
	var sources []*promql.Sources
	var live []func() []sli.Slice
	for _, o := range timed() {
		one, err := promql.New([]slo.Source{src}, promql.Config{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(one.Close)
		sources, live = append(sources, one), append(live, readLive(t, one, src, o, from))
	}
	j.work(t)
	end := time.Now()
	until(t, func() bool { return !sli.Newest(src, 2*time.Second, time.Now()).Before(end) })
	for i, o := range timed() {
		got := live[i]()
		whole, err := sources[i].Counts(t.Context(), o, from, got[len(got)-1].Start.Add(o.Slice))
		if diff := cmp.Diff(got, whole); err != nil || diff != "" {
			t.Errorf("%s backfilled: %v (-live +backfilled)\n%s\n%s", o.Name, err, diff, show(whole))
		}
		j.compare(t, o, got)
	}
}

// A job shows when it last started and succeeded.
type job struct {
	*target
	succeeded []int64 // ms
}

func (j *job) now() float64 { return float64(time.Now().UnixMilli()) / 1000 }

func (j *job) start() { j.set("last_start", j.now()) }

func (j *job) succeed() {
	at := j.now()
	j.set("last_success", at)
	j.succeeded = append(j.succeeded, int64(at*1000+0.5))
}

func (j *job) work(t *testing.T) {
	j.scraped(t, 4)
	j.start()
	j.scraped(t, 2)
	j.succeed() // in time
	j.scraped(t, 2)
	j.start()
	j.scraped(t, 7)
	j.succeed() // too late
	j.scraped(t, 2)
	j.start()
	j.scraped(t, 3)
	j.start() // anew: the run before has failed
	j.scraped(t, 1)
	j.setDown(true)
	j.succeed() // in time, and seen too late
	j.missed(t, 6)
	j.setDown(false)
	j.scraped(t, 3)
}

// compare compares what was counted with what happened.
func (j *job) compare(t *testing.T, o slo.Objective, got []sli.Slice) {
	t.Helper()
	var sum sli.Counts
	for _, s := range got {
		sum = sum.Add(s.Counts)
		if o.Indicator.Kind != slo.Freshness || s.Covered < o.Slice {
			continue
		}
		from, to := s.Start.UnixMilli(), s.Start.Add(o.Slice).UnixMilli()
		if fresh := sli.Count(j.fresh(from, to)); s.Good > fresh || s.Good < fresh && !j.unseen(to) {
			t.Errorf("%s: slice %s was fresh for %d ms, counted %d", o.Name, s.Start, fresh, s.Good)
		}
	}
	if want := (sli.Counts{Good: 2 * sli.Event, Bad: 2 * sli.Event}); o.Indicator.Kind == slo.Deadline && (sum.Good != want.Good || sum.Bad != want.Bad) {
		t.Errorf("%s: %v runs in time, %v not; want 2 and 2\n%s", o.Name, sum.Good.Float(), sum.Bad.Float(), show(got))
	}
	if sum.Covered < 10*time.Second {
		t.Errorf("%s: only %s were observed", o.Name, sum.Covered)
	}
}

// unseen reports whether a success can be known after an instant only: it
// takes a scrape, and an instant of the grid.
func (j *job) unseen(at int64) bool {
	return slices.ContainsFunc(j.succeeded, func(s int64) bool { return s <= at && s > at-2000 })
}

// fresh is for how many ms of (from, to] a success was at most freshFor ago.
func (j *job) fresh(from, to int64) (sum int64) {
	for _, at := range j.succeeded {
		begin, end := max(from, at), min(to, at+freshFor.Milliseconds())
		if end > begin {
			sum, from = sum+end-begin, end
		}
	}
	return sum
}

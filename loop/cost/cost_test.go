// Package cost measures what budgets cost: CPU of Setpoint and of the metrics
// backend that it asks, against the same backend evaluating rules for the same
// objectives and windows; and CPU and memory of Setpoint alone, with many
// objectives, against a backend that costs nothing.
//
//	definitions ─► rules ─► Prometheus evaluates them ─► its CPU
//	            ─► loop.Tick over the same samples     ─► its CPU and ours
//
// Without flags it takes few objectives; `make cost` takes thousands and writes
// docs/benchmarks.md.
package cost_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/sli/promql/promtest"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/slo/rules"
)

var (
	full    = flag.Bool("full", false, "thousands of objectives, for minutes")
	many    = flag.Int("load", 100, "objectives of TestLoad")
	month   = flag.Duration("window", 30*24*time.Hour, "of the objectives of TestLoad")
	update  = flag.Bool("update", false, "with -full, write docs/benchmarks.md")
	some    = flag.String("parts", ".", "of docs/benchmarks.md that TestReport measures: objectives, windows, restart, tiers")
	serving = flag.Bool("backend", false, "of TestBackend: serve")
)

const scrape = 30 * time.Second

func TestMain(m *testing.M) { clustertest.Main(m) }

// objectives is one promise of 99.9 % over 30 days for each of n services, with
// alerts by the standard tiers.
func objectives(n int, url string) *slo.Set {
	set := &slo.Set{Sources: []slo.Source{{Name: "metrics", URL: url, Scrape: scrape}}}
	tiers := slo.StandardTiers(30 * 24 * time.Hour) // which a set that is read shares too
	for i := range n {
		set.Objectives = append(set.Objectives, slo.Objective{
			Name: fmt.Sprint("service-", i), Service: fmt.Sprint("service-", i), Target: slo.NewDecimal(999, 3),
			Window: slo.Window{Length: 30 * 24 * time.Hour}, Slice: time.Minute,
			Alerts: []slo.AlertPolicy{{Name: "burn", Title: "ErrorBudgetBurn", Breaching: true, Conditions: tiers}},
			Indicator: slo.Indicator{
				Name: "availability", Source: "metrics",
				Bad:   fmt.Sprintf(`sum(rate(http_requests_total{service="service-%d",code=~"5.."}[5m]))`, i),
				Total: fmt.Sprintf(`sum(rate(http_requests_total{service="service-%d"}[5m]))`, i),
			},
		})
	}
	return set
}

// grouped is the same promises, declared by one objective that is kept for each
// service.
func grouped(n int, url string) *slo.Set {
	set, found := objectives(1, url), []slo.Group{}
	o := &set.Objectives[0]
	o.Name, o.Indicator.Bad, o.Indicator.Total = "all", `sum(rate(http_requests_total{code=~"5.."}[5m]))`, `sum(rate(http_requests_total[5m]))`
	for i := range n {
		found = append(found, slo.Group{fmt.Sprint("service-", i)})
	}
	set.Groupings = []slo.Grouping{{Objective: o.Name, By: []string{"service"}, Limit: n, Each: *o}}
	return set.WithGroups(map[string][]slo.Group{o.Name: found})
}

// traffic writes the samples of n services at each scrape in (from, to].
func traffic(t *testing.T, server *promtest.Server, n int, from, to time.Time) {
	t.Helper()
	for from.Before(to) {
		end := from.Add(min(20*time.Minute, to.Sub(from)))
		var samples []promtest.Sample
		for i := range n {
			for code, each := range map[string]int64{"200": 1000, "500": 1} {
				labels := map[string]string{"__name__": "http_requests_total", "service": fmt.Sprint("service-", i), "code": code, "job": "shop", "instance": fmt.Sprintf("10.0.%d.%d:8080", i/250, i%250)}
				for at := from.Truncate(scrape).Add(scrape); !at.After(end); at = at.Add(scrape) {
					samples = append(samples, promtest.Sample{Labels: labels, Milli: at.UnixMilli() + int64(i%997), Value: float64(at.Unix() / 30 * each % 1_000_000_000)})
				}
			}
		}
		if err := server.Write(samples); err != nil {
			t.Fatal(err)
		}
		from = end
	}
}

// remembering is a ledger in which a month is on record, up to a time.
func remembering(t testing.TB, set *slo.Set, until time.Time) *ledger.Memory {
	t.Helper()
	records := ledger.NewMemory()
	for _, o := range set.Objectives {
		ends := []sli.Slice{{Start: until.Add(-o.Window.Length), Counts: sli.Counts{Covered: o.Slice}}, {Start: until.Add(-o.Slice), Counts: sli.Counts{Covered: o.Slice}}}
		if err := records.Keep(t.Context(), loop.Counted{Objective: o.Name, Slices: ends}); err != nil {
			t.Fatal(err)
		}
	}
	return records
}

// A spent is CPU time of ours and of the backend.
type spent struct{ ours, backend time.Duration }

// ticks is what each of some ticks, a minute apart, costs on average, after one
// that begins.
func ticks(t *testing.T, set *slo.Set, server *promtest.Server, first time.Time, n int) spent {
	t.Helper()
	sources, err := promql.New(set.Sources, promql.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer sources.Close()
	l, err := loop.New(loop.Config{Set: set, Source: sources, Records: remembering(t, set, first)})
	if err != nil {
		t.Fatal(err)
	}
	base := sli.Count(0) // slices that may still change are read again at the start
	tick := func(i int) {
		now := first.Add(time.Duration(i)*time.Minute + 5*time.Second)
		r := l.Tick(t.Context(), now)
		if len(r.Errs) > 0 {
			t.Fatal(r.Errs[0])
		}
		bad := r.States[len(r.States)-1].Budget.Bad
		if i == 2 {
			base = bad
		}
		if want := base + sli.Count(2*(i-2))*sli.Event; i > 2 && bad != want {
			t.Fatalf("after %d minutes %v bad events, want %v", i, bad.Float(), want.Float())
		}
	}
	tick(1)
	tick(2)
	began, backend := cpuOfSelf(t), cpuOf(t, server.PID())
	for i := range n {
		tick(3 + i)
	}
	return spent{(cpuOfSelf(t) - began) / time.Duration(n), (cpuOf(t, server.PID()) - backend) / time.Duration(n)}
}

// cpuOfSelf is user and system time of this process.
func cpuOfSelf(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// cpuOf is user and system time of another process, in hundredths of a second.
func cpuOf(t testing.TB, pid int) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// evaluating is the CPU that Prometheus spends in a minute on rules for the
// same objectives, evaluated every half minute, above what it spends without.
func evaluating(t *testing.T, backend promtest.Backend, n int, history, every, during time.Duration) time.Duration {
	t.Helper()
	text, problems, err := rules.Write(objectives(n, ""))
	if err != nil || problems.Err() != nil {
		t.Fatal(err, problems)
	}
	cost := func(text []byte) time.Duration {
		cfg := promtest.Config{Backend: backend, Every: every, Dir: t.TempDir(), Late: time.Minute}
		server := promtest.Start(t, cfg)
		now := time.Now()
		traffic(t, server, n, now.Add(-history), now)
		if err := server.Stop(); err != nil { // what rules record would be newer than the history
			t.Fatal(err)
		}
		cfg.Rules = text
		server = promtest.Start(t, cfg)
		defer server.Stop()
		time.Sleep(every)
		began, start := cpuOf(t, server.PID()), time.Now()
		for last := now; time.Since(start) < during; last = last.Add(scrape) {
			time.Sleep(min(scrape, during))
			traffic(t, server, n, last, last.Add(scrape))
		}
		return time.Duration(float64(cpuOf(t, server.PID())-began) * float64(time.Minute) / float64(time.Since(start)))
	}
	return cost(text) - cost(nil)
}

// TestCostAgainstRules: budgets of the same objectives cost a small part of
// what rules cost the backend.
func TestCostAgainstRules(t *testing.T) {
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	a := against{backend: promtest.Prometheus, objectives: 50, history: 30 * time.Minute, every: 2 * time.Second}
	if _, err := promtest.Prometheus3.Program(); err == nil {
		a.backend = promtest.Prometheus3
	}
	least, during, count := 20.0, 6*time.Second, 10 // with the race detector, on a busy machine
	histories := []time.Duration{a.history}
	if *full {
		least, during, count = 100, time.Minute, 60 // the aim is 400
		a.objectives, a.every, histories = 1000, 30*time.Second, []time.Duration{3 * time.Hour, 3 * 24 * time.Hour}
	}
	var all []against
	for _, a.history = range histories {
		a.load = loadAverage()
		a.measure(t, during, count)
		all = append(all, a)
		t.Logf("%d objectives, %s over %s: rules %s of CPU a minute; a tick %v, of groups %v: 1/%.0f, 1/%.0f", a.objectives, a.backend, a.history, a.rules, a.single, a.grouped, a.ratio(a.single), a.ratio(a.grouped))
		if ratio := min(a.ratio(a.single), a.ratio(a.grouped)); ratio < least {
			t.Errorf("budgets cost 1/%.0f of what rules cost, want at most 1/%.0f", ratio, least)
		}
	}
	if *full && *update {
		writePart(t, "rules", againstRules(all))
	}
}

// against is a comparison with rules.
type against struct {
	objectives      int
	backend         promtest.Backend
	every, history  time.Duration
	load            string        // of the machine, before
	rules           time.Duration // CPU a minute
	single, grouped spent         // a tick
}

func (a against) ratio(s spent) float64 { return float64(a.rules) / float64(s.ours+s.backend) }

func (a *against) measure(t *testing.T, during time.Duration, count int) {
	t.Helper()
	server := promtest.Start(t, promtest.Config{Backend: a.backend, Late: time.Hour})
	to := time.Now().Truncate(time.Minute)
	traffic(t, server, a.objectives, to.Add(-a.history), to)
	first := to.Add(-time.Duration(count+10) * time.Minute)
	a.single = ticks(t, objectives(a.objectives, server.URL), server, first, count)
	a.grouped = ticks(t, grouped(a.objectives, server.URL), server, first, count)
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	a.rules = evaluating(t, a.backend, a.objectives, a.history, a.every, during)
}

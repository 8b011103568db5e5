package cost_test

import (
	"context"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/sli/promql"
	"setpoint.dev/setpoint/slo"
)

// A load is what ticks of many objectives cost: this process, which does
// nothing else, and the PostgreSQL of the ledger.
type load struct {
	objectives int
	cpu        time.Duration // of a tick
	ledger     time.Duration // CPU of PostgreSQL for a tick
	memory     float64       // the most that was resident after a tick, in MB
}

// loadOf measures ticks of n objectives, of which half a day of slices is on
// record, so that all windows and the memory for them are full.
func loadOf(t testing.TB, n, ticks int) (got load) {
	dsn := clustertest.DSN(t)
	set := objectives(n, freeBackend(t))
	for i := range set.Objectives {
		set.Objectives[i].Window.Length = *month
	}
	first := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	records, err := ledger.Open(ledger.Config{DSN: dsn, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer records.Close()
	halfADay(t, records, dsn, set, first)
	debug.FreeOSMemory() // that was not the engine
	sources, err := promql.New(set.Sources, promql.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer sources.Close()
	l, err := loop.New(loop.Config{Set: set, Source: sources, Records: records})
	if err != nil {
		t.Fatal(err)
	}
	tick := func(i int) {
		if r := l.Tick(t.Context(), first.Add(time.Duration(i)*time.Minute+5*time.Second)); len(r.Errs) > 0 {
			t.Fatal(r.Errs[0])
		}
	}
	const warm = 4
	for i := range warm {
		tick(i)
	}
	began, before := cpuOfSelf(t), cpuOfLedger(t, dsn)
	for i := range ticks {
		tick(warm + i)
		got.memory = max(got.memory, resident(t))
	}
	got.objectives, got.cpu, got.ledger = n, (cpuOfSelf(t)-began)/time.Duration(ticks), (cpuOfLedger(t, dsn)-before)/time.Duration(ticks)
	return got
}

// halfADay puts slices of twelve hours on record, and one of a window ago, and no less than tiers look back: of
// one objective by the ledger itself, copies of them by hand, since millions
// of slices take minutes.
func halfADay(t testing.TB, records loop.Store, dsn string, set *slo.Set, until time.Time) {
	t.Helper()
	slices := []sli.Slice{{Start: until.Add(-max(*month, 7*24*time.Hour)), Counts: sli.Counts{Covered: time.Minute}}}
	for at := until.Add(-12 * time.Hour); at.Before(until); at = at.Add(time.Minute) {
		slices = append(slices, sli.Slice{Start: at, Counts: sli.Counts{Good: 5321 * sli.Event, Bad: sli.Count(at.Minute()%7) * sli.Event, Covered: time.Minute}})
	}
	if err := records.Keep(t.Context(), loop.Counted{Objective: set.Objectives[0].Name, Slices: slices}); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, o := range set.Objectives[1:] {
		names = append(names, o.Name)
	}
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	var batch pgx.Batch
	batch.Queue(`insert into setpoint.objectives (name) select unnest($1::text[])`, names)
	for _, table := range []string{"hours (objective, hour, packed) select o.id, s.hour, s.packed", "days (objective, day) select o.id, s.day"} {
		name, _, _ := strings.Cut(table, " ")
		batch.Queue(`insert into setpoint.`+table+` from setpoint.`+name+` s, setpoint.objectives o where o.name <> $1 order by 2, 1`, set.Objectives[0].Name)
	}
	if err := conn.SendBatch(t.Context(), &batch).Close(); err != nil {
		t.Fatal(err)
	}
}

// cpuOfLedger is user and system time of the processes that serve a database
// now.
func cpuOfLedger(t testing.TB, dsn string) (all time.Duration) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	rows, err := conn.Query(t.Context(), `select pid from pg_stat_activity where pid <> pg_backend_pid() and (datname = current_database() or datname is null)`)
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := pgx.ForEachRow(rows, []any{&pid}, func() error {
		all += cpuOf(t, pid)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// resident is the memory of this process, in MB.
func resident(t testing.TB) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if kb, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			v, _ := strconv.Atoi(strings.Fields(kb)[0])
			return float64(v) / 1000
		}
	}
	return 0
}

// BenchmarkTick is ticks of objectives whose metrics cost nothing.
func BenchmarkTick(b *testing.B) {
	for _, n := range []int{1000, 20000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			got := loadOf(b, n, b.N)
			b.ReportMetric(float64(got.cpu.Microseconds())/1000, "cpu-ms/op")
			b.ReportMetric(float64(got.ledger.Microseconds())/1000, "ledger-cpu-ms/op")
			b.ReportMetric(got.memory, "rss-MB")
		})
	}
}

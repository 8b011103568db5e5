package ledger_test

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"setpoint.dev/setpoint/budget"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/sli"
	"setpoint.dev/setpoint/slo"
)

var (
	restarting = flag.Int("restart", 1000, "objectives of BenchmarkRestart")
	sparse     = flag.Bool("sparse", false, "of BenchmarkRestart: leave out slices of days that a restart reads only the sums of")
)

// A restart with 30 days of slices on record ends in the states that reading
// every slice gives.
func TestRestartFromSums(t *testing.T) {
	p := open(t, fresh(t))
	set := manyObjectives(3)
	set.Objectives[0].Method, set.Objectives[0].TimeSlice = slo.Timeslices, slo.TimeSlice{Length: 5 * time.Minute, Target: slo.NewDecimal(99, 2)}
	set.Objectives[1].Window = slo.Window{Length: 31 * 24 * time.Hour, Unit: slo.Months, Count: 1}
	now := noon().Add(37*time.Minute + 10*time.Second)
	at := now.Truncate(time.Minute)
	for _, o := range set.Objectives {
		must(t, p.Keep(t.Context(), loop.Counted{Objective: o.Name, Slices: fakeSlices(at.Add(-32*24*time.Hour), at)}))
	}
	want := tickOnce(t, p, set, now)
	must(t, p.Tidy(t.Context(), loop.Tidying{Settled: at}))
	late := fakeSlices(at.Add(-9*24*time.Hour), at.Add(-9*24*time.Hour+time.Minute))
	must(t, p.Keep(t.Context(), loop.Counted{Objective: set.Objectives[2].Name, Slices: late})) // the same: its day is summed anew
	got := tickOnce(t, p, set, now)
	for i := range want { // sums let one tick read further back
		want[i].ReadBack, got[i].ReadBack = time.Time{}, time.Time{}
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(slo.Decimal{})); diff != "" {
		t.Errorf("states (-from slices +from sums):\\n%s", diff)
	}
	for i, s := range got {
		if s.Budget.Total() == 0 || len(s.Flaws) == 0 && i > 0 {
			t.Errorf("%s: nothing was counted: %+v", s.Objective, s.Budget)
		}
	}
}

// A restart: from nothing to the states of the first tick, with 30 days of
// one-minute slices of each objective on record.
func BenchmarkRestart(b *testing.B) {
	dsn := clustertest.DSN(b)
	set, now := manyObjectives(*restarting), noon().Add(3*time.Minute+10*time.Second)
	began := time.Now()
	conn := fill(b, dsn, set)
	b.Logf("%d objectives of 30 days, filled in %s", *restarting, time.Since(began).Round(time.Second))
	for b.Loop() {
		p := open(b, dsn)
		tickOnce(b, p, set, now)
		p.Close()
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/restart")
	var size int64
	must(b, conn.QueryRow(b.Context(), `select pg_total_relation_size('hours') + pg_total_relation_size('days')`).Scan(&size))
	b.ReportMetric(float64(size)/float64(*restarting)/30.5, "B/objective-day")
}

// fill puts slices of the 30 days before noon on record: a day of one
// objective by the ledger itself, copies of it by hand.
func fill(b *testing.B, dsn string, set *slo.Set) *pgx.Conn {
	b.Helper()
	p := open(b, dsn)
	day := noon().Truncate(24 * time.Hour)
	for _, o := range set.Objectives[:1] {
		must(b, p.Keep(b.Context(), loop.Counted{Objective: o.Name, Slices: fakeSlices(day, day.Add(24*time.Hour))}))
		must(b, p.Tidy(b.Context(), loop.Tidying{Settled: day.Add(48 * time.Hour)}))
	}
	conn, err := pgx.Connect(b.Context(), dsn)
	must(b, err)
	b.Cleanup(func() { _ = conn.Close(context.Background()) })
	for _, statement := range []string{
		`set search_path = setpoint`,
		fmt.Sprintf(`insert into objectives (name) select 'service-' || i || '-availability' from generate_series(1, %d) i`, len(set.Objectives)-1),
		fmt.Sprintf(`create temp table one as select hour %% 24 as hour, packed from hours; create temp table sum as select * from days; delete from hours; delete from days;
			insert into hours select o.id, 24 * d + hour, packed from generate_series(%[1]d - 31, %[1]d) d, one, objectives o where 24 * d + hour < %[2]d and (not %[3]t or d in (%[1]d, %[1]d - 1, %[1]d - 3, %[1]d - 30, %[1]d - 31)) order by d, hour, id;
			insert into days select o.id, d, good, bad, covered, 1000 * 86400 * d::bigint + newest %% 86400000, flaws, case when d < %[1]d then hours end from generate_series(%[1]d - 31, %[1]d) d, sum, objectives o order by d, id;
			vacuum analyze`, day.Unix()/86400, noon().Unix()/3600, *sparse),
	} {
		for one := range strings.SplitSeq(statement, ";") {
			_, err := conn.Exec(b.Context(), one)
			must(b, err)
		}
	}
	return conn
}

func tickOnce(t testing.TB, p *ledger.Postgres, set *slo.Set, now time.Time) []budget.State {
	t.Helper()
	source := loop.SourceFunc(func(_ context.Context, _ slo.Objective, from, to time.Time) ([]sli.Slice, error) {
		return fakeSlices(from, to), nil
	})
	l, err := loop.New(loop.Config{Set: set, Source: source, Records: p})
	must(t, err)
	r := l.Tick(t.Context(), now)
	if len(r.Errs) > 0 || len(r.States) != len(set.Objectives) {
		t.Fatalf("%d states, errors %v", len(r.States), r.Errs[:min(len(r.Errs), 3)])
	}
	return r.States
}

func manyObjectives(n int) *slo.Set {
	set := &slo.Set{}
	for i := range n {
		set.Objectives = append(set.Objectives, slo.Objective{
			Name: fmt.Sprintf("service-%d-availability", i), Service: fmt.Sprintf("service-%d", i), Target: slo.NewDecimal(999, 3),
			Slice: time.Minute, Window: slo.Window{Length: 30 * 24 * time.Hour}, Indicator: slo.Indicator{Source: "metrics"},
		})
	}
	return set
}

// fakeSlices are some 6,000 events a minute, a few of them bad: the same for
// the same minute of the day.
func fakeSlices(from, to time.Time) (all []sli.Slice) {
	for at := from; at.Before(to); at = at.Add(time.Minute) {
		x := uint64(at.Unix()%86400) * 0x9e3779b97f4a7c15
		s := sli.Slice{Start: at, Counts: sli.Counts{Good: sli.Count(5000+x>>54) * sli.Event, Covered: time.Minute}}
		if x>>40&3 == 0 {
			s.Bad = sli.Count(x>>30&15) * sli.Event
		}
		if x>>50&255 == 0 {
			s.Flaw = sli.FlawGap
		}
		all = append(all, s)
	}
	return all
}

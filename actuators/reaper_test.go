package actuators_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/actuators"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// acting returns an actuator whose reaper may cancel statements older than 0.1 s.
func (p *plant) acting(a slo.Actuator, d actuators.Deps) (loop.Actuator, *actuators.Reaper) {
	p.t.Helper()
	if d.Held == nil {
		d.Held = free
	}
	a.Query.RoleTimes = 100 // new sessions of the test are not cut off before they begin
	q, r := open(p.t, a, d)
	apply(p.t, q, move(0.1, 1))
	return q, r
}

func once(t *testing.T, r *actuators.Reaper, now time.Time) actuators.Stats {
	t.Helper()
	if err := r.Once(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	return r.Stats()
}

// Above the high mark (6 of 8) the oldest go, down to the low mark (4), and no more.
func TestReaperCancelsByNeed(t *testing.T) {
	p := newPlant(t)
	var told []actuators.Cancel
	all := p.sleepers(6) // before the timeout: it is not their default
	_, r := p.acting(p.definition(), actuators.Deps{OnCancel: func(c actuators.Cancel) { told = append(told, c) }})
	p.older(all[5], 100*time.Millisecond)
	if got := once(t, r, noon); got.Running != 6 || got.Due != 0 || got.Cancels != 0 {
		t.Errorf("at the high mark: %+v, want 6 running and none due", got)
	}
	all = append(all, p.start(p.role, "select pg_sleep(60)", "set statement_timeout = 0"))
	once(t, r, noon.Add(time.Second))
	if diff := cmp.Diff([]int{0, 1, 2}, cancelled(t, all, 3)); diff != "" {
		t.Errorf("cancelled (-want +got):\n%s", diff)
	}
	want := actuators.Stats{Ticks: 3, Cancels: 3, At: noon.Add(2 * time.Second), Running: 4, Floor: 100 * time.Millisecond}
	if diff := cmp.Diff(want, once(t, r, noon.Add(2*time.Second))); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
	for i, c := range told {
		if c.Statement.PID != int32(all[i].pid) || c.Role != p.role || c.Actuator != "reports-timeout" || c.Running != 7 || c.Statement.Age <= c.Floor {
			t.Errorf("told of %+v, want pid %d of 7", c, all[i].pid)
		}
	}
	if len(told) != 3 {
		t.Errorf("told of %d cancels, want 3", len(told))
	}
}

// No statement younger than the floor goes, however many run.
func TestReaperSparesTheYoung(t *testing.T) {
	p := newPlant(t)
	all := p.sleepers(7)
	q, r := p.acting(p.definition(), actuators.Deps{})
	apply(t, q, move(29, 1))
	if got := once(t, r, noon); got.Running != 7 || got.Due != 0 || got.Floor != 29*time.Second {
		t.Errorf("%+v, want 7 running and none due", got)
	}
	cancelled(t, all, 0)
}

// Only reading and writing of rows by the class itself is ever cancelled.
func TestReaperSparesTheRest(t *testing.T) {
	p := newPlant(t)
	p.createRole(p.role+"_other", "login")
	p.exec("grant create on schema public to " + p.role)
	p.exec("create table rows as select 1 as id; grant select, insert, update on rows to " + p.role)
	other := &plant{t: t, dsn: clustertest.DSN(t), role: p.role, admin: p.admin}
	p.exec("alter role " + p.role + " replication")
	backup := &plant{t: t, dsn: with(p.dsn, "application_name", "pg_dump"), role: p.role, admin: p.admin}
	replica := &plant{t: t, dsn: with(p.dsn, "replication", "database"), role: p.role, admin: p.admin}
	spared := []*session{
		p.start(p.role+"_other", "select pg_sleep(60)"),
		p.start(p.admin.Config().User, "select pg_sleep(60)"),
		other.start(p.role, "select pg_sleep(60)"),
		backup.start(p.role, "select pg_sleep(60)"),
		replica.start(p.role, "select pg_sleep(60)"),
		p.start(p.role, "create table made as select pg_sleep(60)::text"),
		p.start(p.role, "do $$ begin perform pg_sleep(60); end $$"),
		p.start(p.role, "copy (select pg_sleep(60)) to stdout"),
		p.start(p.role, "/* select */ copy (/* all */ select pg_sleep(60)) to stdout"),
		p.start(p.role, "select pg_sleep(60)", "begin", "create table migrated (id int)"),
		p.start(p.role, "select 1 as id, pg_sleep(60)::text into made3"),
	}
	taken := []*session{
		p.start(p.role, "select pg_sleep(60) from rows"),
		p.start(p.role, "  -- monthly\n /* report * / of */ (SELECT pg_sleep(60))"),
		p.start(p.role, "with x as (select pg_sleep(60)) select * from x"),
		p.start(p.role, "select pg_sleep(60) from rows for update"),
		p.start(p.role, "insert into rows select 1 from pg_sleep(60)"),
		p.start(p.role, "select pg_sleep(60)", "begin", "create table undone (id int)", "rollback", "begin"),
	}
	a := p.definition()
	a.Query.High, a.Query.Low = 0.1, 0.1 // 0 workers
	_, r := p.acting(a, actuators.Deps{})
	p.older(taken[5], 100*time.Millisecond)
	if got := once(t, r, noon); got.Running != 13 || got.Due != 6 || got.Cancels != 6 {
		t.Errorf("%+v, want 13 running, 6 due and cancelled", got)
	}
	cancelled(t, taken, 6)
	if got := once(t, r, noon.Add(time.Minute)); got.Running != 7 || got.Due != 0 {
		t.Errorf("%+v, want 7 running and none due", got)
	}
	if got := cancelled(t, spared, 0); got != nil {
		t.Errorf("cancelled %v of those to be spared", got)
	}
}

// A session that idles, in a transaction or not, is no statement.
func TestReaperSparesTheIdle(t *testing.T) {
	p := newPlant(t)
	idle := connect(t, as(p.dsn, p.role))
	if _, err := idle.Exec(t.Context(), "begin; select 1"); err != nil {
		t.Fatal(err)
	}
	a := p.definition()
	a.Query.High, a.Query.Low = 0.1, 0.1
	_, r := p.acting(a, actuators.Deps{})
	if got := once(t, r, noon); got.Running != 0 || got.Due != 0 {
		t.Errorf("%+v, want none running", got)
	}
	if _, err := idle.Exec(t.Context(), "select 1"); err != nil {
		t.Errorf("idle session: %v", err)
	}
}

// Between the choice and the cancel the statement ends and its session begins another: that one lives.
func TestReaperNeverCancelsAnotherStatement(t *testing.T) {
	p := newPlant(t)
	p.exec("select pg_advisory_lock(1)")
	s := p.start(p.role, "select pg_advisory_lock(1)")
	asked := 0
	a := p.definition()
	a.Query.High, a.Query.Low = 0.1, 0.1
	_, r := p.acting(a, actuators.Deps{Held: func() bool {
		if asked++; asked == 2 { // for Stats, then for the cancel
			p.exec("select pg_advisory_unlock(1)")
			if err := <-s.done; err != nil {
				t.Error(err)
			}
			s.run("select pg_sleep(60)")
			p.await(s, "select pg_sleep(60)")
		}
		return false
	}})
	p.older(s, 100*time.Millisecond)
	if got := once(t, r, noon); got.Due != 1 || got.Cancels != 0 || got.Missed != 1 {
		t.Errorf("%+v, want one due and missed", got)
	}
	if got := cancelled(t, []*session{s}, 0); got != nil {
		t.Error("cancelled the session's next statement")
	}
	p.older(s, 100*time.Millisecond)
	once(t, r, noon.Add(time.Second)) // which is due by itself a tick later
	cancelled(t, []*session{s}, 1)
}

func TestReaperLimits(t *testing.T) {
	p := newPlant(t)
	all := p.sleepers(7)
	a := p.definition()
	a.Query.High, a.Query.Low, a.Query.CancelsPerTick, a.Query.CancelsPerMin = 0.1, 0.1, 2, 5
	a.Lease = time.Hour
	_, r := p.acting(a, actuators.Deps{})
	p.older(all[6], 100*time.Millisecond)
	total := 0
	for _, c := range []struct {
		at   time.Duration
		want int // cancelled up to then
	}{
		{0, 2}, {time.Second, 4}, {2 * time.Second, 5}, {59 * time.Second, 5}, {60 * time.Second, 7},
	} {
		got := once(t, r, noon.Add(c.at))
		if got.Cancels != int64(c.want) {
			t.Errorf("after %v: %d cancelled, want %d", c.at, got.Cancels, c.want)
		}
		cancelled(t, all[total:], c.want-total)
		total = c.want
	}
}

// Held is asked before each cancel, and nothing happens while it holds, or when nobody says that it
// does not.
func TestReaperHeld(t *testing.T) {
	p := newPlant(t)
	all := p.sleepers(7)
	p.older(all[6], 100*time.Millisecond)
	asked := 0
	for _, c := range []struct {
		name    string
		held    func() bool
		cancels int64
	}{
		{"held", func() bool { return true }, 0},
		{"unsaid", nil, 0},
		{"after the first", func() bool { asked++; return asked > 2 }, 1}, // asked for Stats, first, second, third
	} {
		q, r := open(t, p.definition(), actuators.Deps{Held: c.held})
		apply(t, q, move(0.1, 1))
		want := actuators.Stats{Ticks: 1, Cancels: c.cancels, At: noon, Running: 7, Due: 3,
			Floor: 100 * time.Millisecond, Held: c.cancels == 0}
		if diff := cmp.Diff(want, once(t, r, noon)); diff != "" {
			t.Errorf("%s: stats (-want +got):\n%s", c.name, diff)
		}
		if got := cancelled(t, all, int(c.cancels)); len(got) != int(c.cancels) {
			t.Errorf("%s: cancelled %v", c.name, got)
		}
	}
}

// A setting that nobody confirms any more lapses: the floor is at rest until the loop is back. Before
// the first confirmation nothing is cancelled at all.
func TestReaperLease(t *testing.T) {
	p := newPlant(t)
	all := p.sleepers(7)
	held := false
	a, safe := p.definition(), 20.0
	a.Safe = &safe
	q, r := open(t, a, actuators.Deps{Held: func() bool { return held }})
	another, _ := open(t, p.definition(), actuators.Deps{})
	apply(t, another, move(0.1, 1))
	p.older(all[6], 100*time.Millisecond)
	if got := once(t, r, noon); !got.Lapsed || got.Due != 0 || got.Floor != 20*time.Second {
		t.Errorf("before the first confirmation: %+v, want lapsed, none due", got)
	}
	wantSetting(t, q, 0.1) // Read confirms what the other one applied
	held = true
	leased := func(at time.Duration, lapsed bool, due int) {
		t.Helper()
		if got := once(t, r, noon.Add(at)); got.Lapsed != lapsed || got.Due != due {
			t.Errorf("after %v: %+v, want lapsed %v, %d due", at, got, lapsed, due)
		}
	}
	leased(time.Second, false, 3)
	leased(60*time.Second, false, 3)
	held = false
	leased(61*time.Second, true, 0)
	leased(time.Hour, true, 0)
	wantSetting(t, q, 0.1)
	leased(time.Hour, false, 3)
	if got := cancelled(t, all, 3); len(got) != 3 {
		t.Errorf("cancelled %v, want 3", got)
	}
}

// A reaper whose process missed that another one moved the setting cancels nothing by the old one.
func TestReaperDeposed(t *testing.T) {
	p := newPlant(t)
	all := p.sleepers(7)
	_, old := p.acting(p.definition(), actuators.Deps{})
	p.older(all[6], 100*time.Millisecond)
	q, young := open(t, p.definition(), actuators.Deps{Held: free})
	apply(t, q, move(25, 2))
	if got := once(t, old, noon); got.Due != 3 || got.Missed != 3 || got.Cancels != 0 {
		t.Errorf("deposed: %+v, want 3 due and missed", got)
	}
	if got := once(t, young, noon); got.Due != 0 {
		t.Errorf("newer: %+v, want none due", got)
	}
	if got := cancelled(t, all, 0); got != nil {
		t.Errorf("cancelled %v, want none", got)
	}
}

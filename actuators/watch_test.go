package actuators_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/actuators"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
)

// watching is what a reaper has seen to end, after looks at what each of them
// finds.
func watching(t *testing.T, a slo.Actuator, pauses []time.Duration, looks ...[]actuators.Statement) loop.Work {
	t.Helper()
	at, look := noon, 0
	r := actuators.ReaperOf(a, actuators.Deps{}, actuators.Class{ListFunc: func(int) ([]actuators.Statement, error) { return looks[look], nil }})
	r.Confirm(10)
	for look = range looks {
		if look > 0 {
			at = at.Add(pauses[look-1])
		}
		if err := r.Once(t.Context(), at); err != nil {
			t.Fatal(err)
		}
	}
	return actuators.WatchedBy(r)
}

func TestWatch(t *testing.T) {
	half := 500 * time.Millisecond
	one := func(pid int32, age time.Duration) actuators.Statement {
		return actuators.Statement{PID: pid, Started: noon.Add(-age), Age: age}
	}
	aged := func(s actuators.Statement, by time.Duration) actuators.Statement { s.Age += by; return s }
	guarded, next := one(3, time.Second), one(1, 100*time.Millisecond)
	guarded.Protected = true
	a, b := one(1, 2*time.Second), one(2, 9700*time.Millisecond)
	durable := eightWorkers()
	durable.Query.RoleDefault = true
	for name, c := range map[string]struct {
		a      slo.Actuator
		pauses []time.Duration
		looks  [][]actuators.Statement
		want   loop.Work
	}{
		"runs on":                    {eightWorkers(), []time.Duration{half}, [][]actuators.Statement{{a}, {aged(a, half)}}, loop.Work{}},
		"ended":                      {eightWorkers(), []time.Duration{half, half}, [][]actuators.Statement{{a}, {aged(a, half)}, {}}, loop.Work{Took: map[int64]int64{loop.RoundUp(3 * time.Second): 1}}},
		"another one of its session": {eightWorkers(), []time.Duration{half}, [][]actuators.Statement{{a}, {next}}, loop.Work{Took: map[int64]int64{loop.RoundUp(2500 * time.Millisecond): 1}}},
		"alike are counted":          {eightWorkers(), []time.Duration{half}, [][]actuators.Statement{{a, one(7, 2*time.Second)}, {}}, loop.Work{Took: map[int64]int64{loop.RoundUp(2500 * time.Millisecond): 2}}},
		"protected":                  {eightWorkers(), []time.Duration{half}, [][]actuators.Statement{{guarded}, {}}, loop.Work{}},
		"nobody looked for long":     {eightWorkers(), []time.Duration{3 * time.Second}, [][]actuators.Statement{{a}, {}}, loop.Work{}},
		"longer than the setting":    {eightWorkers(), []time.Duration{half}, [][]actuators.Statement{{b}, {}}, loop.Work{Took: map[int64]int64{loop.RoundUp(10200 * time.Millisecond): 1}}},
		"ended by the timeout":       {durable, []time.Duration{half}, [][]actuators.Statement{{b, a}, {}}, loop.Work{Cut: 1, Took: map[int64]int64{loop.RoundUp(2500 * time.Millisecond): 1}}},
	} {
		if diff := cmp.Diff(c.want, watching(t, c.a, c.pauses, c.looks...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// What the reaper killed did not end by itself, and is told apart.
func TestWatchKilled(t *testing.T) {
	var running []actuators.Statement
	for pid := range int32(7) {
		running = append(running, actuators.Statement{PID: pid, Started: noon.Add(-20 * time.Second), Age: 20 * time.Second})
	}
	list := running
	r := actuators.ReaperOf(eightWorkers(), actuators.Deps{Held: free}, actuators.Class{
		ListFunc:   func(int) ([]actuators.Statement, error) { return list, nil },
		CancelFunc: func(actuators.Statement, *string) (bool, error) { return true, nil },
	})
	r.Confirm(10)
	once(t, r, noon)
	list = running[3:]
	once(t, r, noon.Add(500*time.Millisecond))
	if diff := cmp.Diff(loop.Work{Killed: 3}, actuators.WatchedBy(r)); diff != "" {
		t.Errorf("after three were killed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(loop.Work{}, actuators.WatchedBy(r)); diff != "" {
		t.Errorf("told twice (-want +got):\n%s", diff)
	}
}

// On a real server a statement that ends is seen to have taken as long as it
// did, and one that ran for longer than the role's timeout to be cut off.
func TestWatchOnTheServer(t *testing.T) {
	p := newPlant(t)
	a := p.definition()
	a.Query.Every = time.Minute // however busy the machine is, a look is not too late
	q, r := open(t, a, actuators.Deps{})
	for _, c := range []struct {
		setting float64
		cut     int64
	}{{0.1, 1}, {30, 0}} {
		apply(t, q, move(c.setting, 1))
		p.exec("select pg_advisory_lock(7)")
		s := p.start(p.role, "select pg_advisory_xact_lock_shared(7)", "set statement_timeout = 0")
		p.older(s, 200*time.Millisecond)
		if got := once(t, r, time.Now()); got.Running != 1 {
			t.Fatalf("%+v, want 1 running", got)
		}
		p.exec("select pg_advisory_unlock(7)")
		<-s.done
		eventually(t, "nothing runs", func() bool { return once(t, r, time.Now()).Running == 0 })
		got, took := q.(loop.Watcher).Watched(), int64(0)
		for took = range got.Took {
		}
		if got.Cut != c.cut || len(got.Took) != int(1-c.cut) || c.cut == 0 && took < 200 {
			t.Errorf("by a timeout of %g s: %+v, want %d cut off, or one of 200 ms and more", c.setting, got, c.cut)
		}
	}
}

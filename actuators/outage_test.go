package actuators_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"setpoint.dev/setpoint/actuators"
	"setpoint.dev/setpoint/ledger/cluster"
	"setpoint.dev/setpoint/ledger/cluster/clustertest"
	"setpoint.dev/setpoint/slo"
)

// The target's server stops and starts again: errors meanwhile, and everything works after.
func TestTargetStopsAndStarts(t *testing.T) {
	dir, err := clustertest.Dir()
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	cfg := cluster.Config{Dir: dir, Name: "target", NoSync: true}
	server := startServer(t, cfg)
	p := plantAt(t, server.DSN("postgres"), "class_of_outage")
	a := p.definition()
	a.Query.High, a.Query.Low = 0.1, 0.1
	q, r := p.acting(a, actuators.Deps{})
	once(t, r, noon)
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := r.Once(t.Context(), noon.Add(time.Duration(i+1)*time.Second)); err == nil {
			t.Error("Once = nil while the server is down")
		}
	}
	_, readErr := q.Read(t.Context())
	if applyErr := q.Apply(t.Context(), move(5, 2)); readErr == nil || applyErr == nil {
		t.Errorf("while the server is down: Read = %v, Apply = %v, want errors", readErr, applyErr)
	}
	if got := r.Stats(); got.Failures != 3 || got.Err == "" || !got.ErrAt.Equal(noon.Add(3*time.Second)) || got.Running != 0 {
		t.Errorf("%+v, want 3 failures and why", got)
	}
	server = startServer(t, cfg)
	defer server.Stop()
	p.admin = connect(t, p.dsn)
	eventually(t, "the reaper is back", func() bool { return r.Once(t.Context(), noon.Add(10*time.Second)) == nil })
	wantSetting(t, q, 0.1)
	s := p.start(p.role, "select pg_sleep(60)", "set statement_timeout = 0")
	p.older(s, 100*time.Millisecond)
	if got := once(t, r, noon.Add(11*time.Second)); got.Failures != 0 || got.Cancels != 1 || got.Err == "" {
		t.Errorf("%+v, want no failures, one cancelled, the last error kept", got)
	}
	cancelled(t, []*session{s}, 1)
}

func startServer(t *testing.T, cfg cluster.Config) *cluster.Cluster {
	t.Helper()
	server, err := cluster.Start(t.Context(), cfg)
	if err != nil {
		t.Fatalf("%v\nThis test needs a real PostgreSQL: `make parts` installs it.", err)
	}
	t.Cleanup(func() { server.Stop() })
	return server
}

func eightWorkers() slo.Actuator {
	return slo.Actuator{Name: "a", Kind: slo.PGQueryTimeout, Rest: 30, Tight: 1, Query: slo.QueryTimeout{
		Role: "r", Workers: 8, High: 0.75, Low: 0.5}}
}

// old returns n statements that are older than every floor.
func old(n int) (all []actuators.Statement) {
	for i := range n {
		all = append(all, actuators.Statement{PID: int32(i), Started: noon, Age: time.Hour - time.Duration(i)})
	}
	return all
}

// Run ticks every half second, less and less often while the database does not answer, and at its pace
// again once it does.
func TestRunBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var ticks []time.Duration
		down := func() bool { s := time.Since(begin); return s > time.Second && s < 20*time.Second }
		r := actuators.ReaperOf(eightWorkers(), actuators.Deps{}, actuators.Class{ListFunc: func(int) ([]actuators.Statement, error) {
			ticks = append(ticks, time.Since(begin))
			if down() {
				return nil, errors.New("connection refused")
			}
			return nil, nil
		}})
		ctx, cancel := context.WithTimeout(t.Context(), 26*time.Second)
		defer cancel()
		if err := r.Run(ctx); err != nil {
			t.Errorf("Run = %v, want nil at its context's end", err)
		}
		ms := func(all ...int) (d []time.Duration) {
			for _, n := range all {
				d = append(d, time.Duration(n)*time.Millisecond)
			}
			return d
		}
		want := ms(0, 500, 1000, 1500, 2500, 4500, 8500, 13500, 18500, 23500, 24000, 24500, 25000, 25500)
		if diff := cmp.Diff(want, ticks[:len(want)]); diff != "" {
			t.Errorf("ticks (-want +got):\n%s", diff)
		}
		if got := r.Stats(); got.Failures != 0 || got.Err != "enforce a: connection refused" {
			t.Errorf("%+v, want no failures any more", got)
		}
	})
}

// A cancelled statement takes a while to go. Until then it neither counts nor is cancelled again; if it
// stays, it is.
func TestReaperGivesTimeToLeave(t *testing.T) {
	var cancels []int32
	r := actuators.ReaperOf(eightWorkers(), actuators.Deps{Held: free}, actuators.Class{
		ListFunc: func(int) ([]actuators.Statement, error) { return old(7), nil },
		CancelFunc: func(s actuators.Statement, _ *string) (bool, error) {
			cancels = append(cancels, s.PID)
			return true, nil
		},
	})
	r.Confirm(2)
	for _, c := range []struct {
		at   time.Duration
		want []int32
	}{
		{0, []int32{0, 1, 2}}, {time.Second, nil}, {4 * time.Second, nil}, {5 * time.Second, []int32{0, 1, 2}},
	} {
		cancels = nil
		once(t, r, noon.Add(c.at))
		if diff := cmp.Diff(c.want, cancels); diff != "" {
			t.Errorf("after %v (-want +got):\n%s", c.at, diff)
		}
	}
}

// A cancel whose answer got lost ends the tick and counts against the limits.
func TestReaperStopsAtError(t *testing.T) {
	tries := 0
	a := eightWorkers()
	a.Query.CancelsPerMin = 2
	r := actuators.ReaperOf(a, actuators.Deps{Held: free}, actuators.Class{
		ListFunc:   func(int) ([]actuators.Statement, error) { return old(12), nil },
		CancelFunc: func(actuators.Statement, *string) (bool, error) { tries++; return false, errors.New("lost") },
	})
	r.Confirm(2)
	for i := range 4 {
		r.Once(t.Context(), noon.Add(time.Duration(i)*time.Second))
	}
	if got := r.Stats(); tries != 2 || got.Cancels != 0 || got.Missed != 0 || got.ErrAt != noon.Add(time.Second) {
		t.Errorf("%d tries, %+v, want 2 tries and none counted as cancelled", tries, got)
	}
}

// A reaper that never knew the setting cancels nothing, not even what is older than rest.
func TestReaperUnconfirmed(t *testing.T) {
	r := actuators.ReaperOf(eightWorkers(), actuators.Deps{Held: free}, actuators.Class{
		ListFunc: func(int) ([]actuators.Statement, error) { return old(7), nil }})
	if got := once(t, r, noon); got.Due != 0 || !got.Lapsed || got.Running != 7 {
		t.Errorf("%+v, want lapsed and none of 7 due", got)
	}
}

// Being told to end is no failure.
func TestReaperEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := actuators.ReaperOf(eightWorkers(), actuators.Deps{}, actuators.Class{
		ListFunc: func(int) ([]actuators.Statement, error) { cancel(); return nil, ctx.Err() }})
	if err := r.Run(ctx); err != nil || r.Stats().Failures != 0 || r.Stats().Err != "" {
		t.Errorf("Run = %v, %+v, want neither error nor failure", err, r.Stats())
	}
}

// What somebody set by hand below tight does not lower the floor below tight.
func TestReaperFloorIsNeverBelowTight(t *testing.T) {
	r := actuators.ReaperOf(eightWorkers(), actuators.Deps{}, actuators.Class{
		ListFunc: func(int) ([]actuators.Statement, error) { return nil, nil }})
	for setting, want := range map[float64]time.Duration{0.001: time.Second, 2.5: 2500 * time.Millisecond, 300: 5 * time.Minute} {
		r.Confirm(setting)
		if got := once(t, r, noon).Floor; got != want {
			t.Errorf("with setting %v the floor is %v, want %v", setting, got, want)
		}
	}
}

// After Held turned true and Settle returned nothing is cancelled, a cancel in flight included.
func TestSettleWaitsForCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin, held, ended := time.Now(), make(chan struct{}), 0
		isHeld := func() bool {
			select {
			case <-held:
				return true
			default:
				return false
			}
		}
		r := actuators.ReaperOf(eightWorkers(), actuators.Deps{Held: isHeld}, actuators.Class{
			ListFunc: func(int) ([]actuators.Statement, error) { return old(7), nil },
			CancelFunc: func(actuators.Statement, *string) (bool, error) {
				time.Sleep(time.Second) // of the bubble
				ended++
				return true, nil
			},
		})
		r.Confirm(2)
		go r.Once(t.Context(), begin)
		synctest.Wait()
		close(held)
		short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := r.Settle(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Settle = %v, want its deadline", err)
		}
		if err := r.Settle(t.Context()); err != nil || time.Since(begin) != time.Second {
			t.Errorf("Settle = %v after %v, want nil after 1 s", err, time.Since(begin))
		}
		synctest.Wait()
		time.Sleep(time.Minute)
		if ended != 1 {
			t.Errorf("%d cancels, want the one in flight", ended)
		}
	})
}

package actuators_test

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"setpoint.dev/setpoint/actuators"
	"setpoint.dev/setpoint/slo"
)

func quotaOf(gates int) slo.Actuator {
	return slo.Actuator{Name: "tenants", Kind: slo.TenantQuota, Rest: 1.2, Tight: 0.5, Lease: 30 * time.Second, Quota: slo.Quota{Capacity: 100, Gates: gates}}
}

// A gate in the model goes by its lease while it is good, else by its part.
type gate struct {
	lease float64
	until time.Time
}

func (g gate) uses(a slo.Actuator, now time.Time) float64 {
	if now.Before(g.until) {
		return g.lease
	}
	return a.Quota.Share()
}

func (g gate) has(now time.Time) float64 {
	if now.Before(g.until) {
		return g.lease
	}
	return 0
}

// TestLeasesNeverOver: whatever gates ask, however many answers are lost, and
// however often a leader begins that knows of no lease, all gates together
// never use more than the capacity.
func TestLeasesNeverOver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := quotaOf(rapid.IntRange(1, 3).Draw(t, "gates"))
		gates := make([]gate, a.Quota.Gates)
		now, epoch, leader := noon, int64(1), &actuators.Leases{}
		ask := func(i int, lost bool) {
			l, err := leader.Grant(a, epoch, actuators.LeaseAsk{Gate: fmt.Sprint(i), Has: gates[i].has(now), Left: gates[i].until.Sub(now), Wants: rapid.SampledFrom([]float64{0, 10, 40, 200}).Draw(t, "wants")}, now)
			if err != nil {
				t.Fatal(err)
			}
			if !lost {
				gates[i] = gate{l.Capacity, now.Add(l.Length)}
			}
		}
		for range rapid.IntRange(20, 150).Draw(t, "steps") {
			i := rapid.IntRange(0, len(gates)-1).Draw(t, "gate")
			switch step := rapid.IntRange(0, 29).Draw(t, "step"); {
			case step == 0:
				epoch, leader = epoch+1, &actuators.Leases{}
			case step < 10:
				now = now.Add(time.Duration(rapid.IntRange(1, 25).Draw(t, "seconds")) * time.Second)
			default:
				ask(i, rapid.IntRange(0, 4).Draw(t, "lost") == 0)
			}
			sum := 0.0
			for _, g := range gates {
				sum += g.uses(a, now)
			}
			if sum > a.Quota.Capacity+1e-6 {
				t.Fatalf("%.1f of %g are used at once", sum, a.Quota.Capacity)
			}
		}
	})
}

// TestLeasesFair gives by what is wanted once it has learnt who is there.
func TestLeasesFair(t *testing.T) {
	a, l := quotaOf(3), &actuators.Leases{}
	has, until := map[string]float64{}, map[string]time.Time{}
	ask := func(at time.Duration, name string, wants float64) actuators.Lease {
		t.Helper()
		got, err := l.Grant(a, 1, actuators.LeaseAsk{Gate: name, Has: has[name], Left: until[name].Sub(noon.Add(at)), Wants: wants}, noon.Add(at))
		if err != nil {
			t.Fatal(err)
		}
		has[name], until[name] = got.Capacity, noon.Add(at).Add(got.Length)
		return got
	}
	if got := ask(0, "a", 90); !got.Learning || math.Abs(got.Capacity-a.Quota.Share()) > 1e-9 {
		t.Errorf("while it learns: %+v, want a third", got)
	}
	for at := time.Duration(0); at <= 120*time.Second; at += 3 * time.Second {
		ask(at, "a", 90)
		ask(at, "b", 10)
	}
	if got := fmt.Sprintf("%.1f %.1f", has["a"], has["b"]); got != "56.7 10.0" {
		t.Errorf("two of three gates have %s; want all but a third, by what they want", got)
	}
	for at := 120 * time.Second; at <= 240*time.Second; at += 3 * time.Second {
		ask(at, "a", 30)
		ask(at, "b", 20)
		ask(at, "c", 20)
	}
	if got := fmt.Sprintf("%.1f %.1f %.1f", has["a"], has["b"], has["c"]); got != "40.0 30.0 30.0" {
		t.Errorf("with room for all: %s", got)
	}
	if _, err := l.Grant(a, 1, actuators.LeaseAsk{Gate: "d"}, noon.Add(240*time.Second)); !errors.Is(err, actuators.ErrGates) {
		t.Errorf("a fourth of three gates: %v", err)
	}
	if _, err := l.Grant(a, 1, actuators.LeaseAsk{Gate: "d"}, noon.Add(271*time.Second)); err != nil {
		t.Errorf("when the others are gone: %v", err)
	}
}

// A lending is two gates of one quota, second by second: idle wants nothing,
// busy all there is.
type lending struct {
	t          *testing.T
	a          slo.Actuator
	leases     *actuators.Leases
	epoch      int64
	now        time.Time
	idle, busy gate
}

func (l *lending) ask(name string, g *gate, wants float64) {
	l.t.Helper()
	got, err := l.leases.Grant(l.a, l.epoch, actuators.LeaseAsk{Gate: name, Has: g.has(l.now), Left: max(g.until.Sub(l.now), 0), Wants: wants}, l.now)
	if err != nil {
		l.t.Fatal(err)
	}
	*g = gate{got.Capacity, l.now.Add(got.Length)}
}

// play lets seconds pass, in which the gates ask every other one.
func (l *lending) play(seconds int, idle, busy bool) {
	l.t.Helper()
	for range seconds {
		l.now = l.now.Add(time.Second)
		if idle && l.now.Second()%2 == 0 {
			l.ask("idle", &l.idle, 0)
		}
		if busy && l.now.Second()%2 == 1 {
			l.ask("busy", &l.busy, 200)
		}
		if sum := l.idle.uses(l.a, l.now) + l.busy.uses(l.a, l.now); sum > l.a.Quota.Capacity+1e-6 {
			l.t.Fatalf("%.1f of %g are used after %v", sum, l.a.Quota.Capacity, l.now.Sub(noon))
		}
	}
}

// lent is when the busy gate has what the idle one leaves.
func lent(t *testing.T) *lending {
	l := &lending{t: t, a: quotaOf(2), leases: &actuators.Leases{}, epoch: 1, now: noon}
	l.play(120, true, true)
	if l.idle.lease > 1 || l.busy.lease < 99 {
		t.Fatalf("idle has %.1f, busy %.1f", l.idle.lease, l.busy.lease)
	}
	return l
}

// TestLeasesLent: what a gate leaves is lent only for as long as it is sure to
// leave it. When it falls silent it is back at its part, and the other too.
func TestLeasesLent(t *testing.T) {
	l := lent(t)
	l.play(90, false, true)
	if got := l.busy.lease; got != l.a.Quota.Share() {
		t.Errorf("the gate that is left has %.1f, want its part", got)
	}
	l.play(120, true, true)
	if l.busy.lease < 99 {
		t.Errorf("when both are back, busy has %.1f", l.busy.lease)
	}
	l.play(1, true, true) // busy asked last, and both fall silent
	l.play(90, false, false)
}

// TestLeasesLearn: a new leader, who knows nothing of what was lent, lets
// gates keep it, whoever asks first.
func TestLeasesLearn(t *testing.T) {
	for _, first := range []bool{true, false} {
		l := lent(t)
		l.leases, l.epoch = &actuators.Leases{}, 2
		l.play(1, first, !first)
		l.play(120, true, true)
		if l.busy.lease < 99 {
			t.Errorf("busy has %.1f after it was learnt", l.busy.lease)
		}
	}
}

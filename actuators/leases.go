package actuators

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"setpoint.dev/setpoint/slo"
)

// Leases share the capacity of quotas among gates. At every instant what all
// gates may use is no more than the capacity: what leases that are still good
// give, and the declared part of each gate that has none, which is what it
// goes by without Setpoint.
//
// A new leader knows of no lease. For as long as one lasts, and a little longer, it learns: it lets
// each gate keep what it has, and gives a gate that has none its declared
// part. A lease is told from one of an older leader by its epoch.
type Leases struct {
	mu    sync.Mutex
	books map[string]*leaseBook // :: actuator
}

// ErrGates is the refusal of more gates than a quota declares.
var ErrGates = errors.New("more gates than the quota declares")

// A LeaseAsk is what a gate says of itself.
type LeaseAsk struct {
	Gate  string
	Has   float64       // of a lease that is still good
	Left  time.Duration // for so long; 0 = it has none
	Wants float64
}

// A Lease is what it gets.
type Lease struct {
	Capacity float64
	Length   time.Duration
	Learning bool
}

// deposed is how long a leader that was replaced may go on giving leases until
// it notices.
const deposed = 30 * time.Second

// A leaseBook is the leases of one quota.
type leaseBook struct {
	epoch int64
	since time.Time // it began to learn
	gates map[string]*leased
}

// leased is what one gate may use: until sure what it has or what it was given
// last, whichever is more, as the answer may have been lost; after that its
// declared part too.
type leased struct {
	most, wants float64
	sure        time.Time
	until       time.Time // it may use what it was given last
}

// Grant answers a gate of a quota at now, on behalf of the leader of an epoch.
func (l *Leases) Grant(a slo.Actuator, epoch int64, ask LeaseAsk, now time.Time) (Lease, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.books == nil {
		l.books = map[string]*leaseBook{}
	}
	b := l.books[a.Name]
	if b == nil || b.epoch != epoch {
		b = &leaseBook{epoch: epoch, since: now, gates: map[string]*leased{}}
		l.books[a.Name] = b
	}
	b.expire(now)
	if b.gates[ask.Gate] == nil && len(b.gates) >= max(a.Quota.Gates, 1) {
		return Lease{}, fmt.Errorf("lease quota of %s to %s: %w: %d", a.Name, ask.Gate, ErrGates, a.Quota.Gates)
	}
	return b.grant(a, ask, now), nil
}

// shortest is the shortest lease.
const shortest = 2 * time.Second

// grant gives what is wanted, as far as it is free, and for as long as it is.
func (b *leaseBook) grant(a slo.Actuator, ask LeaseAsk, now time.Time) Lease {
	g := &leased{wants: max(ask.Wants, 0), most: ask.Has, sure: now.Add(max(ask.Left, 0))}
	if ask.Left <= 0 {
		g.most, g.sure = a.Quota.Share(), now
	}
	b.gates[ask.Gate] = g
	out := Lease{Length: a.LeaseFor(), Learning: now.Sub(b.since) < a.LeaseFor()+deposed}
	want := b.fair(a.Quota, ask.Gate)
	if out.Learning {
		want = g.most
	}
	free, until := b.free(a.Quota, ask.Gate, now, now.Add(out.Length))
	if out.Capacity = max(min(want, free), 0); out.Capacity > a.Quota.Share() {
		out.Length = until.Sub(now)
	}
	g.most, g.until = max(g.most, out.Capacity), now.Add(out.Length)
	return out
}

// free is the capacity that neither other leases nor gates without one may use
// until some time, at latest a given one. A gate that has less than its
// declared part falls back to that when its lease ends, so what it does not
// use is free only for so long.
func (b *leaseBook) free(q slo.Quota, but string, now, latest time.Time) (free float64, until time.Time) {
	free, until = q.Capacity-float64(max(q.Gates-len(b.gates), 0))*q.Share(), latest
	for name, g := range b.gates {
		switch {
		case name == but:
		case g.most < q.Share() && g.sure.Sub(now) < shortest:
			free -= q.Share()
		default:
			free -= g.most
			if g.most < q.Share() && g.sure.Before(until) {
				until = g.sure
			}
		}
	}
	return free, until
}

// fair is a gate's fair part of what gates with a lease share: no more than
// it wants while others want more than their part, and an equal part of what
// nobody wants (max-min fairness).
func (b *leaseBook) fair(q slo.Quota, gate string) float64 {
	left := q.Capacity - float64(max(q.Gates-len(b.gates), 0))*q.Share()
	wants, open := b.gates[gate].wants, len(b.gates)
	level := left / float64(open)
	for range b.gates { // each round settles those who want less than the level
		used, n := 0.0, 0
		for _, g := range b.gates {
			if g.wants <= level {
				used, n = used+g.wants, n+1
			}
		}
		if n == len(b.gates) {
			return wants + (left-used)/float64(n)
		}
		level = (left - used) / float64(len(b.gates)-n)
	}
	return min(wants, level)
}

func (b *leaseBook) expire(now time.Time) {
	for name, g := range b.gates {
		if !now.Before(g.until) && !now.Before(g.sure) {
			delete(b.gates, name)
		}
	}
}

package quota

import (
	"math"
	"time"

	"setpoint.dev/setpoint/client"
)

// scarce is the share of what can be used from which on borrowing is shared
// by weight.
const scarce = 0.75

// Admit asks whether a tenant may make one more call at now. done is to be
// called when the call has ended.
func (g *Gate) Admit(tenant string, now time.Time) (done func(), ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	part := g.part(now)
	switch {
	case g.guaranteed(tenant, part):
		g.stats.Guaranteed++
	case g.borrows(tenant, part):
		g.stats.Borrowed++
	default:
		g.stats.Refused++
		g.refused++
		return nil, false
	}
	g.busy[tenant]++
	g.total++
	g.peak = max(g.peak, g.total)
	return func() { g.left(tenant) }, true
}

func (g *Gate) left(tenant string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.total--
	if g.busy[tenant]--; g.busy[tenant] == 0 {
		delete(g.busy, tenant)
	}
}

// part is this gate's part of the capacity at now, from 0 to 1.
func (g *Gate) part(now time.Time) float64 {
	switch {
	case g.quota.Capacity <= 0:
		return 0
	case now.Before(g.until):
		return min(g.lease.Capacity/g.quota.Capacity, 1)
	}
	return 1 / float64(max(g.quota.Gates, 1))
}

// guaranteed reports whether one more call is within the tenant's guarantee:
// its part of it, and at least one call if it has any. Guarantees of named
// tenants are no more than the capacity; names that anybody can make up
// share what of it is free.
func (g *Gate) guaranteed(tenant string, part float64) bool {
	t, named := g.tenant(tenant)
	if float64(g.busy[tenant]+1) > guarantee(t, part) {
		return false
	}
	return named || float64(g.total+1) <= g.quota.Capacity*part
}

func guarantee(t client.Tenant, part float64) float64 {
	return math.Ceil(float64(t.Guarantee*part) - 1e-9)
}

// borrows reports whether one more call may be borrowed.
func (g *Gate) borrows(tenant string, part float64) bool {
	t, _ := g.tenant(tenant)
	limit := float64(g.mark*g.quota.Capacity) * part
	next := float64(g.total + 1)
	switch {
	case next > limit, float64(g.busy[tenant]+1) > g.ceiling(t, part):
		return false
	case next <= scarce*limit:
		return true
	}
	return g.borrowed(tenant, part)+1 <= g.fair(tenant, t, limit, part)
}

// ceiling is lowered as the watermark is.
func (g *Gate) ceiling(t client.Tenant, part float64) float64 {
	lowered := t.Ceiling
	if g.mark < g.rest {
		lowered *= g.mark / g.rest
	}
	return max(lowered*part, guarantee(t, part))
}

// borrowed is how many calls of a tenant are beyond its guarantee.
func (g *Gate) borrowed(tenant string, part float64) float64 {
	t, _ := g.tenant(tenant)
	return max(float64(g.busy[tenant])-guarantee(t, part), 0)
}

// fair is the tenant's part, by weight, of what all borrowers may borrow: what
// guarantees leave of the limit. It is at least one call.
func (g *Gate) fair(tenant string, t client.Tenant, limit, part float64) float64 {
	pool, weights := limit, t.Weight
	for other, n := range g.busy {
		b := g.borrowed(other, part)
		pool -= float64(n) - b
		if o, _ := g.tenant(other); b > 0 && other != tenant {
			weights += o.Weight
		}
	}
	if weights <= 0 {
		return 0
	}
	return max(pool*t.Weight/weights, 1)
}

func (g *Gate) tenant(name string) (t client.Tenant, named bool) {
	for _, t := range g.quota.Tenants {
		if t.Name == name {
			return t, true
		}
	}
	return g.quota.Others, false
}

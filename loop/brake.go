package loop

import (
	"slices"
	"sync"
)

// A Brake is the emergency stop inside one process. Every actuation runs
// under it, so that when Engage returns none is under way and none begins.
// The zero Brake is released.
type Brake struct {
	acting sync.RWMutex // held for reading while something is actuated
	mu     sync.Mutex
	fresh  []Order // stops that may not be on record yet
	known  []Order // stops on record
	local  []Order // stops of this machine, which last as long as their cause
}

// Engage puts a stop in force. It returns when actuations under way have
// ended; those that it covers are refused from the moment it is called.
func (b *Brake) Engage(stop Order) {
	b.mu.Lock()
	b.fresh = append(b.fresh, stop)
	b.mu.Unlock()
	b.acting.Lock() // waits for what is under way
	defer b.acting.Unlock()
}

// Recorded says that a stop is on record: from now on the record decides
// whether it is in force.
func (b *Brake) Recorded(stop Order) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fresh = slices.DeleteFunc(b.fresh, func(o Order) bool { return o.ID == stop.ID && ownID(o) == ownID(stop) })
	b.known = append(b.known, stop)
}

// Set replaces the stops on record by those now in force. Stops that are not
// on record yet stay in force.
func (b *Brake) Set(stops []Order) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.known = slices.Clone(stops)
}

// Hold replaces the stops of this machine, whatever is on record. It returns
// when actuations under way have ended.
func (b *Brake) Hold(stops []Order) {
	b.mu.Lock()
	b.local = slices.Clone(stops)
	b.mu.Unlock()
	if len(stops) > 0 {
		b.acting.Lock()
		defer b.acting.Unlock()
	}
}

// OnRecord reports whether a stop of exactly this target is in force on
// record.
func (b *Brake) OnRecord(target string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.known, func(o Order) bool { return o.Target == target })
}

// Unrecorded lists the stops that are not on record yet.
func (b *Brake) Unrecorded() []Order {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.fresh)
}

// Stop returns the stop that covers an actuator of a service, or nil. A stop
// without revert goes before one with it.
func (b *Brake) Stop(actuator, service string) *Order {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found *Order
	for _, o := range slices.Concat(b.local, b.known, b.fresh) {
		if covers(o, actuator, service) && (found == nil || !o.Revert) {
			found = &o
		}
	}
	return found
}

// Do runs act unless a stop covers the actuator; then it returns ErrStopped.
// A move that walks to rest passes a stop that asks for it.
func (b *Brake) Do(actuator, service string, reverting bool, act func() error) error {
	b.acting.RLock()
	defer b.acting.RUnlock()
	if s := b.Stop(actuator, service); s != nil && !(reverting && s.Revert) {
		return ErrStopped
	}
	return act()
}

// covers reports whether an order is about an actuator of a service.
func covers(o Order, actuator, service string) bool {
	return o.Target == "*" || o.Target == actuator || o.Target == service && service != ""
}

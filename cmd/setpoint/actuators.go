package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"setpoint.dev/setpoint/actuators"
	"setpoint.dev/setpoint/actuators/generic"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// A bench holds the actuators that are open and runs their local enforcement.
type bench struct {
	deps func(slo.Actuator) actuators.Deps

	mu     sync.Mutex
	open   fitted // in force, and those that the loop has left behind
	halted bool
}

// fitted are open actuators :: name.
type fitted map[string]*opened

// An opened is an actuator with its local enforcement, if it has any.
type opened struct {
	declared slo.Actuator
	act      loop.Actuator
	reaper   *actuators.Reaper // nil = nothing is enforced here
	cancel   context.CancelFunc
	ended    chan struct{} // closed when enforcement has ended
}

// fit opens what is declared; what is open already and the same is used
// again. Nothing is enforced before take. On an error nothing is left open.
func (b *bench) fit(declared []slo.Actuator) (fitted, error) {
	out := fitted{}
	for _, a := range declared {
		a.Title, a.Description, a.Position = "", "", slo.Position{}
		b.mu.Lock()
		old := b.open[a.Name]
		b.mu.Unlock()
		if old != nil && reflect.DeepEqual(old.declared, a) {
			out[a.Name] = old
			continue
		}
		act, reaper, err := openActuator(a, b.deps(a))
		if err != nil {
			b.discard(out)
			return nil, err
		}
		out[a.Name] = &opened{declared: a, act: act, reaper: reaper}
	}
	return out, nil
}

// openActuator returns an actuator in the room that its kind belongs to.
func openActuator(a slo.Actuator, d actuators.Deps) (loop.Actuator, *actuators.Reaper, error) {
	switch a.Kind {
	case slo.AtWebhook, slo.AtFile, slo.AtKubernetes:
		act, err := generic.New(a, d.Egress)
		return act, nil, err
	}
	return actuators.New(a, d)
}

// acts is what the loop moves.
func (f fitted) acts() map[string]loop.Actuator {
	out := map[string]loop.Actuator{}
	for name, o := range f {
		out[name] = o.act
	}
	return out
}

// take begins to enforce what is new and ends what it replaces. What is not
// in f stays: see tidy.
func (b *bench) take(f fitted) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for name, o := range f {
		if old := b.open[name]; old != o {
			old.close()
			o.begin(b.halted)
		}
		b.open[name] = o
	}
}

// discard closes what was opened and is not to be taken.
func (b *bench) discard(f fitted) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for name, o := range f {
		if b.open[name] != o {
			o.close()
		}
	}
}

// tidy closes the actuators that the loop does not use any more.
func (b *bench) tidy(used func(string) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for name, o := range b.open {
		if !used(name) {
			o.close()
			delete(b.open, name)
		}
	}
}

// halt ends all enforcement; what is open can still be read and set.
func (b *bench) halt() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.halted = true
	for _, o := range b.open {
		o.stop()
	}
}

func (b *bench) close() { b.tidy(func(string) bool { return false }) }

// reapers are the local enforcements under way :: actuator.
func (b *bench) reapers() map[string]*actuators.Reaper {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := map[string]*actuators.Reaper{}
	for name, o := range b.open {
		if o.reaper != nil {
			out[name] = o.reaper
		}
	}
	return out
}

func (o *opened) begin(halted bool) {
	if o.reaper == nil || halted || o.declared.Query.ByAgent {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	o.cancel, o.ended = cancel, make(chan struct{})
	go func() {
		defer close(o.ended)
		_ = o.reaper.Run(ctx) // ends without an error
	}()
}

func (o *opened) stop() {
	if o != nil && o.cancel != nil {
		o.cancel()
		<-o.ended
	}
}

func (o *opened) close() {
	o.stop()
	if o != nil && o.reaper != nil {
		o.reaper.Close()
	}
}

func (h *house) deps(a slo.Actuator) actuators.Deps {
	return actuators.Deps{Settings: h.records, Held: h.held(a), OnCancel: h.cancelled, Egress: h.egress}
}

// reopen opens an actuator that is not declared any more and lives in the
// ledger, so that it can be read and set.
func (h *house) reopen(a slo.Actuator) (loop.Actuator, error) {
	if a.Kind == slo.PGQueryTimeout {
		return nil, errors.New("it does not live in the ledger")
	}
	act, _, err := actuators.New(a, h.deps(a))
	return act, err
}

// held tells local enforcement when it must not act: during a stop, where
// the loop only observes and no person has set the actuator, and while
// another instance leads. A setting that is on record goes on being enforced
// while the ledger is down, for as long as its lease.
func (h *house) held(a slo.Actuator) func() bool {
	return func() bool {
		r := h.newest()
		observes, pinned := true, false
		for _, s := range r.Settings {
			if s.Actuator == a.Name {
				observes = s.Mode != slo.Ask && s.Mode != slo.Act
			}
		}
		for _, o := range r.Orders {
			pinned = pinned || o.Kind == loop.OrderPin && o.Target == a.Name
		}
		return h.loop.Stopped(a.Name, a.Service) || !r.Leader || observes && !pinned
	}
}

func (h *house) cancelled(c actuators.Cancel) {
	h.log.Info("statement cancelled", "actuator", c.Actuator, "role", c.Role, "pid", c.Statement.PID, "age", c.At.Sub(c.Statement.Started).Round(time.Millisecond), "running", c.Running, "floor", c.Floor)
}

// cancels counts the statements that were cancelled, for /metrics.
func (h *house) cancels() map[string]uint64 {
	out := map[string]uint64{}
	for name, r := range h.bench.reapers() {
		out[name] = uint64(r.Stats().Cancels)
	}
	return out
}

// order carries out a person's order. After a stop it waits until local
// enforcement that was under way has ended as well, so that nothing is done
// after the acknowledgement.
func (h *house) order(ctx context.Context, o loop.Order) (recorded bool, err error) {
	recorded, err = h.loop.Order(ctx, o)
	said := []any{"kind", o.Kind, "target", o.Target, "by", o.By, "why", o.Why, "recorded", recorded}
	if err != nil {
		said = append(said, "error", err)
	}
	h.log.Info("order", said...)
	if errors.Is(err, ledger.ErrConflict) {
		err = errors.Join(web.ErrConflict, err)
	}
	if err != nil || o.Kind != loop.OrderStop {
		return recorded, err
	}
	var errs []error
	for name, r := range h.bench.reapers() {
		if err := r.Settle(ctx); err != nil {
			errs = append(errs, fmt.Errorf("wait for %s: %w", name, err))
		}
	}
	return recorded, errors.Join(errs...)
}

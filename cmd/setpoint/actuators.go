package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"setpoint.dev/setpoint/actuators"
	"setpoint.dev/setpoint/ledger"
	"setpoint.dev/setpoint/loop"
	"setpoint.dev/setpoint/slo"
	"setpoint.dev/setpoint/web"
)

// An enforcer is the local enforcement of one actuator.
type enforcer struct {
	actuator slo.Actuator
	reaper   *actuators.Reaper
}

// wireActuators opens every actuator that is declared.
func (h *house) wireActuators() (map[string]loop.Actuator, error) {
	out := map[string]loop.Actuator{}
	for _, a := range h.set.Actuators {
		act, reaper, err := actuators.New(a, actuators.Deps{Settings: h.records, Held: h.held(a), OnCancel: h.cancelled})
		if err != nil {
			return nil, err
		}
		out[a.Name] = act
		if reaper != nil {
			h.enforce = append(h.enforce, enforcer{a, reaper})
		}
	}
	return out, nil
}

func (h *house) close() {
	for _, e := range h.enforce {
		e.reaper.Close()
	}
}

// held tells local enforcement when it must not act: during a stop, where
// the loop only observes and no person has set the actuator, and while
// another instance leads. A setting that is on record goes on being enforced
// while the ledger is down, for as long as its lease.
func (h *house) held(a slo.Actuator) func() bool {
	i := slices.IndexFunc(h.set.Loops, func(c slo.ControlLoop) bool { return c.Actuator == a.Name })
	observes := i < 0 || h.set.Loops[i].Mode == slo.Observe
	return func() bool {
		r := h.newest()
		pinned := slices.ContainsFunc(r.Orders, func(o loop.Order) bool { return o.Kind == loop.OrderPin && o.Target == a.Name })
		return h.loop.Stopped(a.Name, a.Service) || !r.Leader || observes && !pinned
	}
}

func (h *house) cancelled(c actuators.Cancel) {
	h.log.Info("statement cancelled", "actuator", c.Actuator, "role", c.Role, "pid", c.Statement.PID, "age", c.At.Sub(c.Statement.Started).Round(time.Millisecond), "running", c.Running, "floor", c.Floor)
}

// cancels counts the statements that were cancelled, for /metrics.
func (h *house) cancels() map[string]uint64 {
	out := map[string]uint64{}
	for _, e := range h.enforce {
		out[e.actuator.Name] = uint64(e.reaper.Stats().Cancels)
	}
	return out
}

// order carries out a person's order. After a stop it waits until local
// enforcement that was under way has ended as well, so that nothing is done
// after the acknowledgement.
func (h *house) order(ctx context.Context, o loop.Order) (recorded bool, err error) {
	recorded, err = h.loop.Order(ctx, o)
	h.log.Info("order", "kind", o.Kind, "target", o.Target, "by", o.By, "why", o.Why, "recorded", recorded, "error", err)
	if errors.Is(err, ledger.ErrConflict) {
		err = errors.Join(web.ErrConflict, err)
	}
	if err != nil || o.Kind != loop.OrderStop {
		return recorded, err
	}
	var errs []error
	for _, e := range h.enforce {
		if err := e.reaper.Settle(ctx); err != nil {
			errs = append(errs, fmt.Errorf("wait for %s: %w", e.actuator.Name, err))
		}
	}
	return recorded, errors.Join(errs...)
}
